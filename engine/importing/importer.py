"""The importer: reads files message by message, checks each on its own, and adds them in batches.

Resumable without a protocol of its own, since adding is idempotent: a second run of the same file finds what is
there already, learns from what is still pending, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from factloom.engine.importing.chatgpt import read_chatgpt
from factloom.engine.importing.detection import FORMATS, detect_format
from factloom.engine.importing.items import SCOPE_FIELDS, Found, FoundMessage, LeftOut, Unreadable
from factloom.engine.importing.jsonl import read_jsonl
from factloom.engine.importing.locomo import read_locomo
from factloom.engine.importing.openai_messages import read_openai
from factloom.engine.importing.sources import STANDARD_INPUT, Source, changed_at, open_source, size_of
from factloom.engine.importing.summary import ImportProblem, ImportSummary
from factloom.engine.importing.timekeeping import Timekeeper
from factloom.engine.memory import Memory
from factloom.engine.messages import MessageReader
from factloom.engine.scope import Scope, scope_to_write
from factloom.schemas.errors import ImportFormatError, InvalidInputError, MissingScopeError, StoreError
from factloom.schemas.records import Action, Episode, utc_now
from factloom.schemas.spaces import SpaceSet

BATCH: Final = 256
MOST_LISTED: Final = 1000


class ImportProgress(NamedTuple):
    """How far an import is: bytes of all files, messages that are in the store, facts found."""

    bytes_done: float
    bytes_total: int
    messages: int
    facts: int


@dataclass
class _Tally:
    """Counts that grow while files are read."""

    read: int = 0
    added: int = 0
    known: int = 0
    problems: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    supported: int = 0
    ended: int = 0
    pending: int = 0
    spaces: dict[str, None] = field(default_factory=dict)
    listed: list[ImportProblem] = field(default_factory=list)
    dated_from: datetime | None = None
    stopped: bool = False


class Importer:
    """Adds the messages of files to a memory."""

    def __init__(
        self,
        memory: Memory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        space: str | None = None,
        format: str | None = None,
        start: datetime | None = None,
        zone: tzinfo | None = None,
        infer: bool = True,
        batch: int = BATCH,
        on_problem: Callable[[ImportProblem], None] | None = None,
        on_progress: Callable[[ImportProgress], None] | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare an import.

        Args:
            memory: where the messages go.
            user_id: as for ``Memory.add``; so are the next three. They apply where a message names none of its own.
            agent_id: see ``user_id``.
            run_id: see ``user_id``.
            space: see ``user_id``.
            format: one of ``FORMATS``; default: told from each file.
            start: the date of files that have none, aware; default: when each was last changed.
            zone: the time zone of times that name none; default: such times are refused, LoCoMo's are UTC.
            infer: False stores messages without learning from them.
            batch: how many messages are added at a time.
            on_problem: called with each problem as it is found.
            on_progress: called after each batch of learning.
            should_stop: asked between batches; True ends the import cleanly.
            clock: the present, for tests.

        Raises:
            InvalidInputError: an unknown format, or a naive ``start``.
        """
        if format is not None and format not in FORMATS:
            raise InvalidInputError(f"unknown format {format!r}; known are {', '.join(FORMATS)}")
        if start is not None and start.tzinfo is None:
            raise InvalidInputError(f"the start {start} has no time zone")
        self._memory = memory
        self._scope = dict(zip(SCOPE_FIELDS, (user_id, agent_id, run_id, space), strict=True))
        self._format = format
        self._start = start
        self._zone = zone
        self._infer = infer
        self._batch = batch
        self._on_problem = on_problem
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._reader = MessageReader(now=clock(), longest=memory.settings.ingest.max_characters)
        self._now = clock()

    def run(self, paths: Sequence[Path]) -> ImportSummary:
        """Import the files, one after the other; ``STANDARD_INPUT`` among them, if the format is given, is read too.

        A message that cannot be used is reported and counted, and the rest goes on.

        Raises:
            InvalidInputError: a file cannot be opened; checked for all files before the first is read.
            ImportFormatError: a file is in none of the formats.
            MissingScopeError: nothing says whose messages these are.
            StoreError: the store failed; the message says how much was kept, and the same import can be run again
                and goes on from there.
        """
        formats = formats_of(paths, self._format)
        sizes = [size_of(path) for path in paths]
        tally = _Tally()
        for position, (path, format_) in enumerate(zip(paths, formats, strict=True)):
            with open_source(path) as source, _saying_what_was_kept(tally):
                self._read_file(source, format_, tally, done_before=sum(sizes[:position]), total=sum(sizes))
            if tally.stopped:
                break
        counts = {name: value for name, value in vars(tally).items() if name not in ("spaces", "listed")}
        return ImportSummary(
            files=tuple(str(path) for path in paths), spaces=tuple(tally.spaces), listed=tuple(tally.listed), **counts
        )

    def _read_file(self, source: Source, format_: str, tally: _Tally, *, done_before: int, total: int) -> None:
        changed = changed_at(source.path, now=self._now)
        timekeeper = Timekeeper(self._start or changed, now=self._now, zone=self._zone)
        waiting: list[Episode] = []
        bytes_before = 0

        def flush() -> None:
            nonlocal bytes_before
            span = source.position - bytes_before
            self._add(waiting, tally, lambda part: (done_before + bytes_before + span * part, total))
            bytes_before = source.position
            waiting.clear()

        for item, found in enumerate(self._found(source, format_)):
            if self._should_stop():
                tally.stopped = True
                tally.read -= len(waiting)
                waiting.clear()
                break
            tally.read += 1
            if isinstance(found, LeftOut):
                tally.left_out[found.reason] = tally.left_out.get(found.reason, 0) + 1
            elif isinstance(found, Unreadable):
                self._report(source, found.where, found.reason, tally)
            elif (episode := self._episode(found, item, timekeeper, source, tally)) is not None:
                waiting.append(episode)
                if len(waiting) >= self._batch:
                    flush()
        flush()
        if timekeeper.used_start and tally.dated_from is None:
            tally.dated_from = timekeeper.start

    def _found(self, source: Source, format_: str) -> Iterator[Found]:
        """What the format's reader finds; where the file breaks off, a last item says so."""
        readers: dict[str, Callable[[Source], Iterator[Found]]] = {
            "jsonl": read_jsonl,
            "locomo": partial(read_locomo, zone=self._zone or UTC),
            "openai": read_openai,
            "chatgpt": read_chatgpt,
        }
        count = 0
        try:
            for found in readers[format_](source):
                count += 1
                yield found
        except ImportFormatError as error:
            if not count:
                raise ImportFormatError(f"{source.path} is not in the format {format_}: {error}") from error
            yield Unreadable(f"after item {count}", f"{error}; what follows was not read")
        if not count:
            raise ImportFormatError(f"{source.path} holds no messages in the format {format_}")

    def _episode(
        self, found: FoundMessage, item: int, timekeeper: Timekeeper, source: Source, tally: _Tally
    ) -> Episode | None:
        """The checked message; None, after a report, when it cannot be used."""
        try:
            scope = self._scope_of(found)
            time = timekeeper.time_of(found, item)
            message = {name: value for name, value in found.message.items() if name != "time"}
            read = self._reader.read(message, scope, session=None, time=time, metadata=None, infer=self._infer)
        except MissingScopeError as error:
            if not tally.spaces:
                raise MissingScopeError(f"{error} for messages such as {source.path}: {found.where}") from error
            self._report(source, found.where, str(error), tally)
        except InvalidInputError as error:
            self._report(
                source, found.where, str(error).removeprefix("the message: ").removeprefix("the message "), tally
            )
        else:
            tally.spaces.setdefault(scope.space)
            return read[0]
        return None

    def _scope_of(self, found: FoundMessage) -> Scope:
        named: dict[str, Any] = {name: found.scope.get(name, default) for name, default in self._scope.items()}
        if found.own_space is not None and not any(named.values()):
            named["space"] = found.own_space
        return scope_to_write(**named, visible=SpaceSet.everything())

    def _report(self, source: Source, where: str, reason: str, tally: _Tally) -> None:
        problem = ImportProblem(file=str(source.path), where=where, reason=reason)
        tally.problems += 1
        if len(tally.listed) < MOST_LISTED:
            tally.listed.append(problem)
        if self._on_problem is not None:
            self._on_problem(problem)

    def _add(self, episodes: Sequence[Episode], tally: _Tally, bytes_at: Callable[[float], tuple[float, int]]) -> None:
        """Add a batch, space by space, with progress within it."""
        done = 0
        for group in _by_scope(episodes):
            before = done

            def learned(count: int) -> None:
                nonlocal done
                done += count
                self._progress(bytes_at(done / len(episodes)), tally, done)

            result = self._memory.add(group, **group[0].labels.model_dump(), space=group[0].space, on_progress=learned)
            done = before + len(group)
            known = len(result.known_episode_ids)
            tally.known += known
            tally.added += len(group) - known
            tally.facts += len(result.added)
            tally.supported += len(result.supported)
            tally.ended += sum(change.action in (Action.SUPERSEDED, Action.CLOSED) for change in result.changes)
            tally.pending += len(result.pending)
        self._progress(bytes_at(1.0), tally, 0)

    def _progress(self, at: tuple[float, int], tally: _Tally, in_batch: int) -> None:
        if self._on_progress is not None:
            self._on_progress(ImportProgress(at[0], at[1], tally.added + tally.known + in_batch, tally.facts))


def formats_of(paths: Sequence[Path], named: str | None = None) -> list[str]:
    """The format of each file: the one that is ``named``, else as its content tells.

    Raises:
        InvalidInputError: a file cannot be opened.
        ImportFormatError: a file is in none of the formats.
    """
    for path in paths:
        if path != STANDARD_INPUT:
            with open_source(path):
                pass
    return [named or detect_format(path) for path in paths]


@contextmanager
def _saying_what_was_kept(tally: _Tally) -> Iterator[None]:
    """Add to the store's errors, which speak of one write, what they mean for an import of many."""
    try:
        yield
    except StoreError as error:
        kept = tally.added + tally.known
        before = f"the {kept:,} messages before it are kept" if kept else "no batch before it was complete"
        raise type(error)(
            f"{error}. It came while a batch of messages was added: {before}. When it is mended, run the same import "
            "again: it goes on from there"
        ) from error


def _by_scope(episodes: Sequence[Episode]) -> list[list[Episode]]:
    """The episodes by space and labels, each group in order."""
    groups: dict[object, list[Episode]] = {}
    for episode in episodes:
        groups.setdefault((episode.space, episode.labels), []).append(episode)
    return list(groups.values())
