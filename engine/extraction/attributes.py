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
)
LONGEST: Final = 60  # characters of a value that is kept as it stands


def read_attribute(draft: Draft) -> list[Candidate]:
    """For "my order number is 44718", "my new address is 12 Mill Lane, York", "my phone is a Pixel 7"."""
    clause, subject = draft.clause, draft.clause.subject
    if subject is None or clause.copula is None or clause.negated or clause.tense is not Tense.PRESENT:
        return []
    owner_token = next((c for c in subject.children if c.dep_ == "nmod:poss"), None)
    if owner_token is None or subject.lemma_.lower() not in vocabulary().attributes:
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
