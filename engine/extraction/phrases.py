"""Noun phrases: which words name a thing, what kind of thing it is, and whether it is one worth remembering."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import MONTHS, WEEKDAYS
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.predicates import Relation, predicate_table
from factloom.engine.extraction.vocabulary import PRONOUNS, vocabulary

if TYPE_CHECKING:
    from spacy.tokens import Token

ENTITY_TYPES: Final = {"PER": "person", "ORG": "organisation", "LOC": "place"}
LONGEST_NAME: Final = 60  # characters; a longer phrase is a description, not the name of anything
# Determiners and the like that do not belong to a name.
LEADING: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "some",
        "any",
        "this",
        "that",
        "these",
        "those",
        "my",
        "our",
        "your",
        "his",
        "her",
        "its",
        "their",
        "all",
        "both",
        "each",
        "every",
        "another",
        "such",
        "quite",
        "very",
        "so",
        "really",
        "just",
        "no",
        "few",
        "couple",
        "lots",
        "own",
    ]
)
_CALLED: Final = frozenset({"call", "name"})
_TITLES: Final = frozenset(
    {"dr", "dr.", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "prof", "prof.", "aunt", "uncle", "avó"}
)
_CALENDAR: Final = frozenset({*WEEKDAYS, *MONTHS} - {"may", "march"})
_TIMES: Final = frozenset(
    {"day", "week", "month", "year", "night", "weekend", "morning", "summer", "winter", "today", "yesterday"}
)
_NO_START: Final = frozenset(
    {"because", "cause", "if", "when", "that", "which", "such", "as", "like", "than", "something"}
)
_INSIDE: Final = frozenset(
    [
        "compound",
        "amod",
        "flat",
        "nummod",
        "nmod:poss",
        "case",
        "fixed",
        "goeswith",
        "compound:prt",
        "nmod:desc",
        "flat:foreign",
        "nmod:unmarked",
    ]
)
_JOINED: Final = frozenset({"nsubj", "obj", "obl", "nmod", "conj", "ROOT", "appos"})


def is_torn(token: Token) -> bool:
    """Whether a token is the first half of a hyphenated word ("non" in "non-fiction")."""
    doc = token.doc
    return token.i + 1 < len(doc) and doc[token.i + 1].text == "-" and not token.whitespace_ and token.ent_iob_ == "O"


def is_introduced(noun: Token) -> bool:
    """Whether "this" brings up something new that the words describe: "this apple pie", "I met this amazing woman"."""
    if any(c.dep_ == "compound" for c in noun.children):
        return True
    verb = noun.head
    told = noun.dep_ == "obj" and verb.tag_ in ("VBD", "VBN")
    pointed = any(c.dep_ == "det" and c.lower_ == "this" for c in noun.children)
    described = any(c.dep_ in ("amod", "acl", "nmod") and c.i != noun.i for c in noun.children)
    return told and pointed and described and verb_lemma(verb) in INTRODUCING


# Verbs whose "this …" was never heard of before: "I found this great bakery".
INTRODUCING: Final = frozenset(
    [
        "meet",
        "find",
        "adopt",
        "buy",
        "get",
        "discover",
        "join",
        "try",
        "start",
        "see",
        "read",
        "visit",
        "attend",
        "watch",
        "win",
        "take",
        "receive",
        "land",
        "finish",
    ]
)


def called_next(token: Token) -> str | None:
    """The name in "a start-up called Velora", by the words alone."""
    doc, after = token.doc, token.i + 1
    if after + 1 < len(doc) and doc[after].lower_ in ("called", "named") and doc[after + 1].text[:1].isupper():
        return phrase(doc[after + 1])
    return None


def called_later(token: Token) -> str | None:
    """The name in "a bakery in Porto, it's called Migalha" or "a bakery called Migalha"."""
    called = called_next(token)
    if called is not None:
        return called
    if not any(c.dep_ == "det" and c.lower_ in ("a", "an") for c in token.children):
        return None
    for child in token.children:
        if child.dep_ in ("acl", "acl:relcl") and child.lemma_.lower() in _CALLED:
            return next((phrase(c) for c in child.children if c.i > child.i and c.text[:1].isupper()), None)
    doc = token.doc
    for index in range(token.i + 1, min(token.i + 10, len(doc) - 3)):
        if (
            doc[index].lower_ == "it"
            and doc[index + 1].lower_ in ("'s", "’s", "is", "was")
            and doc[index + 2].lower_ in ("called", "named")
        ):
            return phrase(doc[index + 3]) if doc[index + 3].text[:1].isupper() else None
    return None


def relation_of(token: Token) -> Relation | None:
    """The relation that a noun names ("sister"), if it does; plurals name several people and are left."""
    if token.pos_ not in ("NOUN", "PROPN") or token.tag_ in ("NNS", "NNPS"):
        return None
    relations = predicate_table().relations
    word = token.lower_.replace(" ", "-")
    found = relations.get(word) or relations.get(token.lemma_.lower()) or relations.get(word.removeprefix("ex-"))
    if found is None or _qualifies(token) or (token.lower_ == "partner" and _is_mate(token)):
        return None
    if found.predicate not in COUPLES or found.predicate == "HAS_EX" or not _is_ex(token):
        return found
    return relations["ex"]


def _is_mate(token: Token) -> bool:
    """Whether a "business partner" or "gym partner" is meant, and no couple."""
    before = token.doc[token.i - 1] if token.i > 0 else None
    return before is not None and before.lower_ in _SHARED


_SHARED: Final = frozenset(
    {"business", "gym", "training", "tennis", "dance", "dancing", "lab", "climbing", "running", "chess", "sparring"}
    | {"trading", "writing", "research", "study", "accountability", "law", "design", "bridge", "hiking", "doubles"}
)


# Bonds of couples: "ex" before such a noun names a relation of its own; before others it says that it is over.
COUPLES: Final = frozenset({"HAS_PARTNER", "HAS_WIFE", "HAS_HUSBAND", "ENGAGED_TO", "MARRIED_TO", "HAS_EX"})
_PASSING: Final = COUPLES | frozenset(
    {"HAS_BOSS", "HAS_COLLEAGUE", "HAS_NEIGHBOUR", "HAS_ROOMMATE", "HAS_TEACHER", "HAS_DOCTOR"}
)
"""Relations that end: who is said to have been one's boss is so no longer, who was one's sister still is."""


def passes(relation: Relation) -> bool:
    """Whether the relation is one that ends, so that "was" tells that it has ended."""
    return relation.predicate in _PASSING


_ONCE: Final = frozenset({"old", "former", "previous", "ex", "then", "onetime", "last", "first", "late"})


def passing_predicates() -> frozenset[str]:
    """The predicates of such relations."""
    return _PASSING


def is_over(token: Token, relation: Relation) -> bool:
    """Whether a relation noun says itself that it is over: "my old boss", "our former neighbour", "my ex-boss"."""
    if relation.predicate == "HAS_EX" or not passes(relation):
        return False
    before = {c.lower_ for c in token.children if c.i < token.i}
    return not before.isdisjoint(_ONCE) or _is_ex(token)


def _is_ex(token: Token) -> bool:
    """Whether "ex" or "former" stands before a noun."""
    return token.lower_.startswith("ex-") or any(c.lower_ in ("ex", "former") for c in token.children if c.i < token.i)


def _qualifies(token: Token) -> bool:
    """Whether a noun only says of what kind the next one is: "my horse painting" is no horse of hers."""
    doc, after = token.doc, token.i + 1
    if after >= len(doc) or doc[after].text[:1].isupper() or doc[after].lower_ in ("'s", "’s"):
        return False
    head = doc[after]
    joined = token.dep_ == "compound" and token.head.i == after and head.pos_ == "NOUN"
    made = head.tag_ in ("VBG", "NN") and head.lower_ in _MADE
    return (joined and relation_noun(head.lower_) is None) or made


_MADE: Final = frozenset({"painting", "drawing", "carving", "portrait", "sketch", "statue", "sculpture", "figurine"})


def relation_noun(word: str) -> Relation | None:
    """The relation that a word names, whatever stands around it."""
    return predicate_table().relations.get(word)


def given_name(token: Token) -> str | None:
    """The name in apposition: "my sister Bea", "my boyfriend, Tom Becker", "a cat called Pickle", "Tom, my boss"."""
    if token.dep_ == "appos" and token.head.pos_ == "PROPN" and token.head.i < token.i:
        return phrase(token.head)
    for child in token.children:
        if child.i < token.i:
            continue
        naming = child.dep_ in ("appos", "flat", "nmod", "compound") and child.pos_ == "PROPN"
        if naming and child.text[:1].isupper() and not _has_case(child) and child.lower_ not in _EXCLAIMED:
            return phrase(child)
        if child.dep_ in ("acl", "acl:relcl") and child.lemma_.lower() in _CALLED:
            for name in child.children:
                if name.i > child.i and name.dep_ in ("obj", "xcomp", "obl", "nsubj") and name.text[:1].isupper():
                    return phrase(name)
    return called_next(token) or _name_after(token)


# What opens a set phrase put in beside somebody: "my brother, God bless him, …", "my dad, RIP, …", "my boss, FYI, …".
_EXCLAIMED: Final = frozenset(
    ["god", "lord", "jesus", "christ", "heaven", "heavens", "goodness", "bless", "rip", "fyi", "btw", "lol", "omg",
     "imho", "imo", "tbh", "afaik", "touch", "thank", "mind", "believe", "wait"]
)  # fmt: skip


def _name_after(token: Token) -> str | None:
    """The capitalised words right after a relation noun, a comma between them allowed if they are a person's name."""
    doc, start = token.doc, token.i + 1
    aside = start < len(doc) and doc[start].text == ","
    start += aside
    if start >= len(doc) or not doc[start].text[:1].isupper() or doc[start].pos_ not in ("PROPN", "NOUN"):
        return None
    if aside and doc[start].lower_ in _EXCLAIMED:
        return None
    parted = doc[start].sent.start == start and "in-law" not in token.lower_.replace(" ", "-")
    if (aside and doc[start].ent_type_ != "PER") or parted or doc[start].ent_type_ == "LOC":
        return None
    end = start + 1
    while end < len(doc) and doc[end].text[:1].isupper():
        if doc[end].ent_iob_ != "I" and doc[end].dep_ != "flat" and doc[end - 1].lower_ not in _TITLES:
            break
        end += 1
    if aside and end < len(doc) and doc[end].pos_ in ("VERB", "AUX"):
        return None  # "my sister, Bea called": two clauses
    return doc[start:end].text


