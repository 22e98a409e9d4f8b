"""Things that somebody no longer has: sold, given away, crashed, lost, stolen, or not had any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.mentions import FIRST_PERSON
from factloom.engine.extraction.phrases import phrase, relation_of
from factloom.engine.extraction.predications import Tense, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.sentences import lemmas_in, words_in
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_PARTING: Final = frozenset(
    ["sell", "donate", "crash", "wreck", "total", "lose", "return", "scrap", "trade", "pawn", "write", "recycle"]
)
_WITH_PARTICLE: Final = {
    "give": frozenset({"away", "back"}),
    "throw": frozenset({"out", "away"}),
    "trade": frozenset({"in"}),
    "write": frozenset({"off"}),
    "send": frozenset({"back"}),
    "take": frozenset({"back"}),
    "hand": frozenset({"back"}),
}
_STEALING: Final = frozenset({"steal", "stole", "stolen", "nick", "nicked"})


def things_gone(draft: Draft, told: list[Candidate]) -> list[Candidate]:
    """That somebody no longer has what the clause tells to be gone; ``told``: what has been read of it."""
    clause = draft.clause
    verb = verb_lemma(clause.verb)
    if clause.negated:
        kept = verb in ("have", "own") and clause.no_longer and clause.tense is Tense.PRESENT
        return _no_longer_had(draft) if kept else []
    if verb == "get" and "rid" in words_in(clause.verb.doc) and clause.tense is Tense.PAST:
        return _gone(draft, _rid_of(draft), told, "GET_RID_OF")
    if not _STEALING.isdisjoint(lemmas_in(clause.verb.doc)) and clause.tense is not Tense.FUTURE:
        return _stolen(draft, told)
    particles = _WITH_PARTICLE.get(verb)
    if clause.tense is not Tense.PAST or clause.passive or not (verb in _PARTING or particles):
        return []
    particle = next((c.lower_ for c in clause.verb.children if particles and c.lower_ in particles), None)
    if particles is not None and particle is None:
        return []
    return _gone(draft, clause.objects, told, f"{verb}_{particle}".upper() if particle is not None else verb.upper())


def _gone(draft: Draft, nouns: list[Token], told: list[Candidate], event: str) -> list[Candidate]:
    found: list[Candidate | None] = []
    for subject in draft.subjects():
        if not (subject.is_speaker or subject.type == "person"):
            continue
        for noun in nouns:
            if not _is_own(noun):
                continue
            text = next((fact.text for fact in told if fact.subject == subject and not fact.negated), None)
            thing = Mention(name=phrase(noun), type="thing")
            if text is None:
                text = retell(draft.clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, event, thing, text=text, confidence=FAIR))
            found.append(draft.candidate(subject, "HAS", thing, text=text, negated=True))
    return [candidate for candidate in found if candidate is not None]


def _no_longer_had(draft: Draft) -> list[Candidate]:
    """For "I no longer have the Volvo", "I don't have asthma any more"."""
    ailments = [noun for noun in draft.clause.objects if noun.lemma_.lower() in vocabulary().conditions]
    if ailments:
        cured = [Mention(name=phrase(noun).lower(), type="condition") for noun in ailments]
        healed = [draft.candidate(s, "HAS_CONDITION", one, negated=True) for s in draft.subjects() for one in cured]
        return [candidate for candidate in healed if candidate is not None]
    nouns = [noun for noun in draft.clause.objects if _is_own(noun)]
    found = [
        draft.candidate(subject, "HAS", Mention(name=phrase(noun), type="thing"), negated=True)
        for subject in draft.subjects()
        for noun in nouns
    ]
    return [candidate for candidate in found if candidate is not None]


def _rid_of(draft: Draft) -> list[Token]:
    """The sofa in "I got rid of the sofa"."""
    return [t for t in draft.clause.verb.subtree if preposition(t) == "of" and t.pos_ in ("NOUN", "PROPN")][:1]


def _stolen(draft: Draft, told: list[Candidate]) -> list[Candidate]:
    """For "my bike got stolen", "somebody stole my bike": its owner has it no longer."""
    clause = draft.clause
    verbs = [clause.verb, *([clause.complement] if clause.complement is not None else [])]
    if not any(verb_lemma(verb) in _STEALING or verb.lower_ in _STEALING for verb in verbs):
        return []
    active = clause.verb.lower_ in ("stole", "nicked") and not clause.passive
    nouns = clause.objects if active else [clause.subject] if clause.subject is not None else []
    found: list[Candidate | None] = []
    for noun in nouns:
        owner_token = next((c for c in noun.children if c.dep_ == "nmod:poss"), None)
        owner = draft.reader.mention(owner_token, type="person") if owner_token is not None else None
        if owner is None or not (owner.is_speaker or owner.type == "person"):
            continue
        thing = Mention(name=phrase(noun), type="thing")
        text = next((fact.text for fact in told if fact.subject == owner), None)
        if text is None:
            when = f" {draft.when.phrase}" if draft.when is not None else ""
            text = f"{owner.name}'s {thing.name} was stolen{when}."
            event = Mention(name=f"{thing.name} stolen", type="event")
            found.append(draft.candidate(owner, "EXPERIENCED", event, text=text, confidence=FAIR))
        found.append(draft.candidate(owner, "HAS", thing, text=text, negated=True))
    return [candidate for candidate in found if candidate is not None]


def _is_own(noun: Token) -> bool:
    """Whether it is the one thing that is meant ("the Volvo", "my camera"), no relative, job or game."""
    owned = [c.lower_ for c in noun.children if c.dep_ == "nmod:poss"]
    which = any(c.dep_ == "det" and c.lower_ in ("the", "that") for c in noun.children)
    mine = all(word in FIRST_PERSON or word in ("his", "her", "their") for word in owned)
    lemma = noun.lemma_.lower()
    thing = lemma not in vocabulary().no_things and lemma not in vocabulary().empty_nouns | vocabulary().occasions
    return noun.pos_ in ("NOUN", "PROPN") and (which or bool(owned)) and mine and thing and relation_of(noun) is None
