"""Say a clause again in the third person: "I bought my sister a bike" becomes "Ana bought Ana's sister a bike."."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.clauses import GOING
from factloom.engine.extraction.lemmas import is_irregular_past, verb_lemma
from factloom.engine.extraction.mentions import FIRST_PERSON, THIRD_PERSON, Reader
from factloom.engine.extraction.phrases import is_introduced
from factloom.engine.extraction.predications import SUBJECTS, Clause, Tense
from factloom.engine.extraction.recurring import FRONTED, is_habitual

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacy.tokens import Token

    from factloom.engine.extraction.dates import When

LONGEST: Final = 240  # characters of a sentence; a longer clause is told without its tail
_POSSESSIVE: Final = frozenset({"my", "our", "his", "her", "mine", "ours", "hers"})
_THIRD: Final = {
    "am": "is",
    "'m": "is",
    "’m": "is",
    "are": "is",
    "'re": "is",
    "have": "has",
    "'ve": "has",
    "’ve": "has",
    "do": "does",
    "were": "was",
}
_TRAILING: Final = re.compile(
    r"(?:\s+(?:too|also|again|lately|together|either|now|personally|anyway|though|sometime|by the way|btw))+$"
)
_LEFT_OUT: Final = frozenset({"discourse", "vocative", "parataxis", "cc", "mark", "dislocated", "reparandum"})


def retell(clause: Clause, subject: str, reader: Reader, when: When | None) -> str:
    """The clause as one sentence about ``subject``, its date expression made absolute."""
    tokens = [t for t in _own_tokens(clause.verb) if clause.subject is None or t.i > clause.subject.i]
    hidden = {t.i for t in clause.subject.subtree} if clause.subject is not None else set()
    if clause.verb.i in hidden:  # "Carla, who has a boat": what is told of her hangs on her name
        hidden -= {t.i for t in clause.verb.subtree}
        hidden |= {c.i for c in clause.verb.children if c.dep_ in SUBJECTS and c.tag_ in ("WP", "WDT")}
    tokens = [t for t in tokens if t.i not in hidden]
    finite = _finite(clause)
    tokens = _gap_filled(clause, tokens)
    words = _words(tokens, reader, when, finite if clause.subject is not None else None, clause)
    words = re.sub(rf"(?<!\w){re.escape(subject)}'s(?= \w)", _own(clause, reader), words) if subject in words else words
    words = words[:1].lower() + words[1:] if clause.implicit else words
    if clause.implicit and words.startswith("been "):
        words = f"has {words}"
    elif clause.implicit and clause.verb.tag_ == "VBG":
        words = f"is {words}"
    often = fronted_times(clause) if when is None or when.since else ""
    words = f"{words.rstrip(' ,.;:!-')} {often}" if often else words
    return _sentence(f"{subject} {words}", when)


# "Every Friday I water the plants", "On Sunday mornings we bake bread".
_FRONTED: Final = re.compile(
    r"^\W*(?:(?:and|so|but)\W+)?(?P<often>every (?:other |single )?\w+|each \w+|once an? \w+|twice an? \w+|most \w+s|"
    r"(?:on |in the )?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day |weekday )?(?:mornings|evenings|afternoons|nights)|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)days|(?:at|on) weekends)\W*$",
    re.IGNORECASE,
)


def fronted_times(clause: Clause) -> str:
    """How often, where that stands in front of the subject: "every Friday"; else ""."""
    if clause.subject is None or clause.subject.left_edge.i == clause.subject.sent.start:
        return ""
    before = clause.subject.doc[clause.subject.sent.start : clause.subject.left_edge.i]
    if len(before) > _SHORT_FRONT:
        return ""
    match = _FRONTED.match(before.text) or (_FRONTED_NAME.match(before.text) if is_habitual(clause) else None)
    return match["often"][:1].lower() + match["often"][1:] if match is not None else ""


# "In the summer we go sailing", "on Christmas Eve we eat fish".
_FRONTED_NAME: Final = re.compile(rf"^\W*(?:(?:and|so|but)\W+)?(?P<often>{FRONTED})\W*$", re.IGNORECASE)
_SHORT_FRONT: Final = 6  # tokens


def _gap_filled(clause: Clause, tokens: list[Token]) -> list[Token]:
    """The words of a relative clause with its object in its place: "took a road trip last year"."""
    noun = clause.gap
    if noun is None:
        return tokens
    inside = {t.i for c in noun.children if c.dep_ in ("compound", "amod", "det", "nummod", "flat") for t in c.subtree}
    told = [t for t in noun.doc[noun.left_edge.i : noun.i + 1] if t.i in inside or t.i == noun.i]
    after = next((k + 1 for k, t in enumerate(tokens) if t.i == clause.verb.i), len(tokens))
    after += after < len(tokens) and tokens[after].dep_ == "compound:prt"
    left = next((c for c, t in clause.obliques if t.i == noun.i), None)  # "the parade I went to"
    if left is not None:
        told = [noun.doc[clause.verb.i + 1], *told]
        tokens = [t for t in tokens if t.i != clause.verb.i + 1]
    return [*tokens[:after], *told, *tokens[after:]]


def _own(clause: Clause, reader: Reader) -> str:
    """The subject's possessive in its own clause: "Nora lost her first tooth", "Ana lost their job"."""
    said = {t.lower_ for t in clause.verb.subtree}
    return next((word for word in ("his", "her") if word in said), "their")


