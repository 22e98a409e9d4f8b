"""What is one word to the rules, joined before the parse: titles in quotation marks, and "brother-in-law".

I loved "Becoming Nicole" has one object, and a brother-in-law is no brother.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.vocabulary import gender_of, vocabulary

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

# Capitalised words in quotation marks, small ones between; at most eight, and no sentence of somebody's.
_TITLE: Final = re.compile(
    r"(?:(?<![\w\"])\"(?=[A-Z])(?P<straight>[^\"\n.!?;]{2,60}?),?\"(?!\w)|“(?=[A-Z])(?P<curly>[^”\n.!?;]{2,60}?),?”)"
)
_JOINED: Final = re.compile(r"\b[A-Z][A-Za-z]+:[A-Z][A-Za-z]+\b")  # "CS:GO"
# "I work at Tarwe & Zoon": a firm, where two people would be joined otherwise.
_FIRM: Final = re.compile(
    r"(?:\b(?:at|called|named)|\bwork(?:s|ed|ing)? (?:for|with)) "
    r"(?P<name>[A-Z][\w'’-]+ & [A-Z][\w'’-]+(?: & [A-Z][\w'’-]+)?)"
)
_KIN: Final = (
    r"(?:grand)?(?:mother|father|mum|mom|dad|ma|pa|parent|son|daughter|child|kid)|brother|bro|sister|sis|sibling|aunt|auntie|uncle|"
    r"nephew|niece|cousin"
)
_SAYING: Final = {
    "reckons": "says",
    "reckoned": "said",
    "swears": "says",
    "swore": "said",
    "insists": "says",
    "adamant": "sure",
}
_COMPOUND: Final = re.compile(
    rf"\b(?:type[ -](?:1|2|one|two|ii?)[ -]diabetes|(?:{_KIN})s?[ -]in[ -]law|(?:step|half|god|foster)[ -](?:{_KIN})s?|"
    r"great(?:[ -]great)?[ -](?:grand\w+|aunt|auntie|uncle|niece|nephew)|"
    r"colou?r[ -]blind|(?<=['’]m |['’]s )(?:gluten|dairy|lactose)[ -]free\b(?! \w)|"
    r"(?<=\b(?:am|is) )(?:gluten|dairy|lactose)[ -]free\b(?! \w)|"
    r"ex-(?:wife|husband|boyfriend|girlfriend|partner|fianc[eé]e?|boss|manager|supervisor|colleague|coworker|neighbou?r|"
    r"roommate|flatmate|housemate|teacher|coach|doctor|landlord))\b",
    re.IGNORECASE,
)
_BASE: Final = re.compile(rf"diabetes|(?:{_KIN})s?(?=[ -]in)|[^ -]+$")
_COMPOUNDED: Final = ("blind", "free", "in-law", "in law", "step", "half", "god", "foster", "great", "ex-", "diabetes")
LONGEST: Final = 8  # words of a title


def readable(nlp: Language, text: str) -> Doc:
    """The text as tokens, the words of each quoted title, or of a relative's compound, one of them.

    The quotation marks of a title stay beside it.
    """
    doc = nlp.make_doc(text)
    spans = [
        doc.char_span(*inside, alignment_mode="contract")
        for inside in [*_titles(text), *_compounds(text), *_firms(text)]
    ]
    if spans:
        with doc.retokenize() as retokenizer:
            for span in spans:
                if span is not None and len(span) > 1:
                    retokenizer.merge(span)
    for token in doc:
        if token.lower_ in _SAYING:  # the model takes "mum reckons" for a name
            token.norm_ = _SAYING[token.lower_]
    for token in doc if spans else ():
        base = _BASE.search(token.lower_) if _COMPOUND.fullmatch(token.text) and token.lower_[:3] != "ex-" else None
        if base is not None:
            token.norm_ = base[0]  # the model knows brothers, and no brothers-in-law
    return doc


def _compounds(text: str) -> list[tuple[int, int]]:
    """Where "brother-in-law", "step-sister" and the like stand."""
    lower = text.lower()
    if not any(part in lower for part in _COMPOUNDED):
        return []
    return [match.span() for match in _COMPOUND.finditer(text) if '"' not in match[0]]


def _firms(text: str) -> list[tuple[int, int]]:
    """Where firms with "&" in their name stand; not where the first is a given name: "at Tom & Bea's"."""
    if " & " not in text:
        return []
    return [
        m.span("name") for m in _FIRM.finditer(text) if gender_of(m["name"]) is None and not m["name"].endswith("s'")
    ]


def _titles(text: str) -> list[tuple[int, int]]:
    """Where titles stand, without their quotation marks."""
    if '"' not in text and "“" not in text and ":" not in text:
        return []
    spans = []
    for match in _TITLE.finditer(text):
        group = "straight" if match["straight"] else "curly"
        if _capitalised(match[group]):
            spans.append(match.span(group))
    return spans + [m.span() for m in _JOINED.finditer(text) if not any(a <= m.start() < b for a, b in spans)]


def _capitalised(words: str) -> bool:
    parts = [word for word in re.findall(r"[^\s,:'’-]+", words) if word.lower() not in vocabulary().small_words]
    return 0 < len(parts) <= LONGEST and all(
        part[:1].isupper() or part[:1].isdigit() or len(part) == 1 for part in parts
    )
