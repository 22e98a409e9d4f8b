from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from factloom.engine.extraction.extractor import OfflineExtractor
from factloom.schemas.extraction import Candidate, ExtractionRequest
from factloom.schemas.records import Episode, Role, new_id

DATA = Path(__file__).parent / "statements.txt"
NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)
Triple = tuple[str, str, str]


def read_statements() -> list[tuple[bool, str, set[Triple]]]:
    rows = []
    for line in DATA.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        text, _, right = line.removeprefix("! ").partition("=>")
        facts = set()
        for fact in filter(None, (part.strip() for part in right.split(";"))):
            words = fact.split()
            index = next(i for i, word in enumerate(words) if word.isupper() and len(word) > 1)
            facts.add((" ".join(words[:index]), words[index], " ".join(words[index + 1 :])))
        rows.append((line.startswith("! "), text.strip(), facts))
    return rows


STATEMENTS = read_statements()


def triple(candidate: Candidate) -> Triple:
    sign = "-" if candidate.negated else ""
    return sign + candidate.subject.name, candidate.predicate, candidate.object.name if candidate.object else "*"


def request(text: str, *, speaker: str | None = "Ana", role: Role = Role.USER) -> ExtractionRequest:
    return ExtractionRequest(
        episode=Episode(
            id=new_id(),
            space="user/ana",
            session="s",
            role=role,
            speaker=speaker,
            content=text,
            occurred_at=NOW,
            created_at=NOW,
        )
    )


@pytest.fixture(scope="module")
def extractor() -> OfflineExtractor:
    return OfflineExtractor()


@pytest.mark.parametrize(("text", "facts"), [(text, facts) for core, text, facts in STATEMENTS if core])
def test_a_core_statement_gives_exactly_its_facts(extractor: OfflineExtractor, text: str, facts: set[Triple]) -> None:
    [extraction] = extractor.extract([request(text)])
    assert {triple(c) for c in extraction.candidates} == facts


def test_the_whole_set_is_read_with_few_mistakes(extractor: OfflineExtractor) -> None:
    right = found = wanted = 0
    for extraction, (_, _, facts) in zip(
        extractor.extract([request(text) for _, text, _ in STATEMENTS]), STATEMENTS, strict=True
    ):
        triples = {triple(c) for c in extraction.candidates}
        right, found, wanted = right + len(triples & facts), found + len(triples), wanted + len(facts)
    assert right / found >= 0.95, f"precision {right}/{found}"
    assert right / wanted >= 0.9, f"recall {right}/{wanted}"
