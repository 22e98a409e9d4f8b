"""Team talk and how an assistant is to answer: who answers for what, where things run, days put off, manners."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.ontology import ontology_in_use

from .one_turn import facts, read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


STATED = [
    ("Sven is responsible for the billing service.", "Sven RESPONSIBLE_FOR billing service"),
    ("I'm responsible for the payroll export.", "Ana RESPONSIBLE_FOR payroll export"),
    ("Mona is the lead on the billing project.", "Mona RESPONSIBLE_FOR billing project"),
    ("Mona is the PM for Atlas.", "Mona RESPONSIBLE_FOR Atlas"),
    ("Amir is on call this week.", "Amir DOES on-call duty this week"),
    ("The retro is on Thursdays at 3.", "retro TAKES_PLACE on Thursdays at 3"),
    ("The standup is at 9:30 every day.", "standup TAKES_PLACE at 9:30 every day"),
    ("The database backups run every night at 2 am.", "database backups RUNS_AT every night at 2 am"),
    ("The API runs on port 8080.", "API IS_FOUND on port 8080"),
    ("The credentials are in 1Password.", "credentials IS_FOUND in 1Password"),
    ("Our docs are hosted on Notion.", "docs IS_FOUND on Notion"),
    ("The beta launch has been pushed from June 19 to June 26.", "beta launch PLANNED_FOR 26 June"),
    ("The demo was moved to Friday.", "demo PLANNED_FOR 20 June"),
    ("The deadline for the report is June 20.", "report deadline PLANNED_FOR 20 June"),
    ("I'm on vacation from July 14 to 25.", "Ana PLANS on vacation from July 14 to 25"),
    ("When you write commit messages, keep them under 50 characters.",
     "Ana HAS_RULE when you write commit messages, keep them under 50 characters"),
    ("Please keep your answers short, I read them on my phone.", "Ana HAS_RULE keep your answers short"),
    ("Ask me before deleting anything.", "Ana HAS_RULE ask Ana before deleting anything"),
    ("Make sure to run the linter before committing.", "Ana HAS_RULE run the linter before committing"),
    ("I'd like you to answer in bullet points.", "Ana HAS_RULE answer in bullet points"),
    ("Answer in English from now on.", "Ana HAS_RULE answer in English"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fact"), STATED)
def test_it_is_learned(extractor: OfflineExtractor, text: str, fact: str) -> None:
    assert fact in facts(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm responsible for the mess.",
        "The site is down.",
        "The code is a mess.",
        "The server is on fire.",
        "The docs are in this folder.",
        "The call is on.",
        "The deadline is tight.",
        "The sofa has been moved to the kitchen.",
        "Ask me before I leave.",
        "Remember to buy milk before dinner.",
        "Who is responsible for the billing service?",
        "When you write to her, keep me posted.",
    ],
)
def test_what_only_looks_like_it_is_not(extractor: OfflineExtractor, text: str) -> None:
    assert not {c.predicate for c in read(extractor, text)} & {
        "RESPONSIBLE_FOR", "IS_FOUND", "TAKES_PLACE", "RUNS_AT", "PLANNED_FOR"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["HAS_PHONE_NUMBER", "HAS_WORK_EMAIL", "HAS_WIFI_PASSWORD", "TAKES_PLACE", "IS_FOUND"])
def test_a_newer_one_takes_the_place_of_the_older(name: str) -> None:
    assert ontology_in_use()[name].cardinality == "one"


@pytest.mark.parametrize("name", ["HAS_ORDER_NUMBER", "HAS_BIKE", "HAS_CAT"])
def test_of_others_there_may_be_several(name: str) -> None:
    assert ontology_in_use()[name].cardinality == "many"
