"""What says that something holds: verbs with their auxiliaries, particles and verb chains; copulas with adjectives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.openie.subjects import Subject, own_subject, subject_of

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_INNER: Final = frozenset(
    {"aux", "aux:pass", "cop", "case", "mark", "amod", "compound", "flat", "fixed", "punct", "det"}
)
_AUXILIARY: Final = frozenset({"aux", "aux:pass", "cop", "compound:prt"})
_OBLIQUE: Final = frozenset({"obl", "obl:agent", "obl:unmarked", "obl:tmod", "nmod:tmod"})
_ADVERBIAL: Final = frozenset({"advcl", "advcl:relcl"})


@dataclass(slots=True)
class Predication:
    """One predicate with the words of its relation and the heads of its arguments, in the order of the sentence.

    ``chain`` holds the verbs of "began to behave", the first one first. ``complement`` is a clause that is said,
    thought or wanted ("that gold had been down"). ``copula``: ``chain[0]`` is a noun or adjective.
    """

    chain: list[Token]
    relation: list[Token]
    subject: Subject
    objects: list[Token] = field(default_factory=list)
    obliques: list[Token] = field(default_factory=list)
    adverbials: list[Token] = field(default_factory=list)
    complement: Token | None = None
    copula: bool = False
    depth: int = 0

    @property
    def head(self) -> Token:
        """The last verb of the chain, which the arguments hang on."""
        return self.chain[-1]


def predications(doc: Doc) -> Iterator[Predication]:
    """Every predication of a parsed text, in order; verbs inside a chain are told with its first."""
    chained: set[int] = set()
    for token in doc:
        if token.i in chained or token.dep_ in _INNER:
            continue
        copula = any(c.dep_ == "cop" for c in token.children)
        if not copula and token.pos_ != "VERB" and not (token.pos_ == "AUX" and own_subject(token) is not None):
            continue
        found = _read(token, copula)
        if found is not None:
            chained |= {verb.i for verb in found.chain}
            yield found


def _read(token: Token, copula: bool) -> Predication | None:
    subject = subject_of(token)
    if subject is None or subject.head.i == token.i:
        return None
    chain = _chain(token) if not copula or token.pos_ == "ADJ" else [token]
    predication = Predication(chain, [], subject, copula=copula, depth=_depth(token))
    for index, verb in enumerate(chain):
        copular = copula and index == 0
        predication.relation += _relation_words(verb, copula=copular, inner=index > 0)
        if copular and len(chain) > 1:  # "were able to reinforce"
            predication.relation += [verb, *(c for c in verb.children if c.dep_ == "advmod" and c.i < verb.i)]
            predication.copula = False
    predication.relation += _shared_auxiliaries(token)
    predication.relation = sorted(set(predication.relation), key=lambda t: t.i)
    for verb in chain:
        _arguments(predication, verb)
    for slot in (predication.objects, predication.obliques, predication.adverbials):
        slot.sort(key=lambda t: t.i)
    return predication


def _chain(verb: Token) -> list[Token]:
    """The verbs of "began to behave": open complements that share the subject."""
    chain = [verb]
    while len(chain) < 4:
        last = chain[-1]
        if any(c.dep_ in ("obj", "iobj") for c in last.children):
            break
        following = next((c for c in last.children if c.dep_ == "xcomp" and c.i > last.i), None)
        if following is None or following.pos_ not in ("VERB", "AUX", "ADJ", "NOUN"):
            break
        if following.pos_ != "VERB" and not any(c.dep_ == "cop" for c in following.children):
            break
        chain.append(following)
    return chain


def _relation_words(verb: Token, *, copula: bool, inner: bool) -> list[Token]:
    words = []
    if not copula and not (inner and verb.pos_ not in ("VERB", "AUX")):
        words.append(verb)
    for child in verb.children:
        if child.dep_ in _AUXILIARY:
            words += [child, *(c for c in child.children if c.dep_ in ("fixed", "advmod"))]
        elif (child.dep_ == "advmod" and _inside(child, verb, copula)) or (
            child.dep_ == "mark" and child.tag_ == "TO" and inner
        ):
            words.append(child)
    return words


def _inside(adverb: Token, verb: Token, copula: bool) -> bool:
    """Whether an adverb stands within the verb group ("is usually caused", "did not go")."""
    if adverb.lower_ in ("not", "n't", "never"):
        return True
    auxiliaries = [c.i for c in verb.children if c.dep_ in _AUXILIARY]
    first = min(auxiliaries, default=verb.i)
    if copula:
        return False
    return (first < adverb.i < verb.i or adverb.i == verb.i - 1) and next(adverb.children, None) is None


def _shared_auxiliaries(verb: Token) -> list[Token]:
    """For "was arrested and killed" the second verb shares the "was"."""
    if verb.dep_ != "conj" or own_subject(verb) is not None or verb.tag_ not in ("VBN", "VB", "VBG"):
        return []
    if any(c.dep_ in _AUXILIARY for c in verb.children):
        return []
    return [c for c in verb.head.children if c.dep_ in ("aux", "aux:pass") and c.i < verb.i]


def _arguments(predication: Predication, verb: Token) -> None:
    for child in verb.children:
        dep = child.dep_
        if dep in ("obj", "iobj"):
            predication.objects.append(child)
        elif dep in _OBLIQUE or (dep == "nmod" and verb.pos_ == "VERB"):
            predication.obliques.append(child)
        elif dep == "xcomp" and all(child.i != v.i for v in predication.chain):
            if child.pos_ in ("NOUN", "PROPN", "ADJ") and not predication.objects:
                predication.objects.append(child)
            else:
                predication.complement = child
        elif dep == "ccomp":
            predication.complement = child
        elif (dep in _ADVERBIAL and child.i > verb.i) or (
            dep == "advmod" and child.i not in {t.i for t in predication.relation} and child.pos_ == "ADV"
        ):
            predication.adverbials.append(child)


def _depth(token: Token) -> int:
    depth = 0
    while token.head.i != token.i and depth < 8:
        depth += token.dep_ in ("ccomp", "advcl", "acl", "acl:relcl", "xcomp", "csubj", "parataxis", "conj")
        token = token.head
    return depth
