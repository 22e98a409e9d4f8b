"""Read clauses out of a Universal Dependencies parse: predicate, subject, objects, obliques, polarity, tense, mood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.lemmas import is_irregular_past, verb_lemma
from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

SUBJECTS: Final = frozenset({"nsubj", "nsubj:pass", "nsubj:outer"})
NEGATIONS: Final = frozenset({"not", "n't", "never", "no", "nobody", "neither", "nor", "barely", "hardly"})
NO_LONGER: Final = frozenset({"anymore", "longer"})
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
    ]
)
# "can't" with these tells something lasting; with others it may be about the moment.
LASTING: Final = vocabulary().abilities | {"stand", "bear", "tolerate", "eat", "drink", "have"}
HEARSAY_VERBS: Final = frozenset(
    ["say", "tell", "hear", "claim", "report", "mention", "read", "announce", "write", "insist", "swear", "text"]
)
# Adverbs by which a speaker tells that it is only hearsay.
REPORTING: Final = frozenset({"apparently", "allegedly", "supposedly", "reportedly", "seemingly"})
_GOVERNING: Final = frozenset({"about", "into", "on", "of", "to", "with", "in", "at", "for", "by"})
# Present and past look the same; with an object, speakers more often tell what they did.
_ALIKE: Final = frozenset({"set", "put", "hit", "cut", "let", "shut", "hurt", "split"})
_PLACING: Final = frozenset({"back", "home", "down", "up", "over"})
GOING: Final = frozenset({"move", "go", "fly", "travel", "drive", "return", "relocate", "come"})
_MEASURES: Final = frozenset({"bit", "lot", "some", "couple", "ton", "plenty", "load", "bunch", "most", "piece"})
_TIMES: Final = frozenset(
    {"day", "night", "week", "weekend", "month", "year", "morning", "evening", "afternoon", "time", "today", "summer"}
)


class Tense(StrEnum):
    """When a clause says that it holds."""

    PAST = "past"
    PRESENT = "present"
    FUTURE = "future"


@dataclass(slots=True)
class Clause:
    """One predication. ``verb`` is the verb, or in "I'm a nurse" the predicate noun, with ``copula`` set.

    ``obliques`` are (preposition, noun) pairs in order; ``complement`` is an open clause ("learn to swim").
    ``factual`` is False for what is asked, wished, supposed or merely possible.
    """

    verb: Token
    subject: Token | None
    copula: Token | None = None
    passive: bool = False
    objects: list[Token] = field(default_factory=list)
    recipient: Token | None = None
    obliques: list[tuple[str, Token]] = field(default_factory=list)
    complement: Token | None = None
    particle: str = ""
    negated: bool = False
    no_longer: bool = False
    used_to: bool = False
    tense: Tense = Tense.PRESENT
    perfect: bool = False
    progressive: bool = False
    factual: bool = True
    hearsay: bool = False
    wished: bool = False  # "I'd love to go to Japan": not so, but wanted
    sources: list[Token] = field(default_factory=list)  # who is said to have said it, the nearest first
    implicit: bool = False  # "Took the train yesterday": the speaker, left out
    base: str = ""  # the verb where it is not the one that the form tells: "I've got a dog" is "have"

    @property
    def lemma(self) -> str:
        """Verb with its particle, lower case: "break up"."""
        lemma = self.base or verb_lemma(self.verb)
        return f"{lemma} {self.particle}" if self.particle else lemma


def read_clauses(sentence: Span) -> Iterator[Clause]:
    """The clauses of a sentence, in order of their predicates."""
    for token in sentence:
        if token.dep_ in ("aux", "aux:pass", "cop", "case", "mark", "amod", "compound", "flat", "fixed", "punct"):
            continue
        copula = _child(token, "cop") or _shared_copula(token)
        if token.pos_ == "VERB" and token.dep_ in ("obj", "iobj", "obl") and _child(token, *SUBJECTS) is None:
            continue  # a plural noun ("I hate olives") taken for a verb
        if copula is not None or token.pos_ == "VERB" or (token.pos_ == "AUX" and _child(token, *SUBJECTS)):
            yield read_clause(token, copula)


def _shared_copula(token: Token) -> Token | None:
    """The copula of "eleven" for "deaf" in "he is eleven and deaf"; adjectives and numbers only."""
    head = token.head
    if token.dep_ != "conj" or token.pos_ not in ("ADJ", "NUM", "NOUN") or _child(token, *SUBJECTS) is not None:
        return None
    bare = token.pos_ != "NOUN" or not any(c.dep_ in ("case", "amod", "nmod") for c in token.children)
    joined = [c.lower_ for c in token.children if c.dep_ == "cc"]
    copula = _child(head, "cop")
    if copula is None or not bare or joined not in ([], ["and"]) or _child(head, "case") is not None:
        return None
    return copula if head.pos_ in ("ADJ", "NUM", "NOUN") else None


def preposition(token: Token) -> str:
    """The preposition of a noun phrase, lower case ("" if none); a parse may hang it on the phrase's first word."""
    words = []
    for child in token.children:
        governs = child.dep_ == "mark" and child.lower_ in _GOVERNING and token.tag_ in ("VBG", "NN", "NNS")
        if (child.dep_ == "case" or governs) and child.i < token.i:
            words.append(child)
    if not words and token.left_edge.i > 0 and token.left_edge.dep_ == "case":
        words.append(token.left_edge)
    return words[0].lower_ if words else ""


