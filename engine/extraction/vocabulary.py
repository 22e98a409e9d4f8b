"""Word lists of the offline extractor, read once from ``vocabulary.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

TABLE: Final = Path(__file__).parent / "vocabulary.toml"

PRONOUNS: Final = frozenset(
    [
        "i",
        "me",
        "my",
        "mine",
        "myself",
        "we",
        "us",
        "our",
        "ours",
        "you",
        "your",
        "yours",
        "he",
        "him",
        "his",
        "she",
        "her",
        "hers",
        "they",
        "them",
        "their",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "who",
        "whom",
        "which",
        "what",
        "one",
        "someone",
        "something",
        "anything",
        "nothing",
        "everything",
        "everyone",
        "anyone",
        "nobody",
    ]
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The lists; ``vocabulary.toml`` says what each decides."""

    empty_verbs: frozenset[str]
    light_verbs: frozenset[str]
    empty_nouns: frozenset[str]
    occasions: frozenset[str]
    telling_verbs: frozenset[str]
    medicines: frozenset[str]
    attributes: frozenset[str]
    undergone: frozenset[str]
    ventures: frozenset[str]
    pictures: frozenset[str]
    works: frozenset[str]
    making_verbs: frozenset[str]
    made_of_nothing: frozenset[str]
    telling_phrases: frozenset[str]
    degrees: frozenset[str]
    pastimes: frozenset[str]
    limbs: frozenset[str]
    organs: frozenset[str]
    homes: frozenset[str]
    forgone: frozenset[str]
    studies: frozenset[str]
    daily: frozenset[str]
    no_things: frozenset[str]
    belongings: frozenset[str]
    common_to_all: frozenset[str]
    empty_adjectives: frozenset[str]
    jobs: frozenset[str]
    diets: frozenset[str]
    conditions: frozenset[str]
    abilities: frozenset[str]
    traits: frozenset[str]
    female: frozenset[str]
    male: frozenset[str]
    ambiguous_names: frozenset[str]
    ailments: frozenset[str]
    scheduled: frozenset[str]
    offices: frozenset[str]
    ranks: frozenset[str]
    mishaps: frozenset[str]
    common_subjects: frozenset[str]
    small_words: frozenset[str]
    appointments: frozenset[str]
    workplaces: frozenset[str]
    well_known: frozenset[str]
    gifts: frozenset[str]
    better: frozenset[str]
    refuges: frozenset[str]
    outings: frozenset[str]
    verdicts: frozenset[str]
    happening: frozenset[str]
    befalling: frozenset[str]
    trips: frozenset[str]
    no_steps: frozenset[str]
    no_goals: frozenset[str]
    step_verbs: frozenset[str]
    mottos: frozenset[str]
    recurring_times: frozenset[str]
    boundless: frozenset[str]
    scarcely: frozenset[str]
    no_names: frozenset[str]
    machines: frozenset[str]
    products: frozenset[str]
    people: frozenset[str]
    addressing: frozenset[str]
    milestones: dict[str, str]
    afflicted: dict[str, str]


def gender_of(name: str) -> str | None:
    """The gender that a given name tells ("f", "m"); None where it tells none."""
    first = name.split()[0].lower() if name.split() else ""
    return "f" if first in vocabulary().female else "m" if first in vocabulary().male else None


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The shipped lists."""
    lists: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    tables: dict[str, Any] = {name: lists.pop(name) for name in ("milestones", "afflicted")}
    words: dict[str, Any] = {name: frozenset(text.split()) for name, text in lists.items()}
    return Vocabulary(**tables, **words)
