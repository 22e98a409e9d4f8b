"""Who moves in with whom, back home, or out: "my dad moved in with us", "I moved out of Tom's place"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.phrases import entity_type, relation_of
from factloom.engine.extraction.predications import Tense
from factloom.engine.extraction.rendering import retell
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from spacy.tokens import Token

_HOW: Final = re.compile(
    r"(?:just |recently |finally |all )?(?:back )?(?:(?P<in>in)(?= with )|(?P<home>home)|"
    r"(?P<out>out)|(?P<away>away)(?! from))\b"
)
_HOUSES: Final = frozenset({"place", "house", "flat", "apartment", "home", "room", "parents"})
# Who moves in with a partner often stays in the same town.
_PARTNERS: Final = frozenset({"HAS_PARTNER", "HAS_WIFE", "HAS_HUSBAND", "MARRIED_TO", "ENGAGED_TO"})


def read_move(draft: Draft) -> list[Candidate]:
    """What a move without a place ends and begins; empty for other clauses."""
    clause = draft.clause
    if clause.verb.lemma_.lower() != "move" or clause.tense is not Tense.PAST or clause.negated or clause.passive:
        return []
    doc, end = clause.verb.doc, draft.sentence.end
    how = _HOW.match(doc[clause.verb.i + 1 : end].text.lower()) if clause.verb.i + 1 < end else None
    if how is None or clause.objects:
        return []
    people = [s for s in draft.subjects() if s.is_speaker or s.type == "person"]
    return [c for person in people for c in _moved(draft, person, how) if c is not None]


def _moved(draft: Draft, person: Mention, how: re.Match[str]) -> list[Candidate | None]:
    """What one mover's move tells."""
    text = retell(draft.clause, person.name, draft.reader, draft.when)
    if how["in"]:
        return _moved_in(draft, person, text)
    if how["home"]:
        return [draft.candidate(person, "LIVES_IN", None, text=text, negated=True)]
    if how["away"]:
        beyond = any(case == "to" for case, _ in draft.clause.obliques)  # "moved away to Rome" is read elsewhere
        return [] if beyond else [draft.candidate(person, "LIVES_IN", None, text=text, negated=True)]
    if how["out"]:
        return _moved_out(draft, person, text)
    return []


def _moved_in(draft: Draft, person: Mention, text: str) -> list[Candidate | None]:
    token = next((noun for case, noun in draft.clause.obliques if case == "with"), None)
    host = draft.reader.mention(token, type="person") if token is not None else None
    if token is None or host is None or host.type != "person":
        return []
    relation = relation_of(token)
    partner = relation is not None and relation.predicate in _PARTNERS
    return [draft.candidate(person, "LIVES_WITH" if partner else "MOVED_IN_WITH", host, text=None if partner else text)]


def _moved_out(draft: Draft, person: Mention, text: str) -> list[Candidate | None]:
    """For "moved out of Oslo", "of Tom's place", "of my parents' house", or just "moved out"."""
    left = next((t for t in draft.clause.verb.subtree if _is_left(t)), None)
    if left is None:
        beyond = any(case == "to" for case, _ in draft.clause.obliques)
        return [] if beyond else [draft.candidate(person, "LIVES_WITH", None, text=text, negated=True)]
    owner = next((c for c in left.children if c.dep_ == "nmod:poss"), None)
    if owner is not None and left.lemma_.lower() in _HOUSES:
        host = draft.reader.mention(owner, type="person")
        if host is None or host.name == person.name or host.type != "person":
            return []
        return [draft.candidate(person, "LIVES_WITH", host, text=text, negated=True)]
    place = draft.reader.mention(left, type="place")
    if place is None or not place.name[:1].isupper() or entity_type(left) not in (None, "place"):
        return []
    return [draft.candidate(person, "MOVED_FROM", place, text=text)]


def _is_left(token: Token) -> bool:
    """Whether a noun stands behind "out of"."""
    start = token.left_edge.i
    before = [t.lower_ for t in token.doc[max(start - 2, 0) : start + 2]]
    return token.pos_ in ("NOUN", "PROPN") and token.dep_ in ("obl", "nmod") and "of" in before and "out" in before
