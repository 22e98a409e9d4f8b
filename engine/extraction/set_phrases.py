"""Set phrases that mean a plainer sentence: "they let me go", "my knee's acting up", "I run to unwind".

As in ``rewordings``, each is told by its words alone; what it means is read as the plain sentence is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from factloom.engine.extraction.lemmas import gerund

_Tell = Callable[[re.Match[str], str], str | None]
_LEAD: Final = (
    r"^\W*(?:(?:and|so|but|oh|ok|okay|well|yeah|yes|yep|also|btw|by the way|honestly|plus|actually|anyway|fyi|tbh|"
    r"unfortunately|sadly|luckily|finally)\b[,!.]*\s+)*"
)
_WHO: Final = r"(?P<who>I|we|he|she|(?:my|our) [a-z]+|(?-i:[A-Z][\w'’-]+))"
_END: Final = r"(?P<rest>[^?]*?)[.!]*$"

GATE: Final = re.compile(
    r"\b(?:let (?:me|him|her|us) go|fired|sacked|laid off|redundant|treated|acting up|playing up|unwind|clear my head|"
    r"de-?stress|switch off|let off steam|wind down|calm (?:myself )?down|first language|native language|mother tongue|"
    r"into|came (?:first|second|third|last|\d)|expecting|pregnant|due|saving(?: up)?|together|got an?|"
    r"pics?|photos?|pictures?|move|there|flatmates|housemates|roommates|cousins|colleagues|coworkers|neighbou?rs|"
    r"sisters|brothers)\b",
    re.IGNORECASE,
)

_TIMED: Final = (
    r"(?:in|on|last|this|back in|yesterday|today|two|three|a few|earlier|right before|during|after|when) ?[^,;?]*|"
)
_LET_GO: Final = re.compile(
    rf"{_LEAD}(?:they|my (?:boss|company|employer|work|firm)|the (?:company|firm|boss))(?: just| recently| finally)? "
    rf"(?:(?:let|had to let) (?P<let>me|him|her|us) go|(?:fired|sacked|laid off) (?P<fired>me|him|her|us)|"
    rf"(?:made) (?P<made>me|him|her|us) redundant|laid (?P<laid>me|him|her|us) off)(?P<when> (?:{_TIMED}))?[.!]*$",
    re.IGNORECASE,
)
_OWN: Final = {"me": "I lost my", "us": "We lost our", "him": "He lost his", "her": "She lost her"}


def _let_go(match: re.Match[str], before: str) -> str | None:
    """For "they let me go in January"."""
    whom = next(match[name] for name in ("let", "fired", "made", "laid") if match[name] is not None)
    return f"{_OWN[whom.lower()]} job{(match['when'] or '').rstrip()}."


_TREATED: Final = re.compile(
    rf"{_LEAD}(?P<who>I|we)(?:['’]ve)?(?: just| finally| recently)? treated (?:myself|ourselves) to "
    rf"(?P<what>(?:an?|some|new|the|two) "
    rf"(?!(?:nice |lovely |big |good )?(?:day|break|night|nap|lie-in|rest)\b)[^?;]+?)[.!]*$",
    re.IGNORECASE,
)


def _treated(match: re.Match[str], before: str) -> str | None:
    """For "I treated myself to new shoes"."""
    return f"{match['who']} bought {match['what']}."


_PARTS: Final = r"knees?|back|hips?|shoulders?|neck|ankles?|wrists?|elbows?|stomach|asthma|allergies|sciatica|eczema"
_ACTING_UP: Final = re.compile(
    rf"{_LEAD}(?P<whose>my|his|her) (?:bad |left |right |old )?(?P<part>{_PARTS})(?:['’]s| is| has| have| are|['’]ve)?"
    r"(?: been)?(?: really| still)? (?:acting|playing) up\b(?: again| lately| a bit)*[.!]*$",
    re.IGNORECASE,
)
_HAVING: Final = {"my": "I have", "his": "He has", "her": "She has"}


def _acting_up(match: re.Match[str], before: str) -> str | None:
    """For "my knee's been acting up again"."""
    part = match["part"].lower()
    if part in ("asthma", "allergies", "sciatica", "eczema"):
        return f"{_HAVING[match['whose'].lower()]} {part}."
    return f"{_HAVING[match['whose'].lower()]} {'' if part.endswith('s') else 'a '}bad {part}."


_UNWINDING: Final = (
    r"(?P<why>clear my head|unwind|relax|de-?stress|switch off|let off steam|wind down|calm (?:myself )?down|stay sane|"
    r"recharge|blow off steam|take my mind off things|forget about work)"
)
_TO_UNWIND: Final = re.compile(
    rf"{_LEAD}I (?:usually |often |always |sometimes |normally |like to |love to )?(?P<verb>[a-z]+)"
    rf"(?P<more>(?: [a-z]+){{0,3}}?)"
    rf"(?: in the evenings?| every day| a lot| at night| after work)? (?:just )?to {_UNWINDING}"
    r"(?: [^?,;]{0,30})?[.!]*$",
    re.IGNORECASE,
)
_NO_WAY: Final = frozenset(
    {"need", "want", "have", "try", "tend", "used", "hope", "plan", "prefer", "like", "love", "got", "use", "struggle"}
    | {"get", "take", "find", "m", "ve", "would", "can", "could", "am", "was", "wish", "know", "learned", "do", "came"}
)


def _to_unwind(match: re.Match[str], before: str) -> str | None:
    """For "I run to clear my head", "I go swimming to unwind"."""
    verb, more = match["verb"].lower(), match["more"].split()
    told = {"use", "to", "it", "this", "that", "how", "enough", "time", "not", "n't", "a", "the"} & {*more}
    if verb in _NO_WAY or told or verb.endswith("ed") or verb in ("went", "took", "came"):
        return None
    if verb == "go" and len(more) == 1 and more[0].endswith("ing"):
        doing = more[0]
    elif verb == "go":
        return None
    else:
        doing = " ".join([gerund(verb), *more])
    return f"{doing.capitalize()} helps me {match['why']}."


_TONGUE: Final = re.compile(
    rf"{_LEAD}(?P<whose>my|his|her) (?:first|native|second|third) language(?: is|['’]s) "
    rf"(?P<what>(?-i:[A-Z])\w+)(?:,[^?]*)?[.!]*$|"
    rf"{_LEAD}(?P<own>my|his|her) mother tongue(?: is|['’]s) (?P<tongue>(?-i:[A-Z])\w+)(?:,[^?]*)?[.!]*$",
    re.IGNORECASE,
)
_SPEAKING: Final = {"my": "I speak", "his": "He speaks", "her": "She speaks"}


def _tongue(match: re.Match[str], before: str) -> str | None:
    """For "my first language is Twi"."""
    return f"{_SPEAKING[(match['whose'] or match['own']).lower()]} {match['what'] or match['tongue']}."


_INTO: Final = re.compile(
    rf"{_LEAD}(?P<who>I['’]m|I am|I['’]ve been|I have been|(?:he|she)(?:['’]s| is)|my \w+ is) "
    r"(?:(?:really|super|so|very|pretty|quite|totally|big|also|still|getting|always|massively|currently) )*into "
    r"(?P<what>(?!(?:it|this|that|them|you|your|him|her|the|a|his|all|making|doing|having|being)\b)"
    r"[a-z]+ing|[a-z]+(?: [a-z]+)?)"
    r",? (?:these days|lately|at the moment|right now|recently|nowadays|again|now)[.!]*$",
    re.IGNORECASE,
)
_BEING: Final = {"i": "I am", "he": "He is", "she": "She is"}


def _into(match: re.Match[str], before: str) -> str | None:
    """For "I'm really into birdwatching these days"."""
    who = re.split(r"['’ ]", match["who"])[0].lower()
    subject = _BEING.get(who, f"{match['who'][:1].upper()}{match['who'][1:]}")
    return f"{subject} interested in {match['what']}."


_PLACED: Final = re.compile(
    rf"{_LEAD}{_WHO}(?: just| actually| even)? came (?P<rank>first|second|third|last|\d+(?:st|nd|rd|th)) "
    rf"(?P<where>in (?:the|a|an|my|our|this|his|her)\b[^?,;]+?)[.!]*$",
    re.IGNORECASE,
)


def _placed(match: re.Match[str], before: str) -> str | None:
    """For "I came second in the regional chess tournament"."""
    return f"{_capital(match['who'])} placed {match['rank']} {match['where']}."


_MARK: Final = re.compile(
    rf"{_LEAD}{_WHO}(?: just| actually| even)?"
    rf" got (?P<mark>(?-i:an? [A-F](?:\+|-| plus| minus)?)|a (?:first|distinction|"
    r"merit|2[:.]1|2[:.]2|\d+))"
    r" (?:in|on|for) (?P<whose>my |his |her |our |the )?(?P<what>(?!one\b|it\b|that\b|this\b)[\w ]+?)"
    rf"(?P<when> (?:last|this|yesterday|today)\b[^?]*)?[.!]*$",
    re.IGNORECASE,
)


def _mark(match: re.Match[str], before: str) -> str | None:
    """For "I got an A in chemistry"."""
    when = match["when"] or ""
    return f"{_capital(match['who'])} passed {match['whose'] or ''}{match['what']} with {match['mark']}{when}."


_EXPECTING: Final = re.compile(
    rf"{_LEAD}(?P<who>I['’]m|I am|we['’]re|we are|(?:my|our) \w+(?:['’]s| is)|"
    rf"(?-i:[A-Z]\w+)(?:['’]s| is)|she(?:['’]s| is)) "
    r"(?:expecting|having|pregnant with|pregnant and due|expecting,? due|due|pregnant,? due)"
    r"(?P<what> (?:our |their |her |my |a |another )?(?:(?:first|second|third|fourth|new) )?(?:(?:baby )?(?:girl|boy)|"
    r"baby|child|kid|one|twins|triplets))?"
    r"(?: due)? (?P<when>(?:in|on|next|this)\b(?! an? (?:few|minute)| total| fact| good)[^?,;]+?)[.!]*$",
    re.IGNORECASE,
)


def _expecting(match: re.Match[str], before: str) -> str | None:
    """For "I'm due in October", "we're expecting our second child in May"."""
    what = match["what"] or (
        " a baby" if re.search(r"\b(?:I|she|wife|sister|daughter)\b", match["who"], re.I) else None
    )
    if what is None or what.endswith(" one"):
        return None
    who = re.sub(r"['’](m|re|s)$", lambda short: {"m": " am", "re": " are", "s": " is"}[short[1].lower()], match["who"])
    return f"{_capital(who)} having{what} {match['when']}."


_SAVING: Final = re.compile(
    rf"{_LEAD}(?P<who>I['’]m|I am|we['’]re|we are|I['’]ve been|we['’]ve been) (?:also |still |currently |slowly |now )?"
    r"saving(?: up)?(?: money)? for (?P<what>(?:an?|our|my|the|some|new) [^?,;]+?)[.!]*$",
    re.IGNORECASE,
)


def _saving(match: re.Match[str], before: str) -> str | None:
    """For "I'm saving up for a campervan"."""
    who = "We" if match["who"].lower().startswith("we") else "I"
    trip = re.search(r"\b(?:trip|holiday|honeymoon|wedding|retirement|vacation|deposit|future)\b", match["what"], re.I)
    return f"{who} want to {'afford' if trip else 'buy'} {match['what']}."


_TOGETHER: Final = re.compile(
    rf"{_LEAD}(?:(?P<name>(?-i:[A-Z][\w'’-]+)|my [a-z]+(?: (?-i:[A-Z][\w'’-]+))?)"
    rf" and I|(?:me and|I and) (?P<other>(?-i:[A-Z][\w'’-]+))) "
    r"(?:(?:both|used to|still|also) )?(?P<what>work|live|share a (?:flat|house|room|office|place)|grew up|trained|"
    r"worked|lived|studied)"
    r"(?: together)?(?P<rest>(?: (?:at|in|for)\b[^?,;]*)?)(?P<both> together)?[.!]*$",
    re.IGNORECASE,
)


def _together(match: re.Match[str], before: str) -> str | None:
    """For "Petra and I work together", "Petra and I grew up together"."""
    if "together" not in match[0].lower():
        return None
    what = match["what"].lower()
    used = "used to " if " used to " in match[0] else ""
    return f"I {used}{what} with {match['name'] or match['other']}{match['rest']}."


_PICTURE: Final = re.compile(
    r"(?:here['’]?s|here is|this is|that['’]?s|check out this|look at this|found this|just found this)"
    r" (?:an? |one |another |this )?(?:old |cute |great |quick |nice |lovely )?"
    r"(?:pics?|photos?|pictures?|snaps?|selfie) "
    r"of (?P<who>us|me|me and my \w+|my \w+ and (?:me|I)|my family|the family|my friends and (?:me|I)) "
    r"(?:(?P<doing>[a-z]+ing) )?(?P<where>(?:at|in|on|near|by) (?:the |our |my |a )?[^.,!?;\[]+)",
    re.IGNORECASE,
)


def _picture(match: re.Match[str], before: str) -> str | None:
    """For "here's a pic of us at the beach in Zandvoort", "a photo of us camping in Wales"."""
    outing, where = (match["doing"] or "").lower(), match["where"].strip()
    if not where.lower().startswith(("at ", "in ")) and not outing:
        return None
    if outing and outing not in _OUTINGS:
        return None
    if outing:
        return f"We went {outing} {where}."
    return f"We went to {where[3:]}." if where.lower().startswith("at ") else f"We have been to {where[3:]}."


_OUTINGS: Final = frozenset(
    {"camping", "hiking", "skiing", "surfing", "sailing", "kayaking", "climbing", "swimming", "fishing", "biking"}
    | {"cycling", "snowboarding", "skating", "bowling", "canoeing", "snorkelling", "snorkeling", "diving"}
)


_MOVING: Final = re.compile(
    rf"{_LEAD}(?P<who>I|we|they|(?:my|our) \w+|(?-i:[A-Z]\w+)) (?:move|moves|get to move|finally move|can move) "
    r"(?P<where>in|out|house)(?P<with> with [^?,;]+?)? (?P<when>(?:on|in|next|this|tomorrow)\b[^?,;]*?)[.!]*$",
    re.IGNORECASE,
)


def _moving(match: re.Match[str], before: str) -> str | None:
    """For "we move in on 1 July"."""
    who = match["who"]
    plan = "plan" if who.lower() in ("i", "we", "they") else "plans"
    return f"{_capital(who)} {plan} to move {match['where']}{match['with'] or ''} {match['when']}."


_NAMED: Final = r"(?-i:[A-Z][\w'’-]+)"
_PEOPLE: Final = re.compile(
    r"\b(?:my (?:(?:two|three|four|five|\d) )?|I (?:live|share an? \w+|work) with (?:(?:my|two|three|four|five|\d) )?)"
    r"(?P<kind>flatmates|housemates|roommates|cousins|colleagues|coworkers|neighbou?rs|sisters|brothers)"
    rf"(?::|,| called| named)? (?P<names>{_NAMED}(?:, {_NAMED})*,? (?:and|&) {_NAMED})(?<!['’]s)(?![\w'’]| and\b)",
    re.IGNORECASE,
)


def _people(match: re.Match[str], before: str) -> str | None:
    """For "my flatmates Nora, Jun and Pavel are great", "I live with two flatmates: Nora and Jun"."""
    names = re.split(r",? (?:and|&) |, ", match["names"])
    return " ".join(f"My {match['kind'].lower().removesuffix('s')} is called {name}." for name in names)


_THERE: Final = re.compile(
    rf"{_LEAD}(?P<who>I|we)(?P<verb>(?:['’]ve| have) been| was| were| went|(?:['’]ve| have) never been) there"
    r"(?P<when> (?:in|on|last|two|three|a few|once|twice|when|with|for)\b[^?;]*)?[.!]*$|"
    rf"{_LEAD}(?P<lover>I|we) (?P<feel>love|like|hate|loved|liked|hated) it there[.!]*$",
    re.IGNORECASE,
)
_ASKED_OF: Final = re.compile(
    r"\b(?:been to|been in|go to|went to|visit(?:ed)?|know|live in|lived in|moved? to|like|trip to|how['’]?s|how is|"
    r"how was)"
    r" (?P<place>(?-i:[A-Z][\w'’-]+)(?: (?-i:[A-Z][\w'’-]+))?)\b[^.!?]*\?",
    re.IGNORECASE,
)


def _there(match: re.Match[str], before: str) -> str | None:
    """For "Have you been to Lisbon?" "I was there in May": the place is named in the question."""
    asked = {found["place"] for found in _ASKED_OF.finditer(before)}
    if len(asked) != 1:
        return None
    [place] = asked
    if match["lover"] is not None:
        return f"{match['lover']} {match['feel']} {place}." if match["feel"].lower() in _NOW else None
    if "never" in match["verb"]:
        return None
    return f"{match['who']} went to {place}{match['when'] or ''}."


_NOW: Final = frozenset({"love", "like", "hate"})


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


# Each with whether the sentence is read by itself no longer.
PHRASES: Final[tuple[tuple[re.Pattern[str], _Tell, bool], ...]] = (
    (_LET_GO, _let_go, True),
    (_TREATED, _treated, True),
    (_ACTING_UP, _acting_up, True),
    (_TO_UNWIND, _to_unwind, True),
    (_TONGUE, _tongue, True),
    (_INTO, _into, True),
    (_PLACED, _placed, True),
    (_MARK, _mark, True),
    (_EXPECTING, _expecting, True),
    (_SAVING, _saving, True),
    (_TOGETHER, _together, True),
    (_MOVING, _moving, True),
    (_THERE, _there, True),
)
WITHIN: Final[tuple[tuple[re.Pattern[str], _Tell], ...]] = ((_PICTURE, _picture), (_PEOPLE, _people))
"""What may stand anywhere in a sentence, which is read besides."""
