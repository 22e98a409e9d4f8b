"""What a speaker says without holding it true: doubted, denied, dreamt, put off, or only nearly so; and rumours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense, child_of, preposition
from factloom.engine.extraction.sentences import said_in, words_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Token

# Verbs whose complement is said not to be so, whoever says it.
UNTRUE_VERBS: Final = frozenset(
    # the last two: forms that the parse does not lead back to the verb
    [
        "deny",
        "lie",
        "pretend",
        "dispute",
        "disprove",
        "fake",
        "feign",
        "joke",
        "kid",
        "dream",
        "daydream",
        "dreamt",
        "lied",
    ]
)
# Adjectives and nouns whose complement is not said to be so.
_DOUBTFUL: Final = frozenset(
    [
        "unsure",
        "uncertain",
        "unclear",
        "doubtful",
        "possible",
        "impossible",
        "conceivable",
        "imaginable",
        "unlikely",
        "likely",
        "probable",
        "improbable",
        "false",
        "untrue",
        "wrong",
        "lie",
        "myth",
        "joke",
        "misconception",
        "misunderstanding",
        "possibility",
        "chance",
        "dream",
        "nightmare",
        "fantasy",
        "hypothesis",
        "assumption",
    ]
)
# The same with "not": "I'm not happy that I live here" takes for granted that I do, "I'm not sure" does not.
_ASSURING: Final = frozenset(
    ["sure", "certain", "convinced", "positive", "confident", "true", "clear", "correct", "right", "case", "fact"]
)
_WORDINGS: Final = frozenset(
    {"sentence", "phrase", "statement", "line", "quote", "motto", "lyric", "string", "headline"}
)
_RUMOURS: Final = frozenset({"rumour", "rumor", "gossip", "hearsay", "word", "legend"})
_UNSURE: Final = frozenset(
    ["maybe", "perhaps", "possibly", "probably", "conceivably", "presumably", "potentially", "hypothetically"]
)
_WRONGLY: Final = frozenset({"falsely", "wrongly", "mistakenly", "jokingly", "untruthfully"})
_NEARLY: Final = frozenset({"almost", "nearly", "narrowly", "practically", "virtually", "basically"})
_NEAR: Final = 50  # characters before a clause
_BARE_NOT: Final = frozenset({"not", "n't", "n’t", "never", "no", "hardly"})
_WHEN: Final = frozenset({"when", "once", "after", "before", "until", "till"})
# What stands before a clause that is only guessed ("it looks like Tom …"); of oneself one knows ("looks like I won").
_GUESSING: Final = re.compile(
    r"(?:\b(?:(?:look|seem|sound|appear|feel)(?:s|ed)? (?:to me )?(?:like|as if|as though|that)|"
    r"(?:have|had|got|get) (?:a|the|this) (?:strange |strong |funny )?(?:feeling|hunch|suspicion|sense|impression)|"
    r"(?:could|would) (?:have )?sw(?:ear|orn)|could be|(?:i['’]d|i would) (?:say|guess|bet)|i take it)"
    r"(?: that)?,?|\b(?:it|this|that) (?:seems|appears))\s*$",
    re.IGNORECASE,
)
_CLOTHES: Final = frozenset(
    [
        "pyjama",
        "pyjamas",
        "pajama",
        "pajamas",
        "trainer",
        "trainers",
        "slipper",
        "slippers",
        "hoodie",
        "jeans",
        "leggings",
        "underwear",
        "pants",
        "shorts",
        "boots",
        "sweatpants",
        "joggers",
        "dress",
        "suit",
        "heels",
        "pjs",
        "gown",
    ]
)
_DREAMS: Final = frozenset({"dream", "nightmare", "daydream"})


def adverbs(verb: Token) -> Iterator[Token]:
    """The adverbs of a clause, in front also those that the parse hangs on its subject ("supposedly Tom …")."""
    for child in verb.children:
        if child.dep_ == "advmod":
            yield child
        elif child.dep_ in SUBJECTS:
            yield from (c for c in child.children if c.tag_ == "RB" and c.i == child.left_edge.i)


def is_doubted(clause: Clause, verb: Token) -> bool:
    """Whether ``verb``, the clause's own or one that it hangs on, is told as less than certain, or as not so."""
    doubted = (_is_guessed(verb), _is_unsure(verb), _is_nearly(clause, verb), _is_dreamt(verb), _is_under_doubt(verb))
    return any(doubted) or _neither(verb) or _is_figure(verb)


