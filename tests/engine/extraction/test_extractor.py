from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from spacy.tokens import Span, Token

from factloom.engine.extraction import extractor
from factloom.engine.extraction.antecedents import Person
from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.pipeline import load_pipeline
from factloom.engine.extraction.sentences import MOST_TOKENS, sentences
from factloom.schemas.errors import ModelNotFoundError
from factloom.schemas.extraction import Candidate, ExtractionRequest
from factloom.schemas.ports import Extractor
from factloom.schemas.records import Category, Episode, Role, new_id

NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)  # a Wednesday
EXTRACTOR = OfflineExtractor()


def episode(text: str, speaker: str | None = "Ana", role: Role = Role.USER) -> Episode:
    return Episode(
        id=new_id(),
        space="user/ana",
        session="s",
        role=role,
        speaker=speaker,
        content=text,
        occurred_at=NOW,
        created_at=NOW,
    )


def read(text: str, *previous: tuple[str, str], speaker: str | None = "Ana", role: Role = Role.USER) -> list[Candidate]:
    turns = tuple(episode(said, who) for who, said in previous)
    [extraction] = EXTRACTOR.extract([ExtractionRequest(episode=episode(text, speaker, role), previous=turns)])
    assert extraction.error is None
    return list(extraction.candidates)


def by_predicate(candidates: list[Candidate], predicate: str) -> Candidate:
    return next(c for c in candidates if c.predicate == predicate)


def test_it_is_an_extractor() -> None:
    assert isinstance(EXTRACTOR, Extractor)
    assert EXTRACTOR.name == "offline/factloom_en_chat"


def test_a_candidate_says_where_when_and_how_sure() -> None:
    moved = by_predicate(read("Guess what. I moved to Lisbon last Friday!"), "MOVED_TO")
    assert moved.text == "Ana moved to Lisbon on 13 June 2025."
    assert moved.sentence == "I moved to Lisbon last Friday!"
    assert moved.valid_at == datetime(2025, 6, 13, tzinfo=UTC)
    assert moved.category is Category.EPISODIC
    assert moved.subject.is_speaker
    assert (moved.subject.type, moved.object and moved.object.type) == ("person", "place")
    assert 0.5 < moved.confidence <= 1.0


def test_without_a_date_a_fact_holds_from_the_message_on() -> None:
    assert by_predicate(read("I live in Lisbon."), "LIVES_IN").valid_at == NOW


def test_what_used_to_be_has_ended() -> None:
    lived = by_predicate(read("I used to live in Paris."), "LIVES_IN")
    assert lived.invalid_at == NOW
    assert lived.text == "Ana used to live in Paris."


def test_a_named_relative_carries_the_description_as_alias() -> None:
    sister = by_predicate(read("My sister is called Bea."), "HAS_SISTER")
    assert sister.object is not None
    assert sister.object.name == "Bea"
    assert sister.object.aliases == ("Ana's sister",)


def test_a_name_of_ones_own_becomes_an_alias() -> None:
    named = by_predicate(read("Everyone calls me Teo.", speaker="Mateus"), "ALSO_KNOWN_AS")
    assert named.subject.name == "Mateus"
    assert named.subject.aliases == ("Teo",)


def test_a_negation_names_what_it_ends() -> None:
    quit_ = by_predicate(read("I quit my job at Siemens yesterday."), "WORKS_FOR")
    assert quit_.negated
    assert quit_.object is not None
    assert quit_.object.name == "Siemens"
    assert quit_.valid_at == datetime(2025, 6, 17, tzinfo=UTC)
    everything = by_predicate(read("I quit my job."), "WORKS_FOR")
    assert everything.negated
    assert everything.object is None


def test_she_is_the_last_person_mentioned() -> None:
    facts = read("She lives in Rome.", ("Tom", "Did you hear from Bea?"))
    assert by_predicate(facts, "LIVES_IN").subject.name == "Bea"
    within = read("My boss is called Helena and she lives in Braga.")
    assert by_predicate(within, "LIVES_IN").subject.name in ("Helena", "Ana's boss")


def test_she_is_nobody_when_it_could_be_two_or_the_one_who_talks() -> None:
    assert read("She lives in Rome.", ("Tom", "Bea and Zoe called.")) == []
    assert read("She lives in Rome.", ("Bea", "Hi, Bea here.")) == []
    assert read("She lives in Rome.") == []


def test_hearsay_is_less_sure() -> None:
    said = read("Tom said that Bea quit her job at Siemens.")
    sure = read("I quit my job at Siemens.")
    assert said
    assert max(c.confidence for c in said) < min(c.confidence for c in sure)


