"""Mend what the small parser gets wrong time and again: dates in front of a sentence, and titles in quotation marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.dates import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_TIMES: Final = frozenset(
    {"week", "weekend", "month", "year", "night", "summer", "winter", "spring", "fall", "autumn", "day"}
)
_DATED: Final = _TIMES | {"yesterday", "today", "tomorrow"} | {*WEEKDAYS} | {*MONTHS}


def mend(doc: Doc) -> Doc:
    """The same parsed text, changed in place."""
    for token in doc:
        if token.pos_ == "NOUN":
            _verb_taken_for_noun(token)
        elif token.lower_ in _BARE_ING and token.tag_ == "VBG" and token.pos_ == "VERB":
            token.tag_ = "VBP"
        elif token.lower_ in ("'s", "’s") and token.dep_ == "case" and token.head.dep_ == "nmod:poss":
            _being_taken_for_genitive(token)
        elif token.lower_ == "away" and token.head.lemma_.lower() == "pass" and token.head.pos_ == "VERB":
            token.dep_ = "compound:prt"
        elif token.lower_ in ("he", "she") and token.dep_ == "nmod:poss":
            _pronoun_taken_for_owner(token)
        if token.dep_ in ("acl:relcl", "acl") and token.head.lower_ in _DATED:
            _front_date(token)
    if '"' in doc.text or "“" in doc.text:
        for token in doc[1:-1]:
            _title(token)
    return doc


def _being_taken_for_genitive(token: Token) -> None:
    """For "Mum's allergic to nuts", "Jo's bringing the kids", "my sister's a vet": none of these belongs to anybody."""
    subject, told = token.head, token.head.head
    if told.pos_ == "NOUN" and told.i > token.i and token.nbor().lower_ in ("a", "an"):
        subject.dep_, token.head = "nsubj", told
        token.dep_, token.pos_ = "cop", "AUX"
        return
    verbal = told.tag_ == "VBG" and (told.pos_ in ("VERB", "AUX") or any(c.tag_ == "VBN" for c in told.children))
    telling = told.pos_ == "ADJ" or told.lower_ in _TELLING
    if told.i <= token.i or not (verbal or telling) or any(t.pos_ == "NOUN" for t in token.doc[token.i + 1 : told.i]):
        return
    subject.dep_, token.head = "nsubj", told
    token.dep_, token.pos_ = ("aux", "AUX") if verbal else ("cop", "AUX")
    token.lemma_, told.pos_ = "be", "VERB" if verbal else told.pos_
    if telling and told.pos_ != "ADJ":
        told.pos_, told.tag_ = "ADJ", "JJ"
        for child in told.children:  # "to shellfish", taken for an infinitive
            if child.dep_ == "acl" and child.i > told.i:
                child.dep_, child.pos_, child.tag_ = "obl", "NOUN", "NN"


_TELLING: Final = frozenset({"allergic", "afraid", "scared", "married", "pregnant", "engaged", "vegan", "vegetarian"})
_BARE_ING: Final = frozenset({"sing", "bring", "ring", "swing", "sting", "cling"})


def _pronoun_taken_for_owner(token: Token) -> None:
    """For "She's my cousin": no one else's cousin."""
    after = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
    if after is None or after.lower_ not in ("'s", "’s") or after.dep_ != "case":
        return
    owned = token.doc[after.i + 1 : token.head.i + 2]
    if token.head.dep_ not in ("ROOT", "parataxis", "conj") or any(t.lower_ in ("'s", "’s") for t in owned):
        return  # "she's my aunt's friend" is left as it is
    token.dep_ = "nsubj"
    after.head = token.head
    after.dep_, after.pos_ = "cop", "AUX"


def _verb_taken_for_noun(token: Token) -> None:
    """For "Ben is dating Clara" and "Ingrid sings alto": a noun with an object is a verb."""
    if not any(c.dep_ == "obj" and c.i > token.i for c in token.children):
        return
    subject = next((c for c in token.children if c.dep_ == "nsubj" and c.i < token.i), None)
    copula = next((c for c in token.children if c.dep_ == "cop"), None)
    if subject is not None and copula is not None and token.lower_.endswith("ing"):
        copula.dep_ = "aux"
        token.pos_, token.tag_ = "VERB", "VBG"
    elif subject is not None and copula is None and token.tag_ == "NNS" and token.dep_ in ("ROOT", "parataxis", "conj"):
        token.pos_, token.tag_ = "VERB", "VBZ"


def _front_date(verb: Token) -> None:
    """For "Last week we had a picnic": the parse takes it for a week of which something is told."""
    time = verb.head
    subject = next((c for c in verb.children if c.dep_ in ("nsubj", "nsubj:pass")), None)
    if subject is None or time.dep_ != "ROOT" or subject.left_edge.i - time.i not in (1, 2) or verb.i < time.i:
        return
    between = verb.doc[time.i + 1 : subject.left_edge.i]
    if any(t.text != "," for t in between) or any(c.dep_ == "cop" for c in time.children):
        return
    verb.head = verb
    verb.dep_ = "ROOT"
    time.head = verb
    time.dep_ = "obl:unmarked"


def _title(token: Token) -> None:
    """A title is a name, and right after a verb the object."""
    if token.nbor(-1).text not in '"“' or token.nbor(1).text not in '"”' or not token.text[:1].isupper():
        return
    if token.head.pos_ == "VERB" and token.head.i == token.i - 2 and token.dep_ not in ("obj", "nsubj"):
        token.dep_ = "obj"
    if token.pos_ not in ("NOUN", "PROPN"):
        token.pos_, token.tag_ = "PROPN", "NNP"
