"""How something is done: "to reset the router, hold the button", "we deploy by pushing", "how to …:" with a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.lemmas import verb_lemma
from factloom.engine.extraction.mentions import Reader
from factloom.engine.extraction.steps import (
    LONGEST,
    as_base,
    is_base_verb,
    is_step,
    names_something,
    part,
    tidy,
    wording,
)
from factloom.engine.extraction.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spacy.tokens import Span, Token


@dataclass(frozen=True, slots=True)
class HowTo:
    """A goal ("reset the router") and the steps to it, in the base form.

    ``verb`` heads the clause that tells it; ``own``: it is the speaker's way; ``over``: it is done so no longer.
    """

    goal: str
    steps: str
    verb: Token
    own: bool = False
    over: bool = False
    noun: bool = False  # the goal is named, not told: "the release checklist"


LEAD: Final = (
    r"^\W*(?:(?:and|so|but|ok(?:ay)?|well|oh|yeah|also|btw|fyi|note to self|note|tip|reminder|rule|important|heads up|"
    r"as a rule|actually)\b[,:]?\s+)*"
)
_FRONTED: Final = re.compile(
    LEAD + r"(?:in order )?to (?P<goal>[^,:;–—]+?)(?:[,:;]| [-–—]|(?= you (?:have|need|must|should|just|can)\b))"
    r"\s*(?P<steps>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_WANTED: Final = re.compile(
    LEAD + r"(?:if|when(?:ever)?) (?:you|we|I) (?:ever )?(?:want|need|have|wish|would like) to (?P<goal>[^,:;]+?),\s*"
    r"(?P<steps>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_WAY: Final = re.compile(
    LEAD
    + r"(?:the|our|my) (?:\w+ ){0,2}?(?:way|trick|procedure|method) to (?P<goal>[^,:;]+?) is (?:to|by) (?P<steps>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_BY: Final = re.compile(
    LEAD
    + r"(?P<who>I|we|you)\s+(?P<not>no longer |don['’]?t |do not )?(?:(?:always|usually|normally|generally|now|just|"
    r"can|can also|also)\s+)?(?P<goal>[^,:;]+?)\s+by\s+(?P<steps>\w+ing\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_UNDERGONE: Final = re.compile(
    LEAD + r"(?P<goal>(?:(?:the|our|my) )?[^,:;]{2,60}?) (?:is|are|gets|can be|has to be) (?P<verb>\w+) by "
    r"(?P<steps>\w+ing\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NEEDED: Final = re.compile(
    LEAD + r"you (?:(?:just|only|simply|first) )?(?:need to|have to|must) (?P<steps>.+)$", re.IGNORECASE | re.DOTALL
)
_HEADING: Final = re.compile(
    LEAD + r"(?:(?:here['’]s|here is|this is) )?(?:how (?:to|I|we|you)|(?:in order )?to|"
    r"(?:(?:the|my|our) )?(?:steps?|procedure|process|instructions|checklist) (?P<list>to|for)|"
    r"(?:(?:the|my|our) )?(?P<recipe>recipe) for|(?:the|my|our)) "
    r"(?P<goal>[^:]{3,100}?)(?:(?P<colon>:)\s*(?P<steps>.*))?[.:]?$",
    re.IGNORECASE | re.DOTALL,
)
_DETERMINED: Final = re.compile(r"\b(?:the|my|our) $", re.IGNORECASE)
_NAMED: Final = re.compile(r"\b(?:process|procedure|routine|checklist|recipe|workflow|steps)$", re.IGNORECASE)
_NEXT: Final = re.compile(
    r"^\W*(?:and |but )?(?:then|next|after that|afterwards?|finally|lastly|second(?:ly)?|third(?:ly)?|at the end)\b"
    r",?\s*",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"^\s*(?:[-•*]|\(?\d{1,2}[.)]|step \d{1,2}\b[.:)]?)\s*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"^\W*\d{1,2}[.)]?\W*$")
_ASKED: Final = re.compile(
    r"\bhow (?:(?:do|does|can|should|would) (?:you|I|we|one) |to )(?P<goal>[^?.!,]+)\?\s*$", re.IGNORECASE
)
_LEANING: Final = re.compile(r"\b(?:it|that|this|these|those|them|you|yourself|I|me|we|us|so|feel)\b", re.IGNORECASE)
_ANY_MORE: Final = re.compile(r"\s*\b(?:any ?more|any longer)\b\W*$", re.IGNORECASE)
# What stands before a step: "you just need to", "please first", "we usually".
_BEFORE_STEP: Final = re.compile(
    r"^(?:(?:(?:please|just|simply|first(?:ly)?|first of all|start by|then|always|usually|normally)\b,?|"
    r"(?P<own>I|we)(?= \w)|you(?: (?:just|simply|first|then))*(?: (?:need to|have to|must|should|can|will need to))?|"
    r"make sure (?:to|that you|you))\s+)+",
    re.IGNORECASE,
)


def read_howto(span: Span, reader: Reader) -> HowTo | None:
    """How something is done, as one sentence tells it."""
    text = span.text
    for pattern in (_FRONTED, _WANTED, _WAY):
        match = pattern.match(text)
        if match is None:
            continue
        found = _fitted(span, reader, match)
        if found is not None and not (pattern is _WANTED and re.search(r"\b(?:me|us)\b", found.steps + match["steps"])):
            return found
    return _done_by(span, reader) or _undergone(span, reader) or _needed(span, reader)


def read_listed(spans: Sequence[Span], reader: Reader) -> tuple[HowTo, int] | None:
    """A heading ("How to descale the kettle:") with the steps behind it, and how many sentences that takes."""
    match = _HEADING.match(spans[0].text)
    if match is None:
        return None
    goal = _headed(spans[0], match, reader)
    if goal is None:
        return None
    named = match["list"] is None and _NAMED.search(match["goal"]) is not None
    within = part(spans[0], match.start("goal"), match.end("goal"))
    told, verb, own = [], None, False
    if match["steps"]:
        first = _steps(part(spans[0], match.start("steps"), len(spans[0].text)), reader, within)
        if first is None:
            return None
        told, verb, own = [first[0]], first[1], first[2]
    after, used = _listed(spans[1:], reader, within)
    enough = len(told) + len(after) >= 2 or bool(told)
    if not enough:
        return None
    verb = verb if verb is not None else after[0][1]
    own = own or any(step[2] for step in after)
    return HowTo(
        goal, "; ".join([*told, *(step[0] for step in after)]), verb, own, noun=named or goal.startswith("the ")
    ), used + 1


def read_answered(span: Span, asked: str, reader: Reader) -> HowTo | None:
    """An answer to somebody's "How do you …?": steps, or "by …"."""
    match = _ASKED.search(asked)
    goal = tidy(match["goal"]) if match is not None else ""
    if len(goal.split()) < 2 or _LEANING.search(re.sub(r"\byour\b", "", goal)):
        return None
    lists = vocabulary()
    first = goal.split()[0].lower()
    if first in lists.no_steps | lists.no_goals or goal.split()[-1].lower() in lists.mottos or reader.speaker is None:
        return None
    goal = re.sub(r"\byour\b", f"{reader.speaker.name}'s", goal)
    tokens = list(span)
    if tokens[0].lower_ == "by" and len(tokens) > 1 and tokens[1].tag_ == "VBG":
        steps = as_base(tokens[1:], reader, asked=True)
        return HowTo(goal, steps, tokens[1]) if steps is not None and names_something(tokens[1:]) else None
    told = _steps(tokens, reader, (), asked=True)
    return HowTo(goal, told[0], told[1], told[2]) if told is not None else None