def is_put_off(clause: Clause, verb: Token) -> bool:
    """Whether it is yet to come: both sides of "when I live in Rome, I will have a cat"."""
    if verb.dep_ == "advcl" and clause.tense is Tense.PRESENT:
        return _is_future(verb.head) and _is_timed(verb)
    if clause.tense is not Tense.FUTURE:
        return False
    soon = (c for adverb in verb.children if adverb.lower_ == "soon" for c in adverb.children)
    later = (c for c in [*verb.children, *soon] if c.dep_ == "advcl")
    return any(
        _is_timed(c) and c.left_edge.lower_ != "before" and not any(t.tag_ == "VBD" for t in (c, *c.children))
        for c in later
    )


def is_rumoured(verb: Token) -> bool:
    """For "rumour has it that …", "there's a rumour that …"."""
    head = verb.head
    if verb.dep_ in ("acl", "acl:relcl") and head.lemma_.lower() in _RUMOURS:
        return any(c.lower_ == "that" for c in verb.children)
    if verb.dep_ not in ("ccomp", "csubj", "acl:relcl"):
        return False
    subject = child_of(head, *SUBJECTS)
    told = head.lemma_.lower() == "have" and any(c.lower_ == "it" and c.i > head.i for c in head.children)
    return told and subject is not None and subject.lemma_.lower() in _RUMOURS


def _is_guessed(verb: Token) -> bool:
    """For "it looks like Tom lives in Rome", "I have a feeling that he does": by the words before the clause alone."""
    subject = child_of(verb, *SUBJECTS)
    if subject is None or subject.lower_ in ("i", "we"):
        return False
    start = subject.left_edge.idx
    return _GUESSING.search(said_in(verb.doc)[max(0, start - _NEAR) : start]) is not None


def _is_figure(verb: Token) -> bool:
    """For "my boss is Satan himself": nobody is called so."""
    if verb.lower_ == "bless":
        return True  # "my mum, bless her cotton socks, …"
    after = verb.doc[verb.i + 1].lower_ if verb.i + 1 < len(verb.doc) else ""
    return after in ("himself", "herself", "itself", "incarnate") and child_of(verb, "cop") is not None


def _is_unsure(verb: Token) -> bool:
    """For "maybe I live in Rome", "I live in Rome, perhaps": not where it says "maybe because" or "maybe ten"."""
    if _UNSURE.isdisjoint(words_in(verb.doc)):
        return False
    for adverb in adverbs(verb):
        if adverb.lower_ not in _UNSURE:
            continue
        after = adverb.nbor() if adverb.i + 1 < len(adverb.doc) else None
        if after is None or (adverb.i > verb.i and after.is_punct):
            return True
        if adverb.i < verb.i and after.dep_ != "mark" and after.lower_ not in ("because", "since"):
            return True
    said = [t for t in verb.sent if not t.is_punct]
    return said[-1].lower_ in _UNSURE and len(said) > 1 and said[-1].nbor(-1).text in (",", "-", "–", "—")


def _is_nearly(clause: Clause, verb: Token) -> bool:
    """For "I almost moved to Rome"; numbers ("I'm almost forty") are what they nearly are."""
    if verb.i != clause.verb.i or _NEARLY.isdisjoint(words_in(verb.doc)):
        return False
    if verb.pos_ == "NUM" or any(c.like_num for c in verb.children):
        return False
    for child in verb.children:
        if child.dep_ == "advmod" and child.lower_ in _NEARLY and child.i < verb.i:
            after = child.nbor()
            return not after.like_num and after.lower_ not in ("always", "never", "all", "every", "only")
    return False


