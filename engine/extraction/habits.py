"""What is done by habit, or has been going on: facts whose predicate is the verb itself ("TEACH"), and pastimes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.lemmas import gerund, verb_lemma
from factloom.engine.extraction.phrases import called_next, conjuncts, entity_type, relation_of
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import fronted_times, retell
from factloom.engine.extraction.specifics import is_specific, is_tried, main_oblique, takes_along
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token


def read_habit(draft: Draft) -> list[Candidate | None]:
    """The fallback for what somebody does, or has been doing: "I teach yoga on Tuesdays", "I've been reading Emma"."""
    clause, lists = draft.clause, vocabulary()
    ongoing = clause.tense is Tense.PRESENT or (clause.perfect and clause.progressive)
    verb = clause.base or verb_lemma(clause.verb)
    if any(child.lower_ in ("all", "both") for child in clause.verb.children):
        return []  # "we all have our own paths"
    if (
        not ongoing
        or clause.passive
        or clause.hearsay
        or (
            clause.complement is not None
            and not (clause.lemma == "try out" or (clause.lemma == "do" and clause.complement.tag_ == "VBG"))
        )
        or not re.fullmatch(r"[a-z]{2,20}", verb)
    ):
        return []
    doing = _regular(draft)
    if doing:
        return doing
    pastime = _pastime(draft, verb)
    if pastime:
        return pastime
    if verb == "go" and clause.progressive and not clause.perfect:
        return []  # "we're going to Wales" tells no habit
    empty = verb in lists.empty_verbs - lists.light_verbs and verb not in _SAYING and not _looking_for(draft, verb)
    if empty and not (verb == "have" and not clause.progressive):
        return []
    role, nouns = "", [t for noun in clause.objects for t in conjuncts(noun)]
    if not nouns or (takes_along(draft) and _frequent(draft)):
        role, nouns = main_oblique(draft)
    name = "HAS" if verb == "have" else "_".join(part for part in (verb, clause.particle, role) if part).upper()
    found: list[Candidate | None] = []
    for noun in nouns[:3]:
        object = draft.reader.mention(noun) if noun.pos_ in ("NOUN", "PROPN") else None
        definite = any(c.lower_ == "the" for c in noun.children) and not entity_type(noun)
        described = any(c.dep_ == "compound" for c in noun.children)
        described = described or (verb in lists.telling_verbs and any(c.dep_ == "amod" for c in noun.children))
        definite = definite and not (_frequent(draft) or described)  # "I'm mentoring the younger players"
        specific = object is not None and (
            _frequent(draft)
            or name.lower() in lists.telling_phrases
            or verb in lists.telling_verbs
            or _counted(noun)
            or is_tried(clause, noun)
            or is_specific(noun, object)
        )
        if verb == "have" and noun.lemma_.lower() in lists.occasions and draft.when is None:
            continue  # "I have exams": which, and when?
        if noun.tag_ == "NNS" and called_next(noun) is not None:
            continue  # "two dogs called Rex and Bo": read by their names
        if verb == "have" and noun.lemma_.lower() in ("story", "question", "theory", "point"):
            continue
        if object is None or definite or not specific or relation_of(noun) is not None:
            continue
        for subject in draft.subjects():
            text = retell(clause, subject.name, draft.reader, draft.when)
            if subject.type in ("person", "animal"):
                fact = draft.candidate(subject, name, object, text=text, confidence=FAIR - 0.1)
                found.append(_ahead(draft, fact) if verb == "have" else fact)
    return found


def _looking_for(draft: Draft, verb: str) -> bool:
    """For "I'm looking for a new flat": what is sought is sought for weeks."""
    sought = [noun for case, noun in draft.clause.obliques if case == "for"]
    lasting = any(n.lemma_.lower() in vocabulary().belongings | _SOUGHT for n in sought)
    return verb == "look" and draft.clause.progressive and lasting


_SOUGHT: Final = frozenset({"job", "work", "flatmate", "roommate", "place", "investor", "internship", "agent"})


def _pastime(draft: Draft, verb: str) -> list[Candidate | None]:
    """For "I swim every morning": a habit that needs no object."""
    clause = draft.clause
    ongoing = _ongoing_pastime(draft, verb)
    if ongoing:
        return ongoing
    aimed = ("to", "for", "with", "about", "against", "from", "into", "at")
    times = [case for case, noun in clause.obliques if case in aimed and FREQUENT.search(noun.text) is None]
    bare = not clause.objects and not times
    known = verb not in vocabulary().empty_verbs or verb in vocabulary().pastimes
    if not bare or not known or clause.progressive or clause.verb.pos_ != "VERB" or not _frequent(draft):
        return []
    if _HOW_OFTEN.match(clause.verb.doc[clause.verb.i + 1 : draft.sentence.end].text) is None:
        return []  # "we back each other up"
    doing = Mention(name=gerund(verb), type="activity")
    told = [(s, retell(clause, s.name, draft.reader, draft.when)) for s in draft.subjects()]
    return [draft.candidate(s, "DOES", doing, text=t, confidence=FAIR) for s, t in told if s.type == "person"]


def _ongoing_pastime(draft: Draft, verb: str) -> list[Candidate | None]:
    """For "I've been painting a lot lately": no more is said than what one has been doing."""
    clause = draft.clause
    measured = all(noun.lemma_.lower() in _AMOUNTS for noun in clause.objects)
    known = verb in vocabulary().pastimes or clause.lemma in _TRAINING
    spans = [case for case, noun in clause.obliques if not _is_time(draft, noun)]
    if not (clause.perfect and clause.progressive and measured and known) or spans or clause.complement is not None:
        return []
    doing = Mention(name=f"{gerund(verb)} {clause.particle}".strip(), type="activity")
    told = [(s, retell(clause, s.name, draft.reader, draft.when)) for s in draft.subjects()]
    return [draft.candidate(s, "DOES", doing, text=t, confidence=FAIR) for s, t in told if s.type == "person"]


_AMOUNTS: Final = frozenset({"lot", "ton", "bit", "load"})


_TRAINING: Final = frozenset({"work out", "train", "exercise"})


def _is_time(draft: Draft, noun: Token) -> bool:
    span = draft.when.span if draft.when is not None else (0, 0)
    return span[0] <= noun.idx < span[1] or noun.lemma_.lower() in ("while", "year", "month", "week", "day", "time")


_HOW_OFTEN: Final = re.compile(
    r"(?:\w+ |(?:by|in|along|around) the \w+ )?(?:every |twice |once an? |(?:three|four|five|several) times |"
    r"(?:on )?(?:\w+days\b|\w+ (?:mornings|evenings)|weekends)|daily|most (?:days|mornings|evenings|nights))",
    re.IGNORECASE,
)


FREQUENT: Final = re.compile(
    r"\b(?:every|each|twice|once a|times a|usually|often|always|regularly|mondays|tuesdays|wednesdays|thursdays|"
    r"fridays|saturdays|sundays|mornings|evenings|weekends|daily|weekly)\b",
    re.IGNORECASE,
)


def _frequent(draft: Draft) -> bool:
    """Whether the speaker's own habit is told with how often: "I go to the gym three times a week"."""
    subject = draft.clause.subject
    told = subject is not None and subject.lower_ in ("i", "we", "he", "she")
    before = {c.lower_ for c in draft.clause.verb.children if c.dep_ == "advmod" and c.i < draft.clause.verb.i}
    if told and before & {"usually", "often", "regularly"}:
        return True
    doc, verb = draft.clause.verb.doc, draft.clause.verb
    if told and FREQUENT.search(doc[verb.i : draft.sentence.end].text) is not None:
        return True
    return told and subject is not None and fronted_times(draft.clause) != ""


