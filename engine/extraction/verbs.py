"""What verbs say: the table's patterns first, then, for things that were done, a predicate made of the verb itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_complement
from factloom.engine.extraction.copulas import GROUPS, name_facts, read_couple
from factloom.engine.extraction.doings import is_specific, read_done, read_habit, read_medicine
from factloom.engine.extraction.drafting import Draft, is_correction
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.milestones import (
    read_becoming,
    read_birth,
    read_having,
    read_inability,
    read_job_start,
    read_milestone,
    read_promotion,
    read_turning,
)
from factloom.engine.extraction.phrases import conjuncts, entity_type, phrase, relation_of
from factloom.engine.extraction.predicates import Predicate, VerbPattern, predicate_table
from factloom.engine.extraction.predications import Clause, Tense, preposition
from factloom.engine.extraction.relatives import called_name, relation_facts
from factloom.engine.extraction.rendering import activity, retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.records import Category

if TYPE_CHECKING:
    from spacy.tokens import Token


def read_naming(draft: Draft) -> list[Candidate]:
    """For "Everyone calls me Teo", "call me Gus", "I go by Gus"."""
    clause = draft.clause
    if clause.lemma == "go" and any(case == "by" for case, _ in clause.obliques):
        name = next((phrase(t) for case, t in clause.obliques if case == "by" and t.text[:1].isupper()), None)
        owner = draft.subjects()
        return name_facts(draft, owner[0], name) if name and owner else []
    if clause.lemma not in ("call", "nickname", "name") or clause.negated:
        return []
    called = next(
        (t for t in [*clause.objects, clause.recipient] if t is not None and t.lower_ in ("me", "her", "him")), None
    )
    name = called_name(clause)
    after = called.doc[called.i + 1] if called is not None and called.i + 1 < len(called.doc) else None
    if after is not None and after.text[:1].isupper() and after.pos_ in ("PROPN", "NOUN", "X"):
        name = phrase(after)
    if called is None or name is None or (clause.subject is not None and clause.subject.lower_ == "nobody"):
        return []
    owner_mention = draft.reader.mention(called, type="person")
    return name_facts(draft, owner_mention, name) if owner_mention is not None else []


def read_verb(draft: Draft) -> list[Candidate]:
    """Candidates of a verbal clause: by the table, or else as something that was done."""
    clause = draft.clause
    if clause.copula is not None:
        return []
    if clause.lemma == "use" and clause.tense is Tense.PAST and clause.complement is not None:
        return _used_to(draft)
    if clause.passive and clause.verb.lower_ == "engaged" and clause.tense is Tense.PRESENT:
        pair = read_couple(draft, "ENGAGED_TO")
        if pair:
            return pair
    if clause.passive and not clause.objects and clause.lemma not in ("lay off",):
        told = [*_by_participle(draft), *read_milestone(draft), *_by_table(draft)] or read_done(draft)
        return [c for c in told if c is not None]
    found = (
        read_inability(draft)
        or read_job_start(draft)
        or read_promotion(draft)
        or read_birth(draft)
        or read_becoming(draft)
        or read_having(draft)
        or _forgone(draft)
        or read_medicine(draft)
        or _by_table(draft)
    )
    if not found and not clause.negated:
        found = read_milestone(draft) or read_turning(draft) or read_done(draft) or read_habit(draft)
    elif not found:
        found = _without_object(draft)
    return [candidate for candidate in found if candidate is not None]


def _by_participle(draft: Draft) -> list[Candidate | None]:
    """For "I'm drawn to turtles", "she's fascinated by bees": adjectives that the parse takes for passives."""
    table, clause = predicate_table(), draft.clause
    if clause.tense is not Tense.PRESENT or clause.progressive:
        return []
    found: list[Candidate | None] = []
    for case, noun in clause.obliques:
        predicate = table.adjectives.get((clause.verb.lower_, case))
        for object in draft.things(noun, type=table.get(predicate).object) if predicate is not None else []:
            found += [draft.candidate(s, predicate or "", object, negated=clause.negated) for s in draft.subjects()]
    return found


def _by_table(draft: Draft) -> list[Candidate | None]:
    table, clause = predicate_table(), draft.clause
    found: list[Candidate | None] = []
    nouns = [*(noun for _, noun in clause.obliques), *clause.objects]
    nested = [(preposition(c), c) for noun in nouns for c in noun.children if c.dep_ == "nmod"]
    for case, noun in [*clause.obliques, *(nested if clause.lemma in ("work", "study", "volunteer", "move") else [])]:
        pattern = table.verbs.get((clause.lemma, case))
        if pattern is not None:
            found += _apply(draft, pattern, conjuncts(noun))
    if clause.lemma == "want" and clause.complement is not None and clause.negated:
        return []  # "I don't want them to go through that": not them
    if found and clause.lemma != "study":  # "I study biology at Leeds" tells both
        return found
    pattern = table.verbs.get((clause.lemma, None))
    if pattern is not None and clause.objects:
        found += _apply(draft, pattern, [t for noun in clause.objects for t in conjuncts(noun)])
    if not found:
        found = _degree(draft) or _group(draft)
    pattern = table.verbs.get((clause.lemma, "~"))
    return found if found or pattern is None else _by_complement(draft, pattern)


def _group(draft: Draft) -> list[Candidate | None]:
    """For "I joined the choir two years ago": whom one has belonged to since."""
    clause = draft.clause
    if clause.negated or clause.lemma != "join" or clause.tense is not Tense.PAST:
        return []
    groups = [draft.reader.mention(t, type="organisation") for t in clause.objects if t.lemma_.lower() in GROUPS]
    pairs = [(s, g) for s in draft.subjects() for g in groups if g is not None and " " not in g.name]
    return [draft.candidate(s, "MEMBER_OF", g, text=retell(clause, s.name, draft.reader, draft.when)) for s, g in pairs]


def _degree(draft: Draft) -> list[Candidate | None]:
    """For "I'm doing a master's in statistics": what is studied."""
    clause = draft.clause
    ongoing = clause.tense is Tense.PRESENT or (clause.perfect and clause.progressive)
    if clause.negated or not ongoing or clause.lemma not in ("do", "take", "pursue", "work on", "work", "study"):
        return []
    held = [*clause.objects, *(noun for case, noun in clause.obliques if case in ("on", "for", "towards", "toward"))]
    degree = next(
        (t for t in held if t.lower_ in vocabulary().degrees or t.lemma_.lower() in vocabulary().degrees), None
    )
    if degree is None:
        return []
    beside = [*clause.obliques, *((preposition(c), c) for c in degree.children)]
    topic = next((t for case, t in beside if case in ("in", "of") and t.pos_ in ("NOUN", "PROPN")), None)
    object = draft.reader.mention(topic, type="topic") if topic is not None else None
    return [draft.candidate(subject, "STUDIES", object) for subject in draft.subjects()] if object is not None else []


def _by_complement(draft: Draft, pattern: VerbPattern) -> list[Candidate | None]:
    """For "I'm learning to swim", "I love hiking in the hills"."""
    complement, token = read_complement(draft.clause), draft.clause.complement
    if complement is None or token is None or not _worth_doing(complement):
        return []
    doing = activity(complement, draft.reader, draft.when)
    if doing is None:
        span = draft.when.span if draft.when is not None else (0, 0)
        beside = [c for c in token.children if not span[0] <= c.idx < span[1] and c.lower_ not in ("way", "btw")]
        bare = not any(child.dep_ not in ("punct", "advmod", "mark", "conj", "cc") for child in beside)
        if not bare or token.tag_ not in ("VBG", "NN") or token.lower_ in vocabulary().empty_nouns:
            return []
        doing = token.lower_
    elif token.tag_ == "VBG":
        doing = re.sub(r"^\S+", token.lower_, doing)
    if " " not in doing and verb_lemma(token) in vocabulary().empty_verbs - vocabulary().pastimes:
        return []
    found = _assert(draft, pattern, Mention(name=doing, type="activity"))
    if token.tag_ == "VBG":  # "hiking, reading and Italian food"
        found += _apply(draft, pattern, conjuncts(token)[1:])
    if token.tag_ == "VB":  # "is learning to swim"
        found = [c and c.model_copy(update={"text": c.text.replace(doing, f"to {doing}", 1)}) for c in found]
    return found


def _worth_doing(complement: Clause) -> bool:
    """Whether "love to …" is followed by an activity rather than by "be", "get lost" or "take a look"."""
    if complement.copula is not None or complement.verb.tag_ == "VBN" or complement.verb.pos_ not in ("VERB", "NOUN"):
        return False
    if complement.lemma not in vocabulary().empty_verbs or complement.lemma in vocabulary().pastimes:
        return True
    if complement.lemma == "go":
        return True
    nouns = [t for t in complement.objects if t.pos_ in ("NOUN", "PROPN")]
    return any(is_specific(t, Mention(name=phrase(t) or "?")) for t in nouns)


def _apply(draft: Draft, pattern: VerbPattern, nouns: list[Token]) -> list[Candidate | None]:
    spec = predicate_table().get(pattern.predicate)
    found: list[Candidate | None] = []
    for noun in nouns:
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
        if spec.name == "WORKS_ON" and (noun.pos_ == "VERB" or not is_specific(noun, object)):
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
        found += _assert(draft, pattern, object)
    return found


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
    if entity_type(noun) or noun.pos_ == "PROPN" or relation_of(noun) is not None:
        return False
    if noun.lemma_.lower() in vocabulary().common_to_all:
        return False
    bare = noun.dep_ == "conj" and noun.tag_ != "NNS" and not any(c.dep_ == "det" for c in noun.children)
    if bare and noun.head.lemma_.lower() not in vocabulary().common_to_all and _pointed_at(noun.head):
        return True  # "the dark sky and green scenery"
    return any(c.lower_ == "the" or c.dep_ == "nmod:poss" for c in noun.children)


def _elsewhere(clause: Clause, noun: Token) -> bool:
    """Whether somebody works for a person: "for Graça at Migalha" names the employer besides."""
    others = [*(t for _, t in clause.obliques), *(c for c in noun.children if c.dep_ == "nmod")]
    return any(t.i != noun.i and preposition(t) == "at" and t.text[:1].isupper() for t in others)


def _acceptable(spec: Predicate, object: Mention, noun: Token) -> bool:
    """Whether an object can be what the predicate wants: places and employers have names, people are people."""
    named = noun.text[:1].isupper() or entity_type(noun) is not None
    named = named or noun.lower_ == "there" or bool(object.aliases and object.name[:1].isupper())
    if spec.object == "place":
        return named and entity_type(noun) != "person"
    if spec.object == "organisation":
        workplace = noun.lemma_.lower() in vocabulary().workplaces and noun.tag_ != "NNS"
        group = noun.lemma_.lower() in GROUPS and spec.name == "MEMBER_OF"
        return named or group or (workplace and spec.name in ("WORKS_FOR", "VOLUNTEERS_AT"))
    if spec.object == "person":
        return object.is_speaker or (
            object.type == "person" and (named or relation_of(noun) is not None or object.name.endswith(_SEVERAL))
        )
    return True


_SEVERAL: Final = ("'s parents", "'s kids", "'s children", "'s sons", "'s daughters", "'s grandparents")


def _assert(draft: Draft, pattern: VerbPattern, object: Mention) -> list[Candidate | None]:
    """The pattern's fact with its polarity and tense: held, denied, ended, or not said at all."""
    clause, table = draft.clause, predicate_table()
    spec = table.get(pattern.predicate)
    negated = clause.negated != pattern.negated
    past = clause.tense is Tense.PAST and not clause.used_to
    if pattern.negated and not clause.negated:
        return []
    disliked = spec.category is Category.PREFERENCE and not draft.sentence.text.lower().endswith("before")
    if negated and past and spec.denied is not None and disliked and _never(clause):
        return [draft.candidate(subject, spec.denied, object) for subject in draft.subjects()]
    if negated and past and _denies(draft):
        subjects = [s for s in draft.subjects() if s.type in (spec.subject, "person", "animal")]
        return [draft.candidate(s, spec.name, object, negated=True, correction=True) for s in subjects]
    if spec.category is Category.EPISODIC and (not past or negated):
        return []
    if clause.progressive and spec.name == "COMES_FROM":
        return []
    lasting = clause.perfect and (clause.progressive or (draft.when is not None and draft.when.since))
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