def _child(token: Token, *deps: str) -> Token | None:
    for child in token.children:
        if child.dep_ in deps:
            return child
    return None


def read_clause(verb: Token, copula: Token | None = None) -> Clause:
    """The clause headed by one verb, or by a predicate noun or adjective with its ``copula``."""
    clause = Clause(verb, _subject(verb), copula)
    auxiliaries: list[Token] = []
    for child in verb.children:
        dep = child.dep_
        if dep in ("aux", "aux:pass"):
            auxiliaries.append(child)
            clause.passive = clause.passive or dep == "aux:pass"
        elif dep == "obj":
            clause.objects.append(_measured(child))
        elif dep == "iobj":
            clause.recipient = child
        elif (dep in ("obl", "obl:agent", "nmod") and child.i > verb.i) or (dep == "obl" and preposition(child)):
            clause.obliques.append((preposition(child), child))
        elif dep == "obl:unmarked" and _is_object(child, verb):
            clause.objects.append(child)
        elif dep == "xcomp" and verb.lower_ == "become" and child.pos_ in ("NOUN", "PROPN"):
            clause.objects.append(child)
        elif dep == "xcomp":
            clause.complement = child
        elif dep == "advcl" and verb.lower_ == "used" and child.tag_ == "VB":
            clause.complement = child
        elif dep in ("advcl", "ccomp") and child.tag_ == "VB" and _is_how(child):
            clause.complement = child
        elif dep == "advcl" and copula is not None and child.tag_ == "VBG" and preposition(child):
            clause.obliques.append((preposition(child), child))
        elif dep == "advcl" and child.tag_ == "VBG" and child.i > verb.i and not clause.objects:
            # "I tore my knee playing football": the parse gives the object away
            clause.objects += [c for c in child.children if c.dep_ == "nsubj" and c.i > verb.i and c.pos_ != "PRON"]
        elif dep == "compound:prt":
            clause.particle = child.lower_
        elif dep in ("advmod", "det") and child.lower_ in NEGATIONS:
            clause.negated = True
        elif dep == "advmod" and child.lower_ in _PLACING:  # "moved back to Porto": the place hangs on the adverb
            clause.obliques += [(preposition(c), c) for c in child.children if c.dep_ in ("obl", "nmod")]
        elif dep == "advmod" and child.lower_ == "there" and child.i > verb.i:
            clause.obliques.append(("to" if verb_lemma(verb) in GOING else "in", child))
        if dep in ("advmod", "obl", "obl:unmarked") and child.lower_ in NO_LONGER | {"more"}:
            ending = child.lower_ == "anymore" or child.doc[child.i - 1].lower_ in ("any", "no")
            clause.no_longer = clause.no_longer or ending
            clause.negated = clause.negated or ending
    if any(c.dep_ == "det" and c.lower_ == "no" for noun in clause.objects for c in noun.children):
        clause.negated = True  # "has no plans"
    clause.implicit = _leaves_out_the_speaker(clause, auxiliaries)
    _inherit(clause, auxiliaries)
    _judge(clause, auxiliaries)
    return clause


def _leaves_out_the_speaker(clause: Clause, auxiliaries: list[Token]) -> bool:
    """For "Took the train yesterday", "Just learning the piano", "Been looking for a flat"."""
    verb = clause.verb
    if clause.subject is not None or clause.copula is not None or verb.dep_ not in ("ROOT", "parataxis"):
        return False
    doing = any(c.tag_ == "VBG" and c.i > verb.i for c in verb.children)
    ongoing = verb.tag_ == "VBG" and bool(clause.objects or clause.obliques or doing) and not _is_topic(verb)
    if verb.tag_ not in ("VBD", "VBN") and not ongoing:
        return False
    if any(c.dep_ == "obl:agent" or preposition(c) == "by" or c.dep_ == "csubj" for c in verb.children):
        return False
    own = {token.i for token in auxiliaries} if ongoing else set()
    start = _opening(verb)
    before = verb.doc[start : verb.i]
    return all(t.pos_ in ("ADV", "INTJ", "PUNCT", "CCONJ") or t.i in own or t.dep_ == "vocative" for t in before)


