"""What a team tells of its work: who answers for what, where and when its things run, what was put off.

Read by the shape of the whole sentence, since these are about things without a name, of which clauses tell nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from factloom.engine.extraction.drafting import Draft
from factloom.engine.extraction.sentences import words_in
from factloom.schemas.extraction import Candidate, Mention

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAD: Final = r"^\W*(?:(?:and|so|but|oh|ok|okay|also|btw|by the way|note that|remember|fyi|heads up)\b[,:!.]*\s+)*"
_WHAT: Final = r"(?P<what>(?:the |our |my |all (?:of )?(?:the )?)?[\w'’/-]+(?: [\w'’/&-]+){0,5}?)"
_END: Final = r"(?:,? (?:now|from now on|btw|as of \w+))?[.!]*$"
_NOT_HERE: Final = re.compile(
    r"\b(?:it|this|that|these|those|you|your|everything|something|anything|what|which|who|me|him|us|them|her|his|"
    r"their|problem|problems|mess|death|deaths|mistake|accident|fault|failure)\b",
    re.IGNORECASE,
)
_RESPONSIBLE: Final = re.compile(
    rf"{_LEAD}(?P<who>I|(?-i:[A-Z])[\w'’-]+?(?: (?-i:[A-Z])[\w-]+)?|my \w+|he|she)(?:['’]m|['’]s| is| am) "
    r"(?:(?:now|currently|also|still) )*(?P<role>responsible for|in charge of|accountable for|"
    r"(?:the |our )?(?:(?:tech|technical|team|product|project|design) )?(?:lead|owner|pm|product manager|"
    r"project manager|maintainer|point of contact|contact|go-to person) (?:for|of|on)) "
    rf"{_WHAT}{_END}",
    re.IGNORECASE,
)
_THINGS: Final = (
    r"apis?|servers?|services?|databases?|dbs?|backups?|jobs?|crons?|pipelines?|apps?|sites?|websites?|frontend|backend|"
    r"repos?|repository|repositories|code|docs|documentation|wiki|credentials|keys|secrets|logs?|dashboards?|staging|"
    r"clusters?|containers?|queues?|caches?|bots?|gateways?|builds?|tests?|configs?|data|spreadsheets?|tickets?|designs?|"
    r"mockups|invoices?|contracts?|templates?|scripts?|workers?|proxy|cdn|vpn|environment|passwords?|slides|minutes|"
    r"roadmap|runbooks?|reports?|newsletter"
)
_RUNS: Final = re.compile(
    rf"{_LEAD}(?P<what>(?:the|our|all(?: of)?(?: the| our)?) (?:[\w-]+ ){{0,3}}?(?:{_THINGS})) "
    r"(?P<told>(?:runs?|listens?|lives?|(?:is|are) (?:hosted|stored|kept|deployed|running|saved|backed up|documented|"
    r"tracked|served))(?: (?:on|in|at|to|under|from|behind|every|nightly|daily|weekly|twice|once))\b [^,;?]{2,60}?"
    r"|runs? (?:nightly|daily|weekly|hourly)(?: at [^,;?]{2,20}?)?"
    r"|(?:is|are) (?:in|on|at|under) (?=\S*[A-Z0-9./#])[^,;?]{2,60}?)"
    rf"{_END}",
    re.IGNORECASE,
)
_RECURRING: Final = re.compile(
    rf"{_LEAD}(?:the|our) (?P<what>(?:[\w-]+ ){{0,2}}?(?:retro|retrospective|stand-?up|daily|sync|planning|meeting|"
    r"review|demo|office hours?|all[- ]hands|one[- ]on[- ]one|1:1|check-?in|call|grooming|refinement|kick-?off|"
    r"release train|lunch|seminar|rehearsal|practice|training|class))(?: is| are|['’]s| happens| takes place| runs)"
    r"(?: (?:now|always|usually))? (?P<told>(?:(?:on|at|every|each)\b)[^,;?]{2,50}?)[.!]*$",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(
    r"\b(?:every|each|daily|weekly|(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b", re.IGNORECASE
)
_ON_CALL: Final = re.compile(
    rf"{_LEAD}(?P<who>I|(?-i:[A-Z])[\w'’-]+?)(?:['’]m|['’]s| is| am) (?:now |currently |also )?on[- ]call"
    r"(?P<when>(?: (?:this|next|on|until|over|from|for)\b[^,;?.!]*)?)[.!]*$",
    re.IGNORECASE,
)
_AWAY: Final = re.compile(
    rf"{_LEAD}(?P<who>I|(?-i:[A-Z])[\w'’-]+?|my \w+|he|she)(?:['’]m|['’]s| is| am|['’]ll be| will be) (?P<how>on "
    r"(?:vacation|holiday|annual leave|parental leave|maternity leave|paternity leave|leave|pto)|"
    r"out of (?:the )?office|ooo|away|off work|off) (?P<when>(?:from .{2,25}? )?(?:to|until|till|through) "
    r"(?=[^,;?]*\d|[^,;?]*day|[^,;?]*(?-i:[A-Z]))[^,;?.!]{2,25})[.!]*$",
    re.IGNORECASE,
)
_GATE: Final = frozenset(
    [
        "off",
        "away",
        "until",
        "till",
        "through",
        "to",
        "responsible",
        "charge",
        "accountable",
        "lead",
        "owner",
        "pm",
        "manager",
        "maintainer",
        "contact",
        "on",
        "in",
        "at",
        "under",
        "runs",
        "run",
        "lives",
        "live",
        "listens",
        "every",
        "each",
    ]
)


def read_teamwork(draft: Draft) -> list[Candidate]:
    """For "Sven is responsible for the billing service", "the API runs on port 8080", "the retro is on Thursdays"."""
    if not _GATE & words_in(draft.sentence.doc):
        return []
    text = draft.text.strip()
    for pattern, tell in _RULES:
        match = pattern.match(text)
        found = tell(draft, match) if match is not None else None
        if found is not None:
            return [found]
    return []


def _who(draft: Draft, name: str) -> Mention | None:
    if name.lower() == "i":
        return draft.reader.speaker
    return next((s for s in draft.subjects() if s.type == "person" or s.is_speaker), None)


def _responsible(draft: Draft, match: re.Match[str]) -> Candidate | None:
    who = _who(draft, match["who"])
    what = re.sub(r"^(?:the|our|my) ", "", match["what"], flags=re.IGNORECASE)
    if who is None or _NOT_HERE.search(what):
        return None
    text = f"{who.name} is {match['role']} {_the(match['what'])}."
    return draft.candidate(who, "RESPONSIBLE_FOR", Mention(name=what, type="thing"), text=text)


def _the(what: str) -> str:
    return re.sub(r"^(?:our|my) ", "the ", what, flags=re.IGNORECASE)


def _runs(draft: Draft, match: re.Match[str]) -> Candidate | None:
    what, told = (
        re.sub(r"^(?:the|our|all(?: of)?(?: the| our)?) ", "", match["what"], flags=re.IGNORECASE),
        match["told"],
    )
    if re.search(r"\b(?:it|this|that|you|your|fire|time|track|top|place|trouble|progress|way|hold|order)\b", told):
        return None
    place = re.search(r"\b(?:on|in|at|to|under|from|behind|every|nightly|daily|weekly|hourly|twice|once)\b.*", told)
    value = place[0] if place is not None else told
    verb = "runs" if told.lower().startswith("run") else "is kept"
    text = f"{_the(match['what'])[:1].upper()}{_the(match['what'])[1:]} {told}."
    predicate = "RUNS_AT" if verb == "runs" and not re.match(r"(?:on|in|under|behind) ", value) else "IS_FOUND"
    return draft.candidate(Mention(name=what, type="thing"), predicate, Mention(name=value, type="value"), text=text)


def _recurring(draft: Draft, match: re.Match[str]) -> Candidate | None:
    if _AGAIN.search(match["told"]) is None:
        return None
    event = Mention(name=match["what"], type="event")
    text = f"The {match['what']} is {match['told']}."
    return draft.candidate(event, "TAKES_PLACE", Mention(name=match["told"], type="value"), text=text)


def _on_call(draft: Draft, match: re.Match[str]) -> Candidate | None:
    who = _who(draft, match["who"])
    if who is None:
        return None
    text = f"{who.name} is on call{match['when']}."
    return draft.candidate(who, "DOES", Mention(name=f"on-call duty{match['when']}", type="activity"), text=text)


def _away(draft: Draft, match: re.Match[str]) -> Candidate | None:
    who = _who(draft, match["who"])
    if who is None:
        return None
    text = f"{who.name} is {match['how']} {match['when']}."
    event = Mention(name=f"{match['how']} {match['when']}", type="event")
    fact = draft.candidate(who, "PLANS", event, text=text)
    return fact.model_copy(update={"valid_at": draft.anchor, "invalid_at": None}) if fact is not None else None


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[Draft, re.Match[str]], Candidate | None]], ...]] = (
    (_RESPONSIBLE, _responsible),
    (_RECURRING, _recurring),
    (_RUNS, _runs),
    (_ON_CALL, _on_call),
    (_AWAY, _away),
)

GATE: Final = re.compile(r"\b(?:pushed|moved|postponed|delayed|rescheduled|shifted|brought|deadline|due date)\b", re.I)
_EVENT: Final = r"(?:the|our|my) (?P<what>(?:[\w-]+ ){0,3}?[\w-]+)"
_PUT_OFF: Final = re.compile(
    rf"{_LEAD}{_EVENT} (?:has been|was|got|is being|is|has|will be|had to be)(?: been| now)? (?:pushed|moved|postponed|"
    r"delayed|rescheduled|shifted|brought)(?: back| forward| out| up)? (?:from [^,;]{2,25}? )?(?:to|until|till) "
    r"(?P<day>[^,;?]{3,25}?)[.!]*$",
    re.IGNORECASE,
)
_DEADLINE: Final = re.compile(
    rf"{_LEAD}(?:the|our|my) (?P<kind>(?:new )?(?:deadline|due date|cut-?off))"
    r"(?: (?:for|of|to submit) (?:the |our |my )?(?P<what>(?:[\w-]+ ){0,3}?[\w-]+))?"
    r"(?: is|['’]s| was moved to| is now) (?:on )?(?P<day>[^,;?]{3,25}?)[.!]*$",
    re.IGNORECASE,
)
_DAY: Final = re.compile(
    r"\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|next (?:week|month)|end of|january|february|march|april|"
    r"may|june|july|august|september|october|november|december",
    re.IGNORECASE,
)


def _put_off(match: re.Match[str], before: str) -> str | None:
    """For "the beta launch has been pushed from June 9 to June 16"."""
    if not _DAY.search(match["day"]) or match["what"].split()[0].lower() in ("it", "that", "this"):
        return None
    return f"The {match['what']} is on {match['day']}."


def _deadline(match: re.Match[str], before: str) -> str | None:
    """For "the deadline for the report is June 20"."""
    if not _DAY.search(match["day"]):
        return None
    what = f"{match['what']} " if match["what"] else ""
    lead = "at " if match["day"].lower().startswith("the end") else "on "
    return f"The {what}deadline is {lead}{match['day']}."


PUT_OFF: Final = ((_PUT_OFF, _put_off, False), (_DEADLINE, _deadline, True))
"""Days of events told otherwise than with "is on"; as in ``rewordings``."""
