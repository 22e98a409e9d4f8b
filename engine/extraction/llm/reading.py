"""Reading an answer: every fact is held against the message that it claims to come from, then made a candidate.

What fails a check is left out, or loses the part that fails, and a note says so without quoting anybody. The fields of
a candidate mean what they mean offline: certainty, validity, plans, denials and what assistants say of themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from factloom.engine.extraction.drafting import FAIR, HEARSAY, SURE
from factloom.engine.extraction.llm import claims
from factloom.engine.extraction.llm.answers import StatedEntity, StatedFact
from factloom.engine.extraction.llm.grounding import Ground, find_quote, holds_words, plain
from factloom.engine.extraction.llm.packing import Piece
from factloom.engine.extraction.llm.periods import Period, read_period
from factloom.engine.extraction.llm.prompt import Prompt, entity_types, speaker_of
from factloom.schemas.extraction import Candidate, Mention
from factloom.schemas.naming import normalise_name, to_predicate
from factloom.schemas.ontology import Ontology, PredicateSpec
from factloom.schemas.records import Category, Role
from factloom.schemas.search import CONTEXT_CLOSE, CONTEXT_OPEN

MOST_FACTS: Final = 40
"""Of one message, or of one part of a long one."""

_SPEAKER: Final = frozenset({"i", "me", "myself", "speaker", "the speaker"})
_NOBODY: Final = frozenset(
    {"i", "me", "you", "he", "she", "it", "they", "we", "us", "him", "her", "them", "this", "that", "these", "those"}
    | {"someone", "somebody", "anybody", "everyone", "everybody", "something", "user", "speaker"}
)
_PLANS: Final = frozenset({"PLANS_TO", "PLANS", "WANTS_TO", "WANTS"})
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")


class _LeftOutError(Exception):
    """Why a fact is not taken."""


@dataclass
class Findings:
    """What one piece states, and what was left out."""

    candidates: list[Candidate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_facts(
    facts: Sequence[StatedFact], prompt: Prompt, ontology: Ontology
) -> tuple[dict[str, Findings], list[str]]:
    """Candidates of each message that was asked about, by its id, and notes on facts of none of them."""
    findings = {id_: Findings() for id_ in prompt.asked}
    strays = []
    readers = {id_: _Reader(piece, prompt, ontology) for id_, piece in prompt.asked.items()}
    for position, fact in enumerate(facts, 1):
        found = findings.get(fact.message)
        if found is None:
            strays.append(f"fact {position} was left out: it is about a message that was not to be read")
            continue
        try:
            if len(found.candidates) == MOST_FACTS:
                raise _LeftOutError(f"more than {MOST_FACTS} facts of one message")
            candidate, lost = readers[fact.message].read(fact)
            if _key(candidate) in map(_key, found.candidates):
                raise _LeftOutError("it is said twice")
        except _LeftOutError as reason:
            found.notes.append(f"fact {position} was left out: {reason}")
        else:
            found.candidates.append(candidate)
            found.notes += [f"fact {position}: {what}" for what in lost]
    return findings, strays


def _key(candidate: Candidate) -> tuple[str, str, str, bool, datetime | None]:
    object_ = normalise_name(candidate.object.name) if candidate.object else ""
    return normalise_name(candidate.subject.name), candidate.predicate, object_, candidate.negated, candidate.valid_at


class _Reader:
    """Reads the facts of one piece."""

    def __init__(self, piece: Piece, prompt: Prompt, ontology: Ontology) -> None:
        self._piece = piece
        self._anchor = piece.episode.occurred_at
        self._speaker = speaker_of(piece.episode)
        self._ontology = ontology
        self._types = frozenset(entity_types(self._ontology))
        turns = [*prompt.earlier, *(other.episode for other in prompt.asked.values())]
        self._speakers = {normalise_name(name) for turn in turns if (name := speaker_of(turn))}
        previous = piece.request.previous
        self._before = previous[-1].content if previous else ""
        self._called = [frozenset(map(normalise_name, (e.name, *e.aliases))) for e in prompt.entities]
        self._known = {normalise_name(name) for e in prompt.entities for name in (e.name, *e.aliases)}
        names = [name for entity in prompt.entities for name in (entity.name, *entity.aliases)]
        said = [turn.content for turn in prompt.earlier] + [
            part for other in prompt.asked.values() for part in (other.before, other.text)
        ]
        self._ground = Ground([*said, *(name for turn in turns if (name := speaker_of(turn))), *names])
        self._lost: list[str] = []

    def read(self, fact: StatedFact) -> tuple[Candidate, list[str]]:
        """The candidate that a fact makes, and what of it was not taken."""
        self._lost = []
        sentence = find_quote(fact.evidence, self._piece.text)
        if sentence is None:
            raise _LeftOutError("its evidence does not stand in the message")
        predicate, negated = _predicate(fact, self._ontology)
        spec = self._ontology[predicate]
        is_core = predicate in self._ontology or bool(spec.phrase)
        subject, object_ = self._ends(fact, spec, negated)
        if self._piece.episode.role is Role.ASSISTANT and subject.is_speaker:
            raise _LeftOutError("what an assistant says of itself is not remembered")
        self._check_claim(fact, spec, sentence, subject, object_, negated)
        metadata: dict[str, str] = {}
        times = self._times(fact, spec, metadata)
        candidate = Candidate(
            subject=subject,
            predicate=predicate,
            object=object_,
            text=self._text(fact, spec, subject, object_, negated),
            sentence=sentence,
            category=spec.category if is_core else fact.category,
            valid_at=times[0],
            invalid_at=times[1],
            confidence=_confidence(fact.certainty, core=is_core),
            negated=negated,
            correction=fact.correction,
            metadata=metadata,
        )
        return candidate, self._lost

    # --- whether it is said --------------------------------------------------------------------------------------

    def _check_claim(
        self,
        fact: StatedFact,
        spec: PredicateSpec,
        sentence: str,
        subject: Mention,
        object_: Mention | None,
        negated: bool,
    ) -> None:
        """Leave out what the quoted sentence does not say; ``claims`` tells why."""
        if not subject.is_speaker and self._is_of_the_speaker(sentence, subject):
            raise _LeftOutError("its evidence speaks of the speaker, not of its subject")
        is_named = object_ is not None and claims.names(sentence, self._names_of(object_))
        if object_ is not None and not is_named:
            if not claims.points(sentence):
                raise _LeftOutError("its evidence does not say its object")
            if not self._ground.bears(object_.name):
                raise _LeftOutError("its object was not named in the conversation")
        changes = negated or fact.state == "over" or fact.correction or fact.valid_until is not None
        if not changes and spec.cardinality != "one" and not spec.ends and not self._replaces(spec):
            return
        over = fact.state == "over" and not negated
        whole = claims.around(sentence, self._piece.text)
        whole = f"{self._before} {whole}" if claims.answers(sentence) else whole
        if (negated or over) and claims.affirms(whole, spec, self._ontology, over=over):
            raise _LeftOutError("it would deny or end what its evidence affirms")
        if is_named:
            if claims.says_another(sentence, spec, self._ontology):
                raise _LeftOutError("it would end or replace another fact, and its evidence says another relation")
            return
        told = f"{self._before} {sentence}" if claims.answers(sentence) else sentence
        if not claims.says(told, spec, self._ontology):
            raise _LeftOutError("it would end or replace another fact, and its evidence does not say its relation")

    def _replaces(self, spec: PredicateSpec) -> bool:
        """Whether what the fact implies may end or replace another."""
        implied = [self._ontology[name] for name in (*spec.implies, *((spec.inverse,) if spec.inverse else ()))]
        return any(other.cardinality == "one" or other.ends for other in implied)

    def _is_of_the_speaker(self, sentence: str, subject: Mention) -> bool:
        says_i = re.search(r"\bI\b", sentence) is not None
        return says_i and not claims.points(sentence) and not claims.names(sentence, self._names_of(subject))

    def _names_of(self, mention: Mention) -> tuple[str, ...]:
        """The mention's names, and those of the known entity that it is."""
        own = normalise_name(mention.name)
        known = next((names for names in self._called if own in names), frozenset())
        return (mention.name, *mention.aliases, *known)

    # --- who and what --------------------------------------------------------------------------------------------

    def _ends(self, fact: StatedFact, spec: PredicateSpec, negated: bool) -> tuple[Mention, Mention | None]:
        subject = self._mention(fact.subject, spec.subject_type, "subject")
        if not self._ground.bears(subject.name):
            raise _LeftOutError("its subject was not named in the conversation")
        if fact.object is None:
            if not negated:
                raise _LeftOutError("it has no object")
            return subject, None
        object_ = self._mention(fact.object, spec.object_type, "object")
        if normalise_name(object_.name) == normalise_name(subject.name):
            raise _LeftOutError("its subject is its object")
        return subject, object_

    def _mention(self, stated: StatedEntity, expected: str, which: str) -> Mention:
        name = _clean(stated.name)
        folded = name.casefold()
        if not any(character.isalnum() for character in name):
            raise _LeftOutError(f"its {which} has no name")
        if self._speaker is not None and (folded in _SPEAKER or normalise_name(name) == normalise_name(self._speaker)):
            aliases = self._aliases(stated, self._speaker)
            return Mention(name=self._speaker, type="person", aliases=aliases, is_speaker=True)
        if folded in _NOBODY:
            raise _LeftOutError(f"its {which} is a pronoun")
        kind = stated.type.casefold()
        if kind not in self._types:
            kind = expected
            self._lost.append(f"the type of its {which} is not known and became {expected}")
        if kind == "thing":
            kind = expected
        return Mention(name=name, type=kind, aliases=self._aliases(stated, name))

    def _aliases(self, stated: StatedEntity, name: str) -> tuple[str, ...]:
        """Aliases that the message bears out. A wrong one would join two entities into one for good."""
        kept = []
        for alias in map(_clean, stated.aliases):
            key = normalise_name(alias)
            if key == normalise_name(name) or not alias:
                continue
            if self._is_borne_out(alias, key):
                kept.append(alias)
            else:
                self._lost.append("an alias was not taken, since the message does not bear it out")
        return tuple(dict.fromkeys(kept))

    def _is_borne_out(self, alias: str, key: str) -> bool:
        """Whether the message says it, or the relation that it names ("Ana's sister"), and nobody else is called so."""
        if key in self._speakers:
            return False
        text = self._piece.text
        owner, possessive, relation = plain(alias).partition("'s ")
        if possessive:
            owned = normalise_name(owner)
            is_known = owned in self._speakers or owned in self._known or holds_words(owner, text)
            return is_known and holds_words(relation, text)
        return key not in self._known and holds_words(alias, text)

    # --- when ----------------------------------------------------------------------------------------------------

    def _times(
        self, fact: StatedFact, spec: PredicateSpec, metadata: dict[str, str]
    ) -> tuple[datetime | None, datetime | None]:
        """``valid_at`` and ``invalid_at``, as offline: undated is from when it was said; what is over ended by then."""
        dated = self._dated(fact, metadata)
        begin, until, planned = (dated.get(name) for name in ("valid_from", "valid_until", "planned_for"))
        if spec.name in _PLANS:  # held from the moment it is told, whenever it is meant to happen
            due = planned or (begin if begin is not None and begin.start > self._anchor else None)
            if due is not None:
                metadata |= {"planned_for": due.start.date().isoformat(), "precision": due.precision}
            return self._anchor, None
        if begin is not None and begin.start > self._anchor and spec.category is Category.EPISODIC:
            raise _LeftOutError("an event that is yet to come is a plan")
        start = begin.start if begin is not None else None
        if fact.state == "over":
            end = min(until.end, self._anchor) if until is not None else self._anchor
            return start if start is not None and start < end else None, end
        start = start or self._anchor
        if planned is not None:
            self._lost.append("it is no plan, so that the time it is planned for was not taken")
        if until is None:
            return start, None
        if fact.state == "denied" or spec.category is Category.EPISODIC:
            self._lost.append("what happened, or is not so, has no end, so that its end was not taken")
            return start, None
        if until.end <= start:
            self._lost.append("it would end before it begins, so that its end was not taken")
            return start, None
        return start, until.end

    def _dated(self, fact: StatedFact, metadata: dict[str, str]) -> dict[str, Period]:
        """The dates of a fact by field, as far as the message has words that say when."""
        told = {name: value for name in ("valid_from", "valid_until", "planned_for") if (value := getattr(fact, name))}
        words = fact.time_words or ""
        if words and holds_words(words, self._piece.text):
            metadata["time_expression"] = words
        elif told:
            self._lost.append("its dates were not taken, since no words of the message say when")
            return {}
        read: Mapping[str, Period | None] = {name: read_period(value) for name, value in told.items()}
        if None in read.values():
            self._lost.append("a date was not taken, since it is none")
        return {name: period for name, period in read.items() if period is not None}

    # --- words ---------------------------------------------------------------------------------------------------

    def _text(
        self, fact: StatedFact, spec: PredicateSpec, subject: Mention, object_: Mention | None, negated: bool
    ) -> str:
        """The model's sentence if it names the subject; else one made of the triple."""
        text = _clean(fact.text)
        told = plain(text).casefold()
        names = [plain(name).casefold() for name in (subject.name, *subject.aliases)]
        if any(name in told for name in names) and CONTEXT_OPEN not in told and CONTEXT_CLOSE not in told:
            return text
        self._lost.append("its sentence does not name its subject and was written anew")
        sentence = spec.sentence(subject.name, object_.name if object_ is not None else "anything")
        return f"It is not, or no longer, so that {sentence}" if negated else sentence


def _confidence(certainty: str, *, core: bool) -> float:
    """As offline: core predicates are surer than verbs of one's own making, hearsay is less sure than either."""
    stated = SURE if core else FAIR
    return round({"stated": stated, "implied": FAIR, "reported": stated * HEARSAY}[certainty], 3)


def _predicate(fact: StatedFact, ontology: Ontology) -> tuple[str, bool]:
    """The predicate in the form of the ontology, and whether it is denied: NOT_EATS is EATS, denied."""
    name, negated = to_predicate(fact.predicate), fact.state == "denied"
    if name == "RELATED_TO":
        raise _LeftOutError("its predicate says nothing")
    if name.startswith("NOT_") and name.removeprefix("NOT_") in ontology:
        return name.removeprefix("NOT_"), not negated
    return name, negated


def _clean(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
