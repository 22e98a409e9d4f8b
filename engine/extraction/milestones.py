"""Turns of a life that verbs tell: jobs begun, promotions, weddings, births, ages; conditions and abilities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import MONTHS, NUMBERS
from factloom.engine.extraction.clauses import read_complement
from factloom.engine.extraction.copulas import read_couple
from factloom.engine.extraction.drafting import Draft, words_of
from factloom.engine.extraction.mending import OPERATED
from factloom.engine.extraction.mentions import Kin
from factloom.engine.extraction.numeric_dates import other_reading
from factloom.engine.extraction.phrases import conjuncts, entity_type, is_content, phrase
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.relatives import relation_facts
from factloom.engine.extraction.rendering import article, retell
from factloom.engine.extraction.vocabulary import gender_of, vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token


MARRIAGES: Final = ("MARRIED_TO", "HAS_WIFE", "HAS_HUSBAND")
_JOINING: Final = frozenset({"join", "start"})


def read_job_start(draft: Draft) -> list[Candidate | None]:
    """For "I got a job at Google", "I started at Roche", "Kestrel hired me", "I joined Google"."""
    clause = draft.clause
    if clause.negated or clause.tense is not Tense.PAST:
        return []
    job = any(token.lemma_.lower() in ("job", "position", "role", "internship") for token in clause.objects)
    nested = [c for token in clause.objects for c in token.children if c.dep_ in ("nmod", "obl")]
    places = [t for case, t in clause.obliques if case in ("at", "with", "for")]
    places += [c for c in nested if any(g.dep_ == "case" and g.lower_ in ("at", "with", "for") for g in c.children)]
    employers = []
    found: list[Candidate | None] = []
    if (job and clause.lemma in ("get", "start", "land", "take", "accept", "find", "begin")) or (
        clause.lemma == "start" and not clause.objects
    ):
        employers = [t for t in places if t.text[:1].isupper() or t.lemma_.lower() in vocabulary().workplaces]
    elif clause.lemma in _JOINING:
        employers = [t for t in clause.objects if entity_type(t) == "organisation"]
    for case, token in clause.obliques if clause.lemma == "start" else []:
        if case == "as" and is_content(token, phrase(token)):
            job_name = re.split(r"\s(?:at|for|with|in)\s", phrase(token))[0]
            employers += [c for c in token.children if c.dep_ in ("nmod", "obl") and c.text[:1].isupper()]
            for subject in draft.subjects():
                found.append(draft.candidate(subject, "HAS_JOB", Mention(name=job_name, type="job")))
    for token in employers:
        employer = draft.reader.mention(token, type="organisation")
        if employer is None or entity_type(token) == "person":
            continue
        employer = employer.model_copy(update={"type": "organisation"})
        for subject in draft.subjects():
            text = retell(clause, subject.name, draft.reader, draft.when)
            found.append(draft.candidate(subject, "STARTED_AT", employer, text=text))
    return found


def read_inability(draft: Draft) -> list[Candidate | None]:
    """For "I can't drive" and "I never learned to drive": only what one can or cannot do for long."""
    clause = draft.clause
    verb = clause.complement if clause.lemma == "learn" and clause.complement is not None else clause.verb
    if not clause.negated or verb.lemma_.lower() not in vocabulary().abilities:
        return []
    if verb.i == clause.verb.i and not any(c.lemma_.lower() in ("can", "ca") for c in verb.children):
        return []
    object = Mention(name=verb.lemma_.lower(), type="activity")
    return [draft.candidate(subject, "CANNOT", object) for subject in draft.subjects()]


def read_having(draft: Draft) -> list[Candidate | None]:
    """For "I have two cats, Milo and Otto", "she has asthma": relations are read elsewhere, conditions here."""
    clause = draft.clause
    lasting = clause.tense is Tense.PRESENT or (clause.perfect and draft.since)
    if clause.lemma != "have" or clause.negated or not lasting:
        return []
    found: list[Candidate | None] = []
    for noun in clause.objects:
        found += _having_several(draft, noun)
    for noun in [t for o in clause.objects for t in conjuncts(o)] if not found else []:
        if noun.lemma_.lower() in vocabulary().conditions or noun.norm_ in vocabulary().conditions:
            for subject in draft.subjects():
                found.append(
                    draft.candidate(subject, "HAS_CONDITION", Mention(name=phrase(noun).lower(), type="condition"))
                )
        elif noun.lemma_.lower() in vocabulary().ailments and any(
            c.dep_ in ("amod", "compound") for c in noun.children
        ):
            for subject in draft.subjects():
                ailment = Mention(name=phrase(noun), type="condition")
                lead = article(ailment.name) if noun.tag_ == "NN" else ""
                text = f"{subject.name} has {lead}{ailment.name}."
                found.append(draft.candidate(subject, "HAS_CONDITION", ailment, text=text))
        elif noun.lemma_.lower() == "allergy":
            compound = next((c for c in noun.children if c.dep_ == "compound"), None)
            for subject in draft.subjects() if compound is not None else []:
                found.append(draft.candidate(subject, "ALLERGIC_TO", Mention(name=f"{compound.lemma_}s", type="food")))  # type: ignore[union-attr]
    return found


def _having_several(draft: Draft, noun: Token) -> list[Candidate | None]:
    """For "I have two cats, Milo and Otto": one relation for each name."""
    relation = predicate_table().relations.get(noun.lemma_.lower())
    names = [
        c
        for c in noun.children
        if c.dep_ in ("appos", "conj", "flat", "parataxis") and c.i > noun.i and c.text[:1].isupper()
    ]
    if relation is None or noun.tag_ != "NNS" or not names:
        return []
    found: list[Candidate | None] = []
    for name in [t for first in names for t in conjuncts(first)]:
        other = Mention(name=phrase(name), type=relation.object)
        for subject in draft.subjects():
            found += relation_facts(draft, Kin(subject, relation, other, named=True))
    return found


def read_becoming(draft: Draft) -> list[Candidate | None]:
    """For "I became a nurse in 2010", "she went vegan last year", "he trained to be a chef"."""
    clause = draft.clause
    if clause.lemma not in ("become", "go", "turn") or clause.tense is not Tense.PAST or clause.negated:
        return []
    told = clause.objects or ([clause.complement] if clause.complement is not None else [])
    after = clause.verb.doc[clause.verb.i + 1] if clause.verb.i + 1 < len(clause.verb.doc) else None
    if after is not None and after.lower_ in vocabulary().diets:
        diet = Mention(name=after.lower_, type="diet")
        return [draft.candidate(subject, "FOLLOWS_DIET", diet) for subject in draft.subjects()]
    found: list[Candidate | None] = []
    for noun in told if clause.lemma == "become" else []:
        if noun.lemma_.lower() in vocabulary().jobs and noun.tag_ not in ("NNS", "NNPS"):
            job = re.split(r"\s(?:at|for|with|in|of)\s", phrase(noun))[0]
            found += [draft.candidate(s, "HAS_JOB", Mention(name=job, type="job")) for s in draft.subjects()]
    return found


def read_birth(draft: Draft) -> list[Candidate | None]:
    """For "my wife gave birth to a girl", "she had a baby"."""
    clause = draft.clause
    nouns = {t.lemma_.lower() for t in clause.objects}
    born = (clause.lemma == "give" and "birth" in nouns) or (clause.lemma == "have" and "baby" in nouns)
    if not born or clause.tense is not Tense.PAST or clause.negated:
        return []
    event = Mention(name="birth of a child", type="event")
    return [
        draft.candidate(s, "HAD_MILESTONE", event, text=retell(clause, s.name, draft.reader, draft.when))
        for s in draft.subjects()
        if s.type == "person"
    ]


def read_turning(draft: Draft) -> list[Candidate | None]:
    """For "I turned 30 yesterday"."""
    clause = draft.clause
    if (
        clause.lemma != "turn"
        or clause.verb.dep_ == "advcl"
        or clause.tense is not Tense.PAST
        or clause.verb.i + 1 >= len(clause.verb.doc)
    ):
        return []
    number = clause.verb.nbor().lower_
    age = int(number) if number.isdigit() else NUMBERS.get(number, 0) if len(number) > 2 else 0
    if not 1 <= age <= 120 or number in ("couple", "few", "several"):
        return []
    return [draft.candidate(s, "HAS_AGE", Mention(name=str(age), type="value")) for s in draft.subjects()]


def read_mishap(draft: Draft) -> list[Candidate | None]:
    """For "my son got into an accident", "I was in a car crash", "she had a miscarriage"."""
    clause = draft.clause
    if clause.negated or clause.tense is not Tense.PAST or clause.lemma not in ("get", "have", "suffer", "survive"):
        return []
    nouns = clause.objects if clause.lemma != "get" else [t for case, t in clause.obliques if case == "into"]
    told: list[Candidate | None] = []
    for noun in nouns:
        if noun.lemma_.lower() in vocabulary().mishaps and not any(c.lower_ in ("no", "any") for c in noun.children):
            event = Mention(name=phrase(noun), type="event")
            for subject in draft.subjects():
                if subject.type in ("person", "animal"):
                    text = retell(clause, subject.name, draft.reader, draft.when)
                    told.append(draft.candidate(subject, "HAD_MILESTONE", event, text=text))
    return told


def read_surgery(draft: Draft) -> list[Candidate | None]:
    """For "my mum had her hip operated on", "he had his appendix removed"."""
    clause = draft.clause
    if clause.lemma != "have" or clause.negated or clause.tense is not Tense.PAST or len(clause.objects) != 1:
        return []
    noun, done = clause.objects[0], clause.complement
    own = any(c.dep_ == "nmod:poss" for c in noun.children)
    part = noun.lemma_.lower() in vocabulary().limbs | vocabulary().organs
    event = OPERATED.get(done.lower_) if done is not None else None
    if not own or not part or event is None:
        return []
    named = Mention(name=f"{noun.lower_} {event}", type="event")
    return [
        draft.candidate(s, "HAD_MILESTONE", named, text=retell(clause, s.name, draft.reader, draft.when))
        for s in draft.subjects()
        if s.type in ("person", "animal")
    ]


def read_closing(draft: Draft) -> list[Candidate | None]:
    """For "we closed on the house": the purchase is settled."""
    clause = draft.clause
    if clause.lemma not in ("close", "close on") or clause.negated or clause.tense is not Tense.PAST or clause.objects:
        return []
    bought = [noun for case, noun in clause.obliques if case == "on" and noun.lemma_.lower() in vocabulary().homes]
    when = f" {draft.when.phrase}" if draft.when is not None else ""
    return [
        draft.candidate(s, "BOUGHT", home, text=f"{s.name} completed the purchase of {_the(noun)}{home.name}{when}.")
        for noun in bought
        for home in [draft.reader.mention(noun)]
        for s in draft.subjects()
        if home is not None
    ]


def _the(noun: Token) -> str:
    """The article of a noun as it stands; what is the speaker's own is theirs."""
    lead = next((c.lower_ for c in noun.children if c.dep_ in ("det", "nmod:poss")), "the")
    return f"{'their' if lead in ('my', 'our') else lead} "


