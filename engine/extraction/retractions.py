"""Which message a later one of the same speaker takes back as a whole: "Just kidding!", "I was joking", "forget that".

What takes back a part and puts something else there is a correction (``corrections``); what takes back the sentence
before it in the same message is told in ``sentences``.
"""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.sentences import split
from factloom.schemas.extraction import ExtractionRequest
from factloom.schemas.records import Episode, Role

_LEAD: Final = r"^\W*(?:(?:lol|lmao|haha\w*|hehe\w*|oh|ok(?:ay)?|no|nah|nope|sorry|wait|actually|i['’]m sorry)\b\W*)*"
_END: Final = (
    r"(?:\W+(?:lol|haha\w*|hehe\w*|sorry|guys|everyone|all|of course|obviously|though|my bad|please|ok(?:ay)?|xd))*\W*$"
)
# Whoever jokes takes back the own words, whatever was said in between.
_JOKED: Final = re.compile(
    rf"(?!\W*no kidding){_LEAD}(?:(?:jk|j/k)(?:\W+(?:jk|j/k))*|psych|april fools?(?: day)?|gotcha|"
    r"(?:(?:i(?:['’]m| am| was)) )?(?:just |only |totally |obviously )*(?:kidding|joking|messing with you|"
    r"messing around|teasing(?: you)?|pulling your leg)|"
    r"i (?:just )?made (?:that|it|this|all of (?:that|it)) (?:all )?up|i take (?:that|it|everything) back|"
    r"(?:please )?(?:forget|ignore|disregard|delete) (?:what i (?:just )?(?:said|wrote|told you)(?: before)?|"
    r"my (?:last|previous) (?:message|one|sentence)|that last (?:message|one|bit)))"
    rf"(?:{_END}|\s*[,;:–—]\s+(?!about\b|of\b)\S)",
    re.IGNORECASE,
)
# With these, "that" may be what somebody else just said.
_UNTRUE: Final = re.compile(
    rf"{_LEAD}(?:(?:that|this|it)(?:['’]s| is| was) )?(?:(?:actually |just |only |obviously |totally )*"
    r"(?:not true|untrue|false|a (?:joke|lie)|wrong)|not)"
    r"(?:[,.!;:—– -]+(?:so |and |please )*(?:forget|ignore|disregard|scratch|delete) (?:that|it|this))?"
    rf"{_END}"
    rf"|{_LEAD}(?:please )?(?:forget|ignore|disregard|scratch|delete) (?:that|it|this)"
    r"(?:[,.!;:—– -]+(?:(?:that|it)(?:['’]s| is| was) )?(?:not true|untrue|a joke|wrong))?"
    rf"{_END}",
    re.IGNORECASE,
)
_LAUGH: Final = re.compile(r"^\W*(?:(?:lol|lmao|haha\w*|hehe\w*|xd|😂+|🤣+)\W*)*$", re.IGNORECASE)
_MOST_BETWEEN: Final = 2  # messages of others
_MOST_SENTENCES: Final = 3
"""Of a message that can be taken back as a whole; after a longer one nobody knows which part is meant."""


def taken_back(request: ExtractionRequest) -> str | None:
    """The id of the message before, of the same speaker, that the request's takes back; None if it takes back none."""
    episode = request.episode
    if episode.role not in (Role.USER, Role.ASSISTANT):
        return None
    said = [episode.content[start:end].strip() for start, end in split(episode.content[:400])]
    if not said:
        return None
    joked = _JOKED.match(said[0]) is not None
    # "Not true. Forget that." is one taking back.
    untrue = any(_UNTRUE.match(words) for words in (said[0], " ".join(said[:2])))
    if not (joked or untrue):
        return None
    meant = _own_before(request, _MOST_BETWEEN if joked else 0)
    if meant is None or "?" in meant.content or len(split(meant.content)) > _MOST_SENTENCES:
        return None
    return meant.id


def _own_before(request: ExtractionRequest, most_between: int) -> Episode | None:
    """What the speaker said last, but for laughter, with no more than some messages of others in between."""
    own = (request.episode.role, request.episode.speaker)
    between = 0
    for turn in reversed(request.previous):
        if (turn.role, turn.speaker) != own:
            between += 1
        elif not _LAUGH.match(turn.content):
            return turn if between <= most_between else None
    return None
