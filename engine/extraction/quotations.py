"""Where a message quotes: code, quoted lines, quotation marks, and texts that the assistant is to work on.

What stands there is not said by the speaker.
"""

from __future__ import annotations

import re
from typing import Final

from factloom.engine.extraction.labelled import labelled_spans, overriding_spans, pasted_facts

_QUOTED: Final = re.compile(
    r"```.*?(?:```|\Z)"  # a fenced block, also one left open
    r"|~~~.*?(?:~~~|\Z)"
    r"|`[^`\n]+`"
    r"|^[ \t]*>[^\n]*"  # a line of a mail answered
    r"|^(?:    |\t)[^\n]*(?:[;{}=<>]|\(\))[^\n]*$"  # an indented line that looks like code
    r"|“[^”]*”|«[^»]*»"
    r"|(?<![\w\"])\"[^\"\n]*\"(?!\w)"
    r"|(?:(?<=[\s(])|^)['‘](?!(?:cause|em|til|tis|twas|bout|n)\b)(?=\w)"  # single marks, which are apostrophes, too
    r"(?:[^'‘’\n]|(?<=\w)['’](?=\w))*['’](?=[\s.,;:!?)]|$)",
    re.DOTALL | re.MULTILINE,
)

# "Translate to French: …", "please correct this sentence: …", "paraphrase the following. …": a text to work on. It goes
# on to the next empty line. What is to be written down or added to one's notes is said by the speaker.
_WORKING: Final = (
    r"translat(?:e|ing)|rewrite|reword|rephrase|paraphrase|summari[sz]e|proofread|spell-?check|transcribe|repeat|"
    r"pronounce|parse|tokeni[sz]e|classify|continue|complete|correct|fix|improve|polish|shorten|edit|check|analy[sz]e|"
    r"explain|say|write|tell me|give me|make up|sing"
)
_TEXT: Final = (
    r"sentences?|text|paragraph|passage|phrase|quote|lines?|grammar|spelling|wording|translation|lyrics|following|"
    r"english|french|german|spanish|italian|portuguese|story|poem|song|tale|joke|limerick|haiku|dialogue|script|scene|below"
)
_ON: Final = r"(?:(?!\b(?:down|memory|notes?|profile|diary)\b)[^:.!?\n])"
_MATERIAL: Final = re.compile(
    rf"^[^\S\n]*(?:(?:please|now|ok(?:ay)?|and|then|hey|hi),?[ ]|(?:can|could|would|will)[ ]you[ ](?:please[ ])?)*"
    rf"(?:(?:translate|rewrite|reword|rephrase|paraphrase|summari[sz]e|proofread|transcribe|repeat|say)\b"
    rf"{_ON}{{0,60}}"
    rf"|(?:{_WORKING})\b{_ON}{{0,60}}\b(?:{_TEXT})\b{_ON}{{0,40}})"
    rf"(?::|(?<=following)\.|(?<=below)\.|(?<=after me)[.,])(?P<text>\s.*?)(?=\n[^\S\n]*\n|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)

# "Translate I live in Rome to French", "translate into French I live in Rome".
_TRANSLATED: Final = re.compile(
    r"(?<!\bI )(?<!\bwe )(?<!\bthey )(?<!\bto )\btranslate (?:(?P<text>[^\n]{3,200}?) (?:in)?to (?-i:[A-Z])\w+\b"
    r"|(?:(?:this|it|the following) )?(?:in)?to (?-i:[A-Z])\w+\b"
    r"(?! ?:)(?! because| since| so| as| and)(?P<rest>[^\n]*))",
    re.IGNORECASE,
)

# "Lyrics: …", "Quote of the day: …"
_LABELLED: Final = re.compile(
    r"^[^\S\n]*(?:(?:the|my favou?rite|some|song)[ ])*"
    r"(?:lyrics|quote|quotation|excerpt|verse|chorus|refrain|poem|song|example|sample|dialogue|caption|headline|joke|role-?play|"
    r"scenario|two truths and (?:a|one) lie)"
    r"(?:[ ](?:text|sentence|from|of|by|for)\b[^:.!?\n]{0,60})?:(?P<text>\s.*?)(?=\n[^\S\n]*\n|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)

Spans = tuple[tuple[int, int], ...]


def quoted_spans(text: str, speaker: str | None = None) -> Spans:
    """Character spans of ``text`` that are code or words of others than ``speaker``, in order."""
    spans = [match.span() for match in _QUOTED.finditer(text)]
    spans += [match.span("text") for told in (_MATERIAL, _LABELLED) for match in told.finditer(text)]
    spans += [match.span("text" if match["text"] else "rest") for match in _TRANSLATED.finditer(text)]
    spans += [*overriding_spans(text), *pasted_facts(text)]
    if ":" in text:
        spans += labelled_spans(text, speaker)
    return tuple(sorted(spans))


def is_quoted(spans: Spans, position: int) -> bool:
    """Whether the character at ``position`` is inside one of the spans."""
    return any(start <= position < end for start, end in spans)
