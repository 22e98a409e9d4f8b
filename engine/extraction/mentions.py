"""Turn noun phrases into mentions: the speaker, named things, relatives of somebody, or plain things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.antecedents import PLURAL, Antecedents, Person
from factloom.engine.extraction.phrases import (
    called_later,
    called_next,
    entity_type,
    given_name,
    is_content,
    is_given_name,
    is_introduced,
    is_over,
    is_torn,
    phrase,
    relation_of,
)
from factloom.engine.extraction.predicates import Relation, predicate_table
from factloom.engine.extraction.predications import subject_of
from factloom.engine.extraction.vocabulary import PRONOUNS, gender_of
from factloom.schemas.extraction import Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

FIRST_PERSON: Final = frozenset({"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves"})
THIRD_PERSON: Final = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"} | dict.fromkeys(
    ("they", "them", "their"), PLURAL
)


@dataclass(frozen=True, slots=True)
class Kin:
    """For "my sister Bea": whose she is, the relation, and how each is mentioned."""

    owner: Mention
    relation: Relation
    other: Mention
    named: bool  # whether the text gives a name of its own, so that there is something to learn
    over: bool = False  # "my old boss": it was so


@dataclass(slots=True)
class Reader:
    """Reads the noun phrases of one message. ``antecedents`` knows who "he" and "she" are (None: nobody asks).

    ``speaker`` is None in a text of which nobody is the speaker, such as a document.
    """

    speaker: Mention | None
    antecedents: Antecedents | None = None
    addressee: Mention | None = None  # who "you" is, where two talk to each other
    known: frozenset[str] = frozenset()  # first names of people in the conversation, lower case

    def mention(self, token: Token, *, type: str = "thing") -> Mention | None:
        """The mention that the phrase headed by ``token`` makes, or None when it names nothing that can be known.

        ``type`` is what the predicate expects; a named entity's own type comes first.
        """
        lower = token.lower_
        if lower in FIRST_PERSON or _of_us(token):
            return self.speaker
        if lower in ("there", "it") and self.antecedents is not None and (lower == "there" or _is_placed(token)):
            return self.antecedents.last_named(token, "place" if lower == "there" else "organisation")
        if lower in THIRD_PERSON:
            return self.antecedents.resolve(token, THIRD_PERSON[lower]) if self.antecedents else None
        if lower in _SOMEBODY and (name := called_next(token)) is not None:
            return Mention(name=name, type="person")  # "someone named David"
        if (
            lower in PRONOUNS
            or token.lemma_.lower() in PRONOUNS
            or token.pos_ in ("PRON", "DET", "PUNCT", "SYM", "ADP", "INTJ")
        ):
            return None
        pointed = any(c.dep_ == "det" and c.lower_ in _DEICTIC for c in token.children)
        if (pointed and not is_introduced(token)) or is_torn(token):
            return None  # "this apple pie" says what it is, "this one" does not
        if self._called_to(token):
            return None
        kin = self.kin(token) or self._titled(token)
        if kin is not None:
            return kin.other if kin.named or not kin.relation.vague else None
        several = self.several(token)
        if several is not None:
            return several
        if relation_of(token) is not None and any(c.dep_ == "nmod:poss" for c in token.children):
            return None  # somebody's sister, but we do not know whose
        name = phrase(token)
        if not is_content(token, name):
            return None
        aside = next((c for c in token.children if c.dep_ == "appos" and entity_type(c) == "person"), None)
        if aside is not None and token.pos_ == "NOUN" and relation_of(token) is None:
            return Mention(name=phrase(aside), type="person")  # "the new guy, Emre, …"
        called = called_later(token) if token.pos_ == "NOUN" else None
        if called is not None:
            return Mention(name=called, type=type, aliases=(name,))
        kind = "person" if lower in self.known else entity_type(token) or type
        return Mention(name=name, type=kind, guessed=kind == "person" and lower not in self.known)

    def _called_to(self, token: Token) -> bool:
        """Whether the name of somebody present merely closes the sentence: "I love the thought Nate!"."""
        doc, i = token.doc, token.i
        closing = i + 1 == len(doc) or doc[i + 1].text in (".", "!", "?", "…")
        before = doc[i - 1] if i > 0 else None
        called = before is not None and (
            before.pos_ in ("NOUN", "ADV", "ADJ") or before.dep_ == "amod" or before.text == ","
        )
        return closing and token.lower_ in self.known and called

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
        # In "my sister Bea" either noun may be the head.
        holders = [token, token.head] if token.dep_ == "compound" and token.head.i == token.i + 1 else [token]
        owner_token = next((c for t in holders for c in t.children if c.dep_ == "nmod:poss" and c.i < token.i), None)
        owner: Mention | None = None
        if owner_token is not None:
            owner = self._owner(owner_token)
        elif token.lower_ in _OWN and token.dep_ != "vocative":
            owner = self.speaker  # "Mom called": everybody's own
        elif _is_title(token):
            owner = self.speaker  # "Uncle Tom called"
        elif token.dep_ in ("obj", "conj", "obl") or (token.dep_ == "nsubj" and token.head.dep_ == "conj"):
            owner = self._keeper(token, _KEEPING if relation.object == "animal" else _HAVING)
        if owner is None or _is_anybody(owner_token, owner):
            return None
        if not owner.is_speaker and owner.type in ("place", "organisation", "thing"):
            owner = owner.model_copy(update={"type": "person"})  # only people (and pets) have sisters
        noun = token.lemma_.lower() if token.lemma_.lower() in predicate_table().relations else relation.noun
        description = f"{owner.name}'s {noun}"[:200]
        name = given_name(token)
        if name and owner_token is None:
            name = name.removeprefix(f"{token.text} ")  # "Uncle Tom" is Tom
        if name:
            other = Mention(name=name, type=relation.object, aliases=(description,))
        else:
            other = Mention(name=description, type=relation.object)
        return Kin(owner, relation, other, named=name is not None, over=is_over(token, relation))

    def several(self, token: Token) -> Mention | None:
        """For "my parents", "Tom's kids": several relatives at once, as one mention."""
        lemma = token.lemma_.lower()
        if token.tag_ != "NNS" or not (lemma in _ELDERS or lemma in predicate_table().relations):
            return None
        owner_token = next((c for c in token.children if c.dep_ == "nmod:poss" and c.i < token.i), None)
        owner = self._owner(owner_token)
        described = any(c.dep_ in ("amod", "acl", "acl:relcl", "nmod", "appos") for c in token.children)
        if owner is None or described or owner.type not in ("person", "animal"):
            return None
        return Mention(name=f"{owner.name}'s {token.lower_}"[:200], type="person")

    def owner(self, token: Token) -> Mention | None:
        """Whose the several in "my sisters" or "I have two cats called …" are."""
        possessive = next((c for c in token.children if c.dep_ == "nmod:poss" and c.i < token.i), None)
        if possessive is not None:
            return self._owner(possessive)
        first = token
        while first.dep_ == "conj" and first.head.pos_ == "NOUN":  # "a cat called Mia and two dogs called …"
            first = first.head
        verb = first.head.head if first.dep_.startswith("nsubj") and first.head.dep_ == "ccomp" else first.head
        having = next((c for c in verb.children if c.dep_ == "nsubj"), None) if verb.lemma_.lower() == "have" else None
        return self.speaker if having is not None and having.lower_ in ("i", "we") else None

    def _owner(self, token: Token | None) -> Mention | None:
        """Whose something is, by the possessive before it."""
        if token is None:
            return None
        return self.addressee if token.lower_ == "your" else self.mention(token, type="person")

    def described(self, mention: Mention) -> Kin | None:
        """The relation in a mention that is only a description ("Rui's dog")."""
        owner, _, noun = mention.name.rpartition("'s ")
        relation = predicate_table().relations.get(noun)
        if not owner or relation is None:
            return None
        speaking = self.speaker is not None and owner == self.speaker.name
        holder = self.speaker if speaking and self.speaker is not None else Mention(name=owner, type="person")
        return Kin(holder, relation, mention, named=False)

    def _keeper(self, token: Token, verbs: frozenset[str]) -> Mention | None:
        """Whose the dog is in "I adopted a dog", or the sister in "I have a sister"."""
        verb = token.head
        if verb.lemma_.lower() in ("call", "name") and verb.dep_ == "conj":  # "with Tom and a cat called Pickle"
            verb = verb.head
        while verb.dep_ == "conj" and verb.pos_ != "VERB":
            verb = verb.head
        if verb.pos_ not in ("VERB", "AUX"):
            return self._keeper(verb, verbs) if verb.dep_ in ("obj", "obl", "conj") and verb.head.i != verb.i else None
        determiners = {c.lower_ for c in token.children if c.dep_ in ("det", "nummod")}
        known = determiners & {"the", "that"} or ("this" in determiners and not is_introduced(token))
        if verb.lemma_.lower() not in verbs or known:
            return None
        holder = verb.head if verb.dep_ in ("xcomp", "advcl") and verb.head.lower_ == "used" else verb
        subject = next((c for c in holder.children if c.dep_ == "nsubj"), None)
        if subject is None and holder.dep_ == "conj":
            subject = subject_of(holder)
        if subject is None and holder.dep_ == "ROOT" and holder.tag_ == "VBD":
            return self.speaker  # "Got a new kitten last week!"
        return self.mention(subject, type="person") if subject is not None else None

    def _equated(self, token: Token, kin: Kin) -> Kin:
        """The relative with the name that the clause gives: "my sister is called Bea", "Tom is my boss"."""
        if kin.named:
            return kin
        head, other = token.head, None
        copular = any(c.dep_ == "cop" for c in token.children)
        if copular:
            other = next((c for c in token.children if c.dep_ == "nsubj"), None)
        elif token.dep_ in ("nsubj", "nsubj:pass", "nsubj:outer") and head.lemma_.lower() in ("call", "name"):
            other = next((c for c in head.children if c.i > head.i and c.dep_ in ("obj", "xcomp", "obl")), None)
        elif token.dep_ == "nsubj" and any(c.dep_ == "cop" for c in head.children):
            other = head
        if other is not None and other.lower_ in THIRD_PERSON and self.antecedents is not None:
            person = self.antecedents.resolve(other, THIRD_PERSON[other.lower_])
            if person is None:
                return kin
            aliases = (*person.aliases, kin.other.name)
            return replace(kin, other=person.model_copy(update={"aliases": aliases}), named=True)
        if other is None or not other.text[:1].isupper() or other.pos_ != "PROPN":
            return kin
        if any(c.dep_ == "case" for c in other.children):
            return kin  # "is your sister still in Bath?"
        named = Mention(name=phrase(other), type=kin.relation.object, aliases=(kin.other.name,))
        return replace(kin, other=named, named=True)

    def named(self, doc: Doc, before: int) -> tuple[Mention, ...]:
        """The places and organisations that ``doc`` names before token ``before``, the last first."""
        found = []
        for index in _looked_back(doc, before):
            token = doc[index]
            kind = entity_type(token)
            if kind in ("place", "organisation") and token.ent_iob_ == "B" and not self._called_to(token):
                found.append(Mention(name=phrase(token), type=kind))
        return tuple(found)

    def people(self, doc: Doc, before: int) -> Iterator[Person]:
        """Everybody whom ``doc`` mentions before token ``before``, nearest first; those addressed are left out."""
        # Whom a word means is asked again for each pronoun behind it, and may itself hang on a pronoun ("her sister").
        known: dict[int, Person | None] = doc.user_data.setdefault(f"factloom people {id(self)}", {})
        for index in _looked_back(doc, before):
            if index not in known:
                known[index] = self._person(doc[index])
            person = known[index]
            if person is not None:
                yield person

    def _person(self, token: Token) -> Person | None:
        """Whom a token mentions."""
        if token.dep_ == "vocative" or (token.pos_ not in _NAMING and token.tag_ != "NNS"):
            return None
        if relation_of(token) is not None:
            kin = self.kin(token)
            if kin is not None:
                kin = self._equated(token, kin)
            if kin is None or (not kin.named and kin.relation.vague):
                return None
            gender = kin.relation.gender or (gender_of(kin.other.name) if kin.named else None)
            return Person(kin.other, gender, token.i, over=kin.over or _is_parted_from(token))
        if (several := self.several(token)) is not None:
            return Person(several, PLURAL, token.i)
        if is_person(token, self.known) and not _addressed(token):
            name = phrase(token)
            return Person(Mention(name=name, type="person"), gender_of(name), token.i, over=_is_parted_from(token))
        return None


_FARTHEST: Final = 300
"""Tokens that a pronoun looks back in its own message; in a long one with many, each would look at all of it."""


def _looked_back(doc: Doc, before: int) -> range:
    """Places before a token, the last first; all of them from the end of the document, which is looked at once."""
    nearest = 0 if before == len(doc) else max(before - _FARTHEST, 0)
    return range(before - 1, nearest - 1, -1)


def _is_anybody(token: Token | None, owner: Mention) -> bool:
    """Whether whose somebody is, is only said by a common noun: "my best mate's brother", "the guy's wife"."""
    if token is None or owner.is_speaker or token.pos_ != "NOUN" or token.text[:1].isupper():
        return False
    return owner.name[:1].islower() and "'s " not in owner.name


def _is_placed(token: Token) -> bool:
    """Whether "it" is said to be in some place: a firm rather than a remark."""
    head = token.head
    case = [c.lower_ for c in head.children if c.dep_ == "case"]
    return token.dep_ == "nsubj" and entity_type(head) == "place" and case == ["in"]


_NAMING: Final = frozenset({"NOUN", "PROPN", "X"})
_SOMEBODY: Final = frozenset({"someone", "somebody", "guy", "woman", "man", "girl", "boy", "lady", "kid"})
_ELDERS: Final = frozenset({"parent", "grandparent"})
_DEICTIC: Final = frozenset({"this", "that", "these", "those"})
_KEEPING: Final = frozenset({"adopt", "get", "have", "buy", "rescue", "own", "live", "foster"})


_TITLES: Final = frozenset({"uncle", "aunt", "auntie", "aunty", "grandma", "grandpa", "granny", "grandad"})
_PROVERBIAL: Final = frozenset({"sam", "ben", "bens", "jemima", "buck", "fester", "bob"})


def _is_title(token: Token) -> bool:
    """Whether a relation stands as a title before a name: "Uncle Tom", not Uncle Sam."""
    doc, after = token.doc, token.i + 1
    if token.lower_ not in _TITLES or not token.text[:1].isupper() or after >= len(doc):
        return False
    return doc[after].text[:1].isupper() and doc[after].text.isalpha() and doc[after].lower_ not in _PROVERBIAL


def _addressed(token: Token) -> bool:
    """Whether a name calls somebody: "no wait Juno, …", "thanks Ana!"."""
    after = token.doc[token.i + 1].text if token.i + 1 < len(token.doc) else "."
    before = token.doc[token.i - 1].lower_ if token.i > 0 else ""
    beyond = token.doc[token.i + 2].lower_ if token.i + 2 < len(token.doc) else ""
    if after == "?" and beyond in ("he", "she", "he's", "she's"):
        return False  # "Paula? She's my cousin."
    return after in (",", "!", ".", "?", "…") and (
        before in _CALLS or (before in ("", ",", ".", "!", "?") and token.dep_ != "appos")
    )


def is_person(token: Token, known: frozenset[str] = frozenset()) -> bool:
    """Whether a token begins a person's name: by the names layer, by acquaintance, or as a capitalised subject."""
    if not token.text[:1].isupper() or token.pos_ not in ("PROPN", "NOUN", "X"):
        return False
    if token.lower_ in known:
        return True
    if token.ent_type_ == "PER":
        return token.ent_iob_ == "B"
    if _goes_on_about(token) or (token.ent_type_ in ("", "ORG") and is_given_name(token)):
        return True
    subject = token.dep_ in ("nsubj", "nsubj:pass") and token.pos_ == "PROPN"
    first = token.i == 0 and gender_of(token.text) is None and relation_of(token.head) is None  # "Pixel's the cat"
    return subject and not token.ent_type_ and not first and not any(c.dep_ == "det" for c in token.children)


