"""Rules told without "always": what is done when a thing fails, how things should be, and when not to disturb."""

from __future__ import annotations

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor

from .one_turn import read


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


TOLD = [
    (
        "When the staging build hangs, kill the worker and re-run it.",
        "Ana's rule: when the staging build hangs, kill the worker and re-run it.",
    ),
    ("If the printer jams, open the back tray.", "Ana's rule: if the printer jams, open the back tray."),
    ("If the router is down, unplug the blue cable.", "Ana's rule: if the router is down, unplug the blue cable."),
    (
        "When a test fails on CI, check the seed first.",
        "Ana's rule: when a test fails on CI, check the seed first.",
    ),
    ("If the queue is full, restart the consumer.", "Ana's rule: if the queue is full, restart the consumer."),
    ("Reports should be in PDF.", "Ana's rule: reports should be in PDF."),
    ("Commit messages must be in English.", "Ana's rule: commit messages must be in English."),
    ("Emails to clients should be signed by hand.", None),
    ("Don't call me before ten.", "Ana's rule: never call Ana before ten."),
    ("Please don't book meetings on Fridays.", "Ana's rule: never book meetings on Fridays."),
    ("Deploys are done by running ./ship.sh", "To do deploys, run ./ship.sh."),
    ("Backups are made by running the nightly script.", "To make backups, run the nightly script."),
]


@pytest.mark.parametrize(("text", "told"), TOLD)
def test_it_is_a_rule(extractor: OfflineExtractor, text: str, told: str | None) -> None:
    found = {candidate.text for candidate in read(extractor, text)}
    assert found == ({told} if told is not None else set())


@pytest.mark.parametrize(
    "text",
    [
        "When life breaks you, get up again.",
        "If the shoe fits, wear it.",
        "If the baby stops crying, give her the bottle.",
        "If the car breaks down, call me.",
        "If the build fails today, restart the runner.",
        "If the build fails, we lose a day.",
        "When the music stops, I cry.",
        "If the server goes down, what should I do?",
        "If the build fails, blame Tom.",
        "Kids should be in bed by now.",
        "The report should be in your inbox.",
        "Should reports be in PDF?",
        "Don't call me before the meeting tomorrow?",
        "Don't worry before the exam.",
        "Mistakes are made by trying new things.",
        "It was done by running.",
    ],
)
def test_what_only_looks_like_one_is_none(extractor: OfflineExtractor, text: str) -> None:
    rules = {c.text for c in read(extractor, text) if c.predicate in ("HAS_RULE", "RULES_OUT", "DONE_BY")}
    assert not rules


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("My mom had her hip operated on.", "Ana's mom had her hip operated on."),
        ("He had his appendix removed.", None),
        ("My brother had his appendix removed last year.", "Ana's brother had his appendix removed in 2024."),
        ("We closed on the house last week.", "Ana completed the purchase of the house in the week of 9 June 2025."),
        ("I don't really do coffee anymore.", "Ana does not eat or drink coffee."),
        ("I don't do dairy.", "Ana does not eat or drink dairy."),
        ("I don't do the coffee run.", None),
        ("She had her car removed.", None),
        ("I had the door replaced.", None),
        ("The shop closed on Monday.", None),
    ],
)
def test_the_body_the_house_and_the_coffee(extractor: OfflineExtractor, text: str, told: str | None) -> None:
    texts = {c.text for c in read(extractor, text) if c.predicate in ("HAD_MILESTONE", "BOUGHT", "AVOIDS")}
    assert texts == ({told} if told is not None else set())
