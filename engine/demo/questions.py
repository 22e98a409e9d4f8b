"""Questions for the demonstration: those that ship, those of a LoCoMo file, or ones made from what was learned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from factloom.engine.importing.json_streams import read_items
from factloom.engine.importing.sources import open_source
from factloom.schemas.errors import ImportFormatError
from factloom.schemas.records import Entity, Fact, Record, Time

FOLDER: Final = Path(__file__).parent
CONVERSATION: Final = FOLDER / "conversation.jsonl"
QUESTIONS: Final = FOLDER / "questions.json"
MOST: Final = 8

_WORDS: Final = {
    "LIVES_IN": "Where does {subject} live?",
    "WORKS_FOR": "Where does {subject} work?",
    "WORKS_AS": "What does {subject} do for a living?",
    "STUDIES": "What does {subject} study?",
    "STUDIED_AT": "Where did {subject} study?",
    "LIKES": "What does {subject} like?",
    "DISLIKES": "What does {subject} dislike?",
    "HAS_SISTER": "Who is {subject}'s sister?",
    "HAS_BROTHER": "Who is {subject}'s brother?",
    "HAS_BOSS": "Who is {subject}'s boss?",
    "HAS_PET": "What pet does {subject} have?",
}


class DemoQuestion(Record):
    """A question, who asks it and when, and, if its author says so, the answer (None: it is not in there)."""

    question: str
    asker: str | None = None
    now: Time | None = None
    as_of: Time | None = None
    kind: str = ""
    answer: str | None = None
    judged: bool = True
    space: str | None = None


def read_questions(path: Path) -> list[DemoQuestion]:
    """The questions of a file in the form of ``questions.json``; see README.md beside it.

    Raises:
        ImportFormatError: it is not in that form.
    """
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        fields = [{name: q[name] for name in DemoQuestion.model_fields if q.get(name) is not None} for q in listed]
        return [DemoQuestion(**question) for question in fields]
    except OSError as error:
        raise ImportFormatError(f"cannot read the questions in {path}: {error.strerror}") from error
    except (ValueError, TypeError, AttributeError, ValidationError) as error:
        raise ImportFormatError(
            f"{path} does not hold a list of questions as engine/demo/README.md describes"
        ) from error


def locomo_questions(path: Path, *, most: int = MOST) -> list[DemoQuestion]:
    """The first questions of a LoCoMo file, about its first sample."""
    with open_source(path) as source:
        sample = next(read_items(source, "" if source.first_character() == b"{" else "item"), None)
    if not isinstance(sample, Mapping):
        return []
    listed: list[Any] = sample.get("qa") or []
    asked = [q for q in listed if isinstance(q, Mapping) and isinstance(q.get("question"), str)]
    space = f"locomo/{sample.get('sample_id') or 'sample-1'}"
    return [
        DemoQuestion(
            question=q["question"],
            answer=None if q.get("answer") is None else str(q["answer"]),
            kind=f"category {q.get('category')}",
            space=space,
        )
        for q in asked[:most]
    ]


def questions_about(facts: Sequence[Fact], entities: Mapping[str, Entity], *, most: int = MOST) -> list[DemoQuestion]:
    """Questions that the best supported ``facts`` should answer; ``entities`` by id."""
    best = sorted(facts, key=lambda fact: (-fact.support, fact.predicate not in _WORDS, -fact.confidence, fact.id))
    asked: dict[str, DemoQuestion] = {}
    for fact in best:
        subject = entities.get(fact.subject_id)
        if subject is None:
            continue
        words = _WORDS.get(fact.predicate, "What is known about {subject}?")
        question = words.format(subject=subject.name)
        asked.setdefault(question, DemoQuestion(question=question, judged=False, space=fact.space))
    return list(asked.values())[:most]
