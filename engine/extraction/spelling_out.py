"""Spell out what is told shorter than a sentence: "Two kids: Liv (9) and Aksel (5)", "used to smoke, gave up in May".

Like a short answer, such a remark is made plain sentences by its words alone, which are then read like any other. Each
rule wants the whole remark to have its shape, since what is only near to it means something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from factloom.engine.extraction import paraphrases, rewordings, set_phrases, teamwork
from factloom.engine.extraction.calendar_words import NUMBERS
from factloom.engine.extraction.echoes import echoed
from factloom.engine.extraction.lemmas import gerund
from factloom.engine.extraction.phrases import relation_noun
from factloom.engine.extraction.sentences import split
from factloom.engine.extraction.tags import without_tags

LONGEST: Final = 160  # characters of a remark that is looked at
MOST: Final = 40  # sentences of a message that are


class SpelledOut(NamedTuple):
    """Plain sentences, the words of the message that say so, and whether these are not to be read by themselves."""

    statement: str
    words: str
    instead: bool = True


_NAME: Final = r"[A-ZÀ-Þ][\w'’-]+"
_NUMBERS: Final = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|\d{1,2}"
)
_LEAD: Final = r"^\W*(?:(?:and|so|but|oh|ok|okay|well|yeah|yes|yep|also|btw|by the way|actually|plus)\b[,!.]*\s+)*"
_HAVE: Final = r"(?:(?:I|we)(?:['’]ve| have)?(?: got)? |my |our )"
_AGED: Final = (
    rf"(?:\s?\((?:aged? )?(?P<in>{_NUMBERS})(?: years old)?\)|,? (?:aged )?(?P<by>{_NUMBERS})(?: years old)?)"
)

# Most remarks have none of these.
_GATE: Final = re.compile(
    r"\b(?:too|same|neither|so)\b|['’]s|\(\d|, (?:as|by|btw|you|remember|of) |\b(?:baby|born|kids?|children|sons?|"
    r"daughters?|"
    r"boys?|girls?|brothers?|sisters?|cats?|dogs?|puppy|kitten|twins|used to|got|called|fave|favou?rite|left)\b",
    re.IGNORECASE,
)

_ASIDE: Final = re.compile(
    rf"^(?P<who>(?!(?:Well|So|Oh|Yes|Yeah|No|And|But|Thanks|Okay|Ok|Hi|Hey)\b){_NAME}(?: {_NAME})?|"
    r"(?:my|our|his|her) (?:\w+ ){0,2}\w+), "
    r"(?:as (?:you|we)(?: both)?(?: all)?(?: may| might| probably| already| well)? (?:know|remember|recall)|"
    r"by the way|btw|you know|remember|if you remember|as I (?:said|told you|mentioned)(?: before| earlier)?|"
    r"of course|incidentally|"
    r"you(?:['’]ll| will| may| might) remember), "
    r"(?P<rest>(?:is|was|has|had|will|got|went|left|bought|sold|won|lost|met|came|became|took|made|quit|found|"
    r"[a-z]+(?:s|ed))\b.+)$",
    re.DOTALL,
)


def _without_aside(match: re.Match[str], before: str) -> str | None:
    """For "Paul, as you know, works for Shell"."""
    return f"{match['who'][:1].upper()}{match['who'][1:]} {match['rest']}"


_YOUNG: Final = frozenset({"boys", "girls"})
_CHILDREN: Final = re.compile(r"\b(?:kids|children|sons|daughters)\b", re.IGNORECASE)
_ONE: Final = {"kids": "kid", "children": "child", "boys": "son", "girls": "daughter"}
_THINGS: Final = r"kids|children|sons|daughters|boys|girls|brothers|sisters|cats|dogs|horses|rabbits"
_LISTED: Final = rf"{_NAME}(?:{_AGED})?"
_SEVERAL: Final = re.compile(
    rf"{_LEAD}(?P<own>{_HAVE})?(?P<count>(?:two|three|four|five|six|[2-6]|a couple of) )?(?:\w+ )??"
    rf"(?P<things>{_THINGS})"
    r"(?P<link>:|,| [-–—]| are| are called| called| named|, called|, named)?\s+"
    rf"(?P<names>{_NAME}[^.!?;:]*)[.!]*$",
    re.IGNORECASE,
)
_EACH: Final = re.compile(rf"(?P<name>{_NAME})(?:{_AGED}(?=\W|$))?(?:\s*,?\s*(?:and|&)\s+|\s*,\s*|\s*$)")


def _several(match: re.Match[str], before: str) -> str | None:
    """For "two kids: Liv (9) and Aksel (5)", "we have two cats, Milo and Otis"."""
    things = match["things"].lower()
    own = (match["own"] or "").strip().lower()
    holding = bool(own) and own not in ("my", "our")
    told_of = own in ("my", "our") and (match["link"] or "").strip(" ,") in ("are", "are called", ":", "-", "–", "—")
    if not (holding or told_of or (not own and match["count"])) or (
        things in _YOUNG and not own and not _CHILDREN.search(before)
    ):
        return None
    people = list(_EACH.finditer(match["names"]))
    if not people or "".join(p[0] for p in people) != match["names"] or (not own and len(people) < 2):
        return None
    aged = [(p["name"], p["in"] or p["by"]) for p in people]
    if told_of and not any(age for _, age in aged):
        return None  # "my sisters are Eva and Lia" is read as it stands
    thing = _ONE.get(things, things[:-1])
    return " ".join(_introduced(thing, name, age) for name, age in aged)


def _introduced(thing: str, name: str, age: str | None) -> str:
    told = f"I have a {thing} called {name}."
    return f"{told} My {thing} {name} is {_digits(age)} years old." if age else told


def _digits(number: str) -> str:
    """The number in digits, which the parse reads best."""
    return str(NUMBERS.get(number.lower(), number))


_SINGLE: Final = re.compile(
    rf"{_LEAD}(?P<own>{_HAVE})?(?:an? |one )?(?:(?:little|older|younger|big|step|new|beautiful) )?(?P<thing>[a-z]+)"
    rf"(?P<link>,| called| named|:|,? (?:his|her|its) name(?: is|['’]s)) (?P<name>{_NAME})"
    rf"(?:{_AGED}|,? (?:and )?(?:who|he|she|it)(?:['’]s| is) (?P<is>{_NUMBERS})(?: years old| now)?)?[.!]*$",
    re.IGNORECASE,
)


def _single(match: re.Match[str], before: str) -> str | None:
    """For "A son, Emile, he's six", "one daughter, Mia (4)"."""
    thing, age = match["thing"].lower(), match["in"] or match["by"] or match["is"]
    if relation_noun(thing) is None or not match["name"][:1].isupper():
        return None
    own = (match["own"] or "").strip().lower()
    bare = re.match(rf"{_LEAD}(?:an?|one) ", match[0], re.IGNORECASE) is not None
    if own in ("my", "our"):
        return f"My {thing} {match['name']} is {_digits(age)} years old." if age else None
    return _introduced(thing, match["name"], age) if bare or (own and age) else None


_HAVING: Final = re.compile(
    rf"{_LEAD}(?:I|we)(?:['’]ve| have)?(?: got)? (?:have )?(?P<all>(?:an?|one|two|three|four) .+)$", re.IGNORECASE
)
_AND: Final = re.compile(r",? and (?=(?:an?|one|two|three|four) )|, (?=(?:an?|one|two|three|four) )", re.IGNORECASE)
_OF_THEM: Final = re.compile(
    rf"^(?:an?|one|two|three|four) (?:[\w-]+ ){{0,2}}?(?P<thing>[a-z]+),?(?: called| named)? "
    rf"(?P<names>{_NAME}(?:(?:,| and|, and) {_NAME})*)[.!]*$"
)


def _household(match: re.Match[str], before: str) -> str | None:
    """For "I have a dog called Rex and a cat called Mia", "two sisters, Eva and Lia, and a brother called Max"."""
    parts = [_OF_THEM.match(part.strip(" ,")) for part in _AND.split(match["all"])]
    if len(parts) < 2:
        return None
    told = []
    for part in parts:
        thing = _ONE.get(part["thing"], part["thing"].removesuffix("s")) if part is not None else ""
        if part is None or relation_noun(thing) is None:
            return None
        told += [_introduced(thing, name, None) for name in re.split(r",? and |, ", part["names"])]
    return " ".join(told)


_BESIDE: Final = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?:\w+ )?(?P<thing>[a-z]+),? (?P<name>{_NAME})"
    rf"(?: \((?P<in>{_NUMBERS})\)|, (?P<by>{_NUMBERS}),)(?= \w)"
)


def _aged_beside(match: re.Match[str], before: str) -> str | None:
    """For "our son Emile (6) started school"."""
    known = relation_noun(match["thing"]) is not None
    return f"My {match['thing']} {match['name']} is {_digits(match['in'] or match['by'])} years old." if known else None


_BORE: Final = re.compile(
    rf"(?:^|[,.!:;] |[–—-] )(?P<who>{_NAME}|[Mm]y \w+|[Ww]e|I)(?:['’]ve| have|['’]s| has)?(?: just| finally)?"
    rf" (?:had (?:the|"
    rf"a|her|our|"
    r"their|my)(?: \w+)? baby|gave birth)\b"
)
_BORN: Final = re.compile(
    rf"{_LEAD}(?:it['’]?s |it was |they had |she had )?a (?:\w+ )?(?P<kind>girl|boy)(?:,| called| named|:| [-–—])? "
    rf"(?:(?:called|named) )?(?P<name>{_NAME})[.!]*$",
    re.IGNORECASE,
)


def _born(child: re.Match[str], before: str) -> str | None:
    """For "Marit had the baby! A girl, Frida."."""
    bore = _BORE.search(before)
    if bore is None or not child["name"][:1].isupper():
        return None
    who = bore["who"]
    have = "have" if who.lower() in ("i", "we") else "has"
    noun = "daughter" if child["kind"].lower() == "girl" else "son"
    return f"{who[:1].upper()}{who[1:]} {have} a {noun} called {child['name']}."


_OWNER_IS: Final = re.compile(
    rf"{_LEAD}(?:my|our) (?:(?:older|younger|big|little|best|new) )?(?P<thing>[\w-]+)['’]s(?: called| named)?"
    rf" (?P<name>(?-i:{_NAME}))[.!]*$",
    re.IGNORECASE,
)


def _owner_is(match: re.Match[str], before: str) -> str | None:
    """For "my mum's Ewa"."""
    known = relation_noun(match["thing"].lower()) is not None
    return f"My {match['thing'].lower()} is called {match['name']}." if known else None


_FAVOURITE: Final = re.compile(
    rf"{_LEAD}(?:my |all[- ]time )*(?:fave|favou?rite) (?P<noun>[a-z]+(?: [a-z]+)?)"
    r"(?:['’]s| is|:| has to be| would have to be| would be| will always be| has always been|['’]s got to be|"
    r"'s gotta be)"
    r"(?: still| probably| definitely| easily)* (?P<thing>[^,.!?;:]{2,60})[.!]*$",
    re.IGNORECASE,
)


def _favourite(match: re.Match[str], before: str) -> str | None:
    """For "favourite film's still Alien", "fave band: Muse"."""
    return f"My favourite {match['noun'].lower()} is {match['thing']}."


_GIVEN_UP: Final = re.compile(
    rf"{_LEAD}(?:I |we )?used to (?P<verb>[a-z]+)(?P<rest>(?: [\w'’-]+){{0,5}}?),? (?:and |but )*(?:then )?(?:I |"
    rf"we )?(?:have |['’]ve )?"
    r"(?:gave (?:it |that )?up|given (?:it |that )?up|quit(?: it)?|stopped(?: that)?|packed it in|kicked (?:it|"
    r"the habit))"
    r"(?: doing (?:it|that|so))?(?P<when>(?: [\w'’-]+){0,5})[.!]*$",
    re.IGNORECASE,
)


def _given_up(match: re.Match[str], before: str) -> str | None:
    """For "used to smoke, gave up five years ago"."""
    doing = f"{gerund(match['verb'].lower())}{match['rest']}"
    return f"I gave up {doing}{match['when']}." if match["verb"].lower() not in _NO_HABIT else None


_NO_HABIT: Final = frozenset({"be", "think", "have", "go", "do", "get", "live", "say", "love", "like", "hate", "want"})
_GOT: Final = re.compile(
    rf"{_LEAD}(?:(?:just|finally|recently) )?got (?P<what>(?:married|engaged|divorced|promoted|fired|laid off|"
    rf"diagnosed|hired)\b[^?]*)$",
    re.IGNORECASE,
)


def _got(match: re.Match[str], before: str) -> str | None:
    """For "Got married 2012-08-11 in Bodø"."""
    return f"I got {match['what']}"


_MOVED: Final = re.compile(
    rf"{_LEAD}(?P<who>we|I|they|{_NAME})(?:['’]ve| have)?(?: \w+ly)? (?:left|moved (?:away from|out of))"
    rf" (?P<from>(?-i:{_NAME})(?: (?-i:{_NAME}))?)"
    r"(?:,? and|,) (?:we['’]re |I['’]m |(?:now )?(?:are|am|is|live|lives) )(?:living |based )?(?:now )?in "
    r"(?P<to>(?-i:[A-Z][\w'’-]+)(?: (?-i:[A-Z][\w'’-]+))?)(?P<now>,? now)?[.!]*$",
    re.IGNORECASE,
)


def _moved(match: re.Match[str], before: str) -> str | None:
    """For "we finally left Hamburg and are in Utrecht now"."""
    who = match["who"]
    now = "now" in match[0].lower().split() or match["now"] or re.search(r"\blives?\b", match[0])
    return f"{who[:1].upper()}{who[1:]} moved from {match['from']} to {match['to']}." if now else None


_AT_CALLED: Final = re.compile(
    r"(?:^|[,;] |[–—-] )(?P<who>I['’]m|I am|(?:he|she)(?:['’]s| is)) (?:now |currently )?(?:at|with) (?P<firm>an?"
    r" (?:[\w-]+ ){0,3}[\w-]+),? "
    rf"(?:called|named) (?P<name>(?-i:{_NAME})(?: (?:(?:&|and|of) )?(?-i:{_NAME}))*)(?P<now> (?:now|these days|"
    rf"at the moment))?[.!]*$",
    re.IGNORECASE,
)


def _at_called(match: re.Match[str], before: str) -> str | None:
    """For "left in January, I'm at a small startup called Nordlys now"."""
    noun = match["firm"].split()[-1].lower()
    who = re.split(r"['’ ]", match["who"])[0]
    works = "work" if who.lower() == "i" else "works"
    if noun not in _FIRMS:
        return None
    return f"{who[:1].upper()}{who[1:]} {works} at {match['firm']} called {match['name']}."


_FIRMS: Final = frozenset(
    {
        "company",
        "firm",
        "startup",
        "start-up",
        "consultancy",
        "agency",
        "bank",
        "outfit",
        "business",
        "ngo",
        "charity",
        "studio",
        "lab",
    }
)


_Tell = Callable[[re.Match[str], str], str | None]
# Each with whether the sentence is read by itself no longer.
_RULES: Final[tuple[tuple[re.Pattern[str], _Tell, bool], ...]] = (
    (_ASIDE, _without_aside, True),
    (_SEVERAL, _several, False),
    (_SINGLE, _single, False),
    (_HAVING, _household, True),
    (_OWNER_IS, _owner_is, True),
    (_FAVOURITE, _favourite, True),
    (_GIVEN_UP, _given_up, True),
    (_GOT, _got, True),
    (_MOVED, _moved, True),
    (_BORN, _born, True),
)
_WITHIN: Final = ((_AT_CALLED, _at_called), (_BESIDE, _aged_beside))


class _Rules(NamedTuple):
    """Rules for sentences in which ``gate`` finds something: of whole sentences, and of what stands within one."""

    gate: re.Pattern[str]
    whole: tuple[tuple[re.Pattern[str], _Tell, bool], ...]
    within: tuple[tuple[re.Pattern[str], _Tell], ...] = ()


_ALL: Final = (
    _Rules(_GATE, _RULES, _WITHIN),
    _Rules(rewordings.GATE, rewordings.REWORDED, rewordings.WITHIN),
    _Rules(paraphrases.GATE, paraphrases.PARAPHRASED, paraphrases.BESIDE),
    _Rules(teamwork.GATE, teamwork.PUT_OFF),
    _Rules(set_phrases.GATE, set_phrases.PHRASES, set_phrases.WITHIN),
)


def spell_out(message: str, before: str = "") -> Iterator[SpelledOut]:
    """The remarks of a message that can be told in plain sentences. ``before``: the turn before it, whoever took it."""
    if all(rules.gate.search(message) is None for rules in _ALL):
        return
    plain = without_tags(message)
    spans = split(plain)[:MOST]
    for number, (start, end) in enumerate(spans):
        sentence = plain[start:end].strip()
        if len(sentence) > LONGEST or sentence.endswith("?"):
            continue
        earlier = message[slice(*spans[number - 1])].strip() if number else ""
        found = _spelled(sentence, earlier if number > 1 else f"{before}\n{earlier}".strip())
        if found is not None:
            yield found._replace(words=message[start:end].strip())


def _spelled(sentence: str, before: str) -> SpelledOut | None:
    fitting = [rules for rules in _ALL if rules.gate.search(sentence) is not None]
    for pattern, tell, instead in chain.from_iterable(rules.whole for rules in fitting):
        match = pattern.match(sentence)
        told = tell(match, before) if match is not None else None
        if told is not None:
            return SpelledOut(told, sentence, instead)
    for pattern, tell in chain.from_iterable(rules.within for rules in fitting):
        match = pattern.search(sentence)
        told = tell(match, before) if match is not None else None
        if told is not None:
            return SpelledOut(told, sentence, False)
    echo = echoed(sentence, before)
    return SpelledOut(echo, sentence) if echo is not None else None
