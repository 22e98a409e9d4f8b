"""What a message tells shorter than in sentences of its own, completed by what was said before it.

Short answers take the question (``answers``), corrections what they correct (``corrections``), names what they are
given to (``namings``), and remarks are spelled out (``spelling_out``). Each makes plain sentences, which are read like
any other, and whose evidence are the words of the message.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from factloom.engine.extraction.answers import asks_for_time, complete
from factloom.engine.extraction.corrections import complete_correction, complete_mistaken
from factloom.engine.extraction.namings import named_in_answer, named_later
from factloom.engine.extraction.sentences import LONGEST
from factloom.engine.extraction.spelling_out import spell_out
from factloom.schemas.extraction import CORRECTS, Candidate, ExtractionRequest
from factloom.schemas.records import Episode, Role

SILENT_ROLES: Final = frozenset({Role.SYSTEM, Role.TOOL})
_NAMING: Final = re.compile(r"\bname[ds]?\b|\bcall(?:ed)?\b", re.IGNORECASE)


class Completion(NamedTuple):
    """A statement, and the words of the message that it completes.

    ``leans_on``: the key in the metadata of its facts, and the id of the episode that it completes or corrects, if it
    does; ``instead_of``: the sentence of the same message that it takes back, or spells out; ``about``: the name that
    is new in it, where the rest has been told before; ``wrong``: what was stated of another, in whose place one is put.
    """

    statement: str
    words: str
    leans_on: tuple[str, str] | None = None
    instead_of: str | None = None
    about: str | None = None
    wrong: str | None = None

    @property
    def statements(self) -> list[str]:
        """What has to be parsed: the statement, and what was stated wrongly, if there is that."""
        return [self.statement] if self.wrong is None else [self.statement, self.wrong]

    def takes_the_place_of(self) -> list[str]:
        """The sentences of the message that are not to be read by themselves."""
        corrects = self.leans_on is not None and self.leans_on[0] == CORRECTS
        return [words for words in (self.instead_of, self.words if corrects else None) if words is not None]

    def is_about(self, fact: Candidate) -> bool:
        """Whether what the statement tells is new."""
        told = [fact.subject.name, fact.object.name if fact.object is not None else ""]
        return self.about is None or any(self.about in name for name in told)


def readable_text(episode: Episode) -> str:
    """The content as spaCy can take it: no longer than it is read, broken surrogates replaced one for one."""
    return episode.content[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def completions(request: ExtractionRequest) -> list[Completion]:
    """The completed statements of a message; most have none."""
    told = _naming(request) or _answer(request) or _correction(request)
    episode = request.episode
    found = [told] if told is not None else []
    if episode.role is not Role.USER:
        return found
    before = request.previous[-1] if request.previous else None
    said = readable_text(before)[-400:] if before is not None and before.role not in SILENT_ROLES else ""
    for remark in spell_out(readable_text(episode), said):
        if told is None or remark.words != told.words:
            found.append(
                Completion(remark.statement, remark.words, instead_of=remark.words if remark.instead else None)
            )
    if told is not None and told.leans_on is not None and told.leans_on[0] == "answers":
        found += [Completion(remark.statement, told.words, told.leans_on) for remark in spell_out(told.statement)]
    return found


def _naming(request: ExtractionRequest) -> Completion | None:
    """What the speaker told of before, with the name that the message gives it."""
    episode, before = request.episode, request.previous[-1] if request.previous else None
    if episode.role is not Role.USER or not _NAMING.search(
        episode.content if before is None else f"{before.content[-200:]} {episode.content}"
    ):
        return None
    own = [readable_text(e)[-400:] for e in request.previous if (e.role, e.speaker) == (episode.role, episode.speaker)]
    asked = before is not None and (before.role, before.speaker) != (episode.role, episode.speaker)
    if (
        before is not None
        and asked
        and (found := named_in_answer(readable_text(before)[-200:], readable_text(episode), own))
    ):
        return Completion(found.statement, found.words, ("answers", before.id), about=found.name)
    answered = _answer(request) if asked else None
    later = named_later(readable_text(episode), [*own, answered.statement] if answered is not None else own)
    if later is None:
        return None
    return Completion(later.statement, later.words, instead_of=later.words, about=later.name)


def _answer(request: ExtractionRequest) -> Completion | None:
    """The statement that the message makes with the question before it, the words used up, and the question's id."""
    episode, before = request.episode, request.previous[-1] if request.previous else None
    if before is None or (before.role, before.speaker) == (episode.role, episode.speaker):
        return None
    if before.role in SILENT_ROLES or episode.role in SILENT_ROLES or "?" not in before.content:
        return None
    question = before.content.rstrip()[-400:]
    earlier = _told_before(request) if asks_for_time(question) else ""
    completed = complete(question, readable_text(episode), earlier)
    return Completion(*completed, ("answers", before.id)) if completed is not None else None


def _told_before(request: ExtractionRequest) -> str:
    """What who answers said right before the question; a short answer is told with the question that it answers."""
    own = request.previous[-2] if len(request.previous) > 1 else None
    if own is None or (own.role, own.speaker) != (request.episode.role, request.episode.speaker):
        return ""
    told = _answer(ExtractionRequest(episode=own, previous=request.previous[:-2]))
    return told.statement if told is not None else readable_text(own)[-400:]


def _correction(request: ExtractionRequest) -> Completion | None:
    """The statement that a short correction makes of what the same speaker said before, its words, and that episode.

    Behind somebody else's question it is an answer, and corrects only what stands in the message itself.
    """
    episode = request.episode
    if episode.role in SILENT_ROLES or episode.role is Role.DOCUMENT:
        return None
    own = [turn for turn in request.previous if (turn.role, turn.speaker) == (episode.role, episode.speaker)]
    last = request.previous[-1] if request.previous else None
    if last is not None and "that" in episode.content[:40].lower():
        mixed = complete_mistaken(readable_text(last)[-400:], readable_text(episode))
        if mixed is not None:
            return Completion(mixed.statement, mixed.words, (CORRECTS, last.id))
    asked = last is not None and last not in own and "?" in last.content
    before = [] if asked else own[-1:]
    earlier = [readable_text(turn)[-400:] for turn in before]
    found = complete_correction(earlier, readable_text(episode), episode.occurred_at)
    if found is None:
        return None
    corrected = episode.id if found.instead_of is not None else before[-1].id
    return Completion(found.statement, found.words, (CORRECTS, corrected), found.instead_of, wrong=found.wrong)
