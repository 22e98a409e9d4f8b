"""Turn noun phrases into mentions: the speaker, named things, relatives of somebody, or plain things."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.antecedents import Antecedents, Person
from factloom.engine.extraction.predicates import Relation, predicate_table
from factloom.engine.extraction.vocabulary import PRONOUNS, vocabulary
from factloom.schemas.extraction import Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

FIRST_PERSON: Final = frozenset({"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves"})
THIRD_PERSON: Final = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
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
    ]
)
_CALLED: Final = frozenset({"call", "name"})


@dataclass(frozen=True, slots=True)
class Kin:
    """For "my sister Bea": whose she is, the relation, and how each is mentioned."""

    owner: Mention
    relation: Relation
    other: Mention
    named: bool  # whether the text gives a name of its own, so that there is something to learn


@dataclass(slots=True)
class Reader:
    """Reads the noun phrases of one message. ``antecedents`` knows who "he" and "she" are (None: nobody asks).

    ``speaker`` is None in a text of which nobody is the speaker, such as a document.
    """

    speaker: Mention | None
    antecedents: Antecedents | None = None
    known: frozenset[str] = frozenset()  # first names of people in the conversation, lower case

    def mention(self, token: Token, *, type: str = "thing") -> Mention | None:
        """The mention that the phrase headed by ``token`` makes, or None when it names nothing that can be known.

        ``type`` is what the predicate expects; a named entity's own type comes first.
        """
        lower = token.lower_
        if lower in FIRST_PERSON:
            return self.speaker
        if lower in THIRD_PERSON:
            return self.antecedents.resolve(token, THIRD_PERSON[lower]) if self.antecedents else None
        if (
            lower in PRONOUNS
            or token.lemma_.lower() in PRONOUNS
            or token.pos_ in ("PRON", "DET", "PUNCT", "SYM", "ADP", "INTJ")
        ):
            return None
        if any(c.dep_ == "det" and c.lower_ in _DEICTIC for c in token.children):
            return None
        kin = self.kin(token) or self._titled(token)
        if kin is not None:
            return kin.other if kin.named or not kin.relation.vague else None
        if relation_of(token) is not None and any(c.dep_ == "nmod:poss" for c in token.children):
            return None  # somebody's sister, but we do not know whose
        name = phrase(token)
        if not is_content(token, name):
            return None
        called = _called_later(token) if token.pos_ == "NOUN" else None
        if called is not None:
            return Mention(name=called, type=type, aliases=(name,))
        return Mention(name=name, type="person" if lower in self.known else entity_type(token) or type)

    def _titled(self, token: Token) -> Kin | None:
        """The relation in "my sister Bea", seen from Bea."""
        before = token.doc[token.i - 1] if token.i > 0 else None
        if before is None or not token.text[:1].isupper() or relation_of(before) is None:
            return None
        kin = self.kin(before)
        return kin if kin is not None and kin.named and kin.other.name.startswith(token.text) else None

    def kin(self, token: Token) -> Kin | None:
        """The relation in "my sister (Bea)", "Helena's sister", "a cat called Pickle" with an owner; else None."""
        relation = relation_of(token)
        if relation is None:
            return None
        owner_token = next((c for c in token.children if c.dep_ in ("nmod:poss", "det:poss")), None)
        owner: Mention | None = None
        if owner_token is not None:
            owner = self.mention(owner_token, type="person")
        elif token.lower_ in _OWN and token.dep_ != "vocative":
            owner = self.speaker  # "Mom called": everybody's own
        elif relation.object == "animal" and token.dep_ in ("obj", "conj", "obl"):
            owner = self._keeper(token)
        if owner is None:
            return None
        if not owner.is_speaker and owner.type in ("place", "organisation", "thing"):
            owner = owner.model_copy(update={"type": "person"})  # only people (and pets) have sisters
        noun = token.lemma_.lower() if token.lemma_.lower() in predicate_table().relations else token.lower_
        description = f"{owner.name}'s {noun}"[:200]
        name = given_name(token)
        if name:
            other = Mention(name=name, type=relation.object, aliases=(description,))
        else:
            other = Mention(name=description, type=relation.object)
        return Kin(owner, relation, other, named=name is not None)

    def described(self, mention: Mention) -> Kin | None:
        """The relation in a mention that is only a description ("Rui's dog")."""
        owner, _, noun = mention.name.rpartition("'s ")
        relation = predicate_table().relations.get(noun)
        if not owner or relation is None:
            return None
        speaking = self.speaker is not None and owner == self.speaker.name
        holder = self.speaker if speaking and self.speaker is not None else Mention(name=owner, type="person")
        return Kin(holder, relation, mention, named=False)

    def _keeper(self, token: Token) -> Mention | None:
        """Whose the dog is in "I adopted a dog"."""
        verb = token.head
        while verb.dep_ == "conj" and verb.pos_ != "VERB":
            verb = verb.head
        if verb.pos_ not in ("VERB", "AUX"):
            return self._keeper(verb) if verb.dep_ in ("obj", "obl", "conj") and verb.head.i != verb.i else None
        if verb.lemma_.lower() not in _KEEPING:
            return None
        subject = next((c for c in verb.children if c.dep_ == "nsubj"), None)
        return self.mention(subject, type="person") if subject is not None else None

    def people(self, doc: Doc, before: int) -> list[Person]:
        """Everybody whom ``doc`` mentions before token ``before``, nearest first; those addressed are left out."""
        found: list[Person] = []
        for index in range(before - 1, -1, -1):
            token = doc[index]
            if token.dep_ == "vocative":
                continue
            if relation_of(token) is not None:
                kin = self.kin(token)
                if kin is not None and (kin.named or not kin.relation.vague):
                    found.append(Person(kin.other, kin.relation.gender, index))
            elif is_person(token, self.known) and not _addressed(token):
                found.append(Person(Mention(name=phrase(token), type="person"), None, index))
        return found


_DEICTIC: Final = frozenset({"this", "that", "these", "those"})
_KEEPING: Final = frozenset({"adopt", "get", "have", "buy", "rescue", "own", "live", "foster"})


def _addressed(token: Token) -> bool:
    """Whether a name calls somebody: "no wait Juno, …", "thanks Ana!"."""
    after = token.doc[token.i + 1].text if token.i + 1 < len(token.doc) else "."
    before = token.doc[token.i - 1].lower_ if token.i > 0 else ""
    return after in (",", "!", ".", "?", "…") and (
        before in _CALLS or (before in ("", ",", ".", "!", "?") and token.dep_ != "appos")
    )


def _called_later(token: Token) -> str | None:
    """The name in "a bakery in Porto, it's called Migalha" or "a bakery called Migalha"."""
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


def is_person(token: Token, known: frozenset[str] = frozenset()) -> bool:
    """Whether a token begins a person's name: by the names layer, by acquaintance, or as a capitalised subject."""
    if not token.text[:1].isupper() or token.pos_ not in ("PROPN", "NOUN", "X"):
        return False
    if token.lower_ in known:
        return True
    if token.ent_type_ == "PER":
        return token.ent_iob_ == "B"
    subject = token.dep_ in ("nsubj", "nsubj:pass") and token.pos_ == "PROPN"
    return subject and not token.ent_type_ and token.i > 0 and not any(c.dep_ == "det" for c in token.children)


