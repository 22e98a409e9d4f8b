"""Complete a short answer with the question before it: "Where did you move?" "Lisbon, last spring." is "I moved to …".

The question is turned into a statement, by its words alone, in which the answer fills the gap; the statement is then
read like any other. Only a question of somebody else right before is completed, and only by an answer in front of the
message that is no sentence itself.
"""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.lemmas import past_tense
from factloom.engine.extraction.sentences import split
from factloom.engine.extraction.vocabulary import gender_of

LONGEST_ANSWER: Final = 12  # words; a longer one says what it means by itself

_YES: Final = re.compile(
    r"^(?:yes|yeah|yep|yup|sure|of course|absolutely|definitely|totally|i do|i am|i did|i have)\b", re.I
)
_NO: Final = re.compile(
    r"^(?:no|nope|nah|never|not any ?more|no longer|not really|not at all|i don't|i'm not|i didn't|i haven't)\b", re.I
)
_POLITE: Final = re.compile(r"^\W*(?:thanks|thank you|thx|cheers|congrats|congratulations|wow)\b", re.I)
_FILLER: Final = re.compile(
    r"^(?:(?:oh|well|um+|uh+|hmm+|so|ah|haha|just|it's|it is|that's|in fact|mostly)\b[,.]?\s*)+", re.I
)
# What stands before or behind the answer itself: "Still in Bath, Rob.", "Alien, hands down.", "X, hosted on Y."
_STILL: Final = re.compile(
    r"^(?:(?:still|now|currently|actually|always|probably|definitely|that would be)\b,? )+", re.I
)
_TAG: Final = re.compile(
    r"(?:,? (?:hands[- ]down|no (?:contest|doubt|question)|of course|for sure|(?:most )?definitely|obviously|"
    r"absolutely|easily|by far|always|actually|as (?:always|ever|usual)|still|for now|at the moment|without a doubt|"
    r"any day|all the way|to be honest|tbh|honestly|naturally|clearly|like always|i['’]d say)"
    r"|, (?:mate|man|guys|mum|mom|dad|dude|bro|dear|darling|honey|love|buddy|pal|sis))+$",
    re.I,
)
_DESCRIBED: Final = re.compile(r", (?:\w+ly )?\w{2,}(?:ed|t|un|en|de) (?:on|in|by|at|with|from|to|for) [^,]*$")
_CALLED: Final = re.compile(r"(?P<gap>.*\w), (?P<who>[A-Z][a-z]+)$")
# What only sounds like an answer: "Hm, let me think.", "Not sure.", "Somewhere nice."
_UNTOLD: Final = re.compile(
    r"\b(?:h+m+|let me|let['’]s|think|guess|idk|dunno|no idea|not sure|unsure|secret|depends|nowhere|somewhere|nothing|"
    r"something|nobody|none|whatever|good question|why|maybe|perhaps|sorry|pass|later|never mind|i)\b",
    re.I,
)
_SENTENCE: Final = re.compile(
    r"\b(?:i|we|you|he|she|they|it|there|that|this)(?:'\w+|’\w+)?\s+(?!$)|\b(?:is|are|was|were|am|have|has|do|did)\b",
    re.I,
)
# What closes a question without asking anything: "how old is Pickle now?", "who's Duarte again?".
_TRAILING: Final = re.compile(
    r"(?:,? (?:now|again|then|exactly|these days|nowadays|currently|btw|by the way|anyway|though|too|as well|"
    r"right now))+\s*\?$",
    re.I,
)
_SUBJECT: Final = r"(?P<subject>you|(?:his|her) name|your [\w' -]+?|he|she|(?-i:[A-Z]\w+(?: [A-Z]\w+)?))"
_LEAD: Final = re.compile(r"^\W*(?:(?:and|so|but|oh|ok|okay|hey|btw|by the way|\w+,)\s+)*", re.I)