def _is_topic(verb: Token) -> bool:
    """Whether a gerund in front is what is talked about: "starting a business takes courage", "having you here is fun"."""
    if verb_lemma(verb) in ("have", "see", "know", "win", "hear", "be", "get"):
        return True
    rest = verb.doc[verb.i + 1 : verb.sent.end]
    own = next((k for k, t in enumerate(rest) if t.text in ".,!?;–—:-"), len(rest))
    finite = [t for t in rest[:own] if t.tag_ in ("VBZ", "VBD", "MD") and t.dep_ not in ("acl:relcl", "advcl", "ccomp")]
    return bool(finite)


def _opening(verb: Token) -> int:
    """Where the words begin that belong to a verb: after the last stop or dash before it."""
    start = verb.i
    while start > verb.sent.start and verb.doc[start - 1].text not in ".!?…–—:;" and verb.doc[start - 1].text != "-":
        start -= 1
    return start


def _measured(noun: Token) -> Token:
    """What "a bit of Dutch" and "some of my paintings" are about."""
    if noun.lemma_.lower() not in _MEASURES:
        return noun
    held = (c for c in noun.children if c.dep_ == "nmod" and preposition(c) == "of")
    return next((c for c in held if c.i + 1 >= len(c.doc) or c.nbor().text not in ("'", "’", "'s")), noun)


def _is_object(noun: Token, verb: Token) -> bool:
    """Whether a bare noun after the verb, taken for a time ("I like rum"), is what it was done to."""
    if noun.i < verb.i or noun.pos_ not in ("NOUN", "PROPN") or noun.lemma_.lower() in _TIMES:
        return False
    return not any(c.dep_ in ("obj", "iobj") for c in verb.children) and noun.left_edge.i == verb.i + 1


def _subject(verb: Token) -> Token | None:
    """The subject, also where it is shared: "I packed and left", "I love to swim"."""
    seen = 0
    while seen < 4:
        subjects = [child for child in verb.children if child.dep_ in SUBJECTS]
        if subjects:  # of two ("Tom" and "I", not seen to be joined) the nearer one agrees with the verb
            return _relative(subjects[-1], verb)
        if (verb.dep_ == "conj" and verb.head.pos_ in ("VERB", "AUX", "ADJ", "NOUN", "PROPN", "NUM")) or (
            verb.dep_ == "xcomp"
        ):
            # "We played games, ate well": the parse joins the verb to the object.
            astray = verb.tag_ == "VBD" and verb.head.dep_ in ("obj", "obl") and verb.head.head.tag_ == "VBD"
            verb = verb.head.head if astray else verb.head
        elif verb.dep_ in ("acl", "acl:relcl") and verb.tag_ != "VBN":
            return None
        else:
            return None
        seen += 1
    return None


def _relative(subject: Token, verb: Token) -> Token | None:
    """In "my sister, who lives in Rome" the subject is the sister."""
    if subject.tag_ in ("WP", "WDT") or (subject.lower_ == "that" and verb.dep_ == "acl:relcl"):
        return verb.head if verb.dep_ == "acl:relcl" else None
    return subject


def _inherit(clause: Clause, auxiliaries: list[Token]) -> None:
    """A conjoined verb without a subject of its own shares the auxiliaries of the first ("I will go and see")."""
    verb = clause.verb
    if verb.dep_ == "conj" and not auxiliaries and _child(verb, *SUBJECTS) is None and verb.tag_ in ("VB", "VBN"):
        auxiliaries += [c for c in verb.head.children if c.dep_ in ("aux", "aux:pass")]
        clause.passive = any(a.dep_ == "aux:pass" for a in auxiliaries)


