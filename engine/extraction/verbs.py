"""What verbs say: the table's patterns first, then, for things that were done, a predicate made of the verb itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import Clause, Tense, preposition, read_complement
from factloom.engine.extraction.copulas import name_facts
from factloom.engine.extraction.drafting import FAIR, Draft
from factloom.engine.extraction.mentions import conjuncts, entity_type, phrase, relation_of
from factloom.engine.extraction.predicates import Predicate, VerbPattern, predicate_table
from factloom.engine.extraction.relatives import called_name
from factloom.engine.extraction.rendering import activity, retell
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.records import Category

if TYPE_CHECKING:
    from spacy.tokens import Token

_TIMELESS_PREPOSITIONS: Final = frozenset(
    {"during", "after", "before", "since", "until", "over", "by", "like", "as", "of", "than", "without"}
)
_JOINING: Final = frozenset({"join", "start"})


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
    found = _inability(draft) or _job_start(draft) or _promotion(draft) or _having(draft) or _by_table(draft)
    if not found and not clause.negated:
        found = _ability_or_milestone(draft) or _done(draft)
    elif not found:
        found = _without_object(draft)
    return [candidate for candidate in found if candidate is not None]


def _by_table(draft: Draft) -> list[Candidate | None]:
    table, clause = predicate_table(), draft.clause
    found: list[Candidate | None] = []
    nested = [(preposition(c), c) for _, noun in clause.obliques for c in noun.children if c.dep_ == "nmod"]
    for case, noun in [*clause.obliques, *(nested if clause.lemma == "work" else [])]:
        pattern = table.verbs.get((clause.lemma, case))
        if pattern is not None:
            found += _apply(draft, pattern, conjuncts(noun))
    if found:
        return found
    pattern = table.verbs.get((clause.lemma, None))
    if pattern is not None and clause.objects:
        found += _apply(draft, pattern, [t for noun in clause.objects for t in conjuncts(noun)])
    pattern = table.verbs.get((clause.lemma, "~"))
    if not found and pattern is not None:
        complement = read_complement(clause)
        doing = activity(complement, draft.reader, draft.when) if complement is not None else None
        token = clause.complement
        if (
            doing is None
            and token is not None
            and token.tag_ in ("VBG", "NN")
            and token.lower_ not in vocabulary().empty_nouns
        ):
            doing = token.lower_
        elif doing is not None and token is not None and token.tag_ == "VBG":
            doing = re.sub(r"^\S+", token.lower_, doing)
        if doing and token is not None and (" " in doing or token.lemma_.lower() not in vocabulary().empty_verbs):
            found += _assert(draft, pattern, Mention(name=doing, type="activity"))
            if token.tag_ == "VB":  # "is learning to swim"
                found = [c and c.model_copy(update={"text": c.text.replace(doing, f"to {doing}", 1)}) for c in found]
    return found


def _apply(draft: Draft, pattern: VerbPattern, nouns: list[Token]) -> list[Candidate | None]:
    spec = predicate_table().get(pattern.predicate)
    found: list[Candidate | None] = []
    for noun in nouns:
        if noun.pos_ == "VERB" and noun.tag_ != "VBZ":  # "olives" and other plurals pass for VBZ
            object: Mention | None = Mention(name=noun.lower_, type="activity") if noun.tag_ == "VBG" else None
        else:
            object = draft.reader.mention(noun, type=spec.object)
        if object is None or not _acceptable(spec, object, noun):
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


def _elsewhere(clause: Clause, noun: Token) -> bool:
    """Whether somebody works for a person: "for Graça at Migalha" names the employer besides."""
    others = [*(t for _, t in clause.obliques), *(c for c in noun.children if c.dep_ == "nmod")]
    return any(t.i != noun.i and preposition(t) == "at" and t.text[:1].isupper() for t in others)


def _acceptable(spec: Predicate, object: Mention, noun: Token) -> bool:
    """Whether an object can be what the predicate wants: places and employers have names, people are people."""
    named = object.name[:1].isupper() or entity_type(noun) is not None
    if spec.object == "place":
        return named and entity_type(noun) != "person"
    if spec.object == "organisation":
        return named
    if spec.object == "person":
        return object.type == "person" and (named or relation_of(noun) is not None)
    return True


def _assert(draft: Draft, pattern: VerbPattern, object: Mention) -> list[Candidate | None]:
    """The pattern's fact with its polarity and tense: held, denied, ended, or not said at all."""
    clause, table = draft.clause, predicate_table()
    spec = table.get(pattern.predicate)
    negated = clause.negated != pattern.negated
    past = clause.tense is Tense.PAST and not clause.used_to
    if pattern.negated and not clause.negated:
        return []
    if spec.category is Category.EPISODIC and (not past or negated):
        return []
    if clause.progressive and spec.name == "COMES_FROM":
        return []
    lasting = clause.perfect and (clause.progressive or (draft.when is not None and draft.when.since))
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
        if subject.type not in (spec.subject, "person", "animal"):
            continue
        if negated:
            found.append(draft.candidate(subject, spec.name, object, negated=True))
            if spec.denied is not None:
                text = None if spec.denied in ("LIKES", "DISLIKES") else _denial(draft, subject)
                found.append(draft.candidate(subject, spec.denied, object, text=text))
            continue
        found.append(draft.candidate(subject, spec.name, object, ended=ended))
        if spec.implies is not None:
            found.append(draft.candidate(subject, spec.implies, object))
    return found


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
    found = [c for c in _by_table(told) if c is not None]
    return [
        c.model_copy(update={"text": retell(draft.clause, c.subject.name, draft.reader, draft.when)}) for c in found
    ]


