"""What somebody did and says how it was: "camping with the kids was awesome", "losing my job was tough"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_clause
from factloom.engine.extraction.dates import When, find_when
from factloom.engine.extraction.doings import read_done
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.endings import read_ending
from factloom.engine.extraction.habits import read_habit
from factloom.engine.extraction.lemmas import past_tense, verb_lemma
from factloom.engine.extraction.predications import SUBJECTS, Tense
from factloom.engine.extraction.rendering import activity, named_once
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_WITNESSING: Final = frozenset({"see", "hear", "have", "get", "know", "be", "find", "realize", "realise"})
_LASTING: Final = frozenset(
    {"search", "look", "learn", "work", "study", "train", "practise", "practice", "write", "prepare", "teach", "mentor"}
    | {"volunteer", "raise", "build", "renovate", "plan", "rehearse", "research", "read", "play"}
)
_OTHERS: Final = re.compile(r"\b(?:you|your|yours|he|she|they|his|their|him)\b", re.IGNORECASE)


def read_evaluated(draft: Draft) -> list[Candidate]:
    """For "camping with the kids was awesome": the speaker did what is told how it was."""
    clause, speaker = draft.clause, draft.reader.speaker
    if clause.copula is None or clause.tense is not Tense.PAST or clause.negated or speaker is None:
        return []
    going_on = clause.perfect  # "searching for a flat has been tough": and still is
    doing = next((c for c in clause.verb.children if c.dep_ in ("csubj", *SUBJECTS) and c.tag_ == "VBG"), None)
    if doing is None or clause.verb.lemma_.lower() not in vocabulary().verdicts or _OTHERS.search(draft.text):
        return []
    if any(c.dep_ in (*SUBJECTS, "aux", "nmod:poss", "det", "case") for c in doing.children):
        return []  # "Tom leaving was hard", "having seen it …", "the building was great"
    lemma = verb_lemma(doing)
    if lemma in _WITNESSING or (going_on and lemma not in _LASTING):
        return []
    inner = read_clause(doing)
    inner.subject, inner.implicit, inner.factual = None, True, True
    inner.tense, inner.progressive, inner.perfect = Tense.PAST, False, False
    when = draft.when or _dated(draft, doing)
    within = replace(draft, clause=inner, when=when)
    told = activity(inner, draft.reader, when)
    over = read_ending(within)
    words = told.partition(" ")[2] if told is not None else ""
    if doing.lower_ in vocabulary().outings:
        done: list[Candidate | None] = [
            within.candidate(speaker, "GO", Mention(name=doing.lower_, type="activity"), text="-", confidence=FAIR)
        ]
        said = f"{speaker.name} went {doing.lower_} {words}"
    elif going_on:
        inner.tense, inner.perfect, inner.progressive = Tense.PAST, True, True
        done = read_habit(within) if told is not None else []
        said = f"{speaker.name} has been {doing.lower_} {words}"
    else:
        done = [*over] or (read_done(within) if told is not None else [])
        said = f"{speaker.name} {past_tense(lemma)} {words}"
    dated = f" {when.phrase}" if when is not None else ""
    text = named_once(" ".join(f"{said}{dated}".split()) + ".", speaker.name)
    return [c.model_copy(update={"text": text}) for c in done if c is not None]


def _dated(draft: Draft, doing: Token) -> When | None:
    """When the doing itself was: "organizing a camp last summer was …"."""
    inside = draft.sentence.doc[doing.left_edge.i : doing.right_edge.i + 1]
    when = find_when(inside.text, draft.anchor)
    if when is None:
        return None
    return replace(when, span=(when.span[0] + inside.start_char, when.span[1] + inside.start_char))