def test_a_correction_is_marked() -> None:
    fixed = read("Actually my birthday is on 14 March.")
    assert by_predicate(fixed, "HAS_BIRTHDAY").correction
    assert not by_predicate(read("My birthday is on 14 March."), "HAS_BIRTHDAY").correction


def test_an_assistant_is_not_remembered_for_its_own_doings() -> None:
    assert read("I booked the flights.", speaker="Juno", role=Role.ASSISTANT) == []
    assert read("I moved to Rome.", speaker=None, role=Role.SYSTEM) == []
    assert read("I moved to Rome.", speaker=None, role=Role.TOOL) == []


def test_a_document_has_no_speaker() -> None:
    assert read("I moved to Rome.", speaker=None, role=Role.DOCUMENT) == []
    facts = read("Helena moved to Rome in 2019.", speaker=None, role=Role.DOCUMENT)
    assert by_predicate(facts, "MOVED_TO").subject.name == "Helena"


def test_a_speaker_without_a_name_goes_by_the_role() -> None:
    assert read("I moved to Rome.", speaker=None)[0].subject.name == "user"


@pytest.mark.parametrize(
    "text", ["", " \n ", "🙈🙈🙈", "?!?!", "\x00\x00", "a" * 5000, "(((((((", "http://example.com/x?y=z"]
)
def test_odd_messages_give_nothing_and_break_nothing(text: str) -> None:
    assert read(text) == []


def test_broken_surrogates_do_not_hide_a_fact() -> None:
    assert by_predicate(read("I live in Lisbon. \ud800"), "LIVES_IN").text == "Ana lives in Lisbon."


def test_a_batch_gives_the_same_as_one_by_one() -> None:
    texts = ["I live in Lisbon.", "Hi!", "I hate olives. My cat is named Milo.", "Where are you?"]
    requests = [ExtractionRequest(episode=episode(text)) for text in texts]
    together = EXTRACTOR.extract(requests)
    assert [e.episode_id for e in together] == [r.episode.id for r in requests]
    assert [e.candidates for e in together] == [OfflineExtractor().extract([r])[0].candidates for r in requests]


def test_a_missing_pipeline_is_told_at_once() -> None:
    with pytest.raises(ModelNotFoundError, match="en_no_such_model"):
        OfflineExtractor("en_no_such_model").extract([ExtractionRequest(episode=episode("I live in Lisbon."))])


def test_predicates_are_read_without_spacy() -> None:
    code = (
        "import sys, factloom.engine.extraction.predicates as p; p.predicate_table(); assert 'spacy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


STOPLESS = "I live in Lisbon and my sister is called Bea, " + "I like tea and she likes her milk and " * 200 + "bye"


def test_a_text_without_stops_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules look at all of a sentence for each clause of it, so that one without an end would take them for ever."""
    lengths = []
    reading = extractor._read_sentence

    def measured(span: Span, *rest: Any) -> list[Candidate]:
        lengths.append(len(span))
        assert {token.sent.start for token in span} <= set(range(span.start, span.end)), "the parse keeps to the piece"
        return reading(span, *rest)

    monkeypatch.setattr(extractor, "_read_sentence", measured)
    found = {(c.predicate, c.object.name) for c in read(STOPLESS) if c.object is not None}
    assert max(lengths) <= MOST_TOKENS
    assert len(lengths) > 10
    assert {("LIVES_IN", "Lisbon"), ("HAS_SISTER", "Bea"), ("LIKES", "tea")} <= found


def test_pieces_are_all_of_the_text_and_begin_where_something_new_does() -> None:
    doc = load_pipeline(None).make_doc(STOPLESS)
    pieces = list(sentences(doc))
    assert [token.i for piece in pieces for token in piece] == list(range(len(doc)))
    assert all(len(piece) <= MOST_TOKENS for piece in pieces)
    assert {piece[0].text for piece in pieces[1:]} == {"and"}
    unbroken = load_pipeline(None).make_doc("word " * 250)
    assert [len(piece) for piece in sentences(unbroken)] == [100, 100, 50]


def test_pronouns_that_hang_on_pronouns_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    looking = Reader._person

    def counted(reader: Reader, token: Token) -> Person | None:
        asked.append(token.i)
        return looking(reader, token)

    monkeypatch.setattr(Reader, "_person", counted)
    read("my sister Bea said her brother and her mother and her boss and her son and her aunt like tea.")
    assert len(asked) == len(set(asked))
