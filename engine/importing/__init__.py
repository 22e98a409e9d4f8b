"""Import of conversations from files: formats are told apart, read as a stream, and added so that a second run goes on.

::

    Importer.run -> detect_format -> a reader (lines, LoCoMo, OpenAI, ChatGPT) -> Timekeeper -> Memory.add
"""

from factloom.engine.importing.detection import FORMATS, detect_format
from factloom.engine.importing.importer import Importer, ImportProgress, formats_of
from factloom.engine.importing.summary import ImportProblem, ImportSummary

__all__ = ["FORMATS", "ImportProblem", "ImportProgress", "ImportSummary", "Importer", "detect_format", "formats_of"]
