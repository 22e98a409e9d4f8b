"""Labels: parses that are not labelled by Universal Dependencies, turned into these, so that the rules can read them.

spaCy's own English pipelines label as ClearNLP does (``dobj``, ``prep`` and ``pobj``, ``attr``) and name entities as
OntoNotes does (``PERSON``, ``GPE``). The differences that the rules notice are undone: a preposition marks its noun
instead of governing it, what somebody is governs the copula, conjuncts hang on the first, names on their first word.
After M. de Marneffe and C. Manning, *Stanford typed dependencies manual* (2008), and the UD guidelines, version 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_CLEAR: Final = frozenset({"dobj", "pobj", "nsubjpass"})
_RENAMED: Final = {
    "dobj": "obj",
    "nsubjpass": "nsubj:pass",
    "csubjpass": "csubj",
    "auxpass": "aux:pass",
    "poss": "nmod:poss",
    "relcl": "acl:relcl",
    "neg": "advmod",
    "prt": "compound:prt",
    "npadvmod": "obl:unmarked",
    "attr": "xcomp",
    "acomp": "xcomp",
    "oprd": "xcomp",
    "dative": "iobj",
    "nn": "compound",
    "quantmod": "advmod",
    "predet": "det:predet",
    "preconj": "cc:preconj",
    "intj": "discourse",
    "meta": "dep",
    "nmod": "compound",
    "prep": "advmod",
    "agent": "advmod",
    "pobj": "obl",
    "pcomp": "advcl",
    "nmod_": "nmod",
}
"""``nmod_`` is our nmod until all is turned: ClearNLP's nmod is a compound."""
_ENTITIES: Final = {"PERSON": "PER", "PER": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG"}
_NOMINAL: Final = frozenset({"NOUN", "PROPN", "PRON"})


def uses_clear_labels(nlp: Language) -> bool:
    """Whether a pipeline's parser labels as ClearNLP does."""
    return "parser" in nlp.pipe_names and set(nlp.get_pipe("parser").labels) >= _CLEAR  # type: ignore[attr-defined]


def universal(doc: Doc) -> Doc:
    """The same text with Universal Dependencies, and with people, places and organisations as the only names."""
    from spacy.tokens import Doc, Span

    tree = _Tree(doc)
    for index in sorted(range(len(doc)), key=tree.depth, reverse=True):
        tree.turn_preposition(index)
    for index in range(len(doc)):
        tree.turn_copula(index)
    tree.flatten_conjuncts()
    for entity in doc.ents:
        if _ENTITIES.get(entity.label_) == "PER":
            tree.turn_name(entity.start, entity.end)
    made = Doc(
        doc.vocab,
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        tags=[token.tag_ for token in doc],
        pos=[token.pos_ for token in doc],
        morphs=[str(token.morph) for token in doc],
        lemmas=[token.lemma_ for token in doc],
        heads=tree.heads,
        deps=[tree.label(index) for index in range(len(doc))],
    )
    names = [(entity, _ENTITIES.get(entity.label_)) for entity in doc.ents]
    made.ents = [Span(made, e.start, e.end, label=label) for e, label in names if label is not None]
    return made


class _Tree:
    """The heads and labels of one text, as they are turned."""

    def __init__(self, doc: Doc) -> None:
        self._doc = doc
        self.heads = [token.head.i for token in doc]
        self._deps = [token.dep_ for token in doc]

    def depth(self, index: int) -> int:
        """How many steps a word is below its root."""
        steps = 0
        while self.heads[index] != index:
            index, steps = self.heads[index], steps + 1
        return steps

    def label(self, index: int) -> str:
        """The word's label in Universal Dependencies."""
        if self._deps[index] == "aux" and self._doc[index].tag_ == "TO":
            return "mark"
        return _RENAMED.get(self._deps[index], self._deps[index])

    def _children(self, index: int, labels: Iterable[str]) -> list[int]:
        wanted = set(labels)
        return [i for i, head in enumerate(self.heads) if head == index and i != index and self._deps[i] in wanted]

    def turn_preposition(self, index: int) -> None:
        """Let "in Porto" hang on its verb or noun by "Porto", which "in" marks."""
        preposition = self._doc[index].pos_ in ("ADP", "SCONJ", "PART")
        if not preposition or self._deps[index] not in ("prep", "agent", "dative"):
            return
        governor = self.heads[index]
        nominal = self._doc[governor].pos_ in _NOMINAL
        for noun in self._children(index, ("pobj", "obl", "nmod_"))[:1]:
            oblique = "obl:agent" if self._deps[index] == "agent" else "nmod_" if nominal else "obl"
            self._hang(noun, governor, oblique)
            self._hang(index, noun, "case")
        for clause in self._children(index, ("pcomp",))[:1]:
            self._hang(clause, governor, "acl" if nominal else "advcl")
            self._hang(index, clause, "mark")

    def _hang(self, index: int, head: int, label: str) -> None:
        self.heads[index], self._deps[index] = head, label

    def turn_copula(self, index: int) -> None:
        """Let what somebody is, or where, govern "is"."""
        verb = self._doc[index]
        if verb.lemma_ != "be" or self._deps[index] in ("aux", "auxpass", "cop"):
            return
        being = self._children(index, ("attr", "acomp", "oprd")) or self._children(index, ("obl",))
        if not being or (self._deps[being[0]] == "obl" and self._children(index, ("xcomp", "ccomp", "expl"))):
            return
        predicate = being[0]
        head = self.heads[index]
        self.heads[predicate] = predicate if head == index else head
        self._deps[predicate] = self._deps[index]
        for child, of in enumerate(self.heads):
            if of == index and child not in (index, predicate):
                self.heads[child] = predicate
        self._hang(index, predicate, "cop")

    def flatten_conjuncts(self) -> None:
        """Let all conjuncts hang on the first, and each "and" on the one behind it."""
        for index, label in enumerate(self._deps):
            if label == "conj":
                while self._deps[self.heads[index]] == "conj":
                    self.heads[index] = self.heads[self.heads[index]]
        for index, label in enumerate(self._deps):
            if label == "cc":
                first = self.heads[index]
                first = self.heads[first] if self._deps[first] == "conj" else first
                behind = [i for i in self._children(first, ("conj",)) if i > index]
                self.heads[index] = behind[0] if behind else self.heads[index]

    def turn_name(self, start: int, end: int) -> None:
        """Let a name of several words be governed by its first."""
        inside = range(start, end)
        tops = [i for i in inside if self.heads[i] not in inside or self.heads[i] == i]
        words = all(self._doc[i].pos_ == "PROPN" for i in inside)
        if len(tops) != 1 or tops[0] == start or not words:
            return
        top = tops[0]
        head, label = self.heads[top], self._deps[top]
        for child, of in enumerate(self.heads):
            if of == top and child not in inside:
                self.heads[child] = start
        for index in inside:
            self._hang(index, start, "flat")
        self.heads[start], self._deps[start] = (start if head == top else head), label