_PARTED: Final = frozenset({"broke", "broken", "split", "dumped", "left", "divorced", "separated", "ended", "finished"})
_NOT: Final = frozenset({"not", "n't", "n’t", "never", "no", "longer", "anymore"})


def _is_parted_from(token: Token) -> bool:
    """Whether a clause says of somebody that it is over, or not so: "I broke up with Carla", "I'm not seeing Carla"."""
    verb = token.head
    if verb.i == token.i or token.dep_ not in ("obj", "obl", "nmod", "appos", "nsubj", "conj"):
        return any(c.lower_ in _NOT for c in token.children if c.dep_ == "advmod")
    parting = verb.lower_ in _PARTED and (token.dep_ in ("obl", "obj") or token.i > verb.i)
    denied = token.dep_ in ("obj", "obl") and any(
        c.lower_ in _NOT for c in verb.children if c.dep_ in ("advmod", "det")
    )
    return parting or denied


def _goes_on_about(name: Token) -> bool:
    """Whether a few words end in a name that the names layer misreads, and "he" follows: "Because of Fraser. He's"."""
    doc, after = name.doc, name.i + 2
    if after >= len(doc) or doc[after].lower_ not in ("he", "she") or doc[after - 1].text not in (".", "!", "?", "…"):
        return False
    short = name.i - name.sent.start <= 3 and name.pos_ == "PROPN" and name.ent_iob_ != "I"
    return short and doc[name.i - 1].lower_ not in ("in", "to", "at", "from", "near") and name.head.pos_ != "VERB"


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


def _of_us(token: Token) -> bool:
    """For "the four of us", "both of us"."""
    counting = token.pos_ in ("NUM", "PRON", "DET") or token.lower_ in ("all", "both", "two", "three", "four", "most")
    return counting and any(c.dep_ in ("nmod", "obl") and c.lower_ == "us" for c in token.children)


_HAVING: Final = frozenset({"have", "get"})
_OWN: Final = frozenset(
    [
        "mom",
        "mum",
        "dad",
        "mama",
        "papa",
        "mommy",
        "daddy",
        "grandma",
        "grandpa",
        "granny",
        "nana",
        "oma",
        "opa",
        "nonna",
    ]
)
