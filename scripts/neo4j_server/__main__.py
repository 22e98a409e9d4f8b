"""Run a Neo4j server for development: `python -m scripts.neo4j_server`.

Prints its URI and password and runs until Ctrl-C. Needs Java 17 (21 for Neo4j 2025) and, the first time, Maven and
a network. The data is in a temporary folder and removed at the end.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time

from .jars import DEFAULT_VERSION, fetch_jars
from .java import ServerUnavailableError
from .process import LocalServer


def main() -> None:
    """Start a server, say where it is, and wait."""
    parser = argparse.ArgumentParser(prog="python -m scripts.neo4j_server", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--version", default=DEFAULT_VERSION, help="default: %(default)s; 2025.10.1 was tried too")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a line of neo4j.conf")
    parser.add_argument("--jars", action="store_true", help="only fetch the jars and print where they are")
    arguments = parser.parse_args()
    settings = dict(line.partition("=")[::2] for line in arguments.set)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments.jars:
            print(fetch_jars(arguments.version))
            return
        with LocalServer(arguments.version, settings) as server:
            print(f"Neo4j {server.version}, until Ctrl-C (process {server.pid}, log in {server.home}/logs)\n")
            print(f"export FACTLOOM_TEST_NEO4J_URI=neo4j://{server.address}")
            print(f"export FACTLOOM_TEST_NEO4J_USER={server.user}")
            print(f"export FACTLOOM_TEST_NEO4J_PASSWORD={server.password}", flush=True)
            while server.running:
                time.sleep(0.5)
            sys.exit(f"the server ended by itself; the end of its log:\n{server.log_tail()}")
    except ServerUnavailableError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("\nstopped")


if __name__ == "__main__":
    main()