def _judge(clause: Clause, auxiliaries: list[Token]) -> None:
    verb = clause.verb
    words = [(a.lower_, a.lemma_.lower()) for a in auxiliaries]
    finite = auxiliaries[0] if auxiliaries else (clause.copula if clause.copula is not None else verb)
    clause.progressive = verb.tag_ == "VBG" and any(lemma == "be" for _, lemma in words)
    clause.perfect = any(lemma == "have" or word == "'ve" for word, lemma in words)
    if any(word in ("will", "'ll", "wo", "gonna") for word, _ in words):
        clause.tense = Tense.FUTURE
    elif finite.tag_ in ("VBD",) or "Past" in str(finite.morph) or clause.perfect:
        clause.tense = Tense.PAST
    if verb.tag_ == "VBD" or (verb.tag_ == "VBN" and not auxiliaries and clause.copula is None):
        clause.tense = Tense.PAST
    alike = verb.lower_ in _ALIKE and clause.subject is not None and clause.subject.lower_ in ("i", "we")
    if (is_irregular_past(verb) or (alike and clause.objects)) and not auxiliaries:
        clause.tense = Tense.PAST
    if verb.lower_ == "quit" and not auxiliaries:  # present and past look the same; one hardly ever quits by habit
        clause.tense = Tense.PAST
    if clause.perfect and verb.lower_ == "got" and clause.objects:
        clause.base, clause.perfect, clause.tense = "have", False, Tense.PRESENT
    if clause.implicit and verb.tag_ == "VBG":
        clause.progressive, clause.perfect = True, any(lemma == "be" for _, lemma in words)
        clause.tense = Tense.PAST if clause.perfect else Tense.PRESENT
    if _contracted_have(clause, auxiliaries):
        clause.perfect, clause.passive, clause.tense = True, False, Tense.PAST
    for word, lemma in words:
        doubtful = word in DOUBTFUL_MODALS or lemma in DOUBTFUL_MODALS
        if lemma == "can" and clause.negated and (verb.lemma_.lower() in LASTING or clause.lemma in LASTING):
            continue
        if doubtful and not (word == "'d" and verb.tag_ == "VBN" and len(words) == 1):
            clause.wished = word in ("would", "'d", "’d") and verb.lower_ in ("love", "like") and not clause.negated
            clause.factual = False
    if verb.tag_ == "VB" and not auxiliaries and _child(verb, *SUBJECTS) is None:
        clause.factual = verb.dep_ == "ROOT"  # an infinitive; at the root, perhaps a command
    if verb.tag_ == "VBG" and not clause.implicit and not any(lemma == "be" or word == "'s" for word, lemma in words):
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
    teller = _subject(telling)
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
    for child in clause.verb.children:
        if child.dep_ == "advmod" and child.lower_ in REPORTING:
            clause.hearsay = True
        elif child.dep_ == "obl" and preposition(child) == "according":
            clause.hearsay = True
            clause.sources.append(child)


def _judge_surroundings(clause: Clause) -> None:
    """Conditions, wishes and reports around the clause."""
    verb = clause.verb
    _attributed(clause)
    if verb.dep_ in ("xcomp", "csubj", "amod") or (verb.dep_ in ("acl", "advcl") and _child(verb, *SUBJECTS) is None):
        clause.factual = False  # read as part of the clause it belongs to
    for _ in range(5):
        marks = {c.lower_ for c in verb.children if c.dep_ in ("mark", "advmod") and c.i <= verb.i}
        conditional = any(
            c.dep_ == "advcl" and {m.lower_ for m in c.children if m.dep_ == "mark"} & {"if", "unless"}
            for c in verb.children
        )
        # "When I moved to Porto" takes the move for granted, "when I move" does not.
        timed = {"when", "before"} if clause.tense is not Tense.PAST or verb.i != clause.verb.i else set()
        if marks & (DOUBTFUL_MARKS | timed | {"until", "till", "wherever", "whenever"}) or conditional:
            clause.factual = False
        head = verb.head
        if verb.dep_ == "ccomp" and head.pos_ == "VERB":
            lemma = head.lemma_.lower()
            denied = any(c.lower_ in NEGATIONS and not (c.lower_ == "no" and c.i < _first(head)) for c in head.children)
            if lemma in DOUBTFUL_VERBS or denied:
                clause.factual = False
            if lemma in HEARSAY_VERBS:
                _reported(clause, head)
        elif verb.dep_ not in ("conj", "advcl", "acl:relcl", "xcomp"):
            return
        if verb.dep_ == "conj" and _child(verb, *SUBJECTS) is not None and head.dep_ != "ccomp":
            return
        if verb.dep_ in ("advcl", "acl:relcl"):
            return
        verb = head


def _is_how(verb: Token) -> bool:
    """Whether an infinitive is a skill: "I'm learning how to play the violin"."""
    words = {c.lower_ for c in verb.children if c.i < verb.i}
    return {"how", "to"} <= words and verb.head.lemma_.lower() in ("learn", "teach")


def _first(verb: Token) -> int:
    """The position of a verb's subject: a "no" before it answers, and denies nothing."""
    return next((c.i for c in verb.children if c.dep_ in SUBJECTS), verb.i)


def read_complement(clause: Clause) -> Clause | None:
    """The open clause under a verb ("learning" in "I started learning Dutch") with the same subject."""
    if clause.complement is None or clause.complement.pos_ not in ("VERB", "AUX", "NOUN"):
        return None
    inner = read_clause(clause.complement, _child(clause.complement, "cop"))
    inner.subject = clause.subject
    inner.tense, inner.factual, inner.hearsay = clause.tense, clause.factual, clause.hearsay
    return inner