def read_following(spans: Sequence[Span], reader: Reader, within: Sequence[Token]) -> tuple[list[str], int]:
    """The steps that go on in the sentences behind ("Then push to main."), and how many sentences those are."""
    steps: list[str] = []
    for span in spans:
        match = _NEXT.match(span.text)
        told = _steps(part(span, match.end(), len(span.text)), reader, within) if match is not None else None
        if told is None:
            break
        steps.append(f"then {told[0]}")
    return steps, len(steps)


def asks_how(text: str) -> bool:
    """Whether a turn ends by asking how something is done."""
    return _ASKED.search(text) is not None


def _fitted(span: Span, reader: Reader, match: re.Match[str]) -> HowTo | None:
    """The goal and the steps that a pattern found, if they are that."""
    goal = part(span, match.start("goal"), match.end("goal"))
    if not _is_goal(goal):
        return None
    told = _steps(part(span, match.start("steps"), match.end("steps")), reader, goal)
    if told is None:
        return None
    steps, verb, own = told
    named = wording(goal, reader)
    if own and not _is_handled(verb):
        return None  # "to pay the rent, I work at a bar"
    bare = not names_something(goal[1:])
    if named is None or (bare and (own or not names_something(list(verb.subtree)))):
        return None
    return HowTo(named, steps, verb, own)