def _counted(noun: Token) -> bool:
    """For "three brothers", "two kids": how many relatives somebody has."""
    counted = any(c.dep_ == "nummod" for c in noun.children)
    return counted and noun.lemma_.lower() in predicate_table().relations


def _ahead(draft: Draft, fact: Candidate | None) -> Candidate | None:
    """For "I have an interview on Tuesday": what one has on a day to come is planned."""
    when = draft.when
    if fact is None or when is None or when.start <= draft.anchor:
        return fact
    planned = {"planned_for": when.start.date().isoformat(), "precision": when.precision}
    return fact.model_copy(update={"predicate": "PLANS", "valid_at": draft.anchor, "metadata": planned})


# Verbs that say enough with any object: "I broke my arm", "I teach maths".


_SAYING: Final = frozenset({"teach", "run", "use", "work", "hold"})


def _regular(draft: Draft) -> list[Candidate | None]:
    """For "I usually go running on Sundays", "I do yoga"."""
    clause = draft.clause
    if clause.tense is not Tense.PRESENT or clause.lemma not in ("go", "do"):
        return []
    doing = [c for c in clause.verb.children if c.tag_ == "VBG" and c.dep_ == "xcomp" and c.i == clause.verb.i + 1]
    if clause.progressive and not (clause.lemma == "do" and doing):
        return []
    done = [t for t in clause.objects if t.pos_ == "NOUN"] if clause.lemma == "do" else []
    done += doing if clause.lemma == "do" else []  # "I'm doing kickboxing"
    done += [
        c for c in clause.verb.children if clause.lemma == "go" and c.tag_ == "VBG" and c.dep_ in ("xcomp", "advcl")
    ]
    found: list[Candidate | None] = []
    for token in done:
        mention = Mention(name=token.lower_, type="activity") if token.tag_ == "VBG" else draft.reader.mention(token)
        bare = not any(c.dep_ in ("det", "nmod:poss") for c in token.children)
        if mention is None or not bare or token.lemma_.lower() in vocabulary().empty_nouns:
            continue
        for subject in draft.subjects():
            text = retell(clause, subject.name, draft.reader, draft.when)
            found.append(draft.candidate(subject, "DOES", mention, text=text, confidence=FAIR))
    return found