def _without_object(draft: Draft) -> list[Candidate | None]:
    """For "I don't play any more": everything that the subject plays is over."""
    clause = draft.clause
    pattern = predicate_table().verbs.get((clause.lemma, None))
    if not clause.no_longer or pattern is None or clause.objects or clause.obliques:
        return []
    return [draft.candidate(subject, pattern.predicate, None, negated=True) for subject in draft.subjects()]


def _job_start(draft: Draft) -> list[Candidate | None]:
    """For "I got a job at Google", "I started at Roche", "Kestrel hired me", "I joined Google"."""
    clause = draft.clause
    if clause.negated or clause.tense is not Tense.PAST:
        return []
    job = any(token.lemma_.lower() in ("job", "position", "role", "internship") for token in clause.objects)
    nested = [c for token in clause.objects for c in token.children if c.dep_ in ("nmod", "obl")]
    places = [t for case, t in clause.obliques if case in ("at", "with", "for")]
    places += [c for c in nested if any(g.dep_ == "case" and g.lower_ in ("at", "with", "for") for g in c.children)]
    employers = []
    if (job and clause.lemma in ("get", "start", "land", "take", "accept", "find", "begin")) or (
        clause.lemma == "start" and not clause.objects
    ):
        employers = [t for t in places if t.text[:1].isupper()]
    elif clause.lemma in _JOINING:
        employers = [t for t in clause.objects if entity_type(t) == "organisation"]
    found: list[Candidate | None] = []
    for token in employers:
        employer = draft.reader.mention(token, type="organisation")
        if employer is None or entity_type(token) == "person":
            continue
        employer = employer.model_copy(update={"type": "organisation"})
        for subject in draft.subjects():
            text = retell(clause, subject.name, draft.reader, draft.when)
            found += [
                draft.candidate(subject, "STARTED_AT", employer, text=text),
                draft.candidate(subject, "WORKS_FOR", employer),
            ]
    return found


def _promotion(draft: Draft) -> list[Candidate | None]:
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
        text = f"{subject.name} promoted {person.name}{when}." if subject else f"{person.name} was promoted{when}."
        return [draft.candidate(person, "HAD_MILESTONE", Mention(name="promotion", type="event"), text=text)]
    return []


def _inability(draft: Draft) -> list[Candidate | None]:
    """For "I can't drive" and "I never learned to drive": only what one can or cannot do for long."""
    clause = draft.clause
    verb = clause.complement if clause.lemma == "learn" and clause.complement is not None else clause.verb
    if not clause.negated or verb.lemma_.lower() not in vocabulary().abilities:
        return []
    if verb.i == clause.verb.i and not any(c.lemma_.lower() in ("can", "ca") for c in verb.children):
        return []
    object = Mention(name=verb.lemma_.lower(), type="activity")
    return [draft.candidate(subject, "CANNOT", object) for subject in draft.subjects()]


