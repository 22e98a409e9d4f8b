"""Jobs that somebody is given, or gives up: "Bea was promoted to manager in May", "she stepped down as CFO"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.endings import read_ending
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import article
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_APPOINTING: Final = frozenset({"promote", "demote", "appoint", "make", "name", "elect"})
_LED: Final = frozenset({"to", "as", "a", "an", "the", "position", "post", "role", "rank", "of"})
# Where the name of a job ends.
_ENDING: Final = re.compile(
    r"in|at|on|by|with|for|last|this|next|after|before|when|because|since|from|and|but|so|which|who|that|yesterday|today|"
    r"recently|again|just|ago|any|anymore|more|now|after|to"
)
_JOB: Final = re.compile(r"(?:ologist|grapher|itect|ician|ester|anager|gineer|ordinator|rector|nalyst)$")


def read_appointment(draft: Draft) -> list[Candidate | None]:
    """For "Bea was promoted to manager in May", "I was appointed director of the museum": the job, from then on."""
    clause = draft.clause
    verb = verb_lemma(clause.verb)
    if verb not in _APPOINTING or not clause.passive or clause.tense is not Tense.PAST or clause.negated:
        return []
    job = _job_given(draft, clause.verb.i + 1, led=verb in ("promote", "demote"))
    if job is None:
        return []
    return [_has_job(draft, person, job) for person in _people(draft)]


def read_promotion(draft: Draft) -> list[Candidate | None]:
    """For "Helena promoted me" is about the one promoted."""
    clause = draft.clause
    if clause.lemma not in ("promote", "hire") or clause.tense is not Tense.PAST or clause.negated or clause.passive:
        return []
    for token in clause.objects:
        person = draft.reader.mention(token, type="person")
        if person is None or not (person.is_speaker or person.type == "person"):
            continue
        subject = next(iter(draft.subjects()), None)
        if clause.lemma == "hire":
            return [draft.candidate(person, "WORKS_FOR", subject)] if subject and subject.type == "organisation" else []
        when = f" {draft.when.phrase}" if draft.when else ""
        job = _job_given(draft, token.i + 1)
        rank = f" to {job}" if job is not None else ""
        named = subject is not None and not (clause.subject is not None and clause.subject.lower_ == "they")
        text = f"{subject.name} promoted {person.name}{rank}{when}." if subject is not None and named else ""
        text = text or f"{person.name} was promoted{rank}{when}."
        found = [draft.candidate(person, "HAD_MILESTONE", Mention(name="promotion", type="event"), text=text)]
        return [*found, *([_has_job(draft, person, job)] if job is not None else [])]
    return []


_LEAVING: Final = frozenset({"step down", "stand down", "resign", "quit", "retire", "leave", "give up", "lose"})
_REMOVING: Final = frozenset({"fire", "sack", "remove", "dismiss", "oust", "lay off", "demote"})


def read_role_over(draft: Draft) -> list[Candidate]:
    """For "Nina is no longer the CFO", "she stepped down as CFO", "he was demoted": that job is over."""
    clause = draft.clause
    if clause.copula is not None:
        if clause.no_longer and clause.verb.pos_ in ("NOUN", "PROPN"):
            job = _job_given(draft, _behind_the_denial(clause.copula), led=False)
            return _role_over(draft, job) if job is not None else []
        if clause.verb.lower_ != "demoted" or clause.negated or clause.tense is not Tense.PAST:
            return []
    elif clause.tense is not Tense.PAST or clause.negated:
        return []
    if clause.verb.lower_ == "demoted" and (clause.passive or clause.copula is not None):
        job = _job_given(draft, clause.verb.i + 1)
        begun = [_has_job(draft, person, job) for person in _people(draft)] if job is not None else []
        return [*_role_over(draft, None), *(fact for fact in begun if fact is not None)]
    if not (clause.lemma in _LEAVING or (clause.passive and clause.lemma in _REMOVING)):
        return []
    led = next((t for t in draft.sentence if t.lower_ == "as" and t.i > clause.verb.i), None)
    job = _job_given(draft, led.i) if led is not None else None
    # Who quits "her job as a teacher" also leaves who she worked for.
    return [*read_ending(draft), *_role_over(draft, job)] if job is not None else []


def _role_over(draft: Draft, job: str | None) -> list[Candidate]:
    held = Mention(name=job, type="job") if job is not None else None
    found = [draft.candidate(person, "HAS_JOB", held, negated=True) for person in _people(draft)]
    return [candidate for candidate in found if candidate is not None]


def _people(draft: Draft) -> list[Mention]:
    return [s for s in draft.subjects() if s.is_speaker or s.type == "person"]


def _behind_the_denial(copula: Token) -> int:
    """Where the words begin that stand behind "is no longer", "isn't"."""
    start = copula.i + 1
    while start < len(copula.doc) and copula.doc[start].lower_ in ("no", "not", "n't", "n’t", "longer", "actually"):
        start += 1
    return start


def _job_given(draft: Draft, start: int, *, led: bool = True) -> str | None:
    """The job named from token ``start`` on, by the words alone; ``led``: behind a "to"."""
    doc, end = draft.sentence.doc, draft.sentence.end
    if led and (start >= end or doc[start].lower_ not in ("to", "as")):
        return None
    while start < end and doc[start].lower_ in _LED:
        start += 1
    words: list[Token] = []
    for token in doc[start:end]:
        dated = draft.when is not None and draft.when.span[0] <= token.idx < draft.when.span[1]
        if token.is_punct or _ENDING.fullmatch(token.lower_) or dated or token.tag_ == "CD":
            break
        words.append(token)
    head = next((k for k, token in enumerate(words) if token.lower_ == "of"), len(words)) - 1
    if not 0 <= head <= 3 or len(words) > 7 or any(t.pos_ == "PRON" or t.tag_ == "PRP$" for t in words):
        return None
    return doc[start : words[-1].i + 1].text if _names_job(words[head]) else None


def _has_job(draft: Draft, person: Mention, job: str) -> Candidate | None:
    text = f"{person.name} works as {'' if ' of ' in job else article(job)}{job}."
    return draft.candidate(person, "HAS_JOB", Mention(name=job, type="job"), text=text)


def _names_job(token: Token) -> bool:
    known = vocabulary().jobs | vocabulary().offices | vocabulary().ranks
    return token.lemma_.lower() in known or token.lower_ in known or _JOB.search(token.lower_) is not None