def _has_case(token: Token) -> bool:
    return any(c.dep_ == "case" for c in token.children)


def entity_type(token: Token) -> str | None:
    """Type by the named-entity layer, if the token is in a name."""
    if token.pos_ not in ("PROPN", "NOUN", "X") or not token.text[:1].isupper():
        return None  # the layer is generous with lower-case words
    if token.ent_type_ == "ORG" and is_given_name(token):
        return "person"
    return ENTITY_TYPES.get(token.ent_type_)


def is_given_name(token: Token) -> bool:
    """Whether one capitalised word by itself is a given name, whatever firm the names layer takes it for."""
    lower, doc = token.lower_, token.doc
    lists = vocabulary()
    if (lower not in lists.female and lower not in lists.male) or lower in lists.ambiguous_names:
        return False
    joined = token.i + 1 < len(doc) and (doc[token.i + 1].ent_iob_ == "I" or doc[token.i + 1].dep_ == "flat")
    return token.ent_iob_ != "I" and not joined and token.text[:1].isupper() and token.text[1:].islower()


def phrase(token: Token) -> str:
    """The words of a noun phrase without determiners, clauses, asides and what is only joined to it."""
    if entity_type(token) is not None:
        start, end = token.i, token.i + 1
        while start > 0 and token.doc[start].ent_iob_ == "I":
            start -= 1
        while end < len(token.doc) and token.doc[end].ent_iob_ == "I":
            end += 1
        doc = token.doc
        while end < len(doc) and _continues(doc[end - 1], doc[end]):
            end += 1
        if (
            end + 1 < len(doc)
            and doc[end].lower_ == "of"
            and (token.ent_type_ != "PER" or doc[end + 1].lower_ == "the")
        ):
            last = end + 1 + (doc[end + 1].lower_ == "the")  # "Lord of the Rings"
            end = last + 1 if last < len(doc) and doc[last].pos_ == "PROPN" and doc[last].text[:1].isupper() else end
        while start > 0 and (_continues(doc[start - 1], doc[start]) or _leads(doc[start - 1], doc[start])):
            start -= 1
        if start > 0 and doc[start - 1].lower_ in _TITLES and not _is_owned(doc[start - 1]):
            start -= 1
        return _clean(token.doc[start:end].text)
    keep = [token]
    stack = [token]
    while stack:
        head = stack.pop()
        for child in head.children:
            if head.i == token.i and child.dep_ == "case" and child.i < token.i:
                continue  # the preposition in front of the whole phrase
            if child.dep_ == "nmod" and any(k.dep_ == "nmod" for k in keep if k.i != token.i):
                continue
            if child.lower_ == "the" and head.dep_ == "nmod" and head.i > token.i and head.text[:1].isupper():
                keep.append(child)  # "the Lord of the Rings"
            if child.dep_ == "nmod" and (child.lower_ in _CALENDAR or child.text in ("May", "March")):
                continue  # "an accident in June"
            if child.dep_ == "nmod:unmarked" and child.i > token.i and child.lower_ in _TIMES | _CALENDAR:
                continue  # "celiac disease last year"
            if child.dep_ in _INSIDE or (child.dep_ == "nmod" and _short_nmod(child)):
                keep.append(child)
                stack.append(child)
    keep.sort(key=lambda t: t.i)
    while len(keep) > 1 and (
        keep[0].text in "-–" or keep[0].lower_ in LEADING or keep[0].pos_ in ("DET", "PUNCT", "ADV", "CCONJ", "ADP")
    ):
        keep.pop(0)
    words = ""
    first = keep[0]
    while first.i >= 2 and token.doc[first.i - 1].text == "-" and not token.doc[first.i - 2].whitespace_:
        first = token.doc[first.i - 2]  # the whole of a hyphenated word
        keep = [first, *keep]
    for left, right in zip(keep, [*keep[1:], None], strict=True):
        words += left.text
        if right is not None and right.i == left.i + 2 and token.doc[left.i + 1].text in "-–/" and not left.whitespace_:
            words += token.doc[left.i + 1].text
        elif right is not None and (left.whitespace_ or right.i != left.i + 1):
            words += " "
    return _clean(words)


