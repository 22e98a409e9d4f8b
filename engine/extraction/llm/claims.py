"""Whether the sentence that a model quotes says what the model claims: about whom, of what, and, where it matters, how.

A model that was misled by a message quotes something harmless of it and claims something else. So the sentence must
name the object, or point to it ("there", "yes"); and what would end or replace an older fact must not be quoted from
a sentence about another relation. The words for relations are those that the offline extractor and the ontology know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from factloom.engine.extraction.lemmas import base_form, is_past_form
from factloom.engine.extraction.llm.grounding import holds_words, plain
from factloom.engine.extraction.predicates import predicate_table
from factloom.schemas.ontology import Ontology, PredicateSpec, using

_WORD: Final = re.compile(r"[^\W_]+")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ANSWERING: Final = _listed(
    "yes yeah yep yup no nope nah sure exactly right correct indeed true definitely absolutely course"
)
# What points to something that was said before: pronouns, "the company", and the words of short answers.
_POINTING: Final = _ANSWERING | _listed(
    "it its itself this that these those they them their theirs he him his she her hers we us our ours you your yours "
    "one ones here there both neither either none same another other others mine former latter my the still"
)
_MOST_ANSWERED: Final = 6
"""Words of an answer that says what it says only together with the question."""

# Verbs that say little by themselves, or that something ends, whatever it is.
_EMPTY: Final = _listed(
    "be have get go take make do come keep use see find put set give let begin become try want need know say tell "
    "think feel look call turn run hold bring quit stop leave end finish drop cut lose change switch in at to of for "
    "with from on is a an the and or by as about near into up was were are had did has my"
)


@dataclass(frozen=True, slots=True)
class Relations:
    """The words by which each predicate of an ontology is said, as base forms, and which predicates belong together."""

    words: dict[str, frozenset[str]]
    kin: dict[str, frozenset[str]]
    verbs: frozenset[str]

    def said_of(self, spec: PredicateSpec) -> frozenset[str]:
        """What says the predicate, or one that states, ends or is ended by it."""
        own = _bases((spec.name.replace("_", " "), spec.words(), *spec.asked_by))
        if spec.name.startswith("FAVOURITE_"):
            own |= {"favorite", "fave", "best", "most"}
        return own.union(*(self.words.get(name, frozenset()) for name in (spec.name, *self.kin.get(spec.name, ()))))


_EMPTY_BASES: Final = frozenset(base_form(word) for word in _EMPTY)


@lru_cache(maxsize=8)
def relations(ontology: Ontology) -> Relations:
    """The words and kinships of the predicates of ``ontology``."""
    with using(ontology):
        table = predicate_table()
    words: dict[str, set[str]] = {}
    kin: dict[str, set[str]] = {}
    verbs: set[str] = set()
    for pattern in table.verbs.values():
        words.setdefault(pattern.predicate, set()).update(_bases([pattern.lemma]))
        verbs |= _bases([pattern.lemma.split()[0]])
    for (adjective, _), name in table.adjectives.items():
        words.setdefault(name, set()).update(_bases([adjective]))
    for noun, relation in table.relations.items():
        words.setdefault(relation.predicate, set()).update(_bases([noun]))
    for name in ontology.names():
        spec = ontology[name]
        words.setdefault(name, set()).update(_bases((spec.name.replace("_", " "), spec.words(), *spec.asked_by)))
        denied = table.get(name).denied
        for other in (*spec.implies, *spec.ends, *filter(None, (spec.inverse, denied))):
            kin.setdefault(name, set()).add(other)
            kin.setdefault(other, set()).add(name)
    return Relations(
        {name: frozenset(said) for name, said in words.items()},
        {name: frozenset(others) for name, others in kin.items()},
        frozenset(verbs),
    )


def names(sentence: str, called: Iterable[str]) -> bool:
    """Whether the sentence has one of the names, a number of one, or half the words of one ("moving" for "move")."""
    said = _bases([sentence])
    for name in called:
        words = _bases([name])
        found = [word for word in words if any(_alike(word, other) for other in said)]
        is_numbered = any(word.isdecimal() for word in found)
        if holds_words(name, sentence) or is_numbered or (found and 2 * len(found) >= len(words)):
            return True
    return False


def points(sentence: str) -> bool:
    """Whether the sentence points to something that was said before it."""
    return any(word in _POINTING for word in _WORD.findall(plain(sentence).casefold()))


def answers(sentence: str) -> bool:
    """Whether it is a short answer ("Yes, still."), which says what the question before it says."""
    words = _WORD.findall(plain(sentence).casefold())
    return len(words) <= _MOST_ANSWERED and any(word in _ANSWERING for word in words)


def says(sentence: str, spec: PredicateSpec, ontology: Ontology) -> bool:
    """Whether the sentence has a word for the relation."""
    return bool(_bases([sentence]) & relations(ontology).said_of(spec))


_DENYING: Final = re.compile(
    r"n['’]t\b|\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|hardly|barely|cannot|dont|doesnt|didnt|"
    r"isnt|wasnt|arent|cant|wont|any ?more|instead|rather than|avoid\w*|hat(?:e|es|ed)|dislike\w*|refus\w+|deni?e?[sd]|"
    r"deny|lie[ds]?|wrong|mistake\w*|free|allergic|actually|correction|scratch|meant|stop\w*|quit\w*|end(?:s|ed|ing)?|"
    r"over|ex|former\w*|used to|left|leav\w+|los[et]\w*|died|dead|gone|sold|g[ai]ve\w* up|broke\w*|split|finish\w*|"
    r"switch\w*|chang\w+|moved|drop\w*|cancel\w*|retir\w+|resign\w+|fired|divorc\w+|separat\w+)\b",
    re.IGNORECASE,
)
_PAST: Final = re.compile(
    r"\b(?:previous\w*|once|then|until|till|was|were|been|had|did|last|back|past|ago|late|old|new|now|since|"
    r"(?:19|20)\d\d|\w+ed)\b",
    re.IGNORECASE,
)


def around(quote: str, text: str) -> str:
    """The quote with the words of its sentence before it, and those behind it up to a comma: "I don't *live here*"."""
    start = text.find(quote)
    if start < 0:
        return quote
    before = re.split(r"[.!?\n]", text[:start])[-1]
    behind = re.split(r"[.!?\n,;:–—]", text[start + len(quote) :])[0]
    return f"{before}{quote}{behind}"


def affirms(sentence: str, spec: PredicateSpec, ontology: Ontology, *, over: bool) -> bool:
    """Whether the sentence states the relation itself with no word that denies it or, if ``over``, that it is past.

    "I work for Bosch" is no ground for saying that somebody does not work there, or no longer does.
    """
    if _DENYING.search(sentence) or not says(sentence, spec, ontology):
        return False
    told_as_past = _PAST.search(sentence) is not None or any(
        is_past_form(word) for word in _WORD.findall(plain(sentence).casefold())
    )
    return not (over and told_as_past)


def says_another(sentence: str, spec: PredicateSpec, ontology: Ontology) -> bool:
    """Whether the sentence has verbs of other relations that the ontology knows, and no word for this one."""
    known = relations(ontology)
    said = _bases([sentence])
    return bool(said & known.verbs) and not said & known.said_of(spec)


def _bases(texts: Iterable[str]) -> frozenset[str]:
    """The base forms of the words, without those that say little."""
    words = (word for text in texts for word in _WORD.findall(plain(text).casefold()) if len(word) > 1)
    return frozenset(base for word in words if (base := base_form(word)) not in _EMPTY_BASES)


def _alike(word: str, other: str) -> bool:
    """Whether two base forms are of one word: the same, or the same but for the ending of a word of some length."""
    length = 5 if word.isascii() else 2
    return word == other or (min(len(word), len(other)) >= length and word[:length] == other[:length])
