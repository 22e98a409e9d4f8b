"""Who a predicate is about: its own subject, or the one that it shares with the clause it hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spacy.tokens import Token

_SUBJECTS: Final = frozenset({"nsubj", "nsubj:pass", "csubj", "csubj:pass", "nsubj:outer", "expl"})
_RELATIVE: Final = frozenset({"who", "which", "that", "whom"})
_DEEPEST: Final = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """The head of the subject and how it was found: "own", "relative", "conjoined", "controlled", "modified"
    (by a participle) or "adverbial" (of the clause that a participial clause hangs on).
    """

    head: Token
    found: str


def subject_of(predicate: Token, depth: int = 0) -> Subject | None:
    """The subject of a predicate, or None when it has none that can be known (commands, bare infinitives)."""
    own = own_subject(predicate)
    if own is not None:
        if own.lower_ in _RELATIVE and own.tag_ in ("WP", "WDT", "WP$", "IN"):
            return _antecedent(predicate)
        return Subject(own, "own") if own.pos_ not in ("PART", "PUNCT", "CCONJ") else None
    if depth > _DEEPEST:
        return None
    head, dep = predicate.head, predicate.dep_
    if dep == "conj":
        shared = subject_of(head, depth + 1)
        return Subject(shared.head, "conjoined" if shared.found == "own" else shared.found) if shared else None
    if dep in ("xcomp", "ccomp"):
        controller = next((c for c in head.children if c.dep_ in ("obj", "iobj")), None)
        if dep == "ccomp" and predicate.tag_ not in ("VB", "VBG"):
            return None
        if controller is not None:
            return Subject(controller, "controlled")
        shared = subject_of(head, depth + 1)
        return Subject(shared.head, "controlled") if shared is not None else None
    if dep in ("acl", "acl:relcl") and (dep == "acl:relcl" or predicate.tag_ in ("VBN", "VBG", "VBD", "JJ", "NN")):
        return Subject(head, "modified") if dep == "acl" else None
    if dep == "advcl" and predicate.tag_ in ("VBG", "VBN", "VB", "VBD"):
        shared = subject_of(head, depth + 1)
        return Subject(shared.head, "adverbial") if shared is not None else None
    return None


def _antecedent(predicate: Token) -> Subject | None:
    """What "who" or "which" stands for: the noun that the relative clause hangs on, also from a clause inside it."""
    while predicate.dep_ in ("conj", "ccomp", "xcomp", "advcl"):
        predicate = predicate.head
    return Subject(predicate.head, "relative") if predicate.dep_ in ("acl:relcl", "acl") else None


def own_subject(predicate: Token) -> Token | None:
    """The subject among the predicate's own words; of several the last, since it stands next to the verb."""
    own = [c for c in predicate.children if c.dep_ in _SUBJECTS]
    content = [c for c in own if c.dep_ != "expl"]
    found = content or own
    return found[-1] if found else None