_CALLS: Final = frozenset(
    [
        "wait",
        "hey",
        "hi",
        "hello",
        "thanks",
        "thank",
        "yes",
        "no",
        "ok",
        "okay",
        "oh",
        "yeah",
        "well",
        "sorry",
        "morning",
        "congrats",
        "congratulations",
        "bye",
        "dear",
        "so",
        "and",
        "but",
    ]
)
_TITLES: Final = frozenset(
    {"dr", "dr.", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "prof", "prof.", "aunt", "uncle", "avó"}
)
_OWN: Final = frozenset({"mom", "mum", "dad", "mama", "grandma", "grandpa", "granny"})


def relation_of(token: Token) -> Relation | None:
    """The relation that a noun names ("sister"), if it does; plurals name several people and are left."""
    if token.pos_ not in ("NOUN", "PROPN") or token.tag_ in ("NNS", "NNPS"):
        return None
    relations = predicate_table().relations
    joined = token.lower_
    if token.i >= 2 and token.doc[token.i - 1].text == "-" and token.doc[token.i - 2].lower_ == "ex":
        return relations["ex"]
    if any(c.lower_ in ("ex", "former") for c in token.children if c.i < token.i):
        return relations["ex"]
    return relations.get(joined) or relations.get(token.lemma_.lower())


def given_name(token: Token) -> str | None:
    """The name in apposition: "my sister Bea", "my boyfriend, Tom Becker", "a cat called Pickle"."""
    for child in token.children:
        if child.i < token.i:
            continue
        if child.dep_ in ("appos", "flat", "nmod", "compound") and child.pos_ == "PROPN" and not _has_case(child):
            return phrase(child)
        if child.dep_ in ("acl", "acl:relcl") and child.lemma_.lower() in _CALLED:
            for name in child.children:
                if name.i > child.i and name.dep_ in ("obj", "xcomp", "obl", "nsubj") and name.text[:1].isupper():
                    return phrase(name)
    return _name_after(token)


