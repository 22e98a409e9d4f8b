from __future__ import annotations

from factloom.engine.extraction.worth import KEEPING, is_worth_keeping, weigh, worth
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.records import Category

ANA = Mention(name="Ana", type="person", is_speaker=True)


def told(
    predicate: str, name: str, text: str, *, category: Category = Category.SEMANTIC, negated: bool = False
) -> Candidate:
    return Candidate(
        subject=ANA, predicate=predicate, object=Mention(name=name), text=text, sentence=text, category=category,
        negated=negated,
    )  # fmt: skip


def test_a_lasting_fact_about_something_with_a_name_is_worth_most() -> None:
    home = told("LIVES_IN", "Lisbon", "Ana lives in Lisbon.")
    errand = told("HAND", "letter", "Ana handed the letter.", category=Category.EPISODIC)
    assert worth(home)[0] > worth(errand)[0]
    assert worth(errand)[0] < KEEPING


def test_the_reasons_are_kept_on_the_fact() -> None:
    weighed = weigh(told("LIVES_IN", "Lisbon", "Ana lives in Lisbon."))
    assert weighed.metadata["worth"] == 0.95
    assert weighed.metadata["worth_reasons"] == ["core lasting", "named object"]


def test_what_leans_on_the_context_stays_in_the_episode() -> None:
    chatter = weigh(told("SHOW", "picture", "Ana showed the picture of it there.", category=Category.EPISODIC))
    assert not is_worth_keeping(chatter)


def test_what_ends_something_is_always_told_on() -> None:
    over = weigh(told("SHOW", "picture", "Ana no longer shows it there.", negated=True))
    assert is_worth_keeping(over)