def _is_owned(noun: Token) -> bool:
    """Whether "uncle" says who somebody is rather than what he is called: "my uncle Per"."""
    return noun.i > 0 and noun.text[:1].islower() and noun.nbor(-1).tag_ in ("PRP$", "POS")


def _short_nmod(token: Token) -> bool:
    """For "trip to Rome" and "cup of tea" belong to the name; longer tails describe."""
    case = next((c for c in token.children if c.dep_ == "case"), None)
    if any(c.dep_ == "nmod:poss" and c.lower_ in PRONOUNS for c in token.subtree):
        return False  # "a campaign for my store" is a campaign
    if case is None:
        return token.dep_ == "nmod" and token.pos_ in ("NOUN", "PROPN", "NUM")
    words = sum(1 for t in token.subtree)
    return case.lower_ in ("of", "to", "for", "in", "about", "at", "with", "from") and words <= 5


def _continues(left: Token, right: Token) -> bool:
    """Whether two neighbouring words are one name although the names layer saw only a part of it."""
    both = left.pos_ == right.pos_ == "PROPN" and left.text[:1].isupper() and right.text[:1].isupper()
    joined = left.head.i == right.i or right.head.i == left.i
    if both and right.dep_ == "flat" and right.head.i == left.i:
        return True
    return both and joined and right.dep_ in {"flat", "compound", left.dep_} | _JOINED and right.ent_iob_ != "B"