# A question word with an auxiliary and a subject, then the verb and the rest.
_DO: Final = re.compile(
    rf"^(?P<asked>where|when|what|who|which [\w ]+?|what [\w ]+?|how long|how often|since when) "
    rf"(?P<aux>do|does|did) {_SUBJECT} (?:all |both |guys )?"
    r"(?P<verb>\w+)(?P<rest>(?: [\w' -]+)?)\?$",
    re.I,
)
_BE: Final = re.compile(
    rf"^(?P<asked>where|when|what|who|how old|what [\w ]+?)(?: (?P<aux>is|are|was|were)|(?P<short>'s|’s)) {_SUBJECT}"
    r"(?P<rest>(?: (?:called|named|from|born|birthday|allergic to|working|living|studying|learning|playing|reading)"
    r"[\w' -]*)?)\?$",
    re.I,
)
_PERFECT: Final = re.compile(rf"^how long (?P<aux>have|has) {_SUBJECT} (?P<rest>(?:been|\w+ed) ?[\w' -]*)\?$", re.I)
_DOING: Final = re.compile(
    rf"^(?P<asked>where|when|what|who|which [\w ]+?|what [\w ]+?) (?P<aux>is|are|was|were) {_SUBJECT} "
    r"(?:still |currently )?(?P<verb>\w+ing)(?P<rest>(?: [\w' -]+)?)\?$",
    re.I,
)
_COUNT: Final = re.compile(rf"^how many (?P<things>[\w -]+?) (?P<aux>do|does) {_SUBJECT} have\?$", re.I)
_ANY: Final = re.compile(r"^(?:do you have |have you got |got )?any (?P<things>[a-z]+)\?$", re.I)
_HAD: Final = {"allergies": "I am allergic to", "hobbies": "My hobby is"} | dict.fromkeys(
    ("pets", "siblings", "kids", "children", "brothers", "sisters"), "I have"
)
_WHETHER: Final = re.compile(
    rf"^(?P<aux>do|does|did|are|is|have|has) {_SUBJECT} (?P<rest>[\w' -]+)\?$",
    re.I,
)


# What asks for the time of what was just told: "Since when?", "When was that?", "When did you move?"
_SINCE: Final = re.compile(r"^(?:since when|(?:for )?how long)(?: (?:now|already))?\?$", re.I)
_WHEN: Final = re.compile(
    r"^when(?: (?:was|did) (?:that|this|it)(?: happen)?| exactly)?\?$"
    r"|^when did you (?P<verb>\w+)\?$",
    re.I,
)
_LONGEST_TOLD: Final = 12  # words of what such a question can be about
_TIME: Final = re.compile(r"\b(?:19|20)\d\d\b|\b(?:since|ago|last|yesterday|years?|months?|weeks?|days?)\b", re.I)
_DATE: Final = re.compile(
    r"^(?:(?:in|on|at|last|this|back in|two|three|four|five|a|an|about|around)\b.*|(?:19|20)\d\d|yesterday|"
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)(?: (?:19|20)\d\d)?)$",
    re.I,
)
_DURATION: Final = re.compile(
    r"^(?:for |about |almost |around )*(?:an?|\w+) (?:years?|months?|weeks?|days?)(?: now)?$", re.I
)


def complete(question: str, answer: str, told: str = "") -> tuple[str, str] | None:
    """The statement that ``answer`` makes of ``question``, and the words of the answer that it uses up; else None.

    Both are whole messages: the last sentence of the one is completed by the first of the other. ``told``: what who
    answers said right before the question, whose time it may ask for.
    """
    asked = [question[start:end].strip() for start, end in split(question)]
    said = [answer[start:end].strip() for start, end in split(answer)]
    if not asked or not said or not asked[-1].endswith("?"):
        return None
    last = _TRAILING.sub("?", _LEAD.sub("", asked[-1], count=1).strip())
    first = said[0]
    if _POLITE.match(first) and len(first.split()) <= 4:
        return None  # "When are you off?" "Thanks, Maria!" tells nothing
    statement = _timed(last, first, told) or _any(last, first) or _whether(last, first)
    statement = statement or _bringing(last, first) or _filled(last, first)
    return (statement, first) if statement is not None else None


def denies(answer: str) -> bool:
    """Whether the words of an answer begin by saying no."""
    return _NO.match(answer) is not None


def asks_for_time(question: str) -> bool:
    """Whether the message ends by asking since when or when something was that was told before it."""
    spans = split(question)
    asked = _LEAD.sub("", question[slice(*spans[-1])].strip(), count=1) if spans else ""
    return _SINCE.match(asked) is not None or _WHEN.match(asked) is not None


