"""Run the command line as a module: ``python -m factloom.engine.app.cli``."""

from factloom.engine.app.cli import main

main()
