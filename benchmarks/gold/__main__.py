"""How well conversations are understood: ``python -m benchmarks.gold [--json RESULT.json] [--errors]``.

Each annotated conversation is said to a new memory through ``Memory.add``, turn by turn, with the time of each message
as the present; what every turn left behind and what stands at the end are compared with the annotation. The guidelines
of the annotation and the definitions of the figures are in benchmarks/gold/README.md. The authors of the extractor
wrote the set.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.gold.annotations import CONVERSATIONS, read_conversation
from benchmarks.gold.observing import observe
from benchmarks.gold.report import as_json, errors, table
from benchmarks.gold.scoring import score
from benchmarks.results import write_result

from factloom.schemas.settings import load_settings


def main() -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="conversations to run; default: all")
    parser.add_argument("--json", type=Path, metavar="RESULT.json", help="write all figures and errors here")
    parser.add_argument("--errors", action="store_true", help="print the errors, but of those kept for checking")
    parser.add_argument("--config", type=Path, metavar="factloom.toml", help="settings; default: offline extractor")
    options = parser.parse_args()
    paths = sorted(CONVERSATIONS.glob("*.toml"))
    unknown = set(options.names) - {path.stem for path in paths}
    if unknown:
        parser.error(
            f"no such conversation: {', '.join(sorted(unknown))}; there are {', '.join(p.stem for p in paths)}"
        )
    settings = load_settings(options.config) if options.config else load_settings(extractor={"kind": "spacy"})
    results = []
    for path in paths:
        if not options.names or path.stem in options.names:
            conversation = read_conversation(path)
            results.append(score(conversation, observe(conversation, settings)))
    print(table(results))
    print("\nclasses of errors")
    print(errors(results, examples=10_000 if options.errors else 0))
    if options.json:
        write_result(options.json, {"benchmark": "gold", **as_json(results)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
