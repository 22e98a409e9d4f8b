"""What ends nothing: figures of speech, denials of a part only, relations of a time that is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from factloom import Fact, Memory

START = datetime(2025, 6, 2, 10, tzinfo=UTC)


def told(*turns: str) -> dict[str, Fact]:
    """The facts by text, of turns a day apart."""
    with Memory(":memory:") as memory:
        for day, text in enumerate(turns):
            time = (START + timedelta(days=day)).isoformat()
            memory.add([{"role": "user", "name": "Zoe", "content": text, "time": time}], user_id="zoe")
        return {fact.text: fact for fact in memory.get_all(user_id="zoe", include_history=True)}


def is_open(fact: Fact) -> bool:
    return fact.invalid_at is None and fact.expired_at is None


@pytest.mark.parametrize(
    "text",
    [
        "Tom is dead tired.",
        "Tom is dead serious about it.",
        "Tom is dead right.",
        "Tom's dead wrong about that.",
        "Tom is dead keen on golf.",
        "Tom's dead broke.",
        "Tom is dead set against it.",
        "Tom is dead on his feet.",
        "Tom is dead to me.",
        "Tom is dead meat.",
        "Tom is so dead.",
    ],
)
def test_dead_before_another_word_only_means_very(text: str) -> None:
    facts = told("Tom lives in Rome.", text)
    assert is_open(facts["Tom lives in Rome."])
    assert not [fact for fact in facts.values() if fact.predicate == "HAD_MILESTONE"]


@pytest.mark.parametrize(
    "text", ["Tom is dead.", "Tom is dead now.", "Sadly, Tom is dead already.", "Tom is dead and buried."]
)
def test_who_is_dead_lives_nowhere(text: str) -> None:
    assert not is_open(told("Tom lives in Rome.", text)["Tom lives in Rome."])


HELD = "I work for Bosch. I take metformin. I play squash. I drink coffee. I eat meat. I like coffee. I live in Bergen."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I don't work for Bosch on weekends.", None),
        ("I don't work for Bosch full-time.", None),
        ("I don't live in Bergen proper.", None),
        ("I don't live in Bergen in winter.", None),
        ("I don't take metformin on an empty stomach.", "metformin on an empty stomach"),
        ("I don't take metformin in winter.", "metformin in winter"),
        ("I no longer play squash on Mondays.", "squash on Mondays"),
        ("I don't play squash for a living.", "squash for a living"),
        ("I no longer play squash with Tom.", None),
        ("I don't drink coffee in the evening.", "coffee in the evening"),
        ("I don't drink coffee often.", None),
        ("I don't drink coffee when I'm tired.", None),
        ("I don't eat meat on Fridays.", "meat on Fridays"),
        ("I don't eat meat every day.", None),
        ("I don't like coffee after dinner.", "coffee after dinner"),
        ("I hate coffee in the morning.", "coffee in the morning"),
        ("I stopped drinking coffee after dinner.", None),
    ],
)
def test_who_denies_a_part_keeps_the_rest(text: str, kept: str | None) -> None:
    facts = told(HELD, text)
    assert all(is_open(fact) for fact in facts.values())
    opposite = [f for f in facts.values() if f.predicate in ("DISLIKES", "AVOIDS") or f.predicate.startswith("NOT_")]
    assert all(kept is not None and kept in fact.text for fact in opposite)
    assert bool(opposite) == (kept is not None)


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("I no longer work for Bosch.", "Zoe works for Bosch."),
        ("I don't work for Bosch at the moment.", "Zoe works for Bosch."),
        ("I don't live in Bergen any more.", "Zoe lives in Bergen."),
        ("I don't take metformin any more.", "Zoe takes metformin."),
        ("I don't drink coffee at all.", "Zoe drinks coffee."),
        ("I don't drink coffee because of my stomach.", "Zoe drinks coffee."),
        ("I stopped drinking coffee.", "Zoe drinks coffee."),
        ("I don't eat meat.", "Zoe eats meat."),
        ("I hate coffee.", "Zoe likes coffee."),
    ],
)
def test_who_denies_the_whole_ends_it(text: str, over: str) -> None:
    assert not is_open(told(HELD, text)[over])


@pytest.mark.parametrize(
    "text",
    [
        "My old boss was Rita.",
        "My previous boss Rita lives in Rome.",
        "My former boss Rita lives in Rome.",
        "My ex-boss Rita moved to Rome.",
        "Back at the café my boss was Rita.",
        "At my last job my boss was called Rita.",
        "My boss was Rita when I worked at Lidl.",
        "Back in those days my boss Rita always brought cake.",
    ],
)
def test_a_boss_of_before_is_not_the_boss(text: str) -> None:
    facts = told("My boss is Karl.", text)
    assert is_open(facts["Zoe's boss is called Karl."])
    assert not is_open(facts["Zoe's boss was called Rita."])


@pytest.mark.parametrize(
    "text", ["In 2010 my girlfriend was Rita.", "My girlfriend Rita left me in 2011.", "My girlfriend Rita dumped me."]
)
def test_a_love_of_before_is_not_the_partner(text: str) -> None:
    facts = told("My girlfriend is Ana.", text)
    assert is_open(facts["Zoe's girlfriend is called Ana."])
    [rita] = [f for f in facts.values() if f.predicate == "HAS_PARTNER" and "Rita" in f.text]
    assert not is_open(rita)


@pytest.mark.parametrize("text", ["My new boss is Rita.", "My boss is Rita now.", "Rita is my boss."])
def test_a_new_boss_takes_the_place(text: str) -> None:
    facts = told("My boss is Karl.", text)
    assert not is_open(facts["Zoe's boss is called Karl."])
    assert is_open(facts["Zoe's boss is called Rita."])


@pytest.mark.parametrize("text", ["Karl is no longer my boss.", "Karl isn't my boss any more."])
def test_a_boss_no_longer(text: str) -> None:
    assert not is_open(told("My boss is Karl.", text)["Zoe's boss is called Karl."])


def test_what_never_was_so_is_taken_back() -> None:
    facts = told("Jane's my cousin.", "Jane's not my cousin, she's my niece.")
    assert facts["Zoe's cousin is called Jane."].expired_at is not None
    assert is_open(facts["Zoe's niece is called Jane."])
    assert not [text for text in facts if text.startswith("Zoe has a cousin")]


def test_what_lasts_was_also_said_with_was() -> None:
    facts = told("My sister was called Ana.", "My old friend Tom lives in Rome.", "My old dog Rex is fat.")
    assert is_open(facts["Zoe's sister is called Ana."])
    assert is_open(facts["Zoe's friend is called Tom."])
    assert is_open(facts["Zoe's dog is called Rex."])


@pytest.mark.parametrize(
    "text",
    [
        "I left my husband at home.",
        "My wife left me the car.",
        "My wife left me a note.",
        "My girlfriend left for Spain on Monday.",
    ],
)
def test_who_goes_away_is_still_the_partner(text: str) -> None:
    assert all(is_open(fact) for fact in told(text).values() if fact.predicate.startswith("HAS_"))


@pytest.mark.parametrize("text", ["My first husband Steve lives in Spain.", "My late husband Tom loved golf."])
def test_a_husband_of_before_is_not_the_husband(text: str) -> None:
    assert is_open(told("My husband is Mark.", text)["Zoe's husband is called Mark."])


@pytest.mark.parametrize(
    ("held", "text"),
    [
        ("I'm allergic to nuts.", "I'm not allergic to all nuts, just peanuts."),
        ("I play tennis.", "I've stopped playing tennis with Tom."),
        ("I live in Bath.", "I don't live in Bath with my parents."),
        ("I live in Bath.", "I don't live in Bath on my own."),
        ("My favourite colour is red.", "As a kid my favourite colour was blue."),
        ("My girlfriend is Bea.", "I was married to Rita once."),
    ],
)
def test_what_was_told_first_holds_on(held: str, text: str) -> None:
    [first] = told(held)
    assert is_open(told(held, text)[first])


@pytest.mark.parametrize(
    "text", ["I was married to Rita once.", "I was engaged to Tom.", "I was allergic to nuts as a kid."]
)
def test_what_was_so_is_over(text: str) -> None:
    assert not any(is_open(fact) for fact in told(text).values())


@pytest.mark.parametrize(
    "text", ["I'm married to Rita.", "I was married to Tom in May 2010.", "I've been allergic to nuts since 2010."]
)
def test_what_is_so_goes_on(text: str) -> None:
    assert any(is_open(fact) and fact.predicate in ("MARRIED_TO", "ALLERGIC_TO") for fact in told(text).values())


@pytest.mark.parametrize(
    "text",
    [
        "I don't like coffee as much as my sister does.",
        "I don't drink as much coffee as Tom.",
        "I don't play squash as often as I used to.",
        "I can't drink coffee this week, doctor's orders.",
        "I'm not drinking coffee today.",
        "I can't drink coffee for two weeks.",
        "I'm not playing squash this summer, too busy.",
        "I don't play squash this month.",
        "I'm not taking metformin tonight.",
    ],
)
def test_less_than_another_or_for_a_while_ends_nothing(text: str) -> None:
    facts = told(HELD, text)
    assert all(is_open(fact) for fact in facts.values())
    assert not [fact for fact in facts.values() if fact.predicate in ("DISLIKES", "AVOIDS")]


@pytest.mark.parametrize(
    "text",
    [
        "I no longer use Mint, I've moved everything to YNAB.",
        "We moved the team to Slack last week.",
        "I moved from Windows to Linux.",
        "I moved to Notion.",
        "I moved my savings to Revolut.",
        "We moved our stuff to Leeds.",
        "I moved to Bosch last year.",
    ],
)
def test_what_moves_things_moves_no_home(text: str) -> None:
    facts = told("I live in Bath.", text)
    assert is_open(facts["Zoe lives in Bath."])
    assert not {"MOVED_TO", "MOVED_FROM"} & {fact.predicate for fact in facts.values()}


@pytest.mark.parametrize(
    "text",
    ["I moved to Leeds.", "I moved my family to Leeds.", "We moved house to Leeds.", "I moved from Bath to Leeds."],
)
def test_a_household_that_moves_has_a_new_home(text: str) -> None:
    facts = told("I live in Bath.", text)
    assert is_open(facts["Zoe lives in Leeds."])
    assert not is_open(facts["Zoe lives in Bath."])
