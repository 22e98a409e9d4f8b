"""What a pattern of the table states of an object: whether it fits, and whether it holds, is denied, or is over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.copulas import GROUPS
from factloom.engine.extraction.drafting import Draft, is_correction
from factloom.engine.extraction.phrases import entity_type, relation_of
from factloom.engine.extraction.predicates import Predicate, VerbPattern, predicate_table
from factloom.engine.extraction.predications import Clause, Tense, preposition
from factloom.engine.extraction.rendering import retell
from factloom.engine.extraction.specifics import is_new, is_specific
from factloom.engine.extraction.vocabulary import gender_of, vocabulary
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.records import Category

if TYPE_CHECKING:
    from spacy.tokens import Token


def apply(draft: Draft, pattern: VerbPattern, nouns: list[Token]) -> list[Candidate | None]:
    """What the pattern states of each of ``nouns`` that can be its object."""
    spec = predicate_table().get(pattern.predicate)
    found: list[Candidate | None] = []
    if spec.name in _MOVES and _moves_a_thing(draft.clause, nouns):
        return []
    for noun in nouns:
        if draft.when is not None and draft.when.span[0] <= noun.idx < draft.when.span[1]:
            continue  # "born in May 1990 in Faro": a time
        if noun.pos_ == "VERB" and noun.tag_ != "VBZ":  # "olives" and other plurals pass for VBZ
            object: Mention | None = next(iter(draft.things(noun)[:1]), None) if noun.tag_ == "VBG" else None
        else:
            object = draft.reader.mention(noun, type=spec.object)
            if spec.category is Category.PREFERENCE:
                object = _described(noun) or object
        if object is not None and spec.object == "person" and entity_type(noun) is None and noun.pos_ == "PROPN":
            object = object.model_copy(update={"type": "person"})
        if spec.name == "WORKS_IN" and noun.lemma_.lower() in vocabulary().workplaces and noun.tag_ != "NNS":
            pattern, spec = replace(pattern, predicate="WORKS_FOR"), predicate_table().get("WORKS_FOR")
        if spec.name == "STUDIED_AT" and draft.clause.lemma == "study" and draft.clause.tense is Tense.PRESENT:
            pattern, spec = replace(pattern, predicate="STUDIES_AT"), predicate_table().get("STUDIES_AT")
        if object is not None and spec.object in ("topic", "language"):
            object = object.model_copy(update={"name": re.split(r"\s(?:in|at) (?=[A-Z])", object.name)[0]})
        if object is None or not _acceptable(spec, object, noun):
            continue
        if spec.name == "WORKS_ON" and (noun.pos_ == "VERB" or not (is_specific(noun, object) or is_new(noun))):
            continue
        if spec.category is Category.PREFERENCE and _pointed_at(noun):
            continue
        if spec.name == "WORKS_FOR" and pattern.preposition == "for" and _elsewhere(draft.clause, noun):
            found += [
                draft.candidate(subject, "HAS_BOSS", object) for subject in draft.subjects() if not draft.clause.negated
            ]
            continue
        if spec.object == "business":
            object = object.model_copy(update={"type": "organisation" if object.name[:1].isupper() else "business"})
        if spec.object in ("organisation", "place", "food", "animal"):
            object = object.model_copy(update={"type": spec.object})  # the names layer takes companies for places
        found += assert_fact(draft, pattern, object)
    return found


def _moves_a_thing(clause: Clause, places: list[Token]) -> bool:
    """For "we moved the team to Slack", "I moved from Windows to Linux": what moved is no household.

    Or they did not move to a place: the names layer takes few towns for firms, and most products for towns.
    """
    moved = [t for t in clause.objects if t.i not in {place.i for place in places}]
    if any(t.lemma_.lower() not in _HOUSEHOLD and t.lemma_.lower() not in _TIME_WORDS for t in moved):
        return True
    beside = [
        *places,
        *(t for case, t in clause.obliques if case in ("from", "to", "into")),
        *(c for t in places for c in t.children if c.dep_ == "nmod"),
    ]
    return any(entity_type(t) == "organisation" or t.lower_ in vocabulary().products for t in beside)


_MOVES: Final = frozenset({"MOVED_TO", "MOVED_FROM"})
_HOUSEHOLD: Final = frozenset(
    {"house", "home", "family", "household", "life", "kid", "child", "mum", "mother", "parent"}
)
_TIME_WORDS: Final = frozenset({"week", "month", "year", "summer", "winter", "spring", "autumn", "fall", "day", "time"})


def _described(noun: Token) -> Mention | None:
    """For "stories that tackle important issues": what is liked is in the clause, if it can be told in few words."""
    clause = next((c for c in noun.children if c.dep_ == "acl:relcl"), None)
    if noun.tag_ != "NNS" or clause is None or not any(c.lower_ in ("that", "who", "which") for c in clause.children):
        return None
    tokens = [t for t in noun.subtree if t.i >= noun.left_edge.i and t.dep_ != "det"]
    text = noun.doc[noun.left_edge.i : tokens[-1].i + 1].text.strip(" ,.!")
    leaning = any((t.pos_ == "PRON" and t.lower_ not in ("that", "who", "which")) or t.text in ",;" for t in tokens)
    return Mention(name=text) if not leaning and 3 <= len(text.split()) <= 8 else None


def _pointed_at(noun: Token) -> bool:
    """Whether "the colours", "his sense of humour" is this one here, not a taste ("the sea" is everybody's)."""
    owned = any(c.dep_ == "nmod:poss" for c in noun.children)
    if entity_type(noun) or noun.pos_ == "PROPN" or (relation_of(noun) is not None and owned):
        return False  # "my brother", but not "the other dog"
    if noun.lemma_.lower() in vocabulary().common_to_all:
        return False
    bare = noun.dep_ == "conj" and noun.tag_ != "NNS" and not any(c.dep_ == "det" for c in noun.children)
    if bare and noun.head.lemma_.lower() not in vocabulary().common_to_all and _pointed_at(noun.head):
        return True  # "the dark sky and green scenery"
    return owned or any(c.lower_ == "the" for c in noun.children)


def _elsewhere(clause: Clause, noun: Token) -> bool:
    """Whether somebody works for a person: "for Graça at Migalha" names the employer besides."""
    others = [*(t for _, t in clause.obliques), *(c for c in noun.children if c.dep_ == "nmod")]
    return any(t.i != noun.i and preposition(t) == "at" and t.text[:1].isupper() for t in others)


def _acceptable(spec: Predicate, object: Mention, noun: Token) -> bool:
    """Whether an object can be what the predicate wants: places and employers have names, people are people."""
    named = noun.text[:1].isupper() or entity_type(noun) is not None
    named = named or noun.lower_ == "there" or bool(object.aliases and object.name[:1].isupper())
    if spec.name == "RUNS":
        return _can_be_run(noun, object)
    if spec.name == "PLAYS" and noun.lemma_.lower() in vocabulary().jobs:
        return False  # "I play a doctor in the new show"
    if spec.object == "place":
        return named and entity_type(noun) != "person"
    if spec.object == "organisation":
        workplace = noun.lemma_.lower() in vocabulary().workplaces and noun.tag_ != "NNS"
        group = noun.lemma_.lower() in GROUPS and spec.name == "MEMBER_OF"
        if spec.name == "MEMBER_OF" and not _can_be_joined(noun, object):
            return False
        return named or group or (workplace and spec.name in ("WORKS_FOR", "VOLUNTEERS_AT"))
    if spec.object == "person":
        return object.is_speaker or (
            object.type == "person" and (named or relation_of(noun) is not None or object.name.endswith(_SEVERAL))
        )
    return True


def _can_be_run(noun: Token, object: Mention) -> bool:
    """Whether it is a firm or the like, and no marathon, test or database."""
    lists = vocabulary()
    known = lists.ventures | lists.workplaces | GROUPS
    own = any(c.lower_ == "own" for c in noun.children)
    return own or object.name[:1].isupper() or noun.lemma_.lower() in known or _FIRM.search(noun.lower_) is not None


_FIRM: Final = re.compile(
    r"(?:ery|shop|store|house|team|department|agency|centre|center|practice|joinery|company|business|charity|magazine|website|"
    r"site|stall|stand|truck|club|programme|program|project|course|group|chain|branch|household|kitchen|choir|network)$"
)


def _can_be_joined(noun: Token, object: Mention) -> bool:
    """Whether one can play or sing in it: a group, and not Bea, with whom one plays, nor Rome.

    The names layer takes bands for people and teams for towns; "the Sharks" and "for Porto" are groups all the same.
    """
    if relation_of(noun) is not None or object.is_speaker or gender_of(object.name) is not None:
        return False
    if any(c.dep_ == "det" and c.lower_ == "the" for c in noun.children) or noun.lemma_.lower() in GROUPS:
        return True
    kind = entity_type(noun)
    return preposition(noun) == "for" or kind not in ("person", "place")


_SEVERAL: Final = ("'s parents", "'s kids", "'s children", "'s sons", "'s daughters", "'s grandparents")


def assert_fact(draft: Draft, pattern: VerbPattern, object: Mention) -> list[Candidate | None]:
    """The pattern's fact with its polarity and tense: held, denied, ended, or not said at all."""
    clause, table = draft.clause, predicate_table()
    spec = table.get(pattern.predicate)
    negated = clause.negated != pattern.negated
    past = clause.tense is Tense.PAST and not clause.used_to
    if pattern.negated and not clause.negated:
        return []
    if clause.tense is Tense.FUTURE and spec.category is not Category.PREFERENCE:
        return []  # "I will work for Bosch" is a plan at most
    disliked = spec.category is Category.PREFERENCE and not draft.text.lower().endswith("before")
    if negated and past and spec.denied is not None and disliked and _never(clause):
        return [draft.candidate(subject, spec.denied, object) for subject in draft.subjects()]
    if negated and past and _denies(draft):
        subjects = [s for s in draft.subjects() if s.type in (spec.subject, "person", "animal")]
        return [draft.candidate(s, spec.name, object, negated=True, correction=True) for s in subjects]
    if spec.category is Category.EPISODIC and (not past or negated):
        return []
    if clause.progressive and spec.name == "COMES_FROM":
        return []
    lasting = clause.perfect and (clause.progressive or draft.since or _always(clause))
    # Who loved a book, a film or a city with a name tells a taste, not an evening.
    lasting = lasting or (spec.name == "LIKES" and not negated and _WORK_OF.search(object.name) is not None)
    if past and not lasting and not clause.no_longer:
        if negated or (spec.past == "event" and not clause.used_to):
            return []
        if clause.perfect and spec.past == "closed":
            return []
    if clause.progressive and clause.tense is Tense.PRESENT and _is_planned(draft, spec):
        return []
    found: list[Candidate | None] = []
    ended = (past and not lasting and spec.past == "closed") or clause.used_to
    for subject in draft.subjects():
        if subject.type == "place" and spec.subject == "person":
            subject = subject.model_copy(update={"type": "person"})  # places neither move nor marry
        if subject.type not in (spec.subject, "person", "animal"):
            continue
        if negated:
            found.append(draft.candidate(subject, spec.name, object, negated=True))
            if spec.denied is not None:
                text = None if spec.denied in ("LIKES", "DISLIKES") else _denial(draft, subject)
                found.append(draft.candidate(subject, spec.denied, object, text=text))
            continue
        found.append(draft.candidate(subject, spec.name, object, ended=ended))
    return found


def _always(clause: Clause) -> bool:
    """For "I've always liked turtles"."""
    return any(c.lower_ in ("always", "long") for c in clause.verb.children)


def _never(clause: Clause) -> bool:
    """For "she never liked him"."""
    return any(c.lower_ == "never" for c in clause.verb.children)


_WORK_OF: Final = re.compile(r"(?:^|\s)[A-Z]")


def _denies(draft: Draft) -> bool:
    """Whether what did not happen was thought to have happened: "actually, I never moved", "didn't move after all"."""
    words = draft.text.lower()
    return "after all" in words or "never" in words or is_correction(draft.text.strip())


def _denial(draft: Draft, subject: Mention) -> str:
    text = retell(draft.clause, subject.name, draft.reader, draft.when)
    return re.sub(r"\b(?:do|does)(n't|n’t| not)\b", r"does\1", text)


def _is_planned(draft: Draft, spec: Predicate) -> bool:
    return draft.when is not None and draft.when.start > draft.anchor
