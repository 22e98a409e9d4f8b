"""Relations that a noun names: "my sister Bea", "Mateus is my brother", "my boss is called Ingrid"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import SURE, Draft
from factloom.engine.extraction.mentions import THIRD_PERSON, Kin, Reader
from factloom.engine.extraction.phrases import conjuncts, entity_type, given_name, passes, phrase, relation_of
from factloom.engine.extraction.predicates import predicate_table
from factloom.engine.extraction.predications import Clause, Tense, preposition
from factloom.engine.extraction.rendering import article
from factloom.engine.extraction.sentences import said_in
from factloom.engine.extraction.vocabulary import vocabulary
from factloom.schemas.extraction import UNNAMED, Candidate, Mention

if TYPE_CHECKING:
    from datetime import datetime

    from spacy.tokens import Span, Token


def named_relatives(draft: Draft, tokens: list[Token]) -> list[Candidate]:
    """A candidate for each relative among ``tokens`` whom the text names."""
    found = []
    for token in tokens:
        if relation_of(token) is None:
            continue
        kin = draft.reader.kin(token)
        if kin is not None and kin.named:
            found += relation_facts(draft, kin)
    return found


def presupposed(tokens: list[Token], span: Span, reader: Reader, anchor: datetime) -> list[Candidate]:
    """The relatives that a sentence takes for granted: whoever asks for "my sister's birthday" has a sister.

    Only close ones, since "my boss" and "my dentist" tell nothing without a name, and everybody has a mother.
    """
    found: list[Candidate] = []
    for token in tokens:
        if token.tag_ != "NNS" and token.pos_ not in ("NOUN", "PROPN"):
            continue
        members = _members(token, span, reader, anchor)
        found += members or _several(token, span, reader, anchor)
        kin = reader.kin(token) if relation_of(token) is not None else None
        owner = next((c for c in token.children if c.dep_ == "nmod:poss"), None) if kin is not None else None
        if kin is None or owner is None or not (kin.named or kin.relation.presupposed):
            continue
        before = token.doc[max(token.i - 3, 0) : token.i] if not kin.named else ()
        if any(t.lower_ in _NOT_QUITE and t.pos_ != "VERB" for t in before):
            continue  # "Jane's not my cousin", "Ben is practically my brother"
        if not kin.named and not kin.owner.is_speaker:
            continue  # somebody else's "cousin's dog" leads too far
        clause = Clause(token, None)
        found += relation_facts(Draft(clause, span, reader, anchor, None), kin)
    return found


_NOT_QUITE: Final = frozenset(
    {"not", "n't", "n’t", "like", "practically", "basically", "virtually", "almost", "nearly"}
)


def _members(token: Token, span: Span, reader: Reader, anchor: datetime) -> list[Candidate]:
    """For "my sisters are Eva and Lia", "my kids are called Leo and Mia", "I have two cats called Mia and Leo"."""
    relation = predicate_table().relations.get(token.lemma_.lower()) if token.tag_ == "NNS" else None
    owner = reader.owner(token) if relation is not None else None
    if relation is None or owner is None:
        return []
    draft = Draft(Clause(token, None), span, reader, anchor, None)
    found = []
    for name in _names_given(token):
        other = Mention(name=phrase(name), type=relation.object, aliases=(f"{owner.name}'s {relation.noun}"[:200],))
        found += relation_facts(draft, Kin(owner, relation, other, named=True))
    return found


def _names_given(token: Token) -> list[Token]:
    """The names that a clause gives to several: those that they are, or that they are called."""
    head = token.head
    calling = [c for c in (head, *token.children) if c.lemma_.lower() in ("call", "name") and c.tag_ in ("VBN", "VBD")]
    if calling and (calling[0].i != head.i or token.dep_ in ("nsubj", "nsubj:pass")):
        given = [c for c in calling[0].children if c.dep_ in ("xcomp", "obj", "obl") and c.i > calling[0].i]
    elif token.dep_ == "nsubj" and any(c.dep_ == "cop" and c.lemma_.lower() == "be" for c in head.children):
        given = [head]
    else:
        return []
    names = [t for first in given for t in conjuncts(first)]
    fit = all(t.tag_ == "NNP" and entity_type(t) in (None, "person", "animal") for t in names)
    return names if fit and len(names) > 1 and not any(c.dep_ == "case" for t in names for c in t.children) else []


def _several(token: Token, span: Span, reader: Reader, anchor: datetime) -> list[Candidate]:
    """For "my kids", "our turtles": that the speaker has some."""
    relation = predicate_table().relations.get(token.lemma_.lower()) if token.tag_ == "NNS" else None
    owner = next((c for c in token.children if c.dep_ == "nmod:poss" and c.i < token.i), None)
    if relation is None or owner is None or owner.lower_ not in ("my", "our") or reader.speaker is None:
        return []
    if owner.lower_ == "our" and relation.predicate == "HAS_CHILD":
        return []  # "we must do more for our kids" may be everybody's
    if not (relation.presupposed or relation.predicate == "HAS_CHILD") or given_name(token) is not None:
        return []
    owner_name, noun = reader.speaker.name, token.lower_
    other = Mention(name=f"{owner_name}'s {noun}"[:200], type=relation.object)
    draft = Draft(Clause(token, None), span, reader, anchor, None)
    fact = draft.candidate(reader.speaker, relation.predicate, other, text=f"{owner_name} has {noun}.", confidence=0.8)
    return [fact] if fact is not None else []


def relation_facts(draft: Draft, kin: Kin) -> list[Candidate]:
    """The relation itself and, for a pet, what kind of animal it is."""
    noun = kin.relation.noun
    if passes(kin.relation) and not kin.over and _BACK_THEN.search(draft.sentence.text) is not None:
        kin = replace(kin, over=True)
    if kin.named:
        text = f"{kin.owner.name}'s {noun} {'was' if kin.over else 'is'} called {kin.other.name}."
    else:
        text = f"{kin.owner.name} {'had' if kin.over else 'has'} {article(noun)}{noun}."
    sure = SURE if kin.named else 0.8
    predicate = kin.relation.predicate
    facts = [draft.candidate(kin.owner, predicate, kin.other, text=text, confidence=sure, ended=kin.over)]
    if kin.relation.object == "animal" and kin.named and noun != "pet":
        kind = Mention(name=noun, type="value")
        facts.append(draft.candidate(kin.other, "KIND_OF_ANIMAL", kind))
    if not kin.named:
        facts = [fact and fact.model_copy(update={"metadata": {**fact.metadata, UNNAMED: True}}) for fact in facts]
    # The date of what somebody's sister did is not the date since when she is the sister.
    subject = draft.clause.subject
    given = draft.clause.lemma in ("have", "get", "adopt", "call", "name")
    stated = draft.clause.copula is not None or (given and (subject is None or relation_of(subject) is None))
    undated = {"valid_at": None, "invalid_at": draft.anchor} if kin.over else {"valid_at": draft.anchor}
    return [
        fact if stated or fact.valid_at is None else fact.model_copy(update={**undated, "metadata": _told(fact)})
        for fact in facts
        if fact is not None
    ]


# Where a sentence tells of a time that is over, so is whom one had as a boss then.
_BACK_THEN: Final = re.compile(
    r"\bback (?:at|in|when|then|with)\b|\bin those days\b|"
    r"\b(?:at|in|from|with) my (?:last|old|previous|first|former) \w+|"
    r"\bwhen (?:i|we) (?:was|were|worked|lived|studied|used|still|started)\b|\byears ago\b",
    re.IGNORECASE,
)


def _told(fact: Candidate) -> dict[str, object]:
    return {key: value for key, value in fact.metadata.items() if key != "time_expression"}


def read_equation(draft: Draft) -> list[Candidate]:
    """For "Mateus is my brother", "my boss is Ingrid", "Bea is Tom's sister": the two sides are one person."""
    clause, reader = draft.clause, draft.reader
    if clause.subject is None:
        return []
    if clause.negated or clause.verb.lower_ == "longer":
        return _denied(draft)
    for relative, other in ((clause.verb, clause.subject), (clause.subject, clause.verb)):
        kin = reader.kin(relative) if relation_of(relative) is not None else None
        placed = preposition(clause.verb) not in ("", "to" if clause.used_to else "")
        if kin is None or placed:
            continue  # "my mother is from Naples", not "Rita used to be my boss"
        name = _named_outright(relative, other, kin) or _name_of(other, reader)
        if name is None or name.name == kin.owner.name:
            continue
        past = clause.tense is Tense.PAST and passes(kin.relation)
        return name_relative(draft, replace(kin, over=kin.over or past), name)
    return []


def _denied(draft: Draft) -> list[Candidate]:
    """For "Jane's not my cousin": it never was so; of relations that pass ("Karl is not my boss"), it is over."""
    relative, other = draft.clause.verb, draft.clause.subject
    if relative.lower_ == "longer" and draft.clause.objects:  # the parse takes "no longer" for the predicate
        relative = draft.clause.objects[0]
    elif relative.lower_ == "longer" and relative.head.i > relative.i:
        relative = relative.head
    if other is not None and relation_of(relative) is None and relation_of(other) is not None:
        relative, other = other, relative  # "my girlfriend isn't Ana any more"
    kin = draft.reader.kin(relative) if relation_of(relative) is not None and other is not None else None
    if kin is None or other is None or preposition(relative) or draft.clause.tense is not Tense.PRESENT:
        return []
    name = _named_outright(relative, other, kin) or _name_of(other, draft.reader)
    over = draft.clause.no_longer or draft.clause.verb.lower_ == "longer"
    if name is None or name.is_speaker or (kin.relation.vague and not over):
        return []
    never = not (passes(kin.relation) or over)
    text = f"{name.name} is {'not' if never else 'no longer'} {kin.owner.name}'s {kin.relation.noun}."
    denied = draft.candidate(kin.owner, kin.relation.predicate, name, text=text, negated=True, correction=never)
    return [denied] if denied is not None else []


def read_calling(draft: Draft) -> list[Candidate]:
    """For "My boss is called Helena": the name comes as the object of a passive "call"."""
    clause = draft.clause
    if clause.lemma not in ("call", "name") or clause.subject is None:
        return []
    kin = draft.reader.kin(clause.subject)
    if kin is None and clause.subject.pos_ == "PRON":  # "I adopted a cat. She is called Nina."
        mention = draft.reader.mention(clause.subject)
        kin = draft.reader.described(mention) if mention is not None and not mention.is_speaker else None
    name = called_name(clause)
    if kin is None and name is not None:
        return _own_venture(draft, name)
    if kin is None or name is None:
        return []
    past = clause.tense is Tense.PAST and clause.passive and not clause.perfect and passes(kin.relation)
    return name_relative(draft, replace(kin, over=kin.over or past), Mention(name=name, type=kin.relation.object))


def _own_venture(draft: Draft, name: str) -> list[Candidate]:
    """For "my band is called The Late Trains"."""
    noun = draft.clause.subject
    if noun is None or draft.clause.negated or noun.lemma_.lower() not in vocabulary().ventures:
        return []
    owner_token = next((c for c in noun.children if c.dep_ == "nmod:poss"), None)
    owner = draft.reader.mention(owner_token, type="person") if owner_token is not None else None
    if owner is None or noun.tag_ == "NNS":
        return []
    kind = re.sub(r"\W+", "_", noun.lemma_).upper()
    type_ = "thing" if noun.lemma_.lower() in ("boat", "yacht", "truck") else "organisation"
    text = f"{owner.name}'s {noun.lower_} is called {name}."
    fact = draft.candidate(owner, f"HAS_{kind}", Mention(name=name, type=type_), text=text)
    return [fact] if fact is not None else []


def called_name(clause: Clause) -> str | None:
    """The name in "is called Helena" or "calls me Teo"."""
    for child in sorted(clause.verb.children, key=lambda t: t.i):
        naming = child.dep_ in ("xcomp", "obj", "obl", "ccomp", "nsubj") and child.i > clause.verb.i
        if naming and child.text[:1].isupper() and child.lower_ not in ("i", "me"):
            return phrase(child)
    return None


def name_relative(draft: Draft, kin: Kin, name: Mention) -> list[Candidate]:
    """That the relative is called ``name``; the description stays as an alias."""
    description = kin.other.name if not kin.named else (kin.other.aliases or (kin.other.name,))[0]
    other = Mention(
        name=name.name, type=kin.relation.object, aliases=(*name.aliases, description), is_speaker=name.is_speaker
    )
    return relation_facts(draft, replace(kin, other=other, named=True))


def _named_outright(relative: Token, other: Token, kin: Kin) -> Mention | None:
    """The name in "my girlfriend is Ines", "Bo is my boss", whatever the parse and the names layer make of it."""
    doc = other.doc
    said = said_in(doc)[other.idx : other.idx + len(other)]
    first = doc[other.i - 1] if other.i > 0 else None
    bare = not any(c.dep_ in ("det", "case", "amod", "nmod:poss", "compound", "nummod") for c in other.children)
    if kin.named or not bare or not (said[:1].isupper() and said[1:].islower()) or other.ent_iob_ == "I":
        return None
    if other.dep_ == "conj" or any(c.dep_ in ("conj", "flat", "nmod", "obl", "advcl", "xcomp") for c in other.children):
        return None
    placed = first is not None and (first.lower_ in _BEING or first.i == relative.i)
    opens = other.i == other.sent.start and other.pos_ not in ("PRON", "DET", "ADP", "SCONJ", "INTJ", "NUM", "VERB")
    behind = doc[other.i + 1] if other.i + 1 < len(doc) else None
    closes = behind is None or not behind.text[:1].isalnum() or behind.lower_ in ("any", "anymore")
    if other.i > relative.i and not (placed and closes):
        return None
    if other.i < relative.i and not (opens and other.pos_ == "PROPN"):
        return None
    if said in _NO_NAMES or said.lower() in vocabulary().diets | vocabulary().traits:
        return None
    return Mention(name=said, type=kin.relation.object)


_BEING: Final = frozenset({"is", "'s", "’s", "was", "be", "n't", "n’t", "not", "longer"})
# What somebody is rather than is called, although it is written like a name; "here" and the like in headline writing.
_NO_NAMES: Final = vocabulary().no_names


def _name_of(token: Token, reader: Reader) -> Mention | None:
    """The named person or animal on one side of "is"; a bare description is not a name."""
    if token.lower_ in THIRD_PERSON and reader.antecedents is not None:
        # "She's my cousin" tells who somebody is that was just asked about; who was named long before is known.
        return reader.antecedents.resolve(token, THIRD_PERSON[token.lower_], reach=1)
    real = entity_type(token) != "place" and token.text not in _NO_NAMES
    mention = reader.mention(token, type="person") if real else None
    after = token.doc[token.i + 1].lower_ if token.i + 1 < len(token.doc) else ""
    if mention is None or after in ("himself", "herself", "itself", "incarnate"):  # "my boss is Satan himself"
        return None
    if mention.is_speaker or entity_type(token) == "person" or token.pos_ == "PROPN" or token.text[:1].isupper():
        return mention
    if (given_name(token) and token.pos_ in ("NOUN", "PROPN")) or token.pos_ == "PRON":
        return mention
    return None
