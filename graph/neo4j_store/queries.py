"""The text of our queries: kept in ``cypher/*.cypher``, each statement under a line ``// name: …``.

``{prefix}`` stands for the label prefix of the store, which is checked here and nowhere else spliced. A name in braces
that another statement bears, such as ``{fact_columns}``, stands for that statement's text, so that a list of columns
is written once. ``{time x}`` stands for the microseconds ``x`` as a point in time, or null: numbers are sent, since the
driver takes a tenth of a millisecond to send a point in time. Everything else that varies is a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

from factloom.graph.neo4j_store.rows import KIND_LABELS, check_kind
from factloom.schemas.errors import ConfigurationError

_NAME: Final = re.compile(r"^// name: *([a-z_0-9]+) *$", re.MULTILINE)
_FRAGMENT: Final = re.compile(r"\{([a-z_]+_columns)\}")
_TIME: Final = re.compile(r"\{time ([a-z._]+)\}")
# Counted from the year 1, so that rounding is downwards for all.
_AS_TIME: Final = (
    r"CASE WHEN \1 IS NOT NULL THEN datetime.fromepoch("
    r"(\1 + 62135596800000000) / 1000000 - 62135596800, (\1 + 62135596800000000) % 1000000 * 1000) END"
)
_PLANNED_ONCE: Final = "CYPHER replan=skip"
"""Every way in of a write is an index whatever the counts say, so a plan that is made once is good for ever."""

_COMMENT: Final = re.compile(r"^//.*\n", re.MULTILINE)
_PREFIX: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,31})?")


def check_prefix(prefix: str) -> str:
    """``prefix``, if it can begin a label without being escaped.

    Raises:
        ConfigurationError: it cannot.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            f"neo4j.label_prefix {prefix!r} cannot begin a label; use up to 32 ASCII letters, digits and underscores, "
            "beginning with a letter"
        )
    return prefix


@lru_cache(maxsize=1)
def _statements() -> dict[str, str]:
    """All statements of the package, by name."""
    found: dict[str, str] = {}
    for file in sorted(resources.files(__package__).joinpath("cypher").iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".cypher"):
            continue
        parts = _NAME.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            if name in found:
                raise ConfigurationError(f"two statements are called {name}, the second in {file.name}")
            found[name] = text.strip()
    return found


def rows_key(section: str) -> str:
    """Under what key the rows of a section go into the statement that ``Queries.together`` makes."""
    return section.replace(" ", "_")


class Queries:
    """The statements as one store uses them: ``queries["lock_store"]``."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = check_prefix(prefix)
        statements = _statements()
        self._texts = {name: self._filled(text, statements) for name, text in statements.items()}
        self._of_kinds: dict[tuple[str, str], str] = {}

    def _filled(self, text: str, statements: dict[str, str]) -> str:
        whole = _FRAGMENT.sub(lambda match: statements[match[1]], text)
        return _TIME.sub(_AS_TIME, whole).replace("{prefix}", self.prefix)

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def of_kind(self, name: str, kind: str) -> str:
        """A statement that has ``{kind}`` in it, for the label of one of the kinds of records."""
        text = self._of_kinds.get((name, kind))
        if text is None:
            text = self._of_kinds[name, kind] = self._texts[name].replace("{kind}", KIND_LABELS[check_kind(kind)])
        return text

    def together(self, sections: Sequence[str]) -> str:
        """One statement that runs others in this order, so that they take one round trip.

        Each is the name of one that begins with ``UNWIND $w.rows``, with a blank and a kind if it is one of a kind. Its
        rows are ``$w`` under ``rows_key`` of the section; with none of them it costs next to nothing.
        """
        parts = []
        for section in sections:
            text = self._section(section).replace("$w.rows", f"$w.{rows_key(section)}")
            parts.append(f"CALL () {{\n{text}\n}}")
        return "\n".join([_PLANNED_ONCE, *parts, "RETURN 1"])

    def alone(self, section: str) -> str:
        """The statement of one section, named as in ``together``, by itself. Its rows are ``$w.rows``."""
        return f"{_PLANNED_ONCE}\n{self._section(section)}"

    def _section(self, section: str) -> str:
        name, _, kind = section.partition(" ")
        return _COMMENT.sub("", self.of_kind(name, kind) if kind else self._texts[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)


@lru_cache(maxsize=64)
def queries_for(prefix: str) -> Queries:
    """The statements of stores with this label prefix."""
    return Queries(prefix)
