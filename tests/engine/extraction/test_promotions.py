"""Jobs that are given, and the days of births."""

from __future__ import annotations

import pytest

from factloom import Memory, load_settings
from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(
    ("text", "job", "since"),
    [
        ("Bea was promoted to manager in May.", "Bea HAS_JOB manager", "2025-05-01"),
        ("I was promoted to team lead last year.", "Ana HAS_JOB team lead", "2024-01-01"),
        ("Tom got promoted to head of sales in March.", "Tom HAS_JOB head of sales", "2025-03-01"),
        ("They promoted me to manager in May.", "Ana HAS_JOB manager", "2025-05-01"),
        ("I was made manager in May.", "Ana HAS_JOB manager", "2025-05-01"),
        ("Bea was appointed director of the museum in 2019.", "Bea HAS_JOB director of the museum", "2019-01-01"),
        ("Tom was elected mayor of Faro in 2021.", "Tom HAS_JOB mayor of Faro", "2021-01-01"),
    ],
)
def test_a_job_given_is_had_from_then_on(extractor: OfflineExtractor, text: str, job: str, since: str) -> None:
    assert job in facts(extractor, text)
    for fact in read(extractor, text):
        assert fact.valid_at is not None
        assert fact.valid_at.date().isoformat() == since


@pytest.mark.parametrize(
    "text",
    [
        "I was not promoted to manager in May.",
        "Bea might be promoted to manager.",
        "Will Bea be promoted to manager?",
        "I was made redundant in May.",
        "Our team was promoted to the first division.",
        "I was made to wait for an hour.",
        "The video was promoted to thousands of people.",
    ],
)
def test_no_job_is_given(extractor: OfflineExtractor, text: str) -> None:
    assert not any("HAS_JOB" in fact or "promotion" in fact for fact in facts(extractor, text))


def test_births_are_dated_and_tell_the_birthday(extractor: OfflineExtractor) -> None:
    found = {fact.predicate: fact for fact in read(extractor, "I was born in Porto on 25/4/1984.")}
    assert found["HAD_MILESTONE"].text == "Ana was born in Porto on 25 April 1984."
    assert found["HAS_BIRTHDAY"].text == "Ana's birthday is on 25 April."
    assert {f.valid_at.date().isoformat() for f in found.values() if f.valid_at is not None} == {"1984-04-25"}
    unsure = {fact.predicate: fact for fact in read(extractor, "I was born in Porto on 3/4/1984.")}
    assert unsure["BORN_IN"].metadata["time_could_be"] == "1984-04-03"
    assert "HAS_BIRTHDAY" not in unsure
    assert "HAS_BIRTHDAY" not in {fact.predicate for fact in read(extractor, "My son Leo was born on Thursday.")}
    assert facts(extractor, "Bea was born in May 1990 in Faro.") == {"Bea HAD_MILESTONE birth", "Bea BORN_IN Faro"}


def test_the_setting_says_how_dates_are_read() -> None:
    settings = load_settings(extractor={"dates": "day first"})
    with Memory(":memory:", settings=settings) as memory:
        message = {"role": "user", "name": "Ana", "content": "I bought a boat on 3/4/2024."}
        memory.add([message], user_id="ana")
        [fact] = memory.get_all(user_id="ana")
        assert fact.text == "Ana bought a boat on 3 April 2024."