def _never(clause: Clause) -> bool:
    """For "she never liked him"."""
    return any(c.lower_ == "never" for c in clause.verb.children)


_WORK_OF: Final = re.compile(r"(?:^|\s)[A-Z]")


def _denies(draft: Draft) -> bool:
    """Whether what did not happen was thought to have happened: "actually, I never moved", "didn't move after all"."""
    words = draft.sentence.text.lower()
    return "after all" in words or "never" in words or is_correction(draft.sentence.text.strip())


def _denial(draft: Draft, subject: Mention) -> str:
    text = retell(draft.clause, subject.name, draft.reader, draft.when)
    return re.sub(r"\b(?:do|does)(n't|n’t| not)\b", r"does\1", text)


def _is_planned(draft: Draft, spec: Predicate) -> bool:
    return draft.when is not None and draft.when.start > draft.anchor


def _used_to(draft: Draft) -> list[Candidate]:
    inner = read_complement(draft.clause)
    if inner is None:
        return []
    inner.used_to, inner.tense = True, Tense.PAST
    told = Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when)
    kept = [draft.reader.kin(noun) for noun in inner.objects] if inner.lemma == "have" else []
    held = [fact for kin in kept if kin is not None for fact in relation_facts(told, kin)]
    found = [c for c in held or _by_table(told) or read_done(told) if c is not None]
    return [
        c.model_copy(
            update={
                "text": retell(draft.clause, c.subject.name, draft.reader, draft.when),
                "valid_at": c.valid_at if c.invalid_at is not None else None,
                "invalid_at": c.invalid_at or draft.anchor,
            }
        )
        for c in found
    ]