def _is_goal(tokens: Sequence[Token]) -> bool:
    """Whether words name something to be done: "reset the router", and not "be honest" or "reach your dreams"."""
    if not tokens or not is_base_verb(tokens[0]) or any(t.lower_ in ("this", "these", "that") for t in tokens):
        return False
    lists = vocabulary()
    if not is_step(tokens[0], tokens, bare=True) or tokens[0].lemma_.lower() in lists.no_goals:
        return False
    if len(tokens) == 1:
        return tokens[0].lemma_.lower() not in lists.empty_verbs
    return names_something(tokens[1:])


def _steps(
    tokens: Sequence[Token], reader: Reader, within: Sequence[Token], *, asked: bool = False
) -> tuple[str, Token, bool] | None:
    """The steps in the base form, their first verb, and whether they are told of the speaker."""
    if not tokens:
        return None
    text = "".join(t.text_with_ws for t in tokens)
    before = _BEFORE_STEP.match(text)
    start = tokens[0].idx + (before.end() if before is not None else 0)
    told = [t for t in tokens if t.idx >= start]
    if not told or text.rstrip().endswith("?"):
        return None
    own = before is not None and before["own"] is not None
    verb = told[0]
    gerund = verb.tag_ == "VBG" and before is not None and "by" in before.group().lower().split()
    if not (is_base_verb(verb) or gerund) or not is_step(verb, told, bare=names_something(within[1:])):
        return None
    words = (as_base if gerund else wording)(told, reader, within=within, asked=asked)
    return (words[:1].lower() + words[1:], verb, own) if words else None


def _done_by(span: Span, reader: Reader) -> HowTo | None:
    """For "we deploy by pushing to main"."""
    text = _ANY_MORE.sub("", span.text)
    match = _BY.match(text)
    if match is None:
        return None
    goal, steps = (part(span, match.start(name), match.end(name)) for name in ("goal", "steps"))
    own = match["who"].lower() != "you"
    over = bool(match["not"]) and (match["not"].strip().lower() == "no longer" or text != span.text)
    if (match["not"] and not over) or (own and re.search(r"\bcan\b", text[: match.start("goal")], re.IGNORECASE)):
        return None
    if not _is_goal(goal) or not names_something(steps[1:]) or steps[0].tag_ != "VBG":
        return None
    named, told = wording(goal, reader), as_base(steps, reader, within=goal)
    if named is None or told is None or not is_step(steps[0], steps):
        return None
    return HowTo(named, told, goal[0], own, over)


def _undergone(span: Span, reader: Reader) -> HowTo | None:
    """For "the router is reset by holding the button"."""
    match = _UNDERGONE.match(span.text)
    if match is None:
        return None
    thing, done, steps = (part(span, match.start(name), match.end(name)) for name in ("goal", "verb", "steps"))
    bare = thing[0].lower_ not in ("the", "our", "my")
    if bare and not (thing[-1].text.endswith("s") and len(thing) <= _SHORT_NOUN and done[0].lower_ in _MANAGED):
        return None
    handled = _is_handled(steps[0]) or _is_run(steps)
    if done[0].tag_ not in ("VBN", "VBD", "VB") or not names_something(thing) or not handled:
        return None
    named, told = wording(thing, reader), as_base(steps, reader, within=thing)
    small = thing[0].lower_ == "the" or (bare and thing[0].text[1:].islower())
    named = named[:1].lower() + named[1:] if named is not None and small else named
    return HowTo(f"{verb_lemma(done[0])} {named}", told, steps[0]) if named is not None and told is not None else None


