"""Whatever a model answers: nothing breaks, and nothing is taken that the message does not say."""

import json
import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from factloom.engine.extraction.llm.accounting import Usage
from factloom.engine.extraction.llm.answers import UnusableAnswerError, read_answer
from factloom.engine.extraction.llm.packing import pack
from factloom.engine.extraction.llm.prompt import write_prompt
from factloom.engine.extraction.llm.reading import read_facts
from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.ontology import core_ontology
from factloom.schemas.records import Role

from .chat_service import fact
from .conftest import turn

ODD = st.text(max_size=40)
DATES = st.one_of(st.none(), st.dates().map(str), st.datetimes().map(str), ODD)
NAMES = st.one_of(st.sampled_from(["Ana", "I", "tea", "Lisbon", "Ana's sister", "Bea"]), ODD)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), ODD),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def stated(draw: st.DrawFn, text: str) -> dict[str, Any]:
    """A fact of the right shape with anything in it, now and then with a field of the wrong shape."""
    start = draw(st.integers(0, len(text)))
    made = fact(
        draw(st.one_of(st.just(text[start : draw(st.integers(start, len(text)))]), ODD)),
        draw(NAMES),
        draw(st.one_of(st.sampled_from(core_ontology().names()), ODD)),
        draw(st.one_of(st.none(), NAMES)),
        message=draw(st.sampled_from(["m1", "m2", "m3", ""])),
        types=(draw(st.sampled_from(["person", "place", "nonsense"])), "thing"),
        aliases=(draw(st.lists(NAMES, max_size=3)), []),
        text=draw(ODD),
        state=draw(st.sampled_from(["holds", "over", "denied"])),
        certainty=draw(st.sampled_from(["stated", "implied", "reported"])),
        time_words=draw(st.one_of(st.none(), ODD, st.just(text[:20]))),
        valid_from=draw(DATES),
        valid_until=draw(DATES),
        planned_for=draw(DATES),
    )
    if draw(st.integers(0, 9)) == 0:
        made[draw(st.one_of(st.sampled_from(sorted(made)), ODD))] = draw(VALUES)
    return made


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_candidates_say_what_the_message_says(data: st.DataObject) -> None:
    text = data.draw(
        st.one_of(st.just("I moved to Lisbon last Friday. My sister Bea likes tea."), st.text(max_size=80))
    )
    role = data.draw(st.sampled_from([Role.USER, Role.ASSISTANT, Role.DOCUMENT]))
    before, asked = turn("Bea lives in Faro."), turn(text, minute=1, role=role)
    (pieces,) = pack([ExtractionRequest(episode=asked, previous=(before,))], turns=8, tokens=10_000)
    prompt = write_prompt(pieces, "instructions", context_tokens=1000)
    assert list(prompt.asked) == ["m2"]

    answer = json.dumps({"facts": data.draw(st.lists(stated(text), max_size=4))})
    facts, notes = read_answer(answer)
    findings, strays = read_facts(facts, prompt, core_ontology())
    assert len(facts) + len(notes) == len(json.loads(answer)["facts"])
    assert len(findings["m2"].candidates) + len(strays) <= len(facts)
    for candidate in findings["m2"].candidates:
        assert candidate.sentence in unicodedata.normalize("NFC", text)
        assert candidate.object is not None or candidate.negated
        assert candidate.valid_at is None or candidate.invalid_at is None or candidate.valid_at <= candidate.invalid_at
        assert candidate.text == " ".join(candidate.text.split())


@given(st.one_of(st.text(max_size=200), VALUES.map(json.dumps), st.text("{}[]\"',:facts0", max_size=200)))
def test_any_text_is_an_answer_or_is_refused(text: str) -> None:
    try:
        facts, notes = read_answer(text)
    except UnusableAnswerError:
        return
    assert isinstance(facts, list)
    assert isinstance(notes, list)


@given(
    st.builds(Usage, *[st.integers(0, 10**7)] * 3),
    st.lists(st.integers(0, 10**5), min_size=1, max_size=20),
)
def test_shares_add_up_to_the_whole(usage: Usage, weights: list[int]) -> None:
    shares = usage.shares(weights)
    whole = usage if any(weights) else Usage()
    assert sum(shares, Usage()) == whole
    assert all(share.prompt_tokens >= 0 for share in shares)


@given(st.lists(st.text(max_size=3000), max_size=6), st.integers(1, 4), st.integers(200, 1000))
@settings(deadline=None)
def test_packs_hold_every_character_once_and_in_order(texts: list[str], turns: int, tokens: int) -> None:
    requests = [ExtractionRequest(episode=turn(text, minute=n)) for n, text in enumerate(texts)]
    packs = list(pack(requests, turns=turns, tokens=tokens))
    pieces = [piece for one in packs for piece in one]
    assert all(len(one) <= turns for one in packs)
    for position, text in enumerate(texts):
        assert "".join(piece.text for piece in pieces if piece.position == position) == text
    assert [piece.position for piece in pieces] == sorted(piece.position for piece in pieces)
