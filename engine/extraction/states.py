"""States told with "to be": so old, in hospital, our tester in Budapest, on the 24th, one of my favourites."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import NUMBERS
from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.phrases import entity_type, is_content, phrase, relation_of
from factloom.engine.extraction.predications import Tense, child_of, preposition
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_BEING: Final = frozenset({"is", "'s", "’s", "'m", "’m", "am", "are", "'re", "’re"})
_WARDS: Final = frozenset({"hospital", "prison", "jail", "rehab", "coma", "icu"})
_PASSIONS: Final = frozenset(
    {"passion", "hobby", "favourite", "favorite", "fave", "love", "obsession", "pastime", "interest"}
)


def read_ages(draft: Draft) -> list[Candidate]:
    """For "Lotte is nine and Emil is six": ages by the words alone, since numbers mislead the parse."""
    found: list[Candidate | None] = []
    doc = draft.sentence.doc
    for index in range(draft.sentence.start + 2, draft.sentence.end):
        token, being = doc[index], doc[index - 1]
        if being.lower_ not in _BEING or not _is_age(token):
            continue
        subject = _aged(doc[index - 2], draft.reader)
        if subject is not None and subject.type in ("person", "animal"):
            value = token.lower_ if token.lower_.isdigit() else str(NUMBERS[token.lower_])
            found.append(draft.candidate(subject, "HAS_AGE", Mention(name=value, type="value")))
    return [candidate for candidate in found if candidate is not None]


def _is_age(token: Token) -> bool:
    """Whether a number closes its phrase, or is followed by "years old"."""
    lower = token.lower_
    value = int(lower) if lower.isdigit() else NUMBERS.get(lower, 0)
    if not 1 <= value <= 110 or lower in ("a", "an", "couple", "few", "several"):
        return False
    after = [t.lower_ for t in token.doc[token.i + 1 : token.i + 3]]
    return (
        not after or after == ["years", "old"] or after[0] in ("and", ",", ".", "!", "now", "already", "but", ";", ")")
    )


def _aged(token: Token, reader: Reader) -> Mention | None:
    lower = token.lower_
    if lower in ("i", "he", "she") or relation_of(token) is not None:
        return reader.mention(token, type="person")
    if token.pos_ == "PROPN" and token.text[:1].isupper() and entity_type(token) in (None, "person", "organisation"):
        mention = reader.mention(token, type="person")
        return mention.model_copy(update={"type": "person"}) if mention is not None else None
    return None


def read_state(draft: Draft) -> list[Candidate]:
    """What a clause with "be" says of somebody's whereabouts, job among us, or of a passion."""
    clause = draft.clause
    if clause.subject is None or clause.negated:
        return []
    if clause.copula is None:  # in "is lactose intolerant" the parse may take "lactose" for a participle
        return _passion_is(draft) or [fact for fact in _intolerant(draft) if fact is not None]
    found = (
        _friends_with(draft)
        or _home_is(draft)
        or _in_a_ward(draft)
        or _our_tester(draft)
        or _passion(draft)
        or _intolerant(draft)
        or _all_about(draft)
    )
    return [candidate for candidate in found if candidate is not None]


def _friends_with(draft: Draft) -> list[Candidate | None]:
    """For "I'm friends with Karin"."""
    clause = draft.clause
    if clause.verb.lower_ != "friends":
        return []
    beside = [(preposition(c), c) for c in clause.verb.children if c.dep_ in ("nmod", "obl")]
    friend = next((noun for case, noun in [*beside, *clause.obliques] if case == "with"), None)
    other = draft.reader.mention(friend, type="person") if friend is not None else None
    if other is None or other.type != "person":
        return []
    return [draft.candidate(subject, "HAS_FRIEND", other) for subject in draft.subjects()]


def _home_is(draft: Draft) -> list[Candidate | None]:
    """For "my flat is in Bonfim", "our office is in Leeds"."""
    clause, subject = draft.clause, draft.clause.subject
    predicate = _HOMES.get(subject.lemma_.lower()) if subject is not None else None
    owner_token = next((c for c in subject.children if c.dep_ == "nmod:poss"), None) if subject is not None else None
    if predicate is None or owner_token is None or preposition(clause.verb) not in ("in", "near"):
        return []
    owner, place = draft.reader.mention(owner_token, type="person"), draft.reader.mention(clause.verb, type="place")
    if (
        owner is None
        or place is None
        or entity_type(clause.verb) not in (None, "place")
        or not place.name[:1].isupper()
    ):
        return []
    return [draft.candidate(owner, predicate, place, ended=clause.tense is Tense.PAST)]


_HOMES: Final = dict.fromkeys(("flat", "apartment", "house", "home"), "LIVES_IN") | {"office": "WORKS_IN"}


def _in_a_ward(draft: Draft) -> list[Candidate | None]:
    """For "Teo is in hospital"."""
    clause = draft.clause
    if preposition(clause.verb) != "in" or clause.verb.lemma_.lower() not in _WARDS:
        return []
    place = Mention(name=clause.verb.lower_, type="place")
    ended = clause.tense is Tense.PAST
    return [
        draft.candidate(subject.model_copy(update={"type": "person"}), "IS_IN", place, ended=ended)
        for subject in draft.subjects() or _named_subject(draft)
        if subject.type in ("person", "organisation", "thing") or subject.is_speaker
    ]