def _leads(left: Token, right: Token) -> bool:
    """Whether a first name stands in front that the names layer does not know: "Barack" before "Obama"."""
    name = left.pos_ == "PROPN" and left.text[:1].isupper() and left.ent_iob_ == "O" and right.ent_type_ == "PER"
    return name and left.dep_ == "compound" and left.head.i == right.i


def _clean(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" \t\n\"“”'‘’.,;:!?()[]*-–—")
    return re.sub(r"[’']s$", "", text)


def is_content(token: Token, name: str) -> bool:
    """Whether a phrase can be an entity: not empty, not too long, and no mere "thing" or "lot of fun"."""
    if not name or len(name) > LONGEST_NAME or not re.search(r"\w", name) or len(name.split()) > 8:
        return False
    lists = vocabulary()
    head = token.lemma_.lower()
    if head in _CALENDAR or name.lower() in _CALENDAR:
        return False
    if re.search(r"\b(?:i|me|you|we|us|it|they|them|this|that|my|your|our|their|his|her|its)\b", name.lower()):
        return False
    if entity_type(token) is not None:
        return len(name) > 1
    if token.pos_ == "ADV" or name.split()[0].lower() in _NO_START:
        return False
    if head in lists.empty_nouns or token.lower_ in lists.empty_nouns:
        described = [c for c in token.children if c.dep_ in ("amod", "compound", "nmod") and c.i != token.i]
        if head == "job" and any(c.dep_ == "nmod" and c.lemma_.lower() not in lists.empty_nouns for c in described):
            return True  # "a job at the library"
        return (
            any(
                c.lemma_.lower() not in lists.empty_adjectives
                and c.lemma_.lower() not in lists.empty_nouns
                and c.pos_ != "DET"
                for c in described
                if c.dep_ == "compound"
            )
            and token.lower_ not in PRONOUNS
        )
    return len(name) > 1 and name.lower().strip() not in PRONOUNS