def named_once(text: str, name: str) -> str:
    """The text with what is theirs told so behind the name: "Painting helps Ana explore their own ideas"."""
    head, found, tail = text.partition(name)
    return f"{head}{found}" + re.sub(rf"(?<=\s){re.escape(name)}'s(?=\s)", "their", tail)


_ANY_MORE: Final = re.compile(r"\s+(?:any ?more|any longer|no longer|after all)\b", re.IGNORECASE)


def activity(clause: Clause, reader: Reader, when: When | None, *, dropped: bool = False) -> str | None:
    """The clause's verb phrase in the base form ("move to Porto"), or None when it leans on the context.

    ``dropped``: it is told as planned no more, and "any more" is no part of it.
    """
    verb = clause.verb
    told = clause.copula if clause.copula is not None else verb
    tokens = [t for t in _own_tokens(verb) if t.i > told.i]
    text = _words(tokens, reader, when, None, clause)
    text = f"{'be' if clause.copula is not None else verb_lemma(verb)} {text}".strip()
    text = _ANY_MORE.sub("", text) if dropped else text
    text = re.split(r" (?:after|before|when|while|since|as soon as) ", text)[0]
    if len(text) > 70:
        text = re.split(r",| and | so | because | but | to see if ", text)[0]
    text = _TRAILING.sub("", re.sub(r" that day\b", "", text.split(",")[0]).strip(" ,.;:!-"))
    if len(text) > 80 or re.search(
        r"\b(?:it|that|this|you|your|them|there|here|these|those|something|stuff|things?|anymore)\b|\bwhat$",
        text.lower(),
    ):
        return None
    return text if len(text.split()) > 1 else None


def _own_tokens(head: Token) -> list[Token]:
    """The tokens of a clause without joined clauses, asides and what introduces it."""
    tokens: list[Token] = []
    stack = [head]
    while stack:
        token = stack.pop()
        tokens.append(token)
        for child in token.children:
            dep = child.dep_
            if dep in _LEFT_OUT and (token.i == head.i or dep in ("discourse", "vocative", "parataxis", "reparandum")):
                continue
            if dep == "conj" and token.i == head.i and (token.pos_ in ("VERB", "AUX") or token.tag_ == "VBG"):
                continue
            if dep == "conj" and any(c.dep_ in SUBJECTS for c in child.children):
                continue
            if dep == "acl:relcl" and any(t.lower_ in FIRST_PERSON for t in child.subtree):
                continue  # its verbs would need turning, too
            if dep == "advcl" and child.i < head.i:
                continue
            if child.lower_ in ("all", "both") and token.i == head.i and child.i < head.i and dep in ("advmod", "det"):
                continue  # "we all made pots" tells of one of us
            if dep == "advcl" and any(
                c.dep_ == "mark" and c.lower_ in ("because", "since", "though", "although", "as", "if")
                for c in child.children
            ):
                continue
            if (
                dep == "advmod"
                and child.i < head.i
                and child.lower_ in ("also", "so", "even", "then", "actually", "just", "honestly", "well")
            ):
                continue
            if dep == "punct" and (token.i == head.i or child.text in "!?.…;:-–—()"):
                continue
            stack.append(child)
    tokens.sort(key=lambda t: t.i)
    return tokens


def _finite(clause: Clause) -> Token:
    """The word that agrees with the subject."""
    for child in clause.verb.children:
        if child.dep_ in ("aux", "aux:pass", "cop") and (clause.subject is None or child.i > clause.subject.i):
            return child
    return clause.verb