def _forgone(draft: Draft) -> list[Candidate | None]:
    """For "I can't have dairy": what somebody may not eat or drink."""
    clause = draft.clause
    can = any(c.lemma_.lower() in ("can", "ca") for c in clause.verb.children)
    if clause.lemma != "have" or not clause.negated or not can:
        return []
    foods = [t for noun in clause.objects for t in conjuncts(noun) if t.lemma_.lower() in vocabulary().forgone]
    return [
        draft.candidate(subject, "AVOIDS", Mention(name=noun.lower_, type="food"))
        for noun in foods
        for subject in draft.subjects()
    ]


_ABSTAINING: Final = {"drink": ("AVOIDS", "alcohol"), "smoke": ("HAS_TRAIT", "non-smoker")}


def _without_object(draft: Draft) -> list[Candidate | None]:
    """For "I don't play any more": everything that the subject plays is over."""
    clause = draft.clause
    if clause.lemma in _ABSTAINING and clause.tense is Tense.PRESENT and not (clause.objects or clause.obliques):
        predicate, name = _ABSTAINING[clause.lemma]
        kind = "food" if predicate == "AVOIDS" else "value"
        return [draft.candidate(subject, predicate, Mention(name=name, type=kind)) for subject in draft.subjects()]
    pattern = predicate_table().verbs.get((clause.lemma, None))
    if not clause.no_longer or pattern is None or clause.objects or clause.obliques:
        return []
    return [draft.candidate(subject, pattern.predicate, None, negated=True) for subject in draft.subjects()]