def _governs(verb: Token) -> bool:
    return any(c.dep_ in ("obj", "obl") for c in verb.children)


_JOINABLE: Final = frozenset({"NOUN", "PROPN", "VERB", "PRON", "NUM"})


def conjuncts(token: Token) -> list[Token]:
    """The phrase's head and the heads joined to it by "and" or commas.

    Not by "or", which leaves it open, unless all of it is disliked or denied: "I can't stand mushrooms or olives".
    """
    heads = [token]
    for child in token.children:
        if child.dep_ == "conj" and (child.pos_ in _JOINABLE or child.text[:1].isupper() or _closes(child)):
            joining = {c.lower_ for c in child.children if c.dep_ == "cc"}
            if "but" in joining or ("or" in joining and not _is_ruled_out(token)):
                continue
            if any(c.dep_ in ("nsubj", "nsubj:pass") for c in child.children):
                continue
            if child.tag_ in ("VBD", "VBP", "VB") or (child.tag_ == "VBG" and token.tag_ != "VBG" and _governs(child)):
                continue  # "played games, ate well": a clause
            if any(_is_verb_before(c, token) for c in child.children):
                continue
            heads.append(child)
    return heads


def _closes(token: Token) -> bool:
    """Whether a word that passes for an adjective closes the list of nouns: "peanuts and shellfish"."""
    if (
        token.pos_ != "ADJ"
        or token.head.pos_ != "NOUN"
        or any(c.dep_ != "cc" and not c.is_punct for c in token.children)
    ):
        return False
    after = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
    return after is None or after.is_punct or after.is_space


def _is_ruled_out(token: Token) -> bool:
    """Whether the verb over a noun dislikes it or is denied, so that "or" means both."""
    verb = token.head
    if verb.lemma_.lower() in _LOATHING:
        return True
    denied = any(c.lower_ in ("not", "n't", "n’t", "never") for c in verb.children)
    return denied and verb.lemma_.lower() in _RULING_OUT


_LOATHING: Final = frozenset({"hate", "dislike", "avoid", "detest", "loathe", "allergic"})
_RULING_OUT: Final = frozenset({"like", "eat", "drink", "stand", "bear", "enjoy", "tolerate", "love", "have"})


def _is_verb_before(token: Token, first: Token) -> bool:
    """Whether what stands before a noun is a verb joined to the one that governs ``first``, by its form.

    "We played games, ate good food", "I've been writing about novels, studying characters".
    """
    if token.dep_ not in ("amod", "compound") or token.tag_ not in ("VBD", "VBG"):
        return False
    verb = first.head
    return token.tag_ == verb.tag_ or (token.tag_ == "VBG" and verb.tag_ == "VBG")