def _timed(question: str, answer: str, told: str) -> str | None:
    """For "I work for Bosch." "Since when?" "2019."; what "When?" asks for takes the place of the time of saying."""
    spans = split(told)
    stated = told[slice(*spans[-1])].strip(" .!") if spans else ""
    gap = _FILLER.sub("", answer).strip(" .!")
    first_person = re.match(r"(?:i|we|my|our)\b", stated, re.I)
    if not first_person or "?" in told or _TIME.search(stated) or len(stated.split()) > _LONGEST_TOLD:
        return None
    if _SINCE.match(question):
        since = re.match(r"(?:[Ss]ince |[Ii]n )?((?:19|20)\d\d|(?:last |this )?[A-Z]?[a-z]+(?: (?:19|20)\d\d)?)$", gap)
        if since is not None and not _UNTOLD.search(gap):
            return f"{stated} since {since[1]}."
        lasted = re.sub("^for | now$", "", gap, flags=re.I).lower()
        return f"{stated} since {lasted} ago." if _DURATION.match(gap) else None
    match = _WHEN.match(question)
    if match is None or not _DATE.match(gap):
        return None
    if match["verb"] and not re.search(rf"\b{re.escape(past_tense(match['verb']))}\b", stated, re.I):
        return None
    lead = "in " if re.match(r"(?:\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", gap, re.I) else ""
    return f"Actually, {stated} {lead}{_lowered(gap)}."


def _whether(question: str, answer: str) -> str | None:
    """For "Do you like olives?" "No, I hate them.": the question itself, affirmed or denied."""
    match = _WHETHER.match(question)
    if match is not None and _KEPT.match(match["rest"]):
        return _having(match, answer)
    if match is None or re.search(r"\b(?:any|or|mind|know|think|want|need|like to|plan)\b", match["rest"], re.I):
        return None
    if re.search(r"\bever\b", match["rest"]) and not (match["aux"].lower() in ("have", "has") and _YES.match(answer)):
        return None
    yes, no = bool(_YES.match(answer)), bool(_NO.match(answer))
    if yes == no or "?" in answer:
        return None
    subject, aux, rest = _spoken(match["subject"]), match["aux"].lower(), _turned(match["rest"])
    if no:
        instead = _instead(rest, answer)
        if instead is not None:
            rest, yes, no, answer = instead, True, False, ""
        elif aux in ("is", "are") and re.match(r"(?:called|named|my|our|his|her|their) ", rest, re.I):
            return None  # "my brother is not called Tom", "she is not my sister": there may be none
    still = rest.startswith("still ")
    rest = re.sub(r"^(?:still|also|really|already|ever) ", "", rest)
    after = re.match(r"[^,]*, ((?:in|on|last|two|three|a|since|for|yesterday|back|to|with)\b[^.,!]*)", answer, re.I)
    dated = after[1] if after is not None and not _SENTENCE.search(after[1]) else ""
    if aux in ("do", "does", "did"):
        verb, _, tail = rest.partition(" ")
        if no and still:
            return f"{subject} no longer {_third(verb, subject)} {tail}."
        if no:
            return f"{subject} {_agreeing(aux, subject)} not {rest}."
        told = past_tense(verb) if aux == "did" else _third(verb, subject)
        return " ".join(f"{subject} {told} {tail} {dated}".split()) + "."
    denial = ("no longer " if still else "not ") if no else ""
    if yes and dated.startswith("for ") and aux in ("are", "is"):
        return f"{subject} {'have' if subject == 'I' else 'has'} been {rest} {dated}."
    return " ".join(f"{subject} {_agreeing(aux, subject)} {denial}{rest} {dated if yes else ''}".split()) + "."


# "No, in Bergen", "Nope, Tim", "No, a cat", "no, vegan"; not "No, I hate it", "No, not yet", "No, thanks".
_OTHERWISE: Final = re.compile(
    r"^(?:no|nope|nah)[,.!;:–—-]*\s+(?:actually,? |just |it['’]s |that['’]s )?"
    r"(?P<new>(?:(?P<prep>in|at|for|to|from|with|near|on) )?(?P<noun>(?:an? |the )?[\w'’-]+(?: [\w'’-]+){0,2}))[.!]*$",
    re.I,
)
_NOT_OTHERWISE: Final = re.compile(
    r"\b(?:not|never|thanks|thank|sorry|yet|really|sadly|unfortunately|of course|way|idea|longer|more|chance|need|"
    r"problem|worries|why|but|only|sir|the past|the moment|now|once|there|here|anymore|always|sometimes|ever|at all|"
    r"\w+ly|\w+n['’]t)\b",
    re.I,
)
_LAST_PART: Final = re.compile(
    r"(?P<before>.*?)\b(?P<prep>in|at|for|to|from|with|near|on|called|named) "
    r"(?P<noun>(?:an? |the )?[\w'’-]+(?: [A-Z][\w'’-]*)*)$"
)