def _name_after(token: Token) -> str | None:
    """The capitalised words right after a relation noun, a comma between them allowed if they are a person's name."""
    doc, start = token.doc, token.i + 1
    aside = start < len(doc) and doc[start].text == ","
    start += aside
    if start >= len(doc) or not doc[start].text[:1].isupper() or doc[start].pos_ not in ("PROPN", "NOUN"):
        return None
    if (aside and doc[start].ent_type_ != "PER") or doc[start].sent.start == start or doc[start].ent_type_ == "LOC":
        return None
    end = start + 1
    while end < len(doc) and doc[end].text[:1].isupper() and (doc[end].ent_iob_ == "I" or doc[end].dep_ == "flat"):
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
    return ENTITY_TYPES.get(token.ent_type_)


def phrase(token: Token) -> str:
    """The words of a noun phrase without determiners, clauses, asides and what is only joined to it."""
    if entity_type(token) is not None:
        start, end = token.i, token.i + 1
        while start > 0 and token.doc[start].ent_iob_ == "I":
            start -= 1
        while end < len(token.doc) and token.doc[end].ent_iob_ == "I":
            end += 1
        if start > 0 and token.doc[start - 1].lower_ in _TITLES:
            start -= 1
        return _clean(token.doc[start:end].text)
    keep = [token]
    stack = [token]
    while stack:
        head = stack.pop()
        for child in head.children:
            if head.i == token.i and child.dep_ == "case" and child.i < token.i:
                continue  # the preposition in front of the whole phrase
            if child.dep_ == "nmod" and any(k.dep_ == "nmod" for k in keep):
                continue
            if child.dep_ in _INSIDE or (child.dep_ == "nmod" and _short_nmod(child)):
                keep.append(child)
                stack.append(child)
    keep.sort(key=lambda t: t.i)
    while len(keep) > 1 and (keep[0].lower_ in LEADING or keep[0].pos_ in ("DET", "PUNCT", "ADV", "CCONJ")):
        keep.pop(0)
    words = ""
    for left, right in zip(keep, [*keep[1:], None], strict=True):
        words += left.text
        if right is not None and (left.whitespace_ or right.i != left.i + 1):
            words += " "
    return _clean(words)


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


def _short_nmod(token: Token) -> bool:
    """For "trip to Rome" and "cup of tea" belong to the name; longer tails describe."""
    case = next((c for c in token.children if c.dep_ == "case"), None)
    if case is None:
        return token.dep_ == "nmod" and token.pos_ in ("NOUN", "PROPN", "NUM")
    words = sum(1 for t in token.subtree)
    return case.lower_ in ("of", "to", "for", "in", "about", "at", "with", "from") and words <= 5


def _clean(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" \t\n\"“”'‘’.,;:!?()[]*-–—")
    return re.sub(r"[’']s$", "", text)


def is_content(token: Token, name: str) -> bool:
    """Whether a phrase can be an entity: not empty, not too long, and no mere "thing" or "lot of fun"."""
    if not name or len(name) > LONGEST_NAME or not re.search(r"\w", name) or len(name.split()) > 8:
        return False
    lists = vocabulary()
    head = token.lemma_.lower()
    if re.search(r"\b(?:i|me|you|we|us|it|they|them|this|that|my|your|our|their|his|her|its)\b", name.lower()):
        return False
    if entity_type(token) is not None:
        return len(name) > 1
    if token.pos_ == "ADV" or name.split()[0].lower() in _NO_START:
        return False
    if head in lists.empty_nouns or token.lower_ in lists.empty_nouns:
        described = [c for c in token.children if c.dep_ in ("amod", "compound", "nmod") and c.i != token.i]
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


def conjuncts(token: Token) -> list[Token]:
    """The phrase's head and the heads joined to it by "and" or commas (not "or": that leaves it open)."""
    heads = [token]
    for child in token.children:
        if child.dep_ == "conj" and child.pos_ in ("NOUN", "PROPN", "VERB", "PRON", "NUM"):
            if any(c.dep_ == "cc" and c.lower_ in ("or", "but") for c in child.children):
                continue
            if any(c.dep_ in ("nsubj", "nsubj:pass") for c in child.children):
                continue
            heads.append(child)
    return heads
