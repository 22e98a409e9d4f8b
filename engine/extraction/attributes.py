"""Plain attributes told with "my … is …": numbers, addresses, devices, sizes; and traits told as participles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.phrases import phrase
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_VERBATIM: Final = frozenset(
    {"address", "number", "email", "mail", "name", "username", "handle", "code", "id", "website"}
    | {"pin", "password", "passcode", "combination"}
)
LONGEST: Final = 60  # characters of a value that is kept as it stands


def read_attribute(draft: Draft) -> list[Candidate]:
    """For "my order number is 44718", "my new address is 12 Mill Lane, York", "my phone is a Pixel 7"."""
    clause, subject = draft.clause, draft.clause.subject
    if subject is None or clause.copula is None or clause.negated or clause.tense is not Tense.PRESENT:
        return []
    named = [subject, *_compounds(subject)]  # "my wifi password": the parse may give the "my" to the wifi
    owner_token = next((c for noun in named for c in noun.children if c.dep_ == "nmod:poss"), None)
    if subject.lemma_.lower() in ("type", "group") and any(c.lower_ == "blood" for c in subject.children):
        return _blood_type(draft, subject)
    if owner_token is None:
        return _shared_code(draft, subject)
    if subject.lemma_.lower() not in vocabulary().attributes:
        return []
    owner = draft.reader.mention(owner_token, type="person")
    value = _value(draft, subject)
    if owner is None or value is None:
        return []
    kind = " ".join(t.lower_ for t in (*_compounds(subject), subject))
    name = re.sub(r"\W+", "_", f"has {kind}").upper()
    text = f"{owner.name}'s {kind} is {value}."
    fact = draft.candidate(owner, name[:64], Mention(name=value, type="value"), text=text)
    return [fact] if fact is not None else []


_BLOOD: Final = re.compile(
    r"\b(?:is|['’]s) (?P<type>(?:A|B|AB|O|0)"
    r"(?: ?[+-]|(?: rh| rhesus)?[ -](?:negative|positive|neg|pos))?)(?=\W*$|[,.;!])",
    re.IGNORECASE,
)


def _blood_type(draft: Draft, subject: Token) -> list[Candidate]:
    """For "my blood type is O negative"."""
    owner_token = next((c for c in subject.children if c.dep_ == "nmod:poss"), None)
    owner = draft.reader.mention(owner_token, type="person") if owner_token is not None else None
    match = _BLOOD.search(draft.text)
    if owner is None or match is None:
        return []
    value, kind = match["type"], f"blood {subject.lower_}"
    text = f"{owner.name}'s {kind} is {value}."
    fact = draft.candidate(owner, "HAS_BLOOD_TYPE", Mention(name=value, type="value"), text=text)
    return [fact] if fact is not None else []


_CODES: Final = frozenset({"code", "password", "passcode", "pin", "combination"})


def _shared_code(draft: Draft, subject: Token) -> list[Candidate]:
    """For "the alarm code is 4711": what is known to whoever says it, told of the thing that it opens."""
    compounds, speaker = _compounds(subject), draft.reader.speaker
    the = any(c.dep_ == "det" and c.lower_ == "the" for c in subject.children)
    if not the or not compounds or speaker is None or subject.lemma_.lower() not in _CODES:
        return []
    value = _value(draft, subject)
    if value is None or not re.search(r"\d", value):
        return []
    kind = " ".join(t.text for t in (*compounds, subject))
    name = re.sub(r"\W+", "_", f"has {kind}").upper()
    text = f"The {kind} is {value}."
    fact = draft.candidate(speaker, name[:64], Mention(name=value, type="value"), text=text)
    return [fact] if fact is not None else []


def _compounds(noun: Token) -> list[Token]:
    return [c for c in noun.children if c.dep_ == "compound" and c.i < noun.i]


def _value(draft: Draft, subject: Token) -> str | None:
    """What the attribute is: a number, a name or "a …"; for addresses and the like, all that stands there."""
    being, token = draft.clause.copula, draft.clause.verb
    assert being is not None
    if subject.lemma_.lower() in _VERBATIM:
        rest = token.doc[being.i + 1 : draft.sentence.end].text.strip()
        told = re.split(r"[.!?;](?:\s|$)|\s+(?:and|but|so)\s+", rest)[0].strip(" .,!\"'")
        return told if 0 < len(told) <= LONGEST and re.search(r"[A-Z0-9@]", told) else None
    described = any(c.dep_ == "det" and c.lower_ in ("a", "an") for c in token.children)
    named = token.pos_ == "NUM" or (token.text[:1].isupper() and token.pos_ in ("PROPN", "NOUN", "X"))
    if not (described or named) or token.pos_ in ("PRON", "DET", "VERB"):
        return None
    return phrase(token)[:LONGEST] or None


def read_participle(draft: Draft) -> list[Candidate]:
    """For "my parents are divorced", "I'm self-employed": traits that the parse takes for passives."""
    clause = draft.clause
    if any(c.lower_ in ("getting", "being") for c in clause.verb.children):
        return []  # "I'm getting married"
    if (
        not clause.passive
        or clause.negated
        or clause.tense is not Tense.PRESENT
        or (clause.obliques and _agents(draft))
    ):
        return []
    doc, start = clause.verb.doc, clause.verb.i
    while start >= 2 and doc[start - 1].text == "-" and not doc[start - 2].whitespace_:
        start -= 2
    end = clause.verb.i + 1
    while end + 1 < len(doc) and doc[end].text == "-" and not doc[end].whitespace_:
        end += 2  # "left-handed", of which the parse takes the first half for the verb
    trait = doc[start:end].text.lower()
    if trait not in vocabulary().traits:
        return []
    found = [draft.candidate(subject, "HAS_TRAIT", Mention(name=trait, type="value")) for subject in draft.subjects()]
    return [candidate for candidate in found if candidate is not None]


_MEASURE: Final = re.compile(
    r"^(?:i'm|i am|i’m) (?:about |only |almost )?"
    r"(?P<tall>\d[\d.,]* ?(?:m|cm|metres|meters|feet|foot|ft)(?: ?\d+)?) tall\b|"
    r"^i weigh (?:about |only |almost )?(?P<heavy>\d[\d.,]* ?(?:kilos?|kg|pounds|lbs|stone))\b",
    re.IGNORECASE,
)


def read_measure(draft: Draft) -> list[Candidate]:
    """For "I'm 1.80 m tall" and "I weigh 80 kilos"."""
    match = _MEASURE.match(draft.text.strip())
    if match is None or draft.reader.speaker is None:
        return []
    predicate, value = ("HAS_HEIGHT", match["tall"]) if match["tall"] else ("HAS_WEIGHT", match["heavy"])
    fact = draft.candidate(draft.reader.speaker, predicate, Mention(name=value, type="value"))
    return [fact] if fact is not None else []


def _agents(draft: Draft) -> bool:
    return any(case in ("by", "to", "from", "with") for case, _ in draft.clause.obliques)