def _having(draft: Draft) -> list[Candidate | None]:
    """For "I have two cats, Milo and Otto", "she has asthma": relations are read elsewhere, conditions here."""
    clause = draft.clause
    if clause.lemma != "have" or clause.negated or clause.tense is not Tense.PRESENT:
        return []
    found: list[Candidate | None] = []
    for noun in [t for o in clause.objects for t in conjuncts(o)]:
        if noun.lemma_.lower() in vocabulary().conditions or noun.lower_ in vocabulary().conditions:
            for subject in draft.subjects():
                found.append(
                    draft.candidate(subject, "HAS_CONDITION", Mention(name=phrase(noun).lower(), type="condition"))
                )
        elif noun.lemma_.lower() == "allergy":
            compound = next((c for c in noun.children if c.dep_ == "compound"), None)
            for subject in draft.subjects() if compound is not None else []:
                found.append(draft.candidate(subject, "ALLERGIC_TO", Mention(name=f"{compound.lemma_}s", type="food")))  # type: ignore[union-attr]
    return found


def _ability_or_milestone(draft: Draft) -> list[Candidate | None]:
    clause = draft.clause
    if clause.complement is not None and clause.lemma == "learn":
        return []
    milestone = vocabulary().milestones.get(clause.verb.lemma_.lower())
    if milestone is None or clause.tense is not Tense.PAST or clause.objects:
        return []
    getting = any(c.lemma_.lower() == "get" for c in clause.verb.children)
    lemma = clause.lemma
    if lemma in ("promote", "engage", "divorce", "marry", "fire", "lay off", "bear") and not (
        clause.passive or getting
    ):
        return []
    if lemma.startswith("pass") and lemma != "pass away":
        return []
    event = Mention(name=milestone, type="event")
    text: str | None = None
    found: list[Candidate | None] = []
    for subject in draft.subjects():
        if subject.type in ("person", "animal"):
            text = retell(clause, subject.name, draft.reader, draft.when)
            found.append(draft.candidate(subject, "HAD_MILESTONE", event, text=text))
    return found


def _done(draft: Draft) -> list[Candidate | None]:
    """The fallback: somebody did something to something, in the past tense."""
    clause, lists = draft.clause, vocabulary()
    if clause.tense is not Tense.PAST or clause.progressive or clause.passive or clause.hearsay:
        return []
    verb = clause.verb.lemma_.lower()
    if clause.complement is not None and clause.objects:
        return []  # "made me laugh"
    if not re.fullmatch(r"[a-z]{2,20}", verb) or (verb in lists.empty_verbs and verb not in lists.light_verbs):
        return []
    role, nouns = "", [t for noun in clause.objects for t in conjuncts(noun)]
    if not nouns:
        role, nouns = _main_oblique(clause)
    found: list[Candidate | None] = []
    name = "_".join(part for part in (verb, clause.particle, role) if part).upper()
    for noun in nouns[:3]:
        object = draft.reader.mention(noun)
        if object is None or (verb in lists.light_verbs and not _specific(noun, object)):
            continue
        for subject in draft.subjects():
            if subject.type in ("person", "animal"):
                text = retell(clause, subject.name, draft.reader, draft.when)
                found.append(draft.candidate(subject, name, object, text=text, confidence=FAIR))
    return [c.model_copy(update={"category": Category.EPISODIC}) for c in found if c is not None]


def _main_oblique(clause: Clause) -> tuple[str, list[Token]]:
    for case, noun in clause.obliques:
        if case and case not in _TIMELESS_PREPOSITIONS and re.fullmatch(r"[a-z]+", case):
            return case, conjuncts(noun)
    return "", []


def _specific(noun: Token, object: Mention) -> bool:
    """Whether an object says enough for a verb that does not: named, or described by a noun or telling adjective."""
    if entity_type(noun) or object.type == "person" or object.name[:1].isupper():
        return True
    lists = vocabulary()
    return any(
        c.dep_ in ("compound", "amod", "nmod") and c.lemma_.lower() not in lists.empty_adjectives | lists.empty_nouns
        for c in noun.children
    )
