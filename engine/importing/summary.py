"""What an import came to."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from factloom.schemas.records import Record


class ImportProblem(Record):
    """Something in a file that could not be imported: ``file``, the place in it, and why."""

    file: str
    where: str
    reason: str

    def __str__(self) -> str:
        place = self.where.removeprefix("line ")
        return f"{self.file}:{place}: {self.reason}" if place != self.where else f"{self.file}: {place}: {self.reason}"


class ImportSummary(Record):
    """Counts of an import: ``read`` = ``added`` + ``known`` + ``problems`` + all ``left_out``.

    ``known``: were there already. ``facts``: new ones; ``supported``: known ones that were stated again; ``ended``:
    ones that are over because of what was read. ``pending``: episodes that are stored but could not be learned from.
    ``left_out``: by reason. ``listed``: the first problems. ``stopped``: on request, before the end.
    ``dated_from``: what was taken for the date of a file whose first messages have none.
    """

    files: tuple[str, ...] = ()
    read: int = 0
    added: int = 0
    known: int = 0
    problems: int = 0
    left_out: dict[str, int] = Field(default_factory=dict)
    facts: int = 0
    supported: int = 0
    ended: int = 0
    pending: int = 0
    spaces: tuple[str, ...] = ()
    listed: tuple[ImportProblem, ...] = ()
    dated_from: datetime | None = None
    stopped: bool = False

    @property
    def clean(self) -> bool:
        """Whether everything was read and learned from."""
        return not (self.problems or self.pending or self.stopped)
