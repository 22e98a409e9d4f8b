"""Shape what a reading found into candidates: text, time, category and confidence in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import read_clause
from factloom.engine.extraction.dates import When, find_when
from factloom.engine.extraction.durations import Period, find_period
from factloom.engine.extraction.lemmas import gerund, verb_lemma
from factloom.engine.extraction.mentions import FIRST_PERSON, Reader
from factloom.engine.extraction.numeric_dates import other_reading
from factloom.engine.extraction.phrases import conjuncts, relation_of
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Clause, Tense
from factloom.engine.extraction.recurring import recurs
from factloom.engine.extraction.rendering import activity, article, retell
from factloom.engine.extraction.sentences import said_in, text_of, words_in
from factloom.engine.extraction.undated import Undated, find_undated
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import AT_AGE, BESIDES, UNDATED, Candidate, Mention
from factloom.schemas.ontology import UNTYPED, ontology_in_use

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

SURE: Final = 0.9  # a core predicate, said in so many words
FAIR: Final = 0.7  # the general fallback: a verb and what it was done to
HEARSAY: Final = 0.6  # factor for what somebody else is said to have said
# Verbs whose infinitive lies ahead: "we want to go in June".
AIMING: Final = frozenset({"want", "plan", "hope", "intend", "aim", "wish", "need", "like"})
_CORRECTION: Final = re.compile(
    r"^\W*(?:(?:no|oh|oops|well|and|but)[,.!]?\s+)*"
    r"(?:wait|sorry,? (?:i (?:meant?|misspoke)|that's wrong)|i meant|my mistake|my bad|i misspoke|i was wrong|"
    r"scratch that|correction|let me correct|no,? sorry|that was (?:wrong|a mistake))\b",
    re.IGNORECASE,
)
_ACTUALLY: Final = re.compile(r"^\W*(?:(?:no|oh|well|and|but)[,.!]?\s+)*actually\b|\bactually\W*$", re.IGNORECASE)
_LATELY: Final = re.compile(r"\b(?:now|nowadays|these days|any ?more|no longer|recently|lately|just)\b", re.IGNORECASE)
_BESIDES: Final = frozenset({"also", "as well", "besides", "in addition", "additionally", "on the side"})
_RECURRING: Final = re.compile(r"\s*(?:mornings|afternoons|evenings|nights)\b", re.IGNORECASE)
_OBJECTION: Final = re.compile(r"^\W*(?:no|nope)\b|\bnot (?:the |in |on |at )?\w+$", re.IGNORECASE)


@cache
def _doings() -> frozenset[str]:
    return frozenset(gerund(verb).capitalize() for verb in vocabulary().pastimes)


def _is_doing(name: str) -> bool:
    """Whether a name is a pastime with a capital of its own: "Painting landscapes", but not "Boeing aircraft"."""
    first, _, rest = name.partition(" ")
    return rest[:1].islower() and first in _doings()


@dataclass(slots=True)
class Draft:
    """One clause of one sentence, with everything that a reading needs to make candidates of it."""

    clause: Clause
    sentence: Span
    reader: Reader
    anchor: datetime
    when: When | None
    period: Period | None = None
    booked: bool = False  # ``when`` is the day of what was signed up for, not that of signing up
    undated: Undated | None = None  # the time that is told where nobody can date it

    @classmethod
    def of(cls, clause: Clause, sentence: Span, reader: Reader, anchor: datetime) -> Draft:
        """Read the clause's time: the date expression in its own words, else the sentence's only one."""
        text = text_of(sentence)
        scheduled = clause.tense is Tense.PRESENT and not clause.perfect and clause.lemma in vocabulary().scheduled
        scheduled = scheduled or (clause.tense is Tense.PRESENT and not clause.perfect and clause.lemma == "have")
        aiming = clause.tense is Tense.PRESENT and clause.complement is not None and clause.lemma in AIMING
        ahead = scheduled or aiming or (clause.progressive and clause.tense is Tense.PRESENT)
        future = clause.tense is Tense.FUTURE or (ahead and not clause.perfect)
        period = find_period(text, anchor, future=future)
        if period is not None:
            begin, end = (offset + sentence.start_char for offset in period.span)
            if _is_habit(clause, text[slice(*period.span)]):
                return cls(clause, sentence, reader, anchor, None)
            if _belongs((begin, end), clause, sentence):
                return cls(clause, sentence, reader, anchor, None, replace(period, span=(begin, end)))
        when = find_when(text, anchor, future=future)
        if when is not None and _RECURRING.match(text[when.span[1] :]):
            when = None  # "on Sunday mornings" is no day
        if when is not None and recurs(clause, text[slice(*when.span)].strip()):
            return cls(clause, sentence, reader, anchor, None)
        if when is not None:  # from here on the span counts from the start of the message
            begin, end = when.span
            when = replace(when, span=(begin + sentence.start_char, end + sentence.start_char))
            # "I lived there for two years" tells how long, not when.
            lasted = when.since and not clause.perfect and not _still_going(when, clause, sentence)
            # "I booked a table for 3 October" tells for when, not when.
            aimed = (
                clause.tense is Tense.PAST and words_of(when, sentence).lower().startswith("for ") and not when.since
            )
            if _is_of_what_was_booked(when, clause):
                ahead_of = find_when(text, anchor, future=True) or when
                booked = replace(when, start=ahead_of.start, end=ahead_of.end, precision=ahead_of.precision)
                return cls(clause, sentence, reader, anchor, booked, booked=True)
            beside = clause.gap is not None and clause.tense is Tense.PRESENT  # "gave to a shelter I help at yesterday"
            made = when.beginning == "from" and clause.tense is Tense.PAST and _is_of_the_object(when, clause)
            other = beside or made or _is_when_due(when, clause, sentence)
            when = when if _belongs(when.span, clause, sentence) and not (lasted or aimed or other) else None
        undated = find_undated(clause, sentence, anchor) if when is None else None
        return cls(clause, sentence, reader, anchor, when, undated=undated)

    @property
    def since(self) -> bool:
        """Whether only a beginning is told: "since 2019", "for ages"."""
        told = self.when or self.undated
        return told is not None and told.since

    @property
    def text(self) -> str:
        """The sentence's words."""
        return text_of(self.sentence)

    def subjects(self) -> list[Mention]:
        """Whom the clause is about, as far as they can be known."""
        token = self.clause.subject
        if token is None:
            speaker = self.reader.speaker
            return [speaker] if self.clause.implicit and speaker is not None else []
        found = [self._subject(token)]
        found += [
            self.reader.mention(child, type="person")
            for child in token.children
            if child.dep_ == "conj" and (child.ent_type_ == "PER" or child.lower_ in ("i", "me"))
        ]
        before = token.doc[token.i - 2] if token.i >= 2 and token.doc[token.i - 1].lower_ == "and" else None
        if before is not None and before.ent_type_ == "PER" and before.i not in [c.i for c in token.children]:
            found.append(self.reader.mention(before, type="person"))  # "Tom and I", wrongly parsed
        unique: dict[str, Mention] = {}
        for mention in found:
            if mention is not None:
                unique.setdefault(mention.name, mention)
        return list(unique.values())

    def things(self, token: Token, *, type: str = "thing") -> list[Mention]:
        """What a phrase and those joined to it name; gerunds are activities ("fond of creating safe places")."""
        found = []
        lists = vocabulary()
        for part in conjuncts(token):
            if part.tag_ == "VBG" and part.pos_ in ("VERB", "NOUN"):
                told = activity(read_clause(part), self.reader, None)
                bare = not any(c.dep_ in ("obj", "obl", "xcomp", "ccomp") for c in part.children)
                if any(c.dep_ == "obj" and (c.pos_ == "ADJ" or c.lower_ in FIRST_PERSON) for c in part.children):
                    continue  # "creating a safe, inviting place", cut short; "pushing myself"
                after = part.doc[part.i + 1].lower_ if part.i + 1 < len(part.doc) else ""
                bare = bare and after != "sure" and verb_lemma(part) not in lists.empty_verbs - lists.pastimes
                doing = f"{part.lower_} {told.partition(' ')[2]}" if told is not None else part.lower_ if bare else None
                found += [Mention(name=doing[:200], type="activity")] if doing is not None else []
            elif part.i != token.i and any(c.lower_ in ("their", "its") for c in part.children):
                continue  # "veterans and their rights"
            elif (mention := self.reader.mention(part, type=type)) is not None:
                opening = part.i == self.sentence.start and part.pos_ == "NOUN" and not part.ent_type_
                name = mention.name[:1].lower() + mention.name[1:] if opening else mention.name
                found.append(mention.model_copy(update={"name": name}))
        return found

    def _subject(self, token: Token) -> Mention | None:
        """Facts are about those who can be known again: the speaker, named ones, somebody's relatives."""
        mention = self.reader.mention(token, type="thing")
        if mention is None or mention.is_speaker:
            return mention
        if token.pos_ == "PRON" or relation_of(token) is not None or mention.aliases:
            return mention
        if self.reader.several(token) is not None:
            return mention
        if mention.type in ("organisation", "place"):
            return mention
        if not token.text[:1].isupper() or token.pos_ not in ("PROPN", "NOUN", "X"):
            return None
        if mention.type != "person" and (token.pos_ != "PROPN" or any(c.dep_ == "det" for c in token.children)):
            return None
        return mention.model_copy(update={"type": "person", "guessed": True})

    def candidate(
        self,
        subject: Mention,
        predicate: str,
        object: Mention | None,
        *,
        text: str | None = None,
        negated: bool = False,
        confidence: float = SURE,
        ended: bool = False,
        correction: bool = False,
    ) -> Candidate | None:
        """A candidate of this clause; None when subject and object are the same.

        ``text`` defaults to the predicate's own sentence, or the clause retold. ``ended``: it held and is over.
        """
        if object is not None and object.name.casefold() == subject.name.casefold():
            return None
        if object is not None and object.type == "activity":  # "improving their town", where it is told of them
            own = re.sub(rf"\b{re.escape(subject.name)}'s\b", "their", object.name)
            capital = re.match(r"[A-Z][a-z]+ing\b", own) is not None  # "Painting landscapes is my favourite"
            object = object.model_copy(update={"name": own[:1].lower() + own[1:] if capital else own})
        elif object is not None and _is_doing(object.name):  # "Zoe likes Painting landscapes"
            object = object.model_copy(update={"name": object.name[:1].lower() + object.name[1:]})
        spec = predicate_table().get(predicate)
        if spec.own:  # what is skippered is a ship, whatever its name looks like
            subject = subject if subject.is_speaker else _typed(subject, spec.subject)
            object = _typed(object, spec.object) if object is not None else None
        plural = self.clause.subject is not None and (
            self.reader.several(self.clause.subject) == subject or self.clause.subject.lower_ == "they"
        )
        nameless = spec.object == "organisation" and object is not None and object.name[:1].islower()
        if (
            text is None
            and not plural
            and not nameless
            and spec.text
            and object is not None
            and not negated
            and not ended
        ):
            text = self.fill(spec.text, subject, object)
        text = text or retell(self.clause, subject.name, self.reader, self.when)
        start, invalid_at = self._validity(negated=negated, ended=ended)
        said = said_in(self.sentence.doc)
        words = said[self.sentence.start_char : self.sentence.end_char].strip()
        marks: dict[str, str | int | bool] = {BESIDES: True} if not negated and self._is_one_more() else {}
        if start is None and invalid_at is None and self.undated is not None:
            marks[UNDATED] = self.anchor.isoformat()
            marks |= {AT_AGE: self.undated.age} if self.undated.age is not None else {}
        return Candidate(
            subject=subject,
            predicate=predicate,
            object=object,
            text=text,
            sentence=words,
            category=spec.category,
            valid_at=start,
            invalid_at=invalid_at,
            confidence=round(confidence * self._trust(), 3),
            negated=negated,
            correction=correction or is_correction(words),
            metadata=self._evidence() | marks,
        )

    def _validity(self, *, negated: bool, ended: bool) -> tuple[datetime | None, datetime | None]:
        """From when and until when the clause says that it holds."""
        start = self.when.start if self.when is not None and not self.booked else None
        invalid_at = None
        if self.period is not None and not negated:
            start, invalid_at = self.period.start, self.period.end
            if start is None and not ended and self.anchor < invalid_at:
                start = self.anchor
        elif ended:
            invalid_at = (
                min(self.when.end, self.anchor) if self.when is not None and not self.when.since else self.anchor
            )
            start = start if start is not None and start < invalid_at else None
        elif start is None and (negated or self.undated is None):
            start = self.anchor
        return start, invalid_at

    def _is_one_more(self) -> bool:
        """For "I also work for Siemens"; another clause's "and I also play chess" says nothing of this one."""
        beside = (c.doc[c.left_edge.i : c.right_edge.i + 1].text for c in self.clause.verb.children)
        return any(words.strip(" ,").lower() in _BESIDES for words in beside)

    def _trust(self) -> float:
        """Each mouth that a report has passed through makes it less sure."""
        return HEARSAY ** max(1, len(self.clause.sources)) if self.clause.hearsay else 1.0

    def _evidence(self) -> dict[str, str | bool]:
        """The words that say when, and who is said to have said it ("Ana < Tom": Ana, as Tom tells)."""
        found: dict[str, str | bool] = {}
        if self.when is not None:
            found["time_expression"] = words_of(self.when, self.sentence)
            other = other_reading(str(found["time_expression"]), self.when.start)
            if other is not None:
                found["time_could_be"] = other.isoformat()
            if self.booked:
                found |= {"planned_for": self.when.start.date().isoformat(), "precision": self.when.precision}
        elif self.period is not None:
            found["time_expression"] = said_in(self.sentence.doc)[slice(*self.period.span)].strip()
        if self.clause.hearsay:
            names = [self.reader.mention(token, type="person") for token in self.clause.sources]
            found["reported_by"] = " < ".join(m.name for m in names if m is not None) or "unknown"
        return found

    def fill(self, template: str, subject: Mention, object: Mention) -> str:
        """A predicate's sentence with names and time filled in."""
        when = f" {self.when.phrase}" if self.when is not None else ""
        told = object.name
        if object.aliases and not any("'s " in alias for alias in object.aliases):  # "Migalha, a bakery in Porto"
            told = f"{object.name}, {article(object.aliases[0])}{object.aliases[0]}"
        text = template.format(s=subject.name, o=told, a=article(object.name), when=when)
        return text[:1].upper() + text[1:]


