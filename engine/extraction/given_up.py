"""What is over beside what a clause tells: the cat given away, the club left, the studies dropped, the hospital behind.

These end what is held; that they happened is read elsewhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.copulas import GROUPS
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.medicines import is_medicine
from factloom.engine.extraction.phrases import phrase
from factloom.engine.extraction.predications import Clause, Tense, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.switches import switched
from factloom.engine.extraction.tastes_over import tastes_over
from factloom.engine.extraction.things_gone import things_gone
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

# A verb with its particle, and the predicates of which every fact is over.
_ALL_OVER: Final = {
    "drop out": ("STUDIES_AT", "STUDIES"),
    "retire": ("WORKS_FOR", "HAS_JOB"),
    "graduate": ("STUDIES",),
}
_VERBS: Final = frozenset({"give", "rehome", "leave", "quit", "stop", "drop", "retire", "call", "have", "graduate"})
_WARDS: Final = frozenset({"hospital", "rehab", "prison", "jail", "icu"})


def also_over(draft: Draft, told: list[Candidate]) -> list[Candidate]:
    """What the clause ends besides; ``told``: what has been read of it, whose words it takes."""
    clause = draft.clause
    changed = [*tastes_over(draft, told), *switched(draft, told), *things_gone(draft, told)]
    if clause.negated and clause.no_longer and clause.copula is not None:
        return [*changed, *_out_of_groups(draft)]
    if (
        clause.lemma == "live"
        and not clause.negated
        and clause.tense is Tense.PRESENT
        and _ALONE.search(draft.text) is not None
    ):
        homes = [draft.candidate(subject, "LIVES_WITH", None, negated=True) for subject in draft.subjects()]
        return [candidate for candidate in homes if candidate is not None]
    if clause.negated or (changed and clause.lemma not in ("give away", "give")):
        return changed
    if clause.copula is not None:
        return _left_behind(draft)
    verb = verb_lemma(clause.verb)
    if verb not in _VERBS or clause.tense is not Tense.PAST:
        return []
    text = told[0].text if told else None
    held = [*_pets(clause, draft), *_groups(clause, draft), *_medicines(clause), *_languages(clause, draft)]
    found: list[Candidate | None] = [*changed]
    for subject in draft.subjects():
        found += [draft.candidate(subject, name, None, negated=True) for name in _ended_wholly(clause)]
        for predicate, thing in held:
            if text is None and predicate == "HAS_PET":
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, "GIVE_AWAY", thing, text=text, confidence=FAIR))
            if text is not None or predicate in ("TAKES", "MEMBER_OF"):
                found.append(draft.candidate(subject, predicate, thing, text=text, negated=True))
    return [candidate for candidate in found if candidate is not None]


def _ended_wholly(clause: Clause) -> tuple[str, ...]:
    """For "I dropped out", "she retired", "we called off the wedding"."""
    verb = clause.verb
    if verb_lemma(verb) == "call" and verb.i + 1 < len(verb.doc) and verb.nbor().lower_ == "off":
        wedding = any(t.lower_ in ("wedding", "engagement") for t in verb.subtree)
        return ("ENGAGED_TO",) if wedding else ()
    named = clause.lemma != "graduate" and any(case in ("as", "from") for case, _ in clause.obliques)
    if clause.objects or named:
        return ()
    return _ALL_OVER.get(clause.lemma, ())


def _pets(clause: Clause, draft: Draft) -> list[tuple[str, Mention]]:
    """For "we gave Mia away", "we had to rehome our cat"."""
    verb = clause.verb
    if clause.lemma == "have" and clause.complement is not None:
        verb = clause.complement
    away = verb_lemma(verb) == "give" and any(c.lower_ == "away" for c in verb.children)
    if not away and verb_lemma(verb) != "rehome":
        return []
    given: list[Token] = [c for c in verb.children if c.dep_ in ("obj", "iobj") and c.i > verb.i]
    mentions = [draft.reader.mention(token, type="animal") for token in given if token.pos_ in ("PROPN", "NOUN")]
    pets = [m for m in mentions if m is not None and m.type in ("animal", "person")]
    return [("HAS_PET", pet.model_copy(update={"type": "animal"})) for pet in pets]


def _groups(clause: Clause, draft: Draft) -> list[tuple[str, Mention]]:
    """For "I left the chess club", "I quit the choir"."""
    if clause.lemma not in ("leave", "quit"):
        return []
    groups = [draft.reader.mention(t, type="organisation") for t in clause.objects if t.lemma_.lower() in GROUPS]
    return [("MEMBER_OF", group) for group in groups if group is not None]


def _medicines(clause: Clause) -> list[tuple[str, Mention]]:
    """For "I stopped taking ibuprofen"."""
    verb = clause.complement
    if clause.lemma not in ("stop", "quit") or verb is None or verb_lemma(verb) not in ("take", "use"):
        return []
    taken = [c for c in verb.children if c.dep_ == "obj" and is_medicine(c)]
    return [("TAKES", Mention(name=phrase(token).lower(), type="medicine")) for token in taken]


def _languages(clause: Clause, draft: Draft) -> list[tuple[str, Mention]]:
    """For "I gave up on Dutch", which the names layer takes for a place."""
    if clause.lemma != "give up":
        return []
    things = [draft.reader.mention(token) for case, token in clause.obliques if case == "on"]
    others = [thing for thing in things if thing is not None and thing.type != "person"]
    return [("LEARNS", thing.model_copy(update={"type": "activity"})) for thing in others]


_ALONE: Final = re.compile(
    r"\blives? (?:alone|by (?:my|him|her)self|on (?:my|his|her) own)(?: again)? (?:now|these days)\b", re.I
)


def _out_of_groups(draft: Draft) -> list[Candidate]:
    """For "I'm not in the chess club anymore"."""
    noun = draft.clause.verb
    if preposition(noun) != "in" or noun.lemma_.lower() not in GROUPS:
        return []
    group = draft.reader.mention(noun, type="organisation")
    found = [draft.candidate(s, "MEMBER_OF", group, negated=True) for s in draft.subjects() if group is not None]
    return [candidate for candidate in found if candidate is not None]


def _left_behind(draft: Draft) -> list[Candidate]:
    """For "I'm out of hospital"."""
    noun = draft.clause.verb
    words = [t.lower_ for t in noun.doc[noun.left_edge.i : noun.i]]
    if noun.lower_ not in _WARDS or "out" not in words or draft.clause.tense is not Tense.PRESENT:
        return []
    ward = Mention(name=noun.lower_, type="place")
    found = [draft.candidate(subject, "IS_IN", ward, negated=True) for subject in draft.subjects()]
    return [candidate for candidate in found if candidate is not None]