def _is_dreamt(verb: Token) -> bool:
    """For "I lived in Oslo in my dream", and for "I live in my trainers", where nobody does."""
    nouns = [c for c in verb.children if c.dep_ in ("obl", "nmod") and c.lemma_.lower() in _DREAMS | _CLOTHES]
    living = verb.lemma_.lower() in ("live", "work")  # "I live in my trainers"
    return any(preposition(c) == "in" and (living or c.lemma_.lower() in _DREAMS) for c in nouns)


def _is_under_doubt(verb: Token) -> bool:
    """Whether it is the complement of a word that does not say that it is so: "I'm not sure that …", "he denies …"."""
    head = verb.head
    lemma = head.lemma_.lower()
    if verb.dep_ in ("acl", "acl:relcl"):
        if lemma in _WORDINGS and not any(c.tag_ in ("WDT", "WP", "WRB") for c in verb.children):
            return True  # "the sentence I live in Rome has four words"
        if _is_untrue(head):
            return True  # "pretends that he lives in Rome", taken for a relative clause
        denied = lemma in _ASSURING and any(c.lower_ in _BARE_NOT for c in head.children)
        return (lemma in _DOUBTFUL or denied) and head.pos_ == "NOUN" and any(c.lower_ == "that" for c in verb.children)
    if verb.dep_ not in ("ccomp", "csubj", "advcl", "parataxis"):
        return False
    if verb.dep_ in ("advcl", "parataxis") and not any(c.lower_ == "that" for c in verb.children):
        return False
    if _is_untrue(head) or any(adverb.lower_ in _WRONGLY for adverb in adverbs(head)):
        return True
    if head.pos_ == "VERB" or child_of(head, "cop") is None:
        return False
    denied = any(c.lower_ in _BARE_NOT for c in head.children)
    return lemma in _DOUBTFUL or (denied and lemma in _ASSURING)


def _is_untrue(verb: Token) -> bool:
    return verb.pos_ == "VERB" and bool({verb.lower_, verb.lemma_.lower(), verb_lemma(verb)} & UNTRUE_VERBS)


def _neither(verb: Token) -> bool:
    """For "neither Tom nor I live in Rome"."""
    subjects = [c for c in verb.children if c.dep_ in SUBJECTS] if "neither" in words_in(verb.doc) else []
    if not subjects:
        return False
    first = min(subjects, key=lambda t: t.i).left_edge.i
    before = verb.doc[max(verb.sent.start, first - 1) : verb.i]
    words = [t.lower_ for t in before]
    return ("neither" in words and ("nor" in words or "or" in words)) or _between_neither_and_nor(verb)


def _between_neither_and_nor(verb: Token) -> bool:
    """For "I work for neither Bosch nor Siemens": both words in the same part of the sentence as the verb."""
    start, end, parted = verb.i, verb.i + 1, (",", ";", "but", "and", ".", "!", "?", "…")
    while start > 0 and verb.doc[start - 1].lower_ not in parted:
        start -= 1
    while end < len(verb.doc) and verb.doc[end].lower_ not in parted:
        end += 1
    return {"neither", "nor"} <= {t.lower_ for t in verb.doc[start:end]}


def _is_timed(verb: Token) -> bool:
    """Whether a clause tells when: also "as soon as", where it may hang on "soon"."""
    return verb.head.lower_ == "soon" or verb.left_edge.lower_ in _WHEN or "soon" in {c.lower_ for c in verb.children}


def _is_future(verb: Token) -> bool:
    """Whether a clause is told with "will"; "soon" of "as soon as" stands between."""
    while verb.pos_ == "ADV" and verb.head.i != verb.i:
        verb = verb.head
    return any(c.lower_ in ("will", "'ll", "’ll", "wo", "gonna") and c.dep_ == "aux" for c in verb.children)