def _instead(rest: str, answer: str) -> str | None:
    """For "Do you live in Oslo?" "No, in Bergen.": what was asked with the answer in the place of its last part."""
    said = _OTHERWISE.match(answer)
    if said is None or _NOT_OTHERWISE.search(said["new"]) or _SENTENCE.search(said["new"]):
        return None
    last = _LAST_PART.match(rest)
    is_name = said["noun"][:1].isupper()
    of_a_kind = last is not None and (last["noun"][:1].isupper() or re.match(r"(?:an?|the) ", last["noun"]) is not None)
    if last is not None and is_name and of_a_kind:
        preposition = last["prep"] if said["prep"] is None else said["prep"]
        alike = said["prep"] in (None, last["prep"]) or {said["prep"], last["prep"]} <= {"at", "for", "in", "near"}
        return f"{last['before']}{preposition} {said['noun']}" if alike else None
    if said["prep"] is not None:
        return None
    thing = re.fullmatch(r"(have|got) an? \w+", rest)
    if thing is not None and re.match(r"an? \w+$", said["noun"], re.I):
        return f"{thing[1]} {said['noun'].lower()}"
    single = re.fullmatch(r"\w+", rest) and re.fullmatch(r"[a-z]+", said["noun"])
    return said["noun"] if single and said["noun"].endswith(_ADJECTIVES) else None


_ADJECTIVES: Final = (
    "vegan",
    "vegetarian",
    "married",
    "single",
    "divorced",
    "engaged",
    "widowed",
    "retired",
    "pescatarian",
)


def _any(question: str, answer: str) -> str | None:
    """For "Any pets?" "Two cats.", "Any allergies?" "Penicillin."."""
    match = _ANY.match(question)
    lead = _HAD.get(match["things"].lower()) if match is not None else None
    had = _lowered(_YES.sub("", answer).strip(" ,.!") or "-")
    if lead is None or _NO.match(answer) or _SENTENCE.search(had) or len(had.split()) > LONGEST_ANSWER or had == "-":
        return None
    had = had if lead == "I have" else had[:1].lower() + had[1:]
    counted = re.match(r"(?:an?|one|two|three|four|five|\d+|some|several) \w", had)
    return f"{lead} {had}." if lead != "I have" or counted else None


# "Do you have any pets?", "Have you got kids?"
_KEPT: Final = re.compile(
    r"(?:have|got) (?:any\b|(?:a )?(?:pets?|kids|children|siblings|brothers|sisters|brothers or sisters|allergies|"
    r"hobbies)$)",
    re.I,
)


def _having(match: re.Match[str], answer: str) -> str | None:
    """For "Do you have any pets?" "Two cats, Milo and Otto."."""
    had = _lowered(_YES.sub("", answer).strip(" ,.!") or "-")
    if not re.match(r"(?:an?|one|two|three|four|five|\d+|some|several) \w", had) or _SENTENCE.search(had):
        return None
    subject = _spoken(match["subject"])
    return f"{subject} {_third('have', subject)} {had}."


def _filled(question: str, answer: str) -> str | None:
    """For "Where did you move?" "Lisbon, last spring.": the answer in the place of the question word."""
    gap = _FILLER.sub("", re.split(r"\s*[;–—]\s+|\s+- ", answer)[0]).strip(" .!😊🙂😄")
    gap = _bare(_SUCH_AS.sub("", gap), question)
    words = gap.split()
    since = _SINCE_THEN.match(gap)
    lasted = _PERFECT.match(question) if since is not None else None
    if since is not None and lasted is not None:
        subject = _spoken(lasted["subject"])
        return f"{subject} {_agreeing(lasted['aux'].lower(), subject)} {_turned(lasted['rest'])} {since[1].lower()}."
    if words and not _NAMES.search(question):
        gap = gap[:1].lower() + gap[1:]
    if not words or len(words) > LONGEST_ANSWER or "?" in answer or _SENTENCE.search(gap):
        return None
    if _YES.match(gap) or _NO.match(gap) or _UNTOLD.search(gap):
        return None
    match = _DO.match(question)
    if match is not None:
        return _done(match, gap)
    match = _PERFECT.match(question)
    if match is not None:
        subject = _spoken(match["subject"])
        lead = "" if re.match(r"(?:for|since)\b", gap, re.I) else "for "
        return f"{subject} {_agreeing(match['aux'].lower(), subject)} {_turned(match['rest'])} {lead}{_lowered(gap)}."
    match = _DOING.match(question)
    if match is not None:
        return _ongoing(match, gap)
    match = _COUNT.match(question)
    if match is not None and re.match(r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)$", gap, re.I):
        subject = _spoken(match["subject"])
        return f"{subject} {_third('have', subject)} {gap.lower()} {match['things']}."
    match = _BE.match(question)
    return _been(match, gap) if match is not None else None