_DONE_TO: Final = frozenset({"promote", "engage", "divorce", "marry", "fire", "lay off", "bear", "injure", "hurt"})


def read_milestone(draft: Draft) -> list[Candidate | None]:
    """For "I graduated", "Helena got promoted": events that need no object."""
    clause = draft.clause
    inner = read_complement(clause) if clause.lemma == "get" else None
    if inner is not None and inner.verb.tag_ in ("VBN", "VBD"):  # "got" read as the main verb
        inner.passive, inner.tense = True, clause.tense
        found = read_milestone(Draft(inner, draft.sentence, draft.reader, draft.anchor, draft.when))
        return [
            c and c.model_copy(update={"text": retell(clause, c.subject.name, draft.reader, draft.when)}) for c in found
        ]
    if clause.complement is not None and clause.lemma == "learn":
        return []
    milestone = vocabulary().milestones.get(clause.verb.lemma_.lower())
    if milestone is None or clause.tense is not Tense.PAST or clause.objects or clause.negated:
        return []
    getting = any(c.lemma_.lower() == "get" for c in clause.verb.children)
    lemma = clause.lemma
    if lemma in _DONE_TO and not (clause.passive or getting):
        return []
    event = Mention(name=milestone, type="event")
    told: list[Candidate | None] = []
    for subject in draft.subjects():
        token = clause.subject
        if token is not None and token.pos_ == "PROPN" and gender_of(subject.name) is not None:
            subject = subject if subject.type == "animal" else subject.model_copy(update={"type": "person"})
        if subject.type in ("person", "animal"):
            text = retell(clause, subject.name, draft.reader, draft.when)
            told.append(draft.candidate(subject, "HAD_MILESTONE", event, text=text))
            if milestone == "birth":
                told.append(_birthday(draft, subject))
            if milestone == "wedding" and len(told) == 1:
                told += read_couple(draft, "MARRIED_TO")
            if milestone == "divorce":
                told += [draft.candidate(subject, bond, None, text=text, negated=True) for bond in MARRIAGES]
    return told


def _birthday(draft: Draft, born: Mention) -> Candidate | None:
    """For "I was born on 25 April 1984", if the day is certain; a birth "on Thursday" is news, and told as such."""
    when = draft.when
    words = words_of(when, draft.sentence) if when is not None and when.precision == "day" else ""
    if when is None or not re.search(r"\d", words) or other_reading(words, when.start) is not None:
        return None
    date = f"{when.start.day} {MONTHS[when.start.month - 1].capitalize()}"
    text = f"{born.name}'s birthday is on {date}."
    return draft.candidate(born, "HAS_BIRTHDAY", Mention(name=date, type="date"), text=text)
