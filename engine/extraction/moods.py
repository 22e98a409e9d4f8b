"""Tense and mood of a clause: what is past, planned, negated, asked, supposed, wished, or only reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.certainty import adverbs, is_doubted, is_put_off, is_rumoured
from factloom.engine.extraction.lemmas import is_irregular_past, verb_lemma
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense, child_of, preposition, subject_of
from factloom.engine.extraction.requests import is_asked_for
from factloom.engine.extraction.sentences import words_in
from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from spacy.tokens import Token

NEGATIONS: Final = frozenset({"not", "n't", "n’t", "never", "no", "nobody", "neither", "nor", "barely", "hardly"})
DOUBTFUL_MODALS: Final = frozenset({"would", "could", "might", "may", "should", "can", "must", "'d", "ought"})
DOUBTFUL_MARKS: Final = frozenset({"if", "unless", "whether", "lest", "though"})
# Verbs whose complement is not stated as true by the speaker.
DOUBTFUL_VERBS: Final = frozenset(
    [
        "hope",
        "wish",
        "wonder",
        "guess",
        "suppose",
        "imagine",
        "doubt",
        "bet",
        "pretend",
        "ask",
        "expect",
        "dream",
        "consider",
        "suggest",
        "recommend",
        "want",
        "need",
        "would",
        "decide",
        "fear",
        "worry",
        "think",
        "believe",
        "assume",
        "presume",
        "suspect",
        "reckon",
        "figure",
        "seem",
    ]
)
# "can't" with these tells something lasting; with others it may be about the moment.
LASTING: Final = vocabulary().abilities | {"stand", "bear", "tolerate", "eat", "drink", "have"}
HEARSAY_VERBS: Final = frozenset(
    [
        "say",
        "tell",
        "hear",
        "claim",
        "report",
        "mention",
        "read",
        "announce",
        "write",
        "insist",
        "swear",
        "text",
        "maintain",
    ]
)
# Of others, these tell what they hold true; of oneself, that one is not sure.
_OPINIONS: Final = frozenset({"reckon", "figure"})
_CONVINCED: Final = frozenset({"convinced", "adamant", "sure", "certain", "positive", "persuaded"})
# Adverbs by which a speaker tells that it is only hearsay.
REPORTING: Final = frozenset({"apparently", "allegedly", "supposedly", "reportedly", "seemingly", "purportedly"})
# Present and past look the same; with an object, speakers more often tell what they did.
_CONDITIONS: Final = frozenset({"if", "unless"})
PAST_ALIKE: Final = frozenset({"set", "put", "hit", "cut", "let", "shut", "hurt", "split", "beat", "bet", "cast"})


def judge(clause: Clause, auxiliaries: list[Token]) -> None:
    """Note the clause's tense and aspect, and whether its speaker states it as true."""
    verb = clause.verb
    words = [(a.lower_, a.lemma_.lower()) for a in auxiliaries]
    finite = auxiliaries[0] if auxiliaries else (clause.copula if clause.copula is not None else verb)
    clause.progressive = verb.tag_ == "VBG" and any(lemma == "be" or word in ("'s", "’s") for word, lemma in words)
    clause.perfect = any(lemma == "have" or word == "'ve" for word, lemma in words)
    if any(word in ("will", "'ll", "wo", "gonna") for word, _ in words):
        clause.tense = Tense.FUTURE
    elif finite.tag_ in ("VBD",) or "Past" in str(finite.morph) or clause.perfect:
        clause.tense = Tense.PAST
    if verb.tag_ == "VBD" or (verb.tag_ == "VBN" and not auxiliaries and clause.copula is None):
        clause.tense = Tense.PAST
    alike = verb.lower_ in PAST_ALIKE and clause.subject is not None and clause.subject.lower_ in ("i", "we")
    if (is_irregular_past(verb) or (alike and clause.objects)) and not auxiliaries:
        clause.tense = Tense.PAST
    if verb.lower_ == "quit" and not auxiliaries:  # present and past look the same; one hardly ever quits by habit
        clause.tense = Tense.PAST
    if clause.perfect and verb.lower_ == "got" and clause.objects:
        clause.base, clause.perfect, clause.tense = "have", False, Tense.PRESENT
    if clause.implicit and verb.tag_ == "VBG":
        clause.progressive, clause.perfect = True, any(lemma == "be" for _, lemma in words)
        clause.tense = Tense.PAST if clause.perfect else Tense.PRESENT
    if clause.copula is not None and clause.copula.lower_ == "been" and auxiliaries:  # "yoga's been good for me"
        clause.perfect, clause.tense = True, Tense.PAST
    if _contracted_have(clause, auxiliaries):
        clause.perfect, clause.passive, clause.tense = True, False, Tense.PAST
    for word, lemma in words:
        doubtful = word in DOUBTFUL_MODALS or lemma in DOUBTFUL_MODALS
        if lemma == "can" and clause.negated and (verb.lemma_.lower() in LASTING or clause.lemma in LASTING):
            continue
        if lemma in ("can", "ca") and clause.negated and verb.lower_ == "wait":
            clause.wished, clause.negated, clause.factual = True, False, False  # "I can't wait to move in"
            continue
        if doubtful and not (word == "'d" and verb.tag_ == "VBN" and len(words) == 1):
            clause.wished = word in ("would", "'d", "’d") and verb.lower_ in ("love", "like") and not clause.negated
            clause.factual = False
    if verb.tag_ == "VB" and not auxiliaries and child_of(verb, *SUBJECTS) is None:
        clause.factual = verb.dep_ == "ROOT"  # an infinitive; at the root, perhaps a command
    bare = clause.copula is None and not any(lemma == "be" or word == "'s" for word, lemma in words)
    if verb.tag_ == "VBG" and not clause.implicit and bare:
        clause.factual = False  # "…, helping others": part of something else
    _judge_surroundings(clause)