def _bare(gap: str, question: str) -> str:
    """The answer without what stands around it: doubts dispelled, whom it is said to, what is told of it besides."""
    called = _CALLED.match(gap)
    where = question[:5].lower() == "where"
    if called is not None and (where or (gender_of(called["who"]) and not _LISTED.search(question))):
        gap = called["gap"]
    gap = _TAG.sub("", gap)
    return _DESCRIBED.sub("", _STILL.sub("", gap, count=1), count=1)


_LISTED: Final = re.compile(r"\b(?:who|whose|names?|called|\w+s are)\b", re.I)


# "Some fun ones like charades and a scavenger hunt", "Since I was 17 or so".
_SUCH_AS: Final = re.compile(
    r"^(?:(?:some|a few|lots of|mostly|mainly|just) )(?:\w+ ){0,2}(?:ones|stuff|things|games|classics) (?:like|"
    r"such as) ",
    re.I,
)
_SINCE_THEN: Final = re.compile(
    r"(since (?:i was|we were) (?:about |around )?(?:\d{1,2}|an? \w+|little|small|young|\w+teen|ten|eleven|twelve)"
    r"(?: years old)?)(?: or so)?$",
    re.I,
)
_BRINGING: Final = re.compile(
    r"^what(?: else)?(?: really)? (?P<verb>brings|makes|helps|keeps|motivates|inspires)"
    r" you(?P<rest>(?: [\w'-]+){0,4})\?$",
    re.I,
)


def _bringing(question: str, answer: str) -> str | None:
    """For "What brings you joy?" "Writing and hanging out with friends!"."""
    match = _BRINGING.match(question)
    gap = _FILLER.sub("", answer).strip(" .!😊🙂😄")
    if match is None or not gap or len(gap.split()) > _SHORT_GAP or _SENTENCE.search(gap) or _UNTOLD.search(gap):
        return None
    if _YES.match(gap) or _NO.match(gap) or "?" in answer:
        return None
    verb = match["verb"].lower()
    verb = verb[:-1] if re.search(r"\band\b", gap) else verb
    return f"{gap[:1].upper()}{gap[1:]} {verb} me{match['rest']}."


_SHORT_GAP: Final = 8  # words


def _ongoing(match: re.Match[str], gap: str) -> str | None:
    """For "When are you moving?" "In April.", "What are you reading?" "Emma."."""
    subject, asked, verb = _spoken(match["subject"]), match["asked"].lower(), match["verb"].lower()
    rest = _turned(match["rest"].strip())
    dated = re.match(r"(?:in|on|at|next|this|tomorrow|today|tonight|early|mid|late|\d|the)\b|\d", gap, re.I)
    if (verb in ("doing", "going") and asked == "what") or (asked == "when" and not dated):
        return None
    if asked == "where" and not re.match(r"(?:in|at|to|near|on|from|with|for)\b", gap, re.I):
        gap = f"{'to' if verb in ('moving', 'going', 'flying', 'travelling', 'traveling') else 'in'} {gap}"
    if asked == "when":
        gap = f"{'on ' if gap[:1].isdigit() else ''}{_lowered(gap)}"
    be = _agreeing(match["aux"].lower(), subject)
    told = f"{rest} {gap}" if asked in ("when", "where") else f"{gap} {rest}"
    return " ".join(f"{subject} {be} {verb} {told}".split()) + "."


