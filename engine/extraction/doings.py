"""What was done: facts whose predicate is the verb itself ("BORROW_FROM")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_clause, read_complement
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.phrases import conjuncts, relation_of
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.specifics import is_made, is_new, is_specific, is_tried, main_oblique, takes_along
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.records import Category

if TYPE_CHECKING:
    from spacy.tokens import Token


def read_done(draft: Draft) -> list[Candidate | None]:
    """The fallback: somebody did something to something, in the past tense."""
    clause, lists = draft.clause, vocabulary()
    if clause.tense is not Tense.PAST or clause.hearsay:
        return []
    if clause.passive:
        return _undergone(draft)
    if clause.progressive:
        return []
    tag = clause.complement.tag_ if clause.complement is not None else ""
    if clause.lemma == "get" and any(c.lower_ == "done" for c in clause.verb.children):
        return _got_done(draft)
    if (clause.lemma in _ACHIEVING and tag == "VB") or (clause.lemma in _ENDING and tag == "VBG"):
        inner = read_complement(clause)  # "I got to volunteer at a fair", "I finished reading Emma"
        if inner is not None:
            if clause.lemma == "try" and not (inner.objects or inner.obliques):
                return _tried(draft, inner.verb)
            done = read_done(Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when))
            lead = {"help": "HELP_", "try": "TRY_"}.get(verb_lemma(clause.verb), "")
            return [
                c
                and c.model_copy(
                    update={
                        "text": retell(clause, c.subject.name, draft.reader, draft.when),
                        "predicate": f"{lead}{c.predicate}",
                    }
                )
                for c in done
            ]
    if clause.verb.dep_ == "acl:relcl" and not clause.objects:
        return []  # "the kids I met at the shelter": what was met stands outside
    going = _going(draft)
    if going:
        return going
    verb = verb_lemma(clause.verb)
    aim = clause.complement is not None and tag == "VB" and any(c.tag_ == "TO" for c in clause.complement.children)
    if clause.complement is not None and clause.objects and not (aim and verb == "visit"):
        return _outing(draft)  # "took my family camping", but not "made me laugh"
    if not re.fullmatch(r"[a-z]{2,20}", verb) or (verb in lists.empty_verbs and verb not in lists.light_verbs):
        return []
    role, nouns = "", [t for noun in clause.objects for t in conjuncts(noun)]
    if not nouns or takes_along(draft):
        role, nouns = main_oblique(draft)
    found: list[Candidate | None] = []
    back = "back" if role and any(c.lower_ == "back" and c.dep_ == "advmod" for c in clause.verb.children) else ""
    name = "_".join(part for part in (verb, clause.particle, back, role) if part).upper()
    for noun in nouns[:3]:
        object = draft.reader.mention(noun) if noun.pos_ in ("NOUN", "PROPN", "PRON", "X") else None
        if object is not None and (object.is_speaker or (verb == "get" and relation_of(noun) is not None)):
            continue  # "it brought me joy"; who got a cat has one
        if object is None or (
            verb in lists.light_verbs - lists.telling_verbs - _EVENTFUL
            and not (
                role == "to"
                or is_specific(noun, object)
                or is_new(noun)
                or is_made(verb, noun)
                or is_tried(clause, noun)
            )
        ):
            continue
        told = draft.when is not None and is_specific(noun, object)
        if verb == "have" and not told and noun.lemma_.lower() not in lists.occasions | lists.conditions:
            continue
        for subject in draft.subjects():
            if subject.type in ("person", "animal"):
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, name, object, text=text, confidence=FAIR))
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


_ACHIEVING: Final = frozenset({"get", "manage", "have", "help"})


_ENDING: Final = frozenset({"finish", "end up", "complete", "try", "try out"})


def _tried(draft: Draft, doing: Token) -> list[Candidate | None]:
    """For "I tried surfing for the first time"."""
    if verb_lemma(doing) in vocabulary().empty_verbs - vocabulary().pastimes:
        return []
    object = Mention(name=doing.lower_, type="activity")
    told = [(s, retell(draft.clause, s.name, draft.reader, draft.when)) for s in draft.subjects()]
    return [draft.candidate(s, "TRY_OUT", object, text=t, confidence=FAIR) for s, t in told if s.type == "person"]


def _got_done(draft: Draft) -> list[Candidate | None]:
    """For "I just got done submitting my script to a contest"."""
    beside = [*draft.clause.verb.children, *(draft.clause.complement.children if draft.clause.complement else ())]
    doing = next((c for c in beside if c.tag_ == "VBG" and c.dep_ in ("xcomp", "advcl")), None)
    if doing is None:
        return []
    inner = read_clause(doing)
    inner.subject, inner.tense, inner.factual = draft.clause.subject, Tense.PAST, True
    inner.progressive = False
    found = read_done(Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when))
    told = {s.name: retell(draft.clause, s.name, draft.reader, draft.when) for s in draft.subjects()}
    return [c and c.model_copy(update={"text": told.get(c.subject.name, c.text)}) for c in found]


def _undergone(draft: Draft) -> list[Candidate | None]:
    """For "I was drafted by a team", "she got accepted to Harvard": what was done to somebody."""
    clause = draft.clause
    lemma = clause.lemma
    if clause.negated or not (verb_lemma(clause.verb) in vocabulary().undergone or lemma in _REFUSED):
        return []
    found: list[Candidate | None] = []
    for case, noun in clause.obliques:
        if case not in ("by", "to", "into", "for", "with", "as", "from", "at") or noun.pos_ not in (
            "NOUN",
            "PROPN",
            "X",
        ):
            continue
        object = draft.reader.mention(noun)
        particle = f"_{clause.particle}" if lemma in _REFUSED else ""
        name = f"WAS_{clause.verb.lower_}{particle}_{case}".upper()
        if object is None or not re.fullmatch(r"[A-Z_]+", name):
            continue
        for subject in draft.subjects():
            if subject.type in ("person", "animal"):
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, name, object, text=text, confidence=FAIR))
        break
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


_REFUSED: Final = frozenset({"turn down", "pass over", "kick out", "pick up"})


def _outing(draft: Draft) -> list[Candidate | None]:
    """For "I took my family camping"."""
    clause = draft.clause
    outing = clause.complement
    if clause.lemma != "take" or outing is None or outing.tag_ != "VBG" or clause.tense is not Tense.PAST:
        return []
    object = Mention(name=outing.lower_, type="activity")
    text = [retell(clause, subject.name, draft.reader, draft.when) for subject in draft.subjects()]
    found = [
        draft.candidate(s, "GO", object, text=t, confidence=FAIR) for s, t in zip(draft.subjects(), text, strict=True)
    ]
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


def _going(draft: Draft) -> list[Candidate | None]:
    """For "we went camping with my family"."""
    clause = draft.clause
    activity_ = next(
        (c for c in clause.verb.children if c.tag_ in ("VBG", "NN") and c.dep_ in ("xcomp", "advcl", "obj", "obl")),
        None,
    )
    if (
        clause.lemma != "go"
        or activity_ is None
        or activity_.i != clause.verb.i + 1
        or not activity_.text.endswith("ing")
    ):
        return []
    object = Mention(name=activity_.lower_, type="activity")
    found = [
        draft.candidate(
            subject, "GO", object, text=retell(clause, subject.name, draft.reader, draft.when), confidence=FAIR
        )
        for subject in draft.subjects()
    ]
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


_EVENTFUL: Final = frozenset({"break", "lose", "win"})