def _words(tokens: Iterable[Token], reader: Reader, when: When | None, finite: Token | None, clause: Clause) -> str:
    first_person = clause.subject is not None and clause.subject.lower_ in FIRST_PERSON
    parts: list[str] = []
    last: Token | None = None
    for token in tokens:
        if when is not None and when.span[0] <= token.idx < when.span[1]:
            continue
        if (
            token.text == ","
            and last is not None
            and last.pos_ == "ADJ"
            and token.nbor().pos_ in ("ADJ", "NOUN", "VERB")
        ):
            continue  # "a safe, inviting place": no end of anything
        text = _inner(token, clause) or _word(token, reader)
        if token.lower_ in _POSSESSIVE and first_person and token.lower_ in FIRST_PERSON and token.dep_ == "nmod:poss":
            text = "their"
        if finite is not None and token.i == finite.i and token.lower_ in ("'s", "’s"):
            text = "has" if clause.perfect else "is"
        if finite is not None and token.i == finite.i and first_person:
            text = _agree(token, text, past=clause.tense is Tense.PAST)
        follows = last is not None and last.i == token.i - 1 and not last.whitespace_
        glued = follows and (text == token.text or text[:1] in "'’") and parts[-1].strip() == token.nbor(-1).text
        parts.append(text if glued else f" {text}")
        last = token
    return "".join(parts).replace(" n't", "n't").replace(" n’t", "n’t").strip()


def _inner(token: Token, clause: Clause) -> str | None:
    """The speaker in a clause inside, so that its verb stays as it is: "for when I have kids", "they have"."""
    if clause.subject is None or clause.subject.lower_ not in FIRST_PERSON:
        return None
    subject = token.lower_ == "i" and token.dep_ in SUBJECTS and token.head.i != clause.verb.i
    if subject and token.i > clause.verb.i:
        return "they"
    being = _PLURAL.get(token.lower_)
    inside = being is not None and token.i > clause.verb.i and token.dep_ in ("aux", "cop", "aux:pass")
    if inside and token.i > 0 and token.nbor(-1).lower_ == "i":
        return being
    return None


_PLURAL: Final = {"am": "are", "'m": "are", "’m": "are", "was": "were"}


def _word(token: Token, reader: Reader) -> str:
    lower = token.lower_
    if token.dep_ == "det" and lower in ("this", "that") and is_introduced(token.head):
        return article(token.nbor().text).strip() or token.text  # "this apple pie" is shown, not known
    if lower == "there" and token.dep_ == "advmod" and reader.antecedents is not None:
        place = reader.antecedents.last_named(token, "place")
        return f"{'to' if verb_lemma(token.head) in GOING else 'in'} {place.name}" if place is not None else token.text
    if lower in ("myself", "ourselves"):
        return "themselves"
    if lower in FIRST_PERSON and reader.speaker is not None:
        name = reader.speaker.name
        return f"{name}'s" if lower in _POSSESSIVE else name
    if lower in THIRD_PERSON and reader.antecedents is not None:
        found = reader.antecedents.resolve(token, THIRD_PERSON[lower])
        if found is not None:
            possessive = lower == "his" or lower == "hers" or (lower == "her" and token.dep_ == "nmod:poss")
            return f"{found.name}'s" if possessive else found.name
    return token.text


def _agree(token: Token, text: str, *, past: bool) -> str:
    """First-person verb to third person, present tense only; "I beat Tom last week" is none, whatever its tag."""
    lower = token.lower_
    if lower in _THIRD:
        return _THIRD[lower]
    finite = token.tag_ in ("VBP", "VB") and token.pos_ == "VERB" and lower != "quit" and not is_irregular_past(token)
    finite = finite and not past
    return third_person(text) if finite else text


def third_person(verb: str) -> str:
    """The form of a regular verb behind "she": "carries"."""
    if re.search(r"(?:[sxz]|ch|sh|o)$", verb):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def _sentence(text: str, when: When | None) -> str:
    text = re.sub(r"\s+", " ", text).strip(" ,.;:!-")
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(r"(?:\s+to (?:see|know|find out|learn))?\s+(?:what|which|who|how|where)$", "", text)  # cut short
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:")
    if when is not None and when.phrase not in text:
        text += f" {when.phrase}"
    return text[:1].upper() + text[1:] + "." if text else text


def article(noun: str) -> str:
    """For "a " or "an " before a noun, "" before a plural-looking or named one."""
    if not noun[:1].islower():
        return "a " if noun[:1].isupper() and noun.isupper() else ""
    return "an " if noun[0] in "aeiou" else "a "
