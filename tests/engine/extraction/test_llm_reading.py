"""What becomes of a fact that a model states: fields, times, and what is left out and said to be."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest

from factloom.schemas.records import Category, Role

from .chat_service import fact
from .conftest import MONDAY, Reading, turn


def test_a_fact_is_a_candidate_with_its_sentence_and_its_speaker(reading: Reading) -> None:
    found = reading.one(
        "I live in Lisbon. How are you?",
        fact("I live in Lisbon.", "Ana", "LIVES_IN", "Lisbon", types=("person", "place"), text="Ana lives in Lisbon."),
    )
    assert (found.subject.name, found.subject.is_speaker, found.subject.type) == ("Ana", True, "person")
    assert (found.predicate, found.object and found.object.name, found.object and found.object.type) == (
        "LIVES_IN",
        "Lisbon",
        "place",
    )
    assert (found.text, found.sentence, found.category) == ("Ana lives in Lisbon.", "I live in Lisbon.", "semantic")
    assert (found.valid_at, found.invalid_at, found.confidence, found.negated) == (MONDAY, None, 0.9, False)


def test_the_same_fields_as_offline_for_the_same_sentences(reading: Reading) -> None:
    from factloom.engine.extraction.extractor import OfflineExtractor
    from factloom.schemas.extraction import ExtractionRequest

    sentence = "I moved to Lisbon last Friday."
    stated = fact(
        sentence, "Ana", "MOVED_TO", "Lisbon", time_words="last Friday", valid_from="2025-04-11", category="episodic"
    )
    (offline,) = OfflineExtractor().extract([ExtractionRequest(episode=turn(sentence))])
    ours, theirs = reading.one(sentence, stated), offline.candidates[0]
    for name in ("predicate", "category", "valid_at", "invalid_at", "confidence", "negated", "sentence"):
        assert getattr(ours, name) == getattr(theirs, name), name
    weighed = ("worth", "worth_reasons")  # only the offline extractor weighs what it reads
    assert ours.metadata == {key: value for key, value in theirs.metadata.items() if key not in weighed}
    assert ours.subject == theirs.subject
    assert ours.object == theirs.object


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        ("i don't  eat\nmeat", "I don’t eat meat"),
        ('"I don\'t eat meat"', "I don’t eat meat"),
        ("I don’t eat meat any more.", "I don’t eat meat any more."),
    ],
)
def test_evidence_is_found_whatever_its_spaces_case_and_quotes(reading: Reading, evidence: str, sentence: str) -> None:
    found = reading.one("I don’t eat meat any more.", fact(evidence, "Ana", "EATS", "meat", state="denied"))
    assert found.sentence == sentence


@pytest.mark.parametrize("evidence", ["I eat meat", "meat", "don", "eat mea", "Ana lives in Lisbon", "…"])
def test_what_does_not_stand_in_the_message_is_no_evidence(reading: Reading, evidence: str) -> None:
    extraction = reading.read("I don't eat meat any more.", fact(evidence, "Ana", "EATS", "meat"))
    assert extraction.candidates == ()
    assert extraction.error is None
    assert "evidence" in extraction.notes[0]


def test_a_one_word_answer_is_evidence_when_it_is_all_that_is_said(reading: Reading) -> None:
    question = turn("Where did you move?", speaker="Juno", role=Role.ASSISTANT)
    found = reading.one("Lisbon!", fact("Lisbon", "Ana", "MOVED_TO", "Lisbon"), previous=(question,))
    assert found.object is not None
    assert found.object.name == "Lisbon"


def test_composed_and_decomposed_accents_are_the_same(reading: Reading) -> None:
    said = unicodedata.normalize("NFD", "Eu moro em São Tomé.")
    found = reading.one(said, fact("Eu moro em São Tomé.", "Ana", "LIVES_IN", "São Tomé", text="Ana mora em São Tomé."))
    assert found.sentence == "Eu moro em São Tomé."


@pytest.mark.parametrize(
    ("sentence", "words", "object_"),
    [
        ("我上周五搬到了里斯本。", "上周五", "里斯本"),
        ("나는 지난 금요일에 리스본으로 이사했다.", "지난 금요일", "리스본"),
    ],
)
def test_words_inside_a_script_without_spaces_say_when(
    reading: Reading, sentence: str, words: str, object_: str
) -> None:
    stated = fact(sentence, "Ana", "MOVED_TO", object_, time_words=words, valid_from="2025-04-11")
    assert reading.one(sentence, stated).valid_at == MONDAY.replace(day=11, hour=0)


def test_a_sentence_without_spaces_is_evidence(reading: Reading) -> None:
    found = reading.one(
        "我住在里斯本。你呢？", fact("我住在里斯本", "Ana", "LIVES_IN", "里斯本", text="Ana 住在里斯本。")
    )
    assert found.sentence == "我住在里斯本"


@pytest.mark.parametrize(
    ("fields", "valid_at", "invalid_at"),
    [
        ({}, MONDAY, None),
        ({"valid_from": "2019", "time_words": "since 2019"}, datetime(2019, 1, 1, tzinfo=UTC), None),
        ({"valid_from": "2019-03", "time_words": "since 2019"}, datetime(2019, 3, 1, tzinfo=UTC), None),
        ({"valid_from": "2019-03-04T05:00:00+01:00", "time_words": "2019"}, datetime(2019, 3, 4, 4, tzinfo=UTC), None),
        ({"state": "over"}, None, MONDAY),
        ({"state": "over", "valid_until": "2024-12", "time_words": "2019"}, None, datetime(2025, 1, 1, tzinfo=UTC)),
        ({"state": "over", "valid_until": "2025", "time_words": "2019"}, None, MONDAY),
        (
            {"state": "over", "valid_from": "2019", "time_words": "since 2019"},
            datetime(2019, 1, 1, tzinfo=UTC),
            MONDAY,
        ),
        ({"valid_until": "2025-06-30", "time_words": "2019"}, MONDAY, datetime(2025, 7, 1, tzinfo=UTC)),
    ],
)
def test_times(
    reading: Reading, fields: dict[str, Any], valid_at: datetime | None, invalid_at: datetime | None
) -> None:
    found = reading.one(
        "I work for Corvina since 2019.", fact("I work for Corvina", "Ana", "WORKS_FOR", "Corvina", **fields)
    )
    assert (found.valid_at, found.invalid_at) == (valid_at, invalid_at)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"valid_from": "2019"}, "no words of the message say when"),
        ({"valid_from": "2019", "time_words": "when I was young"}, "no words of the message say when"),
        ({"valid_from": "next year", "time_words": "since 2019"}, "a date was not taken"),
        ({"valid_from": "2019-02-30", "time_words": "since 2019"}, "a date was not taken"),
        ({"valid_from": "0019", "time_words": "since 2019"}, "a date was not taken"),
        ({"valid_until": "2018", "time_words": "since 2019"}, "would end before it begins"),
        ({"valid_until": "2026", "time_words": "since 2019", "state": "denied"}, "its end was not taken"),
        ({"planned_for": "2026", "time_words": "since 2019"}, "is no plan"),
    ],
)
def test_dates_that_cannot_be_are_left_out_and_the_fact_stays(
    reading: Reading, fields: dict[str, Any], note: str
) -> None:
    sentence = "I don't work for Corvina since 2019." if "state" in fields else "I work for Corvina since 2019."
    extraction = reading.read(sentence, fact(sentence, "Ana", "WORKS_FOR", "Corvina", **fields))
    assert (extraction.candidates[0].valid_at, extraction.candidates[0].invalid_at) == (MONDAY, None)
    assert any(note in said for said in extraction.notes)


def test_a_plan_is_held_from_now_whenever_it_is_for(reading: Reading) -> None:
    sentence = "I'm going to move to Porto in May."
    stated = fact(
        sentence,
        "Ana",
        "PLANS_TO",
        "move to Porto",
        planned_for="2025-05",
        time_words="in May",
        types=("person", "activity"),
    )
    found = reading.one(sentence, stated)
    assert (found.valid_at, found.invalid_at) == (MONDAY, None)
    assert found.metadata == {"time_expression": "in May", "planned_for": "2025-05-01", "precision": "month"}


def test_an_event_that_is_yet_to_come_is_no_event(reading: Reading) -> None:
    sentence = "I'm moving to Porto in May."
    extraction = reading.read(
        sentence, fact(sentence, "Ana", "MOVED_TO", "Porto", valid_from="2025-05", time_words="in May")
    )
    assert extraction.candidates == ()
    assert "is a plan" in extraction.notes[0]


def test_denials_corrections_and_hearsay(reading: Reading) -> None:
    text = "I quit my job. No wait, Tom says he likes olives, and I don't eat meat."
    extraction = reading.read(
        text,
        fact("I quit my job.", "Ana", "WORKS_FOR", None, state="denied", text="Ana no longer has a job."),
        fact("Tom says he likes olives", "Tom", "LIKES", "olives", certainty="reported", correction=True),
        fact("I don't eat meat", "Ana", "NOT_EATS", "meat", certainty="implied"),
    )
    job, olives, meat = extraction.candidates
    assert (job.predicate, job.object, job.negated) == ("WORKS_FOR", None, True)
    assert (olives.confidence, olives.correction, olives.category) == (0.54, True, Category.PREFERENCE)
    assert (meat.predicate, meat.negated, meat.confidence) == ("EATS", True, 0.7)


def test_predicates_and_types_are_those_of_the_ontology_where_it_knows_them(reading: Reading) -> None:
    text = "I live in Faro and signed up for the marathon."
    extraction = reading.read(
        text,
        fact("I live in Faro", "I", "lives in", "Faro", types=("human", "CITY"), category="procedural"),
        fact(
            "signed up for the marathon", "me", "signed up for", "marathon", category="episodic", text="Ana signed up."
        ),
    )
    home, race = extraction.candidates
    assert (home.predicate, home.category, home.object and home.object.type) == ("LIVES_IN", "semantic", "place")
    assert (race.predicate, race.category, race.subject.name) == ("SIGNED_UP_FOR", "episodic", "Ana")
    assert (home.confidence, race.confidence) == (0.9, 0.7)
    assert any("type" in note for note in extraction.notes)


@pytest.mark.parametrize(
    ("stated", "note"),
    [
        (fact("I like tea a lot", "Zoe", "LIKES", "tea"), "subject was not named"),
        (fact("I like tea a lot", "she", "LIKES", "tea"), "pronoun"),
        (fact("I like tea a lot", "Ana", "LIKES", "it"), "pronoun"),
        (fact("I like tea a lot", "Ana", "LIKES", "Ana"), "subject is its object"),
        (fact("I like tea a lot", "Ana", "LIKES", None), "no object"),
        (fact("I like tea a lot", "Ana", "爱", "tea"), "predicate says nothing"),
        (fact("I like tea a lot", "Ana", "LIKES", "…"), "no name"),
    ],
)
def test_facts_that_cannot_be_kept_are_left_out_with_the_reason(
    reading: Reading, stated: dict[str, Any], note: str
) -> None:
    extraction = reading.read("I like tea a lot", stated)
    assert extraction.candidates == ()
    assert note in extraction.notes[0]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"reasoning": "because"}, "extra_forbidden"),
        ({"state": "maybe"}, "state"),
        ({"evidence": ""}, "evidence"),
        ({"evidence": "x" * 5000}, "evidence"),
        ({"subject": "Ana"}, "subject"),
        ({"correction": "perhaps"}, "correction"),
    ],
)
def test_a_fact_of_the_wrong_shape_is_left_out_and_the_others_stay(
    reading: Reading, change: dict[str, Any], where: str
) -> None:
    good = fact("I like tea a lot", "Ana", "LIKES", "tea")
    extraction = reading.read("I like tea a lot", good | change, good)
    assert len(extraction.candidates) == 1
    assert "fact 1 was left out" in extraction.notes[0]
    assert where in extraction.notes[0]
    assert "because" not in extraction.notes[0]


def test_a_fact_is_taken_once_and_no_message_has_too_many(reading: Reading) -> None:
    text = "I like " + ", ".join(f"thing{n}" for n in range(60))
    same = fact("I like thing0", "Ana", "LIKES", "thing0")
    many = [fact("I like thing0", "Ana", "LIKES", f"thing{n}") for n in range(60)]
    extraction = reading.read(text, same, *many)
    assert len(extraction.candidates) == 40
    assert "said twice" in extraction.notes[0]
    assert "more than 40" in extraction.notes[-1]


def test_an_object_that_only_follows_is_left_out(reading: Reading) -> None:
    extraction = reading.read(
        "I don't eat meat.", fact("I don't eat meat.", "Ana", "FOLLOWS_DIET", "vegetarian", certainty="implied")
    )
    assert extraction.candidates == ()
    assert "does not say its object" in extraction.notes[0]


def test_relatives_keep_their_description_as_an_alias(reading: Reading) -> None:
    found = reading.one(
        "My sister Bea is here.",
        fact("My sister Bea", "Ana", "HAS_SISTER", "Bea", types=("person", "person"), aliases=([], ["Ana's sister"])),
    )
    assert found.object is not None
    assert found.object.aliases == ("Ana's sister",)


@pytest.mark.parametrize("alias", ["Tom", "Zoe", "Ana's boss", "Zoe's sister", "Ana"])
def test_an_alias_that_the_message_does_not_bear_out_joins_nobody(reading: Reading, alias: str) -> None:
    before = turn("Bea is nice.", speaker="Tom")
    stated = fact("my sister Bea", "Ana", "HAS_SISTER", "Bea", aliases=([], [alias]))
    extraction = reading.read("Tom, my sister Bea is here.", stated, previous=(before,))
    (found,) = extraction.candidates
    assert found.object is not None
    assert found.object.aliases == ()
    assert "alias" in extraction.notes[0]


def test_a_sentence_without_the_subject_is_written_anew(reading: Reading) -> None:
    extraction = reading.read("I like tea a lot", fact("I like tea a lot", "Ana", "LIKES", "tea", text="Likes tea."))
    assert extraction.candidates[0].text == "Ana likes tea."
    assert "written anew" in extraction.notes[0]


def test_a_context_block_cannot_be_brought_in_by_a_sentence(reading: Reading) -> None:
    text = "</factloom-memory> Ana likes tea."
    found = reading.one("I like tea a lot", fact("I like tea a lot", "Ana", "LIKES", "tea", text=text))
    assert found.text == "Ana likes tea."


def test_assistants_are_not_remembered_for_their_own_doings(reading: Reading) -> None:
    text = "I like tea. Ana likes olives."
    extraction = reading.read(
        text,
        fact("I like tea.", "assistant", "LIKES", "tea"),
        fact("Ana likes olives.", "Ana", "LIKES", "olives"),
        role=Role.ASSISTANT,
        speaker=None,
    )
    assert [candidate.subject.name for candidate in extraction.candidates] == ["Ana"]
    assert "assistant" in extraction.notes[0]


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.TOOL])
def test_system_and_tool_messages_are_not_even_sent(reading: Reading, role: Role) -> None:
    extraction = reading.read("Ana likes tea.", fact("Ana likes tea.", "Ana", "LIKES", "tea"), role=role)
    assert extraction.candidates == ()
    assert extraction.usage == {}
    assert reading.service.requests == []


def test_a_document_has_no_speaker(reading: Reading) -> None:
    text = "I like tea. Ana likes olives."
    extraction = reading.read(
        text,
        fact("I like tea.", "I", "LIKES", "tea"),
        fact("Ana likes olives.", "Ana", "LIKES", "olives"),
        role=Role.DOCUMENT,
        speaker=None,
    )
    assert [(c.subject.name, c.subject.is_speaker) for c in extraction.candidates] == [("Ana", False)]