def _typed(mention: Mention, type_: str) -> Mention:
    """The mention as of this type, unless it is of a narrower one, or none is asked for."""
    ontology = ontology_in_use()
    if type_ == UNTYPED or (type_ in ontology.wider(mention.type)):
        return mention
    return mention.model_copy(update={"type": type_})


def words_of(when: When, sentence: Span) -> str:
    """The words that say when, as they stand."""
    return said_in(sentence.doc)[when.span[0] : when.span[1]].strip()


_BOOKING: Final = frozenset({"sign up", "book", "register", "enter", "enrol", "enroll", "schedule", "reserve"})


def _is_when_due(when: When, clause: Clause, sentence: Span) -> bool:
    """For "my wife is pregnant, due in November": the date of what is to come, not since when it is so."""
    words = words_in(sentence.doc)
    if "due" not in words or clause.copula is None or clause.verb.lower_ == "due":
        return False
    due = next((t for t in sentence if t.lower_ == "due" and t.i > clause.verb.i), None)
    return due is not None and due.idx < when.span[0]


def _is_of_what_was_booked(when: When, clause: Clause) -> bool:
    """Whether a date hangs on what was signed up for: "I've signed up for a half marathon in October"."""
    if clause.lemma not in _BOOKING:
        return False
    begin, end = when.span
    inside = [t for t in clause.verb.subtree if begin <= t.idx < end]
    return any(t.dep_ == "nmod" and t.head.i != clause.verb.i and t.head.idx < begin for t in inside)


