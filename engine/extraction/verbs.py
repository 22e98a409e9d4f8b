"""What verbs say: the table's patterns first, then, for things that were done, a predicate made of the verb itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.assertions import apply, assert_fact
from factloom.engine.extraction.calendar_words import SEASONS
from factloom.engine.extraction.clauses import read_clause, read_complement
from factloom.engine.extraction.copulas import GROUPS, name_facts, read_couple, read_former
from factloom.engine.extraction.doings import read_done
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.habits import read_habit
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.medicines import read_medicine
from factloom.engine.extraction.milestones import (
    read_becoming,
    read_birth,
    read_closing,
    read_having,
    read_inability,
    read_job_start,
    read_milestone,
    read_mishap,
    read_surgery,
    read_turning,
)
from factloom.engine.extraction.phrases import conjuncts, is_content, phrase
from factloom.engine.extraction.predicates import VerbPattern, predicate_table
from factloom.engine.extraction.predications import Clause, Tense, child_of, preposition
from factloom.engine.extraction.promotions import read_appointment, read_promotion
from factloom.engine.extraction.relatives import called_name, read_equation, relation_facts
from factloom.engine.extraction.rendering import activity, retell
from factloom.engine.extraction.specifics import is_specific
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.engine.extraction.ways_of_life import read_way_of_life
from factloom.schemas.extraction import Candidate, Mention

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
    if clause.lemma == "use" and clause.tense is Tense.PAST:
        formerly = read_complement(clause) if clause.complement is not None else _formerly(clause)
        if formerly is not None:
            return _used_to(draft, formerly)
    if clause.passive and clause.verb.lower_ == "engaged" and clause.tense is Tense.PRESENT:
        pair = read_couple(draft, "ENGAGED_TO")
        if pair:
            return pair
    if clause.passive and not clause.objects and clause.lemma not in ("lay off",):
        if clause.verb.lower_ in ("married", "engaged") and clause.tense is Tense.PAST and _was_so(draft):
            return _over(draft, _by_table(draft))
        told = [*_by_participle(draft), *read_milestone(draft), *read_appointment(draft), *_by_table(draft)]
        told = told or read_done(draft)
        return [c for c in told if c is not None]
    found = (
        read_inability(draft)
        or read_job_start(draft)
        or read_promotion(draft)
        or read_appointment(draft)
        or read_birth(draft)
        or read_mishap(draft)
        or read_surgery(draft)
        or read_closing(draft)
        or read_becoming(draft)
        or read_having(draft)
        or _forgone(draft)
        or read_medicine(draft)
        or _by_table(draft)
        or read_way_of_life(draft)
    )
    if not found and not clause.negated:
        found = read_milestone(draft) or read_turning(draft) or read_done(draft) or read_habit(draft)
    elif not found:
        found = _without_object(draft)
    return [candidate for candidate in found if candidate is not None]


def _was_so(draft: Draft) -> bool:
    """Whether "was married to Rita" tells how it was, rather than of the wedding on some day."""
    auxiliaries = {c.lower_ for c in draft.clause.verb.children if c.dep_ in ("aux", "aux:pass")}
    return draft.when is None and not draft.clause.negated and bool(auxiliaries & {"was", "were"})


def _over(draft: Draft, found: list[Candidate | None]) -> list[Candidate]:
    return [
        c.model_copy(
            update={
                "valid_at": None,
                "invalid_at": draft.anchor,
                "text": retell(draft.clause, c.subject.name, draft.reader, draft.when),
            }
        )
        for c in found
        if c is not None
    ]


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
    nouns = [*(noun for case, noun in clause.obliques if not _is_once(clause, case, noun)), *clause.objects]
    nested = [(preposition(c), c) for noun in nouns for c in noun.children if c.dep_ == "nmod"]
    obliques = clause.obliques
    if clause.lemma == "live" and any(case == "in" for case, _ in obliques):  # "near Kiel, in a village called Laboe"
        obliques = [(case, noun) for case, noun in obliques if case != "near"]
    for case, noun in [*obliques, *(nested if clause.lemma in ("work", "study", "volunteer", "move") else [])]:
        pattern = table.verbs.get((clause.lemma, case))
        if pattern is not None and noun.lower_ not in SEASONS:  # "in the summer I work as a lifeguard"
            found += apply(draft, pattern, conjuncts(noun))
    if clause.lemma == "want" and clause.complement is not None and (clause.negated or clause.objects):
        return []  # "I don't want them to go through that", "Tom wants Bea to become a doctor": not them
    found = found or _working_on(draft)
    if found and clause.lemma != "study":  # "I study biology at Leeds" tells both
        return found
    pattern = table.verbs.get((clause.lemma, None))
    if pattern is not None and clause.objects:
        found += apply(draft, pattern, [t for noun in clause.objects for t in conjuncts(noun)])
    if not found:
        found = _degree(draft) or _group(draft)
    pattern = table.verbs.get((clause.lemma, "~"))
    return found if found or pattern is None else _by_complement(draft, pattern)


def _is_once(clause: Clause, case: str, noun: Token) -> bool:
    """Whether "a project for Google" was one: who "worked on a project for" them need not have been employed there."""
    return clause.lemma == "work" and case == "on" and (clause.tense is Tense.PAST or noun.tag_ == "NN")


def _working_on(draft: Draft) -> list[Candidate | None]:
    """For "still working on opening a dance studio"."""
    clause = draft.clause
    if clause.lemma != "work" or not clause.progressive or clause.negated:
        return []
    aims = [c for c in clause.verb.children if c.tag_ == "VBG" and c.i > clause.verb.i and preposition(c) == "on"]
    things = [thing for aim in aims for thing in draft.things(aim)]
    return [draft.candidate(subject, "WORKS_ON", thing) for subject in draft.subjects() for thing in things]


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
    if complement is None or token is None or complement.negated or not _worth_doing(complement):
        return []
    doing = activity(complement, draft.reader, draft.when)
    if complement.copula is not None:
        doing = re.sub(r"^be\b", "being", doing or "") or None
    if doing is None:
        span = draft.when.span if draft.when is not None else (0, 0)
        beside = [c for c in token.children if not span[0] <= c.idx < span[1] and c.lower_ not in ("way", "btw")]
        bare = not any(child.dep_ not in ("punct", "advmod", "mark", "conj", "cc") for child in beside)
        if not bare or token.tag_ not in ("VBG", "NN") or token.lower_ in vocabulary().empty_nouns:
            return []
        doing = token.lower_
    elif token.tag_ == "VBG" and complement.copula is None:
        doing = re.sub(r"^\S+", token.lower_, doing)
    if " " not in doing and verb_lemma(token) in vocabulary().empty_verbs - vocabulary().pastimes:
        return []
    played = _PLAYED.fullmatch(doing) if pattern.predicate in ("LIKES", "DISLIKES") else None
    if played is not None:  # who likes playing chess likes chess: one fact, in whatever words
        found = assert_fact(draft, pattern, Mention(name=played["game"]))
        liked = predicate_table().get(pattern.predicate).text or "{s} likes {o}."
        return [c and c.model_copy(update={"text": draft.fill(liked, c.subject, Mention(name=doing))}) for c in found]
    found = assert_fact(draft, pattern, Mention(name=doing, type="activity"))
    if token.tag_ == "VBG":  # "hiking, reading and Italian food"
        found += apply(draft, pattern, conjuncts(token)[1:])
    if token.tag_ == "VB":  # "is learning to swim"
        found = [c and c.model_copy(update={"text": c.text.replace(doing, f"to {doing}", 1)}) for c in found]
    return [*found, *_given_up(draft, complement, found[0])] if found and pattern.predicate == "GAVE_UP" else found


_PLAYED: Final = re.compile(r"playing (?:the )?(?P<game>(?!with|games?\b|outside|music|around|along|live)[a-z]{3,})")


def _given_up(draft: Draft, complement: Clause, given_up: Candidate | None) -> list[Candidate]:
    """For "I stopped drinking coffee": that she drinks coffee is over."""
    if given_up is None or given_up.negated or not complement.objects:
        return []
    complement.tense = Tense.PRESENT  # as it was told while it was so
    told = Draft(complement, draft.sentence, draft.reader, draft.anchor, draft.when)
    over = {"negated": True, "text": given_up.text, "valid_at": given_up.valid_at, "invalid_at": None}
    return [c.model_copy(update=over) for c in _by_table(told) if c is not None and c.subject == given_up.subject]


def _worth_doing(complement: Clause) -> bool:
    """Whether "love to …" is followed by an activity rather than by "be", "get lost" or "take a look"."""
    if complement.copula is not None and complement.copula.lower_ == "being":
        return complement.verb.lower_ in ("outdoors", "outside") or complement.verb.pos_ == "NOUN"  # "being a mum"
    if complement.copula is not None or complement.verb.tag_ == "VBN" or complement.verb.pos_ not in ("VERB", "NOUN"):
        return False
    if complement.lemma not in vocabulary().empty_verbs or complement.lemma in vocabulary().pastimes:
        return True
    if complement.lemma == "go":
        return True
    nouns = [t for t in complement.objects if t.pos_ in ("NOUN", "PROPN")]
    if any(t.lemma_.lower() in vocabulary().common_to_all for t in nouns):
        return True  # "hitting the gym"
    told = [t for t in nouns if is_content(t, phrase(t))]
    telling = complement.lemma not in _HOLLOW or any(t.tag_ == "NNS" for t in told)
    if told and telling and complement.verb.tag_ == "VBG":
        return True  # "watching classics", "helping the community"
    around = [*nouns, *(t for _, t in complement.obliques)]
    around += [c for t in around for c in t.children if c.dep_ == "nmod"]
    return any(is_specific(t, Mention(name=phrase(t) or "?")) for t in around if t.pos_ in ("NOUN", "PROPN"))


_HOLLOW: Final = frozenset(
    ["have", "get", "take", "make", "do", "see", "give", "know", "hear", "find", "keep", "put", "use", "bring", "show"]
)


def _used_to(draft: Draft, inner: Clause) -> list[Candidate]:
    inner.used_to, inner.tense = True, Tense.PAST
    inner.subject = inner.subject or draft.clause.subject
    told = Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when)
    kept = [draft.reader.kin(noun) for noun in inner.objects] if inner.lemma == "have" else []
    held = [fact for kin in kept if kin is not None for fact in relation_facts(told, kin)]
    equal = read_equation(told) if inner.copula is not None else []  # "my boss used to be Rita"
    held = held or (read_former(told) if inner.copula is not None else [])  # "used to be a nurse"
    found = [c for c in equal or held or _by_table(told) or read_done(told) if c is not None]
    return [
        c.model_copy(
            update={
                "text": c.text if c in equal else retell(draft.clause, c.subject.name, draft.reader, draft.when),
                "valid_at": c.valid_at if c.invalid_at is not None else None,
                "invalid_at": c.invalid_at or draft.anchor,
            }
        )
        for c in found
    ]


def _formerly(clause: Clause) -> Clause | None:
    """For "Rita used to be my boss", where the parse takes the boss for a place."""
    being = (c for c in clause.verb.children if c.dep_ == "obl" and any(b.dep_ == "cop" for b in c.children))
    noun = next(being, None)
    return read_clause(noun, child_of(noun, "cop")) if noun is not None else None


def _forgone(draft: Draft) -> list[Candidate | None]:
    """For "I can't have dairy": what somebody may not eat or drink."""
    clause = draft.clause
    can = any(c.lemma_.lower() in ("can", "ca") for c in clause.verb.children)
    does = clause.lemma == "do" and clause.tense is Tense.PRESENT  # "I don't do dairy"
    if not clause.negated or not ((clause.lemma == "have" and can) or does):
        return []
    foods = [t for noun in clause.objects for t in conjuncts(noun) if t.lemma_.lower() in vocabulary().forgone]
    foods = (
        [t for t in foods if not any(c.dep_ in ("det", "nmod:poss", "compound") for c in t.children)] if does else foods
    )
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
        beside = [c for c in clause.verb.children if c.dep_ in ("advmod", "advcl", "obl:unmarked")]
        if not clause.no_longer and any(c.i > clause.verb.i for c in beside):
            return []  # "I never smoke indoors", "I don't drink alone"
        predicate, name = _ABSTAINING[clause.lemma]
        kind = "food" if predicate == "AVOIDS" else "value"
        return [draft.candidate(subject, predicate, Mention(name=name, type=kind)) for subject in draft.subjects()]
    pattern = predicate_table().verbs.get((clause.lemma, None))
    if not clause.no_longer or pattern is None or clause.objects or clause.obliques:
        return []
    return [draft.candidate(subject, pattern.predicate, None, negated=True) for subject in draft.subjects()]
