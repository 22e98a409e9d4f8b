"""Make tuples of predications: the relation with its first oblique's preposition, the subject, then all the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.openie.predicates import Predication
from factloom.engine.extraction.openie.words import below, phrase, preposition

if TYPE_CHECKING:
    from spacy.tokens import Token

IMPLIED: Final = "be"  # a copula that the sentence only implies, in no particular tense
_BESIDE: Final = frozenset(
    {"nsubj", "nsubj:pass", "nsubj:outer", "csubj", "expl", "advcl", "ccomp", "parataxis", "punct", "conj", "cc", "obl"}
    | {"cop", "aux", "advmod", "mark", "discourse", "obl:unmarked"}
)

Words = tuple["Token | str", ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    """A relation and two or more arguments, each as words: tokens, or words that the sentence only implies.

    ``rule`` says what it was read from: how the subject of a predicate was found, or which kind of noun phrase.
    """

    relation: Words
    arguments: tuple[Words, ...]
    rule: str
    confidence: float


def tuple_of(predication: Predication) -> tuple[Words, tuple[Words, ...]] | None:
    """Relation and arguments of a predication; None when it has no second argument ("the baskets merge")."""
    own = {t.i for t in predication.relation} | {t.i for t in predication.chain}
    subject = tuple(phrase(predication.subject.head, own))
    relation: list[Token | str] = [*_implied(predication), *predication.relation]
    rest: list[Words] = []
    if predication.copula:
        relation, rest = _copular(predication, relation, own)
    rest += [tuple(phrase(noun)) for noun in predication.objects]
    if predication.complement is not None:
        rest.append(tuple(below(predication.complement, ("parataxis",))))
    for noun in predication.obliques:
        case = preposition(noun)
        if not rest and case and noun.i > predication.head.i:
            relation += case
            rest.append(tuple(phrase(noun)))
        else:
            rest.append((*case, *phrase(noun)))
    rest += [tuple(below(adverbial)) for adverbial in predication.adverbials if _attached(adverbial)]
    rest = [words for words in rest if words]
    return (tuple(relation), (subject, *rest)) if subject and relation and rest else None


def _implied(predication: Predication) -> list[str]:
    """A participle without auxiliary holds of its noun all the same: "a panel drafting …", "a gene developed by …"."""
    verb = predication.chain[0]
    bare = not any(child.dep_.startswith("aux") for child in verb.children)
    participle = verb.tag_ in ("VBN", "VBD", "VBG") if predication.subject.found != "controlled" else verb.tag_ == "VBG"
    return [IMPLIED] if bare and participle and predication.subject.found in _SHARING else []


_SHARING: Final = frozenset({"modified", "adverbial", "controlled"})


def _copular(
    predication: Predication, relation: list[Token | str], own: set[int]
) -> tuple[list[Token | str], list[Words]]:
    """For "is an Australian footballer" and "were ready for a bounce", where the adjective is part of the relation."""
    noun = predication.chain[0]
    if noun.pos_ == "ADJ" and predication.obliques and predication.obliques[0].i > noun.i:
        return [*relation, *below(noun, _BESIDE)], []
    complement = below(noun, _BESIDE | {"case", "acl:relcl", "appos"}, own - {noun.i})
    return [*relation, *preposition(noun)], [tuple(complement)]


def _attached(adverbial: Token) -> bool:
    """Adverbs and clauses with a conjunction belong to the tuple; participial clauses are tuples of their own."""
    return adverbial.dep_ == "advmod" or any(child.dep_ == "mark" for child in adverbial.children)