def _is_habit(clause: Clause, period: str) -> bool:
    """For "I work from Monday to Friday", which tells of every week."""
    going_on = clause.tense is Tense.PRESENT and not (clause.progressive or clause.perfect or clause.copula)
    return going_on and len(_WEEKDAY.findall(period)) == 2


_WEEKDAY: Final = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)


def _is_of_the_object(when: When, clause: Clause) -> bool:
    """Whether "from 2019" tells of what year the thing is, rather than since when: "I bought a car from 2019"."""
    before = next((t for t in clause.verb.subtree if t.idx >= when.span[0]), None)
    return bool(clause.objects) and before is not None and any(o.i == before.i - 1 for o in clause.objects)


def _still_going(when: When, clause: Clause, sentence: Span) -> bool:
    """Whether "since 2019" or "for ten years now" tells since when it is so, rather than how long it once was."""
    if words_of(when, sentence).lower().startswith(("since", "from")):
        return True
    after = said_in(sentence.doc)[when.span[1] : when.span[1] + 4].lower()
    return clause.tense is Tense.PRESENT and not clause.progressive and after == " now"


def is_correction(sentence: str) -> bool:
    """Whether a sentence takes back an earlier one: "no wait, it's the 14th, not the 12th"."""
    if _ACTUALLY.search(sentence):
        return not _LATELY.search(sentence)  # what is so by now was not wrong before
    return bool(_CORRECTION.match(sentence) or (_OBJECTION.match(sentence) and ", not " in sentence))


def _belongs(span: tuple[int, int], clause: Clause, sentence: Span) -> bool:
    """Whether the date hangs on this clause's predicate rather than on another one's."""
    start = span[0]
    first = token = next((t for t in sentence if t.idx + len(t) > start), None)
    while token is not None and first is not None:
        naming = token.lower_ in ("called", "named") and token.dep_ in ("acl", "acl:relcl")  # "a cat called Mia in May"
        heads_clause = (token.pos_ == "VERB" and not naming) or any(c.dep_ == "cop" for c in token.children)
        if token.i == clause.verb.i:
            return True
        if heads_clause and token.dep_ not in ("xcomp", "amod", "compound"):
            return False
        if token.head.i == token.i:  # a fragment in front: "on Friday I quit" wrongly parsed
            between = sentence.doc[first.i : clause.verb.i]
            return first.i < clause.verb.i and not any(t.pos_ == "VERB" for t in between)
        token = token.head
    return False
