"""Sentences whose words tell that they are not meant: irony, fiction, roles, suppositions, others' own words."""

from __future__ import annotations

import re
from typing import Final

_JOINED: Final = r"^\W*(?:(?:and|but|so|oh|well|then|ok(?:ay)?|now|please|hey|can you|could you|i want you to)\W+)*"

# Marks by which a writer tells that the opposite is meant.
_IRONY: Final = re.compile(
    r"(?:^|\s)/s\b\W*$|🙄|🙃|\b(?:not!|said no one ever|just what i needed|as if!|/sarcasm)|"
    r"^\W*(?:yeah,? right|sure,? because|oh,? (?:sure|great|joy|yeah|fantastic|wonderful|lovely),? "
    r"i (?:just |really )?(?:love|adore|enjoy))\b",
    re.IGNORECASE,
)
# What takes the sentence back at its own end: "…, just kidding", "… (joke)", "…, but I don't", "…, which was a lie".
_TAKEN_BACK: Final = re.compile(
    r"[,;–—(-]\s*(?:jk|j/k|jokes?|(?:i['’]m )?(?:just |only )?(?:kidding|joking))\W*$"
    r"|\s(?:jk|j/k)\W*$"
    r"|,? (?:which|but (?:that|it|this))(?: (?:is|was)|['’]s) (?:actually |just |all |only )*"
    r"(?:an? (?:lie|joke|fib)|untrue|not true|false|nonsense|made up)\W*$"
    r"|\b(?:i|we) (?:told|said|tell|say|claimed|wrote|pretended)\b.*\b(?:but|though|although) (?:i|we)"
    r"(?: (?:really|actually))? ?(?:do|did|am|have|are|was|were)?(?:n['’]t|['’]m not| not)\W*$"
    r"|^\W*(?:i|we) (?:lied|fibbed)(?: and|, and|:) ",
    re.IGNORECASE,
)
# "In the novel, Carla lives in Paris"; "in the film club" is a place.
_FICTION: Final = re.compile(
    rf"{_JOINED}in (?:(?:the|this|that|an?|my|his|her|our|their|one of my|some|\w+['’]s) (?:\w+ ){{0,2}}?"
    r"(?:novel|story|tale|fable|poem|song|lyrics|film|movie|book|script|sitcom|series|cartoon|comic|scenario|"
    r"role-?play|(?:video|computer|role-?playing|d&d) game|simulation|thought experiment|"
    r"dream|nightmare|daydream|fantasy|imagination)s?"
    r"|(?:the |an? |my )?(?:another|other|different|parallel|alternate|ideal|perfect|imaginary) "
    r"(?:life|universe|world|reality))"
    r"(?:,| (?:i|we|you|he|she|it|they|the|an?|my|our|his|her|their|(?-i:[A-Z]\w+))\b)",
    re.IGNORECASE,
)
# A role that the assistant is to play, or somebody whom it is to think up.
_ROLE: Final = re.compile(
    rf"{_JOINED}(?:pretend|role-?play|impersonate|simulate|act (?:like|as)|behave (?:like|as)|speak as|"
    r"(?:play|take on|assume) the (?:role|part|persona) of|let \w+ be an?|consider an? |"
    r"imagine (?:that )?you(?:['’]re| are)|picture (?:this|it|yourself)|"
    r"(?:from now on|for now|today|now),? you(?:['’]re| are| will be)|you will (?:be|play|act as))\b",
    re.IGNORECASE,
)
# Somebody else's own words without quotation marks: "Tom said: I live in Rome", "she goes, I work there".
_DIRECT_SPEECH: Final = re.compile(
    r"^\W*(?:(?:and|but|so|then|well|oh)\W+)*"
    r"(?:he|she|they|(?:my|our|his|her|their|the) \w+|(?!(?:I|We|You)\b)(?-i:[A-Z]\w+))(?: (?:just|then|also))? "
    r"(?:said|says|goes|went|told (?:me|us|him|her|them)|wrote|writes|replied|answered|texted|shouted|was like)"
    r"\s?[,:]+\s*(?:(?:oh|well|hey|yes|no|yeah|sorry|look)\W+)*(?:i|i['’]\w+|my|we|we['’]\w+)\s",
    re.IGNORECASE,
)
# What the assistant is said to hold: "according to your notes: Zoe lives in Berlin", "your memory says that …".
_NOTES: Final = (
    r"(?:own )?(?:notes?|memor(?:y|ies)|records?|database|files?|logs?|history|knowledge|summary|profile of me)"
)
_OF_NOTES: Final = re.compile(
    rf"\b(?:according to|as per|per|judging (?:by|from)|based on|going by|from) (?:what (?:is|you have) in )?"
    rf"your {_NOTES}\b"
    rf"|\byour {_NOTES} (?:still |currently |also |wrongly )?(?:says?|states?|claims?|shows?|tells?|mentions?|lists?|"
    r"has|have|"
    r"had|contains?|thinks?|reads?)\b"
    rf"|\b(?:it says |there['’]s |you have )(?:it |this )?in your {_NOTES}\b"
    r"|^\W*(?:you (?:told|said|wrote|noted|mentioned|claimed|think|thought|believe)|according to you\b)"
    r"(?! me (?:to|not)\b)",
    re.IGNORECASE,
)
_SUPPOSED: Final = re.compile(
    rf"{_JOINED}(?:(?:just |purely )?(?:for the sake of (?:the )?argument|hypothetically(?: speaking)?)|e\.g\.|"
    r"(?:not|it['’]s not|it isn['’]t|it is not|not as|as|it['’]s not as) (?:that|like|if) "
    r"(?:i|we|you|he|she|they|it|(?:my|our|his|her|their) \w+|(?-i:[A-Z]\w+)) )"
    r"|[,;–—(-]\s*(?:hypothetically(?: speaking)?|for the sake of (?:the )?argument|let['’]s say|say)\W*$",
    re.IGNORECASE,
)
# Work on which a story is told in sentences of its own: "Write a story. In it, I live in Rome."
_WORK: Final = re.compile(
    r"\b(?:story|tale|fable|poem|song|novel|script|screenplay|scene|film|movie|book|sitcom|cartoon|comic|dialogue|"
    r"limerick|haiku|scenario|dream|nightmare)\b",
    re.IGNORECASE,
)
_IN_IT: Final = re.compile(rf"{_JOINED}in (?:it|this one|which)\b|\bin it\W*$", re.IGNORECASE)


def is_ironic(text: str) -> bool:
    """Whether a sentence says the opposite of what is meant, or takes back at its end what it says."""
    return _IRONY.search(text) is not None or _TAKEN_BACK.search(text) is not None


def is_fiction(text: str) -> bool:
    """Whether a sentence tells what is so only in a story or a role, or what somebody else says of himself as "I"."""
    return any(told.match(text) for told in (_FICTION, _ROLE, _DIRECT_SPEECH)) or is_of_notes(text)


def is_of_notes(text: str) -> bool:
    """Whether a sentence tells what the assistant has noted or said, which its speaker does not state."""
    return "you" in text.lower() and _OF_NOTES.search(text) is not None


def is_supposed(text: str) -> bool:
    """Whether a sentence says of itself that it is only supposed, or begins by saying that it is not so."""
    return _SUPPOSED.search(text) is not None


def goes_on_in_fiction(before: str, text: str) -> bool:
    """Whether a sentence tells what happens in the story, poem or dream that the one before it speaks of."""
    return _IN_IT.search(text) is not None and _WORK.search(before) is not None
