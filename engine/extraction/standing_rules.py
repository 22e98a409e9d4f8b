"""Standing rules: what the speaker wants done always or never ("always use tabs in this repo").

One-off commands are none, nor mottos ("never give up"), nor what is felt ("always happy to help").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.howtos import LEAD
from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.manners import read_manner
from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.phrases import relation_noun
from factloom.engine.extraction.sentences import text_of
from factloom.engine.extraction.steps import is_base_verb, is_step, names_something, part, tidy, turned, wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.tokens import Span, Token


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be done always (``never``: not at all), with its condition; ``over``: the rule holds no longer."""

    doing: str
    text: str  # with "always" or "never" and the condition where it was
    verb: Token
    never: bool = False
    over: bool = False
    end: int = 0  # the token behind the last one of it


_FRONT: Final = (
    r"(?:(?P<condition>(?:when(?:ever)?|before|after|if|in|for|on|at|with|while|once|every time|each time|any ?time|"
    r"as soon as)\b[^,]{2,90}),\s*)?"
)
_HOW: Final = r"(?P<how>always|never(?:,? ever)?|don['’]t ever|do not ever)"
_FROM_NOW: Final = r"(?:from now on|going forward|from here on(?: out)?|in (?:the )?future|as of (?:now|today))"
_DISTURBING: Final = (
    "call|text|ring|phone|email|message|ping|contact|disturb|wake|bother|book|schedule|invite|interrupt|deploy|"
    "merge|push|"
    "release"
)
_PATTERNS: Final = tuple(
    re.compile(LEAD + pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"(?:please,? )?{_FRONT}(?:please,? )?(?P<how>always remember|never forget) to (?P<doing>.+)$",
        rf"(?:please,? )?(?:{_FROM_NOW},? )?{_FRONT}(?:please,? )?{_HOW} (?P<doing>.+)$",
        rf"(?:please,? )?{_FROM_NOW},? {_FRONT}(?:please,? )?(?P<how>don['’]t |do not )?(?P<doing>.+)$",
        rf"(?:please,? )?(?P<how>don['’]t |do not )?(?P<doing>.+?),? {_FROM_NOW}\W*$",
        r"(?P<condition>(?:whenever|every time|each time|any ?time)\b[^,]{2,90}),\s*(?:please,? )?"
        r"(?P<how>don['’]t |do not )?(?P<doing>.+)$",
        r"(?P<condition>(?:when|if) (?:a|an|the|some|any|you)\b[^,]{2,90}),\s*(?P<how>)(?P<doing>.+? first\b.*)$",
        rf"(?:please,? )?(?P<how>don['’]t|do not) (?P<doing>(?:{_DISTURBING})\b.*?\b(?:before|after|between|during|"
        rf"past|"
        r"until|while|on (?:\w+days|weekends)|at (?:weekends|night)|in the (?:morning|evening|afternoon)s?)\b.*)$",
        rf"(?:please,? )?{_FRONT}(?:make sure|be sure|remember|don['’]t forget|see to it)(?: that)?(?: you| to)? "
        rf"{_HOW} (?P<doing>.+)$",
        rf"{_FRONT}you (?:should|must|need to|have to|are to|shall) {_HOW} (?P<doing>.+)$",
        rf"I(?:['’]d| would)? (?:want|need|like|expect|ask) you to {_HOW} (?P<doing>.+)$",
        r"(?:my|our|the|one|a) (?:\w+ )?(?:rule|policy)(?: (?:here|of mine|of ours|in \w+ \w+))?(?: is)?(?::| that)?"
        r"(?: to| we| I)? (?P<how>always|never|don['’]t) (?P<doing>.+)$",
    )
)
_CUES: Final = re.compile(
    r"\b(?:always|never|ever|whenever|every ?time|each time|any ?time|from now on|going forward|from here on|"
    rf"in (?:the )?future|as of|first|no longer|any ?more|any longer|again|(?:rule|policy)\b.*\bdon['’]t|"
    rf"(?:don['’]t|do not) (?:{_DISTURBING}))\b",
    re.IGNORECASE | re.DOTALL,
)
_FORBIDDING: Final = frozenset({"don't ever", "do not ever", "don't", "do not"})
# "Could you always answer in Spanish?" asks for it, and no question.
_REQUEST: Final = re.compile(
    LEAD + r"(?:can|could|would|will) you (?:please )?(?P<how>always|never) (?P<doing>.+?)\W*$",
    re.IGNORECASE | re.DOTALL,
)
# Where a sentence goes on to another rule, to its reason, or to something else.
_CUT: Final = re.compile(
    r",?\s+(?:and |but )?(?=(?:always|never)\b)|[,;–—-]\s+(?=(?:and |but )?(?:I|we|he|she|it|they|that|this|as|so|or|"
    r"otherwise|because|since)\b)|\s+(?=(?:because|since|otherwise)\b)",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(r"\W*(?:and |but )?(?:always|never)\b", re.IGNORECASE)
_OVER: Final = re.compile(
    LEAD + r"you (?:(?:don['’]t|do not) (?:have|need) to|no longer (?:have|need) to) (?:always )?(?P<doing>.+?)"
    r"(?P<longer>\s+(?:any ?more|any longer))?\W*$",
    re.IGNORECASE | re.DOTALL,
)
_ALLOWED: Final = re.compile(
    LEAD + r"you (?:can|may) (?:always )?(?P<doing>.+?)\s+(?:again|any ?time|at any time|"
    r"whenever you (?:like|want))(?: now| again)?\W*$",
    re.IGNORECASE | re.DOTALL,
)
# How one is answered and written to; manners say enough of these: "always reply briefly".
_TALKING: Final = frozenset(
    {"answer", "reply", "respond", "write", "speak", "explain", "summarise", "summarize", "format"}
)
# Verbs whose content clause is something to be said or believed, not done.
_SAYING: Final = frozenset({"remember", "say", "assume", "believe", "pretend", "claim", "repeat", "imagine", "know"})


def read_rules(span: Span, reader: Reader) -> list[Rule]:
    """The standing rules that a sentence gives: "never use spaces, always use tabs" gives two."""
    asked = _REQUEST.match(text_of(span))
    if reader.speaker is None or (text_of(span).rstrip().endswith("?") and asked is None):
        return []
    met = _when_it_fails(span, reader) or _as_it_should_be(span, reader)
    if met is not None:
        return [met]
    manner = read_manner(span, reader)
    if manner is not None:
        text = f"never {manner.doing}" if manner.never else manner.doing
        return [Rule(manner.doing, text, manner.verb, manner.never, end=span.end)]
    if _CUES.search(text_of(span)) is None:
        return []
    over = _over(span, reader)
    if over is not None:
        return [over]
    for pattern in _PATTERNS if asked is None else (_REQUEST,):
        match = pattern.match(text_of(span))
        found = _matched(span, match, reader) if match is not None else None
        if found is not None:
            rest = span.doc[found.end : span.end]
            again = _AGAIN.match(rest.text) if len(rest) > 1 else None
            return [found, *(read_rules(span.doc[found.end + _before(rest) : span.end], reader) if again else [])]
    return []


# "When the build hangs, restart the runner": what is done about a thing that fails is done each time.
_FAILING: Final = re.compile(
    LEAD
    + r"(?P<condition>(?:when(?:ever)?|if|once|in case|as soon as|should) (?:(?:the|a|an|any|our|my|your|one of \w+) )?"
    r"(?!(?:I|you|he|she|we|they|it|someone|somebody|anyone|that|this|life|people|everyone)\b)(?P<what>[^,]{2,60}?) "
    r"(?:hangs?|jams?|fails?|crash(?:es)?|breaks?(?: down)?|freezes?|sticks?|beeps?|flash(?:es)?|blinks?|stops?"
    r"(?: \w+ing)?|"
    r"dies|runs? (?:out|low|dry)|overheats?|leaks?|trips?|go(?:es)? (?:down|off|out|red|dark|offline|wrong)|times? out|"
    r"complains?|turns? (?:red|yellow|orange)|lights? up|clogs?|drops?|rattles?|squeaks?|"
    r"(?:is|are|gets?) (?:full|empty|stuck|down|slow|red|out of \w+|offline|blocked|locked|clogged|low|flaky)|"
    r"won['’]t \w+|(?:does|do)(?:n['’]t| not) (?:start|work|respond|load|open|close|boot|turn on|print|connect|sync|"
    r"build|"
    r"compile|pass|charge|show up))(?: (?:again|up|on (?:staging|prod\w*|main|ci)|in ci|overnight|at night|"
    r"for (?:more than |over )?[\w ]+ (?:seconds|minutes|hours)))?)"
    r",\s*(?:then |please,? |just |simply |you (?:just )?(?:have to|need to|must|should) )*(?P<doing>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ONCE: Final = re.compile(
    r"\b(?:me|us|I|we|you|today|tonight|tomorrow|now|this|that|let|let['’]s|blame|panic|cry|pray|scream|laugh)\b",
    re.IGNORECASE,
)


def _when_it_fails(span: Span, reader: Reader) -> Rule | None:
    match = _FAILING.match(text_of(span)) if _IF.match(text_of(span)) is not None else None
    if match is None or _ONCE.search(match["doing"]) or relation_noun(match["what"].split()[-1].lower()) is not None:
        return None
    return _matched(span, match, reader)


_IF: Final = re.compile(LEAD + r"(?:when|if|once|in case|as soon as|should)\b", re.IGNORECASE)
# "Reports should be in PDF": how the things that one makes at work are to be.
_MADE: Final = (
    "reports?|documents?|files?|invoices?|emails?|mails?|messages|commits?|commit messages?|comments?|names?|"
    "variables?|"
    "tests?|dates?|answers?|replies|responses?|summar(?:y|ies)|lists?|tables?|tickets?|branches|branch names?|prs|"
    "pull requests|code|docs|documentation|functions?|slides?|presentations?|meetings?|spreadsheets?|minutes|recipes|"
    "headings|titles|links|units|prices|amounts|times|quotes|contracts|drafts|diagrams|charts|examples|snippets|queries"
)
_SHOULD: Final = re.compile(
    LEAD
    + rf"(?P<doing>(?:(?:all|our|my|the|any|your) )*(?:[\w-]+ ){{0,2}}?(?:{_MADE})(?: (?:to|for|from) (?:\w+ )?\w+)? "
    r"(?:should|must|have to|has to|need to|needs to|are to)(?: always| never| not)? be (?P<how>in|as|under|at|no|not|"
    r"sent|written|named|kept|saved|stored|filed|formatted|dated|signed|reviewed|squashed|short|brief|plain|"
    r"at most|no (?:longer|more)|less than|lower ?case|upper ?case|\w+_case|\w+Case|metric)\b[^,;?]*)[.!]*$",
    re.IGNORECASE,
)


def _as_it_should_be(span: Span, reader: Reader) -> Rule | None:
    match = _SHOULD.match(text_of(span)) if " be " in text_of(span) else None
    if match is None or re.search(
        r"\b(?:by|today|tomorrow|tonight|this|that|it|he|she|they|your|inbox)\b", match[0], re.IGNORECASE
    ):
        return None
    doing = part(span, match.start("doing"), match.end("doing"))
    told = wording(doing, reader)
    verb = next((token for token in doing if token.lower_ == "be"), None)
    if told is None or verb is None:
        return None
    told = told[:1].lower() + told[1:]
    return Rule(told, told, verb, end=span.end)


def _before(rest: Span) -> int:
    """How many words stand before the next "always" or "never"."""
    return next(k for k, token in enumerate(rest) if token.lower_ in ("always", "never"))


def _matched(span: Span, match: re.Match[str], reader: Reader) -> Rule | None:
    """The rule that a pattern found, as far as the sentence tells of it: up to where it goes on to something else."""
    groups = match.groupdict()
    how = (groups.get("how") or "").strip().lower().replace("’", "'")
    never = (how.startswith("never") and how != "never forget") or how in _FORBIDDING
    begin, end = match.span("doing")
    cut = _CUT.search(match["doing"])
    doing = part(span, begin, begin + cut.start() if cut is not None else end)
    while doing and (doing[-1].is_punct or doing[-1].lower_ in ("please", "thanks", "ok")):
        doing.pop()
    condition = part(span, match.start("condition"), match.end("condition")) if groups.get("condition") else []
    found = _rule(doing, condition, reader, never=never, said=how != "" and how not in ("don't", "do not"))
    if found is None:
        return None
    return replace(found, end=doing[-1].i + 1 if cut is not None else span.end)


def _rule(
    doing: Sequence[Token], condition: Sequence[Token], reader: Reader, *, never: bool, said: bool
) -> Rule | None:
    if not _can_be_ruled(doing):
        return None
    told = wording(doing, reader, within=condition)
    if told is None:
        return None
    told = told[:1].lower() + told[1:]
    word = "never" if never else "always" if said else ""
    if not condition:
        return Rule(told, f"{word} {told}".strip(), doing[0], never)
    when = turned(condition, reader)
    if when is None or len(condition) < 2:
        return None
    when = when[:1].lower() + when[1:]
    text = f"{when}, {word} {told}" if word else f"{when}, {told}"
    return Rule(f"{told} {when}", text, doing[0], never)


def _can_be_ruled(doing: Sequence[Token]) -> bool:
    """Whether the words are a command that can be followed again and again."""
    if not doing or not is_base_verb(doing[0]) or doing[0].pos_ == "AUX":
        return False
    verb, lemma = doing[0], verb_lemma(doing[0])
    if lemma in _SAYING and any(c.dep_ in ("ccomp", "parataxis") for c in verb.children):
        return False
    if (
        lemma in ("call", "name", "nickname")
        and len(doing) > 2
        and doing[1].lower_ in ("me", "us")
        and doing[2].text[:1].isupper()
    ):
        return False  # "always call me Gus": a name
    mannered = lemma in _TALKING and any(t.pos_ in ("ADV", "ADJ", "NOUN", "PROPN") for t in doing[1:])
    if not is_step(verb, doing, bare=mannered):
        return False
    yours = [t for t in doing if t.lower_ in ("your", "yourself", "you")]
    owned = [t.head for t in yours if t.lower_ == "your"]
    told = [t for t in doing[1:] if t.i not in {o.i for o in owned}]
    return not (yours and not mannered and not names_something(told) and not names_something(owned))


def _over(span: Span, reader: Reader) -> Rule | None:
    """For "you don't have to use tabs any more", "you can email Tom before noon again"."""
    for pattern, never in ((_OVER, False), (_ALLOWED, True)):
        match = pattern.match(text_of(span))
        if match is None:
            continue
        longer = never or match["longer"] is not None or "no longer" in match.group().lower()
        doing = part(span, match.start("doing"), match.end("doing"))
        told = wording(doing, reader) if longer and _can_be_ruled(doing) else None
        if told is not None:
            return Rule(told, tidy(text_of(span)), doing[0], never, over=True, end=span.end)
    return None
