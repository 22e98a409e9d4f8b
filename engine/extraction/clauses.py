"""Read clauses out of a Universal Dependencies parse: predicate, subject, objects, obliques, polarity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.calendar_words import WEEKDAYS
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.moods import NEGATIONS, judge
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense, child_of, preposition, subject_of
from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

NO_LONGER: Final = frozenset({"anymore", "longer"})
_PLACING: Final = frozenset({"back", "home", "down", "up", "over"})
GOING: Final = frozenset({"move", "go", "fly", "travel", "drive", "return", "relocate", "come"})
_GOVERNED_OUTSIDE: Final = frozenset({"to", "about", "of", "with", "for"})  # "a fair I went to": no object
_MEASURES: Final = frozenset(
    {
        "bit",
        "lot",
        "some",
        "couple",
        "ton",
        "plenty",
        "load",
        "bunch",
        "most",
        "piece",
        "sort",
        "kind",
        "type",
        "combination",
        "variety",
        "mix",
    }
)
_TIMES: Final = frozenset(
    {"day", "night", "week", "weekend", "month", "year", "morning", "evening", "afternoon", "time", "today", "summer"}
    | {*WEEKDAYS, "yesterday", "tomorrow", "tonight"}
)


def read_clauses(sentence: Span) -> Iterator[Clause]:
    """The clauses of a sentence, in order of their predicates."""
    for token in sentence:
        if token.dep_ in ("aux", "aux:pass", "cop", "case", "mark", "amod", "compound", "flat", "fixed", "punct"):
            continue
        copula = child_of(token, "cop") or _shared_copula(token)
        if token.pos_ == "VERB" and token.dep_ in ("obj", "iobj", "obl") and child_of(token, *SUBJECTS) is None:
            continue  # a plural noun ("I hate olives") taken for a verb
        if copula is not None or token.pos_ == "VERB" or (token.pos_ == "AUX" and child_of(token, *SUBJECTS)):
            yield read_clause(token, copula)


def _shared_copula(token: Token) -> Token | None:
    """The copula of "eleven" for "deaf" in "he is eleven and deaf"; adjectives and numbers only."""
    head = token.head
    if token.dep_ != "conj" or token.pos_ not in ("ADJ", "NUM", "NOUN") or child_of(token, *SUBJECTS) is not None:
        return None
    bare = token.pos_ != "NOUN" or not any(c.dep_ in ("case", "amod", "nmod") for c in token.children)
    joined = [c.lower_ for c in token.children if c.dep_ == "cc"]
    copula = child_of(head, "cop")
    if copula is None or not bare or joined not in ([], ["and"]) or child_of(head, "case") is not None:
        return None
    return copula if head.pos_ in ("ADJ", "NUM", "NOUN") else None


def read_clause(verb: Token, copula: Token | None = None) -> Clause:
    """The clause headed by one verb, or by a predicate noun or adjective with its ``copula``."""
    clause = Clause(verb, subject_of(verb), copula)
    auxiliaries: list[Token] = []
    for child in verb.children:
        dep = child.dep_
        if dep in ("aux", "aux:pass"):
            auxiliaries.append(child)
            clause.passive = clause.passive or dep == "aux:pass"
        elif (dep == "obj" and child.pos_ not in ("ADV", "ADP")) or (
            dep == "advmod" and child.tag_ == "NNS" and child.pos_ == "NOUN" and child.i > verb.i
        ):
            clause.objects += [] if _is_anothers(child, clause) else [_measured(child)]
        elif dep == "iobj":
            clause.recipient = child
        elif (dep in ("obl", "obl:agent", "nmod") and child.i > verb.i) or (dep == "obl" and preposition(child)):
            clause.obliques.append((preposition(child), child))
        elif (dep == "obl:unmarked" and _is_object(child, verb)) or (
            dep == "xcomp" and verb.lower_ == "become" and child.pos_ in ("NOUN", "PROPN")
        ):
            clause.objects.append(child)
        elif (
            dep == "xcomp"
            or (dep == "advcl" and verb.lower_ == "used" and child.tag_ == "VB")
            or (dep in ("advcl", "ccomp") and child.tag_ == "VB" and _is_how(child))
            or (dep == "advcl" and any(c.dep_ == "cop" and c.lower_ == "being" for c in child.children))
        ):
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
    judge(clause, auxiliaries)
    stranded = _stranded(clause)
    if stranded is not None:
        clause.gap = verb.head
        clause.obliques = [(stranded.lower_, verb.head), *clause.obliques]
    elif _has_gap(clause):
        clause.gap = verb.head
        clause.objects = [verb.head]
    if _has_been(clause):
        clause.implicit = clause.perfect = True
        clause.tense = Tense.PAST
    return clause


def _has_gap(clause: Clause) -> bool:
    """Whether a relative clause tells what the speaker did to the one thing before it: "a road trip we took last year".

    Not of "the" one, which the conversation knows already.
    """
    verb, noun = clause.verb, clause.verb.head
    own = clause.subject is not None and clause.subject.lower_ in ("i", "we") and clause.subject.head.i == verb.i
    if not own or verb.dep_ != "acl:relcl" or clause.copula is not None or clause.tense is not Tense.PAST:
        return False
    objects = [t for t in clause.objects if t.lemma_.lower() not in _TIMES]  # "last summer", taken for one
    if objects or clause.complement is not None or noun.pos_ not in ("NOUN", "PROPN") or clause.passive:
        return False
    stranded = any(c.dep_ in ("obl", "case", "ccomp") and c.pos_ == "ADP" for c in verb.children)
    determiners = {c.lower_ for c in noun.children if c.dep_ == "det"}
    known = not determiners & {"a", "an", "another"} and not (
        determiners & {"that", "this"} and any(c.dep_ == "compound" for c in noun.children)
    )
    asked = any(c.tag_ == "WRB" for c in verb.children) or noun.lemma_.lower() in vocabulary().pictures
    after = verb.doc[verb.i + 1] if verb.i + 1 < len(verb.doc) else None
    stranded = stranded or verb_lemma(verb) in GOING or (after is not None and after.lower_ in _GOVERNED_OUTSIDE)
    return not (stranded or known or asked or clause.negated)


def _stranded(clause: Clause) -> Token | None:
    """The preposition left behind in "a shelter I volunteer at", "this parade I went to"."""
    verb, noun = clause.verb, clause.verb.head
    own = clause.subject is not None and clause.subject.lower_ in ("i", "we") and clause.subject.head.i == verb.i
    after = verb.doc[verb.i + 1] if verb.i + 1 < len(verb.doc) else None
    if not own or verb.dep_ != "acl:relcl" or after is None or after.lower_ not in ("at", "to", "for", "in", "with"):
        return None
    if clause.objects or clause.negated or noun.pos_ not in ("NOUN", "PROPN") or clause.complement is not None:
        return None
    beyond = verb.doc[after.i + 1] if after.i + 1 < len(verb.doc) else None
    governs = any(c.dep_ == "case" and c.i == after.i for t in verb.subtree for c in t.children)
    later = beyond.nbor().lower_ if beyond is not None and beyond.lower_ == "a" and beyond.i + 1 < len(verb.doc) else ""
    timed = beyond is not None and (
        beyond.is_punct or beyond.lower_ in _TIMED or later in _TIMED or beyond.pos_ in ("VERB", "AUX", "CCONJ")
    )
    if not timed and governs:
        return None
    determiners = {c.lower_ for c in noun.children if c.dep_ == "det"}
    lasting = clause.tense is Tense.PRESENT and verb_lemma(verb) in ("work", "volunteer", "study", "live", "belong")
    return after if lasting or determiners & {"a", "an", "this", "another"} else None


_TIMED: Final = frozenset(
    [
        "last",
        "few",
        "couple",
        "while",
        "week",
        "month",
        "year",
        "two",
        "three",
        "yesterday",
        "this",
        "recently",
        "when",
        "on",
        "once",
        "every",
        "often",
    ]
)


def _has_been(clause: Clause) -> bool:
    """For "Been to Paris twice": the speaker and the "have" left out."""
    copula = clause.copula
    if copula is None or clause.subject is not None or copula.lower_ != "been" or clause.verb.dep_ != "ROOT":
        return False
    before = copula.doc[_opening(copula) : copula.i]
    return all(t.pos_ in ("ADV", "INTJ", "PUNCT", "CCONJ") for t in before)


def _leaves_out_the_speaker(clause: Clause, auxiliaries: list[Token]) -> bool:
    """For "Took the train yesterday", "Just learning the piano", "Been looking for a flat"."""
    verb = clause.verb
    if clause.subject is not None or clause.copula is not None:
        return False
    spliced = verb.dep_ == "advcl" and any(
        a.lower_ == "been" for a in auxiliaries
    )  # "Been practising, it keeps me sane"
    if verb.dep_ not in ("ROOT", "parataxis") and not spliced:
        return False
    if verb.lower_ == "wait" and verb.dep_ == "ROOT" and any(a.lower_ in ("ca", "can") for a in auxiliaries):
        return True  # "Can't wait to start my new job!"
    if verb.lower_ in _LOVING and verb.dep_ == "ROOT" and not auxiliaries and (clause.objects or clause.complement):
        return all(t.pos_ in ("ADV", "INTJ", "PUNCT") for t in verb.doc[_opening(verb) : verb.i])  # "Love hiking!"
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


_LOVING: Final = frozenset({"love", "loving", "hate", "adore"})


def _is_topic(verb: Token) -> bool:
    """Whether a gerund in front is what is talked about: "starting a business takes courage"."""
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


def _is_anothers(noun: Token, clause: Clause) -> bool:
    """Whether an object belongs to a verb that the parse did not see: "stay on track and tokenize successes".

    That is so behind an "and", behind another verb joined to this one, and inside a clause of its own ("I saw how
    lack of education …").
    """
    if any(c.tag_ in ("WRB", "WP") and c.i < noun.i for c in noun.children):
        return True
    if noun.i > clause.verb.i and any(clause.verb.i < c.i < noun.i for c in clause.verb.children if c.dep_ == "conj"):
        return True
    first = noun.left_edge
    return bool(clause.objects) and (first.dep_ == "cc" or (first.i > 0 and first.nbor(-1).dep_ == "cc"))


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


def _is_how(verb: Token) -> bool:
    """Whether an infinitive is a skill: "I'm learning how to play the violin"."""
    words = {c.lower_ for c in verb.children if c.i < verb.i}
    return {"how", "to"} <= words and verb.head.lemma_.lower() in ("learn", "teach")


def _inherit(clause: Clause, auxiliaries: list[Token]) -> None:
    """A conjoined verb without a subject of its own shares the auxiliaries of the first ("I will go and see")."""
    verb = clause.verb
    if verb.dep_ == "conj" and not auxiliaries and child_of(verb, *SUBJECTS) is None and verb.tag_ in ("VB", "VBN"):
        auxiliaries += [c for c in verb.head.children if c.dep_ in ("aux", "aux:pass")]
        clause.passive = any(a.dep_ == "aux:pass" for a in auxiliaries)


def read_complement(clause: Clause) -> Clause | None:
    """The open clause under a verb ("learning" in "I started learning Dutch") with the same subject."""
    if clause.complement is None:
        return None
    copula = child_of(clause.complement, "cop")
    if copula is None and clause.complement.pos_ not in ("VERB", "AUX", "NOUN"):
        return None
    inner = read_clause(clause.complement, copula)
    inner.subject = clause.subject
    inner.tense, inner.factual, inner.hearsay = clause.tense, clause.factual, clause.hearsay
    return inner