def _contracted_have(clause: Clause, auxiliaries: list[Token]) -> bool:
    """Whether 's is "has" ("she's eaten a shoe"), which the parse often takes for "is"."""
    if clause.verb.tag_ != "VBN" or len(auxiliaries) != 1 or auxiliaries[0].lower_ not in ("'s", "’s"):
        return False
    adverbs = {c.lower_ for c in clause.verb.children if c.dep_ == "advmod" and c.i < clause.verb.i}
    return bool(clause.objects and clause.lemma not in ("call", "name")) or bool(adverbs & {"already", "never", "ever"})


def _reported(clause: Clause, telling: Token) -> None:
    """Note who says it; what speakers say that they said or wrote themselves is their own statement."""
    teller = subject_of(telling)
    own = teller is not None and teller.lower_ in ("i", "we")
    if own and telling.lemma_.lower() not in ("hear", "read"):
        return
    clause.hearsay = True
    named = next((t for case, t in _obliques_of(telling) if case == "from"), None) if own else teller
    if named is not None:
        clause.sources.append(named)


def _obliques_of(verb: Token) -> list[tuple[str, Token]]:
    return [(preposition(c), c) for c in verb.children if c.dep_ == "obl"]


def _attributed(clause: Clause) -> None:
    """For "apparently Bea moved", "according to Tom, Bea moved"."""
    clause.hearsay = clause.hearsay or any(adverb.lower_ in REPORTING for adverb in adverbs(clause.verb))
    for child in clause.verb.children:
        if child.dep_ == "obl" and preposition(child) == "according":
            clause.hearsay = True
            clause.sources.append(child)


def _judge_surroundings(clause: Clause) -> None:
    """Conditions, wishes and reports around the clause."""
    verb = clause.verb
    _attributed(clause)
    outside = verb.dep_ in ("acl", "advcl") and child_of(verb, *SUBJECTS) is None and not clause.implicit
    if verb.dep_ in ("xcomp", "csubj", "amod") or outside:
        clause.factual = False  # read as part of the clause it belongs to
    for _ in range(5):
        marks = {c.lower_ for c in verb.children if c.dep_ in ("mark", "advmod") and c.i <= verb.i}
        conditional = not _CONDITIONS.isdisjoint(words_in(verb.doc)) and any(
            c.dep_ == "advcl" and {m.lower_ for m in c.children if m.dep_ == "mark"} & _CONDITIONS
            for c in verb.children
        )
        # "When I moved to Porto" takes the move for granted, "when I move" does not.
        timed = {"when", "before"} if clause.tense is not Tense.PAST or verb.i != clause.verb.i else set()
        if marks & (DOUBTFUL_MARKS | timed | {"until", "till", "wherever", "whenever"}) or conditional:
            clause.factual = False
        if is_asked_for(verb) or is_doubted(clause, verb) or is_put_off(clause, verb):
            clause.factual = False
        clause.hearsay = clause.hearsay or is_rumoured(verb)
        head = verb.head
        if verb.dep_ == "ccomp" and head.pos_ == "VERB":
            lemmas = {head.lemma_.lower(), verb_lemma(head)}
            denied = any(c.lower_ in NEGATIONS and not (c.lower_ == "no" and c.i < _first(head)) for c in head.children)
            held = bool(lemmas & _OPINIONS) and _is_anothers(head)
            if (lemmas & DOUBTFUL_VERBS and not held) or denied:
                clause.factual = False
            if lemmas & HEARSAY_VERBS or held:
                _reported(clause, head)
        elif verb.dep_ == "ccomp" and head.lower_ in _CONVINCED and _is_anothers(head):
            _reported(clause, head)
        elif verb.dep_ not in ("conj", "advcl", "acl:relcl", "xcomp"):
            return
        if verb.dep_ == "conj" and child_of(verb, *SUBJECTS) is not None and head.dep_ != "ccomp":
            return
        if verb.dep_ in ("advcl", "acl:relcl"):
            return
        verb = head


def _is_anothers(telling: Token) -> bool:
    """Whether somebody else than the speaker says or thinks it."""
    teller = subject_of(telling)
    return teller is not None and teller.lower_ not in ("i", "we", "you")


def _first(verb: Token) -> int:
    """The position of a verb's subject: a "no" before it answers, and denies nothing."""
    return next((c.i for c in verb.children if c.dep_ in SUBJECTS), verb.i)
