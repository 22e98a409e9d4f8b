"""The demonstration itself: import a conversation, say what was learned, ask questions. Through ``Memory`` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from factloom.engine.demo.questions import (
    CONVERSATION,
    MOST,
    QUESTIONS,
    DemoQuestion,
    locomo_questions,
    questions_about,
    read_questions,
)
from factloom.engine.importing import Importer, ImportProblem, ImportProgress, ImportSummary, detect_format
from factloom.engine.memory import Memory
from factloom.schemas.errors import NotFoundError
from factloom.schemas.records import Entity, Fact, Record
from factloom.schemas.results import Stats
from factloom.schemas.search import SearchResult

SPACE: Final = "demo"
"""Where a conversation goes that says nothing of its own."""

_PEOPLE: Final = 6
_FACTS_EACH: Final = 4
_CHANGES: Final = 8
_PAGE: Final = 10_000


class Person(Record):
    """Someone, and the best supported facts about them."""

    entity: Entity
    facts: tuple[Fact, ...]


class Ended(Record):
    """A fact that is over, or was corrected, and the one that took its place, if one did."""

    fact: Fact
    successor: Fact | None


class Learned(Record):
    """What an import taught the memory."""

    stats: Stats
    people: tuple[Person, ...]
    ended: tuple[Ended, ...]


class Demonstration:
    """Shows what a memory makes of one conversation."""

    def __init__(self, memory: Memory, conversation: Path | None = None, *, questions: Path | None = None) -> None:
        self._memory = memory
        self._path = conversation or CONVERSATION
        self._questions = questions or (QUESTIONS if conversation is None else None)
        self._format = detect_format(self._path)
        self._spaces: tuple[str, ...] = ()

    def take_in(
        self,
        *,
        on_progress: Callable[[ImportProgress], None] | None = None,
        on_problem: Callable[[ImportProblem], None] | None = None,
    ) -> ImportSummary:
        """Import the conversation."""
        importer = Importer(
            self._memory,
            space=None if self._format == "locomo" else SPACE,
            format=self._format,
            on_progress=on_progress,
            on_problem=on_problem,
        )
        summary = importer.run([self._path])
        self._spaces = summary.spaces
        return summary

    def learned(self) -> Learned:
        """What was learned: counts, the people who most is known about, and what is no longer so."""
        facts = self._facts()
        now = [fact for fact in facts if fact.expired_at is None and fact.superseded_by is None and not fact.invalid_at]
        return Learned(
            stats=self._memory.stats(),
            people=tuple(self._people(now)),
            ended=tuple(self._ended(facts)),
        )

    def _facts(self) -> list[Fact]:
        return self._memory.get_all(spaces=list(self._spaces), include_history=True, limit=_PAGE)

    def _people(self, facts: list[Fact]) -> list[Person]:
        by_subject: dict[str, list[Fact]] = {}
        for fact in facts:
            by_subject.setdefault(fact.subject_id, []).append(fact)
        people = self._memory.entities(spaces=list(self._spaces), types=["person"], limit=_PAGE)
        people = sorted((p for p in people if p.id in by_subject), key=lambda p: (-len(by_subject[p.id]), p.name))
        return [
            Person(entity=person, facts=tuple(sorted(by_subject[person.id], key=_best_first)[:_FACTS_EACH]))
            for person in people[:_PEOPLE]
        ]

    def _ended(self, facts: list[Fact]) -> Iterator[Ended]:
        by_id = {fact.id: fact for fact in facts}
        over = [fact for fact in facts if fact.superseded_by or fact.invalid_at or fact.expired_at]
        over.sort(key=lambda fact: fact.invalid_at or fact.expired_at or fact.created_at)
        for fact in over[:_CHANGES]:
            yield Ended(fact=fact, successor=by_id.get(fact.superseded_by or ""))

    def questions(self) -> list[DemoQuestion]:
        """Eight questions: those that come with the conversation, else ones about the best supported facts."""
        if self._questions is not None:
            return read_questions(self._questions)[:MOST]
        if self._format == "locomo":
            return locomo_questions(self._path)
        facts = [fact for fact in self._facts() if fact.expired_at is None]
        entities: dict[str, Entity] = {}
        for fact in facts:
            if fact.subject_id not in entities:
                entities[fact.subject_id] = self._entity(fact.subject_id)
        return questions_about(facts, entities)

    def _entity(self, id_: str) -> Entity:
        found = self._memory.get(id_)
        if not isinstance(found, Entity):
            raise NotFoundError(f"{id_} is no entity")
        return found

    def ask(self, question: DemoQuestion, *, limit: int = 10) -> SearchResult:
        """What the memory finds."""
        return self._memory.search(
            question.question,
            spaces=[question.space] if question.space else list(self._spaces),
            asker=question.asker,
            now=question.now,
            as_of=question.as_of,
            limit=limit,
        )


def _best_first(fact: Fact) -> tuple[float, float, str]:
    return (-fact.support, -fact.confidence, fact.id)
