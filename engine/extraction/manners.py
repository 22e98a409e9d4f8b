"""How the speaker wants to be answered: "don't use emojis", "keep your answers short", "when I ask for a recipe, …".

Told to an assistant only: between people, "stop apologising" is kindness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.sentences import text_of
from factloom.engine.extraction.steps import part, tidy, wording

if TYPE_CHECKING:
    from spacy.tokens import Span, Token


@dataclass(frozen=True, slots=True)
class Manner:
    """What is to be done, or not to be (``never``), when one answers; ``verb`` is the first word of it."""

    doing: str
    verb: Token
    never: bool


_LEAD: Final = (
    r"^\W*(?:(?:and|so|but|ok|okay|also|btw|oh|hey|actually|again|note|by the way|just|from now on|going forward|"
    r"in (?:the )?future|generally|in general)\b[,:]?\s+)*(?:please,?\s+)?"
)
_ANSWERS: Final = r"(?:answers?|repl(?:y|ies)|responses?|messages|explanations?|summaries|texts|emails)"
_HABITS: Final = (
    r"(?:emojis?|emoticons|exclamation (?:marks?|points)|bullet ?points|disclaimers?|small talk|jargon|markdown|"
    r"tables|headings|"
    r"headers|fluff|filler|apologies|flattery|hashtags|caveats|em[- ]dashes|acronyms|abbreviations|puns|lists|links|"
    r"intros?|"
    r"introductions|preambles?|pleasantries|smileys|semicolons|slang|swear words|buzzwords|compliments|platitudes)"
)
_TAIL: Final = (
    r"(?P<tail>(?:,? (?:from now on|going forward|in (?:the )?future|please|thanks|thank you))*"
    r"(?:(?:,| [-–—]| because| since| as|, because|, since|;) (?:I|it|they|"
    r"that|we|my|the|there)(?:['’]\w+)? [^?]{3,80})?[.!]*)$"
)
_STYLE: Final = (
    r"(?:(?:British|American|UK|US|plain|simple|formal|informal|proper) )?(?:(?-i:[A-Z])\w+|english|bullet points|"
    r"full sentences|"
    r"short sentences|lower ?case|the first person|prose|layman['’]s terms|plain text|simple terms|one (?:sentence|"
    r"paragraph))"
)
_FORBIDDEN: Final = (
    re.compile(
        rf"{_LEAD}(?:don['’]t|do not|never|no need to|avoid|stop)(?: ever)? "
        rf"(?P<doing>(?:us(?:e|ing)|add(?:ing)?|includ(?:e|ing)|writ(?:e|ing)|put(?:ting)?|giv(?:e|ing)(?: me)?|"
        rf"send(?:ing)?) "
        rf"(?:me )?(?:any |the |so many |too many |your )?{_HABITS}(?: [\w ]{{2,40}})?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:no|no more|avoid|skip|drop|leave out|cut|you can (?:skip|drop|leave out)|spare me)(?: the| any|"
        rf" all)* "
        rf"(?P<habit>{_HABITS}(?: in (?:your|the) \w+)?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:don['’]t|do not|never|avoid|stop)(?: ever)? (?P<doing>(?:us(?:e|ing)|say(?:ing)?|writ(?:e|ing)) "
        rf"the (?:words?|phrases?|term|expression) [\"“'‘][^?\"”]{{1,40}}[\"”'’](?: (?:again|any ?more|ever))?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:don['’]t|do not|never) (?P<doing>(?:guilt-trip|lecture|patroni[sz]e|nag|flatter|praise|interrupt|"
        rf"correct|rush|judge|quiz) me(?: [\w ]{{2,40}})?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:stop|no need to|you (?:don['’]t|do not) (?:have|need) to) "
        rf"(?P<doing>(?:apologi[sz](?:e|ing)|repeat(?:ing)?|explain(?:ing)?|summari[sz](?:e|ing)|remind(?:ing)? me|"
        rf"greet(?:ing)?|"
        rf"thank(?:ing)?|prais(?:e|ing)|flatter(?:ing)?|rephras(?:e|ing))\b[^,;?]{{0,50}}?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}I (?:don['’]t like|hate|dislike|can['’]t stand) it when you (?P<doing>[a-z]+ [^,;?]{{2,60}}?){_TAIL}",
        re.IGNORECASE,
    ),
)
_WANTED: Final = (
    re.compile(
        rf"{_LEAD}(?P<doing>(?:keep|make) (?:your|the|all|all your) {_ANSWERS} [^,;?]{{3,60}}?){_TAIL}", re.IGNORECASE
    ),
    re.compile(
        rf"{_LEAD}(?:always )?(?P<doing>(?:use|stick to|switch to) (?:metric|imperial|british|american|uk|us|"
        rf"24[- ]hour|12[- ]hour|"
        rf"celsius|fahrenheit|kilomet(?:re|er)s|miles|grams|simple|plain|formal|informal|bullet points|short|iso)"
        rf"\b[^,;?]{{0,40}}?)"
        rf"{_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:always )?(?P<doing>(?:write|answer|reply|respond|speak|talk|explain (?:things|everything))"
        rf"(?: to me| me)? "
        rf"(?:in {_STYLE}|briefly|concisely)){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?P<doing>be (?:(?:more|less) )?(?:brief|concise|direct|formal|informal|blunt|specific|casual|"
        rf"critical|succinct|"
        rf"terse)(?:er)?(?: (?:with|in) [\w ]{{2,30}})?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:always )?(?P<doing>(?:ask|check with|warn|tell|consult|confirm with) me (?:first )?before "
        rf"(?:you )?(?!(?:I|we|he|she|they)\b)\w+[^,;?]{{2,60}}?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?:make sure|be sure|remember|don['’]t forget)(?: that you| you)? (?:to )?(?:always )?"
        rf"(?P<doing>(?:run|check|use|add|test|include|update|format|lint|save|commit|convert|cite|mention) "
        rf"[^,;?]{{3,60}}? (?:before|after|when|whenever|every time) [^,;?]{{3,40}}?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}I(?:['’]d| would) (?:like|want|prefer|love|need) you to (?P<doing>(?:answer|reply|respond|write|"
        rf"speak|talk|use|keep|explain|be|call me)\b (?!(?:to|about|for) )[^,;?]{{3,60}}?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?P<doing>(?:speak|talk|write|answer|reply) (?:(?-i:[A-Z])[a-z]+) (?:with|to) me){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}(?P<doing>(?:when(?:ever)?|if) you (?:write|answer|reply|draft|suggest|send|give|make|translate|"
        rf"summari[sz]e|create|review|explain|generate|quote|name|refactor|book|plan)\b[^,;?]{{2,60}}, (?:please )?"
        rf"(?:give|use|keep|show|list|start|begin|include|convert|check|write|explain|add|"
        rf"make|put|avoid|limit|ask|run|leave|skip|mention|cite|prefer|stick)\b[^;?]{{2,80}}?){_TAIL}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_LEAD}I (?:like|love|prefer|appreciate) it when you (?P<doing>[a-z]+ [^,;?]{{2,60}}?){_TAIL}", re.IGNORECASE
    ),
    re.compile(
        rf"{_LEAD}(?P<doing>(?:when(?:ever)?|if) I (?:ask|send|paste|share|give)\b[^,;?]{{2,80}}, (?:please )?"
        rf"(?:give|use|answer|reply|keep|show|list|start|begin|include|convert|check|translate|write|summari[sz]e|"
        rf"explain|suggest)\b"
        rf"[^;?]{{2,80}}?){_TAIL}",
        re.IGNORECASE,
    ),
)
_GATE: Final = re.compile(
    r"\b(?:don['’]t|do not|never|no|avoid|stop|skip|drop|leave|cut|spare|need|like|hate|dislike|stand|keep|make|use|"
    r"stick|switch|"
    r"write|answer|reply|respond|speak|talk|explain|be|check|warn|tell|consult|confirm|remember|forget|if|when|love|prefer|appreciate|ask|send|paste|share|give)\b",
    re.IGNORECASE,
)
LONGEST: Final = 160  # characters of a wish
_ONCE: Final = re.compile(
    r"\b(?:this|that|these|today|tonight|tomorrow|now|here|last|above|below|again)\b", re.IGNORECASE
)


def read_manner(span: Span, reader: Reader) -> Manner | None:
    """How the sentence wants its speaker to be answered, if it says so of all answers."""
    text = text_of(span)
    if reader.speaker is None or reader.addressee is not None or len(text) > LONGEST or _GATE.search(text) is None:
        return None
    for patterns, never in ((_FORBIDDEN, True), (_WANTED, False)):
        for pattern in patterns:
            match = pattern.match(text)
            found = _manner(span, match, reader, never=never) if match is not None else None
            if found is not None:
                return found
    return None


def _manner(span: Span, match: re.Match[str], reader: Reader, *, never: bool) -> Manner | None:
    group = "habit" if "habit" in match.groupdict() else "doing"
    tokens = part(span, match.start(group), match.end(group))
    if not tokens or _ONCE.search(match[group]):
        return None
    told = wording(tokens, reader, asked=True)
    if told is None:
        return None
    told = tidy(f"use {told}") if group == "habit" else _base(told)
    own = reader.speaker.name if reader.speaker is not None else ""
    told = re.sub(
        rf"^((?:when(?:ever)?|if) {re.escape(own)}) (\w+)", lambda m: f"{m[1]} {_third(m[2])}", told, flags=re.I
    )
    return Manner(told[:1].lower() + told[1:], tokens[0], never)


def _third(verb: str) -> str:
    return f"{verb}s"


def _base(told: str) -> str:
    """The first verb without its -ing: "using emojis" is "use emojis"."""
    first, blank, rest = told.partition(" ")
    return f"{_BASES.get(first.lower(), first)}{blank}{rest}"


_BASES: Final = {
    "using": "use", "adding": "add", "including": "include", "writing": "write", "putting": "put", "giving": "give",
    "sending": "send", "apologising": "apologise", "apologizing": "apologize", "repeating": "repeat",
    "explaining": "explain", "summarising": "summarise", "summarizing": "summarize", "reminding": "remind",
    "greeting": "greet", "thanking": "thank", "praising": "praise", "flattering": "flatter", "rephrasing": "rephrase",
}  # fmt: skip