def _done(match: re.Match[str], gap: str) -> str | None:
    subject, asked, verb = _spoken(match["subject"]), match["asked"].lower(), match["verb"].lower()
    rest = _turned(match["rest"].strip())
    if asked == "what" and verb == "do" and rest in ("for a living", "for work", ""):
        return f"{subject} {_agreeing('are', subject)} {gap}." if re.match(r"an? ", gap, re.I) else None
    told = past_tense(verb) if match["aux"].lower() == "did" else _third(verb, subject)
    if asked == "where":
        bare = not re.match(r"(?:in|at|to|near|on|from|with|for)\b", gap, re.I)
        where = (
            f"{_PLACED.get(verb, 'in')} {gap}" if bare and not rest.endswith(("from", "to", "at")) else _lowered(gap)
        )
        return " ".join(f"{subject} {told} {rest} {where}".split()) + "."
    if asked == "how often":
        return f"{subject} {told} {rest} {_lowered(gap)}.".replace("  ", " ") if _OFTEN.match(gap) else None
    if asked in ("when", "since when", "how long"):
        lead = "for " if asked == "how long" and not gap.lower().startswith("for") else ""
        return " ".join(f"{subject} {told} {rest} {lead}{_lowered(gap)}".split()) + "."
    return " ".join(f"{subject} {told} {_lowered(gap) if not rest else rest + ' ' + gap}".split()) + "."


_OFTEN: Final = re.compile(
    r"(?:about |maybe |at least )?(?:once|twice|every|daily|weekly|(?:\w+|a few|a couple of) times|most|on )", re.I
)


def _been(match: re.Match[str], gap: str) -> str | None:
    subject, rest = _spoken(match["subject"]), _turned(match["rest"].strip())
    aux = "is" if match["short"] else match["aux"].lower()
    be = _agreeing(aux, subject)
    asked = match["asked"].lower()
    if asked == "where" and not re.match(r"(?:in|at|to|near|on|from)\b", gap, re.I):
        gap = gap if rest.endswith("from") else f"in {gap}"
    if asked == "when" and not re.match(r"(?:on|in|at)\b", gap, re.I) and not subject.lower().endswith("birthday"):
        return None
    if asked == "what" and subject.lower().endswith((" name", " names")):
        return f"{subject} {be} {gap}."
    return " ".join(f"{subject} {be} {rest} {gap}".split()) + "."


_PLACED: Final = {"move": "to", "go": "to", "travel": "to", "work": "at", "study": "at", "fly": "to", "volunteer": "at"}
_TURNED: Final = {"you": "I", "your": "my", "yours": "mine", "yourself": "myself"}


def _spoken(subject: str) -> str:
    """The subject as the one who answers says it."""
    turned = " ".join(_TURNED.get(word.lower(), word) for word in subject.split())
    return turned[:1].upper() + turned[1:]


def _turned(words: str) -> str:
    return " ".join({"you": "me"}.get(word.lower(), _TURNED.get(word.lower(), word)) for word in words.split())


def _lowered(words: str) -> str:
    """Without the capital of a sentence's first word, where that word is none with a capital of its own."""
    first = words.split()[0]
    return words[:1].lower() + words[1:] if first.lower() in _SMALL else words


_SMALL: Final = frozenset(
    {"last", "next", "this", "in", "on", "at", "to", "a", "an", "the", "my", "one", "two", "three", "four", "five"}
    | {"some", "since", "for", "about", "from", "yesterday", "today", "near", "with", "until", "no", "both"}
)
# Questions whose answer is likely to be a name, which keeps its capital.
_NAMES: Final = re.compile(
    r"\b(?:names?|named|called|learn\w*|speak|language|books?|movies?|films?|bands?|city|town|country|place|team|"
    r"author|"
    r"singer|song|show|series|game|artist|brand|company|reading|read|watch\w*|who|where|"
    r"databases?|tools?|apps?|frameworks?|editors?|phones?|laptops?|cars?|banks?|systems?|services?|providers?|"
    r"browsers?|programs?|software|librar\w+|consoles?|cameras?|airlines?)\b",
    re.I,
)


def _agreeing(aux: str, subject: str) -> str:
    if subject == "I":
        return {"are": "am", "is": "am", "were": "was", "does": "do", "has": "have"}.get(aux, aux)
    return {"are": "is", "were": "was", "do": "does", "have": "has"}.get(aux, aux)


def _third(verb: str, subject: str) -> str:
    if subject == "I":
        return verb
    irregular = {"have": "has", "do": "does", "go": "goes"}
    ending = "es" if re.search(r"(?:[sxz]|ch|sh)$", verb) else "s"
    return irregular.get(verb, f"{verb}{ending}")