def _named_subject(draft: Draft) -> list[Mention]:
    """A capitalised subject that the names layer takes for something else ("Teo" for a firm)."""
    token = draft.clause.subject
    named = token is not None and token.text[:1].isupper() and token.pos_ in ("NOUN", "PROPN", "X")
    mention = draft.reader.mention(token, type="person") if token is not None and named else None
    return [mention] if mention is not None else []


def _our_tester(draft: Draft) -> list[Candidate | None]:
    """For "Kovacs is our tester in Budapest": a job named by those whom it serves."""
    clause, token = draft.clause, draft.clause.verb
    owned = any(c.dep_ == "nmod:poss" and c.lower_ in ("our", "the", "their") for c in token.children)
    if not owned or token.pos_ != "NOUN" or preposition(token) or relation_of(token) is not None:
        return []
    name = re.split(r"\s(?:in|at|for|with|of|from)\s", phrase(token))[0]
    if not _is_job(token) or not is_content(token, name):
        return []
    found: list[Candidate | None] = []
    ended = clause.tense is Tense.PAST
    for subject in draft.subjects():
        found.append(draft.candidate(subject, "HAS_JOB", Mention(name=name, type="job"), ended=ended))
        for child in token.children:
            if child.dep_ in ("nmod", "obl") and preposition(child) == "in" and entity_type(child) == "place":
                place = draft.reader.mention(child, type="place")
                found.append(draft.candidate(subject, "WORKS_IN", place, ended=ended))
    return found


def _is_job(token: Token) -> bool:
    lemma = token.lemma_.lower()
    named = lemma in vocabulary().jobs or token.lower_ in vocabulary().jobs
    return named or re.search(r"(?:ologist|grapher|itect|ician|ester|anager|gineer)$", token.lower_) is not None


def _intolerant(draft: Draft) -> list[Candidate | None]:
    """For "I'm lactose intolerant"."""
    doc, being = draft.sentence.doc, draft.clause.copula or child_of(draft.clause.verb, "aux:pass")
    start = being.i + 1 if being is not None else draft.sentence.end
    match = _INTOLERANT.match(doc[start : draft.sentence.end].text)
    if match is None:
        return []
    food = Mention(name=match[1].lower(), type="food")
    return [
        draft.candidate(subject, "ALLERGIC_TO", food, text=f"{subject.name} is {food.name} {match[2].lower()}.")
        for subject in draft.subjects()
    ]


_DEGREE: Final = r"(?:also|very|a bit|so|too|quite|not|always|\w+ly)"
_INTOLERANT: Final = re.compile(
    rf"(?:{_DEGREE} )*(?!{_DEGREE}\b)(\w+)[ -](intolerant|allergic)\b(?! to\b)", re.IGNORECASE
)


def _all_about(draft: Draft) -> list[Candidate | None]:
    """For "I'm all about dramas and romcoms"."""
    clause = draft.clause
    before = clause.verb.doc[max(clause.verb.i - 4, 0) : clause.verb.i].text.lower()
    if preposition(clause.verb) != "about" or not re.search(r"\ball about\b", before):
        return []
    liked = [] if any(c.dep_ == "det" for c in clause.verb.children) else _things(draft, clause.verb)
    return [draft.candidate(subject, "LIKES", thing) for subject in draft.subjects() for thing in liked]


def _passion(draft: Draft) -> list[Candidate | None]:
    """For "dance is my passion", "photography is one of my hobbies", "my passion is cooking"."""
    clause, subject = draft.clause, draft.clause.subject
    assert subject is not None
    if clause.tense is not Tense.PRESENT:
        return []
    for named, told in ((clause.verb, subject), (subject, clause.verb)):
        noun = _one_of(named)
        owner_token = next((c for c in noun.children if c.dep_ == "nmod:poss"), None)
        if noun.lemma_.lower() not in _PASSIONS or owner_token is None or preposition(told):
            continue
        owner = draft.reader.mention(owner_token, type="person")
        if owner is None or owner.type not in ("person", "animal"):
            return []
        predicate = "INTERESTED_IN" if noun.lemma_.lower() in ("passion", "obsession", "interest") else "LIKES"
        return [draft.candidate(owner, predicate, thing) for thing in _things(draft, told)]
    return []


def _passion_is(draft: Draft) -> list[Candidate]:
    """For "my passion is cooking", which the parse takes for something going on."""
    clause, noun = draft.clause, draft.clause.subject
    assert noun is not None
    owner_token = next((c for c in noun.children if c.dep_ == "nmod:poss"), None)
    if not clause.progressive or noun.lemma_.lower() not in _PASSIONS or owner_token is None:
        return []
    owner = draft.reader.mention(owner_token, type="person")
    predicate = "INTERESTED_IN" if noun.lemma_.lower() in ("passion", "obsession", "interest") else "LIKES"
    told = [draft.candidate(owner, predicate, thing) for thing in draft.things(clause.verb)] if owner else []
    return [candidate for candidate in told if candidate is not None]


def _things(draft: Draft, token: Token) -> list[Mention]:
    """What the passion is: activities and plain nouns, not "it" or "this"."""
    if token.pos_ not in ("NOUN", "PROPN", "VERB") or any(c.dep_ in ("nmod:poss", "det") for c in token.children):
        return []
    return [mention for mention in draft.things(token) if mention.type != "person"]


def _one_of(token: Token) -> Token:
    """The hobbies in "one of my hobbies"."""
    if token.lower_ != "one":
        return token
    return next((c for c in token.children if c.dep_ in ("nmod", "obl") and preposition(c) == "of"), token)
