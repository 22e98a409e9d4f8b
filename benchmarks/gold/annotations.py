"""Read the gold set: conversations as TOML files, facts as one-line statements. The notation is in README.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

CONVERSATIONS = Path(__file__).parent / "conversations"
_FLAGS = frozenset({"not", "plan", "hearsay", "may"})
_CATEGORIES = frozenset({"semantic", "episodic", "procedural", "preference"})
_DATED = frozenset({"from", "to", "for"})


@dataclass(frozen=True)
class Period:
    """A stretch of days, both ends included, as precise as the words were: a day, a month, a year or a range."""

    first: date
    last: date

    @classmethod
    def of(cls, text: str) -> Period:
        """Read ``2025-04-11``, ``2025-04``, ``2025`` or two of them joined by ``..``.

        Raises:
            ValueError: it is none of these.
        """
        begin, _, end = text.partition("..")
        return cls(_days(begin)[0], _days(end or begin)[1])

    def __contains__(self, moment: object) -> bool:
        day = moment.date() if isinstance(moment, datetime) else moment
        return isinstance(day, date) and self.first <= day <= self.last


def _days(text: str) -> tuple[date, date]:
    numbers = [int(part) for part in text.strip().split("-")]
    match numbers:
        case [year]:
            return date(year, 1, 1), date(year, 12, 31)
        case [year, month]:
            following = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1), following - timedelta(days=1)
        case [year, month, day]:
            return date(year, month, day), date(year, month, day)
    raise ValueError(f"not a date: {text!r}")


@dataclass(frozen=True)
class GoldFact:
    """A fact that a turn states: ends and predicate each with the alternatives that are as good.

    ``optional``: true and harmless to keep, but not asked for. ``turn`` counts from 1; 0 in end states.
    """

    subjects: tuple[str, ...]
    predicates: tuple[str, ...]
    objects: tuple[str, ...]
    turn: int = 0
    negated: bool = False
    plan: bool = False
    hearsay: bool = False
    optional: bool = False
    category: str | None = None
    starts: Period | None = None
    ends: Period | None = None
    planned: Period | None = None

    @classmethod
    def read(cls, line: str, turn: int = 0) -> GoldFact:
        """Read ``SUBJECT | PREDICATE | OBJECT | attribute; attribute``.

        Raises:
            ValueError: the line has another form, or an attribute is not known.
        """
        parts = [part.strip() for part in line.split("|")]
        if len(parts) not in (3, 4) or not all(parts):
            raise ValueError(f"a fact is SUBJECT | PREDICATE | OBJECT | attributes, got {line!r}")
        subject, predicate, object_ = (tuple(part.split("/")) for part in parts[:3])
        if wrong := [name for name in predicate if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name)]:
            raise ValueError(f"not a predicate: {wrong[0]!r} in {line!r}")
        attributes = [a.strip() for a in parts[3].split(";")] if len(parts) == 4 else []
        flags, dates, category = set(), {}, None
        for attribute in attributes:
            word, _, value = attribute.partition(" ")
            if word in _DATED and value:
                dates[word] = Period.of(value)
            elif attribute in _CATEGORIES:
                category = attribute
            elif attribute in _FLAGS:
                flags.add(attribute)
            else:
                raise ValueError(f"not an attribute: {attribute!r} in {line!r}")
        return cls(
            subject,
            predicate,
            object_,
            turn=turn,
            negated="not" in flags,
            plan="plan" in flags,
            hearsay="hearsay" in flags,
            optional="may" in flags,
            category=category,
            starts=dates.get("from"),
            ends=dates.get("to"),
            planned=dates.get("for"),
        )

    def __str__(self) -> str:
        said = " | ".join("/".join(part) for part in (self.subjects, self.predicates, self.objects))
        return f"not {said}" if self.negated else said


@dataclass(frozen=True)
class Turn:
    """One message and what a reader takes from it; no facts: nothing is worth keeping.

    ``mentions``: expression and the names that it stands for. ``times``: expression and its days.
    """

    number: int
    at: datetime
    session: str
    who: str
    role: str
    says: str
    facts: tuple[GoldFact, ...] = ()
    mentions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    times: tuple[tuple[str, Period], ...] = ()


@dataclass(frozen=True)
class EndState:
    """What became of the facts. ``closed``: fact and the turn that ended it. ``unjudged``: may stand or not.

    ``exclusive``: pairs of facts that must not both stand. All other facts stand.
    """

    closed: tuple[tuple[GoldFact, int], ...] = ()
    unjudged: tuple[GoldFact, ...] = ()
    exclusive: tuple[tuple[GoldFact, GoldFact], ...] = ()


@dataclass(frozen=True)
class Conversation:
    """An annotated conversation. ``names``: further names of whom or what has several.

    ``check``: for the figure only; who improves the extractor does not look at what goes wrong in it.
    """

    name: str
    about: str
    source: str
    turns: tuple[Turn, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    end: EndState = EndState()
    check: bool = False


def read_conversation(path: Path) -> Conversation:
    """Read one file.

    Raises:
        ValueError: the file does not follow the notation; the message says where.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return parse_conversation(path.stem, data)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def parse_conversation(name: str, data: Mapping[str, Any]) -> Conversation:
    """Make a conversation of parsed TOML; errors as for ``read_conversation``."""
    end = data.get("end", {})
    closed = []
    for line in end.get("closed", ()):
        fact, _, by = line.rpartition("|")
        if not (number := re.fullmatch(r"\s*by (\d+)\s*", by)):
            raise ValueError(f"a closed fact ends with '| by TURN', got {line!r}")
        closed.append((GoldFact.read(fact), int(number[1])))
    return Conversation(
        name=name,
        about=data.get("about", ""),
        source=data.get("source", ""),
        turns=tuple(_turns(data["turn"])),
        names={key: tuple(others) for key, others in data.get("names", {}).items()},
        end=EndState(
            tuple(closed),
            tuple(GoldFact.read(line) for line in end.get("unjudged", ())),
            tuple((GoldFact.read(one), GoldFact.read(other)) for one, other in end.get("exclusive", ())),
        ),
        check=data.get("check", False),
    )


def _turns(rows: Sequence[Mapping[str, Any]]) -> Iterator[Turn]:
    session = ""
    for number, row in enumerate(rows, 1):
        session = row.get("session", session)
        try:
            mentions = [line.split(" = ") for line in row.get("mentions", ())]
            times = [line.split(" = ") for line in row.get("times", ())]
            yield Turn(
                number=number,
                at=row["at"],
                session=session,
                who=row["who"],
                role=row.get("role", "user"),
                says=row["says"],
                facts=tuple(GoldFact.read(line, number) for line in row.get("facts", ())),
                mentions=tuple((words, tuple(names.split("+"))) for words, names in mentions),
                times=tuple((words, Period.of(days)) for words, days in times),
            )
        except (ValueError, KeyError) as error:
            raise ValueError(f"turn {number}: {error}") from error