_SHORT_NOUN: Final = 3  # words
# What is done to "deploys" and "backups", of which there are more to come.
_MANAGED: Final = frozenset(
    {"done", "made", "run", "started", "triggered", "handled", "built", "reset", "published", "sent"}
)


def _is_run(steps: Sequence[Token]) -> bool:
    """For "running ./ship.sh", of which the parse makes punctuation."""
    return (
        steps[0].lower_ in ("running", "calling", "executing")
        and len(steps) > 1
        and bool(_COMMAND.search(steps[1].text))
    )


_COMMAND: Final = re.compile(r"\w[./]\w|^\.?/\w|\w_\w")


def _needed(span: Span, reader: Reader) -> HowTo | None:
    """For "you need to hold the button for ten seconds to reset the router"."""
    match = _NEEDED.match(span.text)
    if match is None or re.search(r"\byour(?:self)?\b", match["steps"], re.IGNORECASE):
        return None
    told = part(span, match.start("steps"), match.end("steps"))
    for place in range(2, len(told) - 2):
        goal = told[place + 1 :]
        aim = told[place].lower_ == "to" and told[place].tag_ == "TO" and goal[0].tag_ == "VB"
        if not aim or told[place - 1].tag_ in ("VB", "VBP") or not _is_goal(goal):
            continue
        ending = place - 2 if [t.lower_ for t in told[place - 2 : place]] == ["in", "order"] else place
        named = wording(goal, reader, within=told[:ending])
        first = _steps(told[:ending], reader, ())
        if named is not None and first is not None and _is_handled(first[1]):
            return HowTo(named, first[0], first[1])
    return None


def _is_handled(verb: Token) -> bool:
    """Whether something is done with a thing: "hold the button", and not "go to the store", "run every day"."""
    handled = any(c.dep_ == "obj" for c in verb.children)
    return handled and (verb.lower_ in vocabulary().step_verbs or verb_lemma(verb) in vocabulary().step_verbs)


def _headed(span: Span, match: re.Match[str], reader: Reader) -> str | None:
    """The goal that a heading names."""
    tokens = part(span, match.start("goal"), match.end("goal"))
    if not tokens:
        return None
    if _DETERMINED.search(match.string[: match.start("goal")]) and match["recipe"] is None and match["list"] is None:
        named = wording(tokens, reader) if _NAMED.search(match["goal"]) and len(tokens) > 1 else None
        return named if named is not None and match["colon"] else None
    if match["recipe"] is not None or (match["list"] or "").lower() == "for":
        if tokens[0].tag_ == "VBG":
            return as_base(tokens, reader)
        named = wording(tokens, reader) if names_something(tokens) else None
        return f"make {named}" if named is not None and match["recipe"] is not None else named
    return wording(tokens, reader) if _is_goal(tokens) else None


def _listed(
    spans: Sequence[Span], reader: Reader, within: Sequence[Token]
) -> tuple[list[tuple[str, Token, bool]], int]:
    steps: list[tuple[str, Token, bool]] = []
    used = 0
    for number, span in enumerate(spans, start=1):
        if _NUMBER.match(span.text):
            continue
        mark = _LISTED.match(span.text) or _NEXT.match(span.text)
        told = _steps(part(span, mark.end() if mark else 0, len(span.text)), reader, within)
        if told is None:
            break
        steps.append(told)
        used = number
    return steps, used


def shortened(steps: str) -> str:
    """The steps as a name: whole ones, as many as fit."""
    if len(steps) <= LONGEST:
        return steps
    return re.split(r"[,;]\s*[^,;]*$", steps[: LONGEST + 1])[0][:LONGEST]
