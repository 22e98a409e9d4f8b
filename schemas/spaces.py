"""Spaces: the unit of sharing and isolation, and the sets of them that a read may see."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict

from factloom.schemas.errors import InvalidInputError, MissingScopeError

MAX_SPACE_LENGTH: Final = 256


class Labels(BaseModel):
    """Whose a record is, said to or by which agent, in which run. Filters, as in the mem0 API."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None

    def given(self) -> dict[str, str]:
        """The labels that are set, by name."""
        return {name: value for name, value in self if value is not None}


def check_space(space: str) -> str:
    """Return ``space`` if it can name a space.

    Raises:
        InvalidInputError: empty, longer than 256 characters, or with control characters, lone surrogates
            or white space at its ends.
    """
    if not isinstance(space, str) or not space.strip():
        raise InvalidInputError("a space needs a name, such as 'user/ana' or 'team/billing'")
    if len(space) > MAX_SPACE_LENGTH:
        raise InvalidInputError(f"the name of a space is limited to {MAX_SPACE_LENGTH} characters, got {len(space)}")
    if space != space.strip() or any(unicodedata.category(c) in {"Cc", "Cs"} for c in space):
        raise InvalidInputError(f"the space {space!r} has control characters or white space at its ends")
    return space


def space_of(labels: Labels) -> str:
    """The space that ``labels`` name: the user's, else the agent's, else the run's.

    Raises:
        MissingScopeError: no label is set.
    """
    for kind, value in (("user", labels.user_id), ("agent", labels.agent_id), ("run", labels.run_id)):
        if value is not None:
            if not value.strip():
                raise InvalidInputError(f"{kind}_id is empty; give the id itself or leave it out")
            return check_space(f"{kind}/{value}")
    raise MissingScopeError("say whose memory this is: give user_id, agent_id, run_id or space")


class SpaceSet:
    """The spaces that a read may see: some named ones, or all (``SpaceSet.everything()``).

    Every read on a port takes one as a required argument, so that isolation cannot be forgotten.
    An empty set sees nothing. Immutable and hashable; iterating over ``everything`` is an error, since
    only the store knows which spaces exist.
    """

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[str]) -> None:
        if isinstance(names, str):
            raise InvalidInputError(f"give a list of spaces, not the string {names!r}")
        self._names: frozenset[str] | None = frozenset(check_space(name) for name in names)

    @classmethod
    def of(cls, *names: str) -> SpaceSet:
        """The set of exactly these spaces."""
        return cls(names)

    @classmethod
    def everything(cls) -> SpaceSet:
        """All spaces, those that do not exist yet included: for maintenance and single-tenant use."""
        made = cls(())
        made._names = None
        return made

    @property
    def is_everything(self) -> bool:
        """Whether no space is left out."""
        return self._names is None

    @property
    def names(self) -> tuple[str, ...]:
        """The names, sorted.

        Raises:
            InvalidInputError: this is the set of everything.
        """
        if self._names is None:
            raise InvalidInputError("the set of all spaces has no list of names; ask the store for its spaces")
        return tuple(sorted(self._names))

    def intersect(self, other: SpaceSet) -> SpaceSet:
        """The spaces that are in both."""
        if self._names is None:
            return other
        if other._names is None:
            return self
        return SpaceSet(self._names & other._names)

    def __contains__(self, space: object) -> bool:
        return self._names is None or space in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpaceSet) and self._names == other._names

    def __hash__(self) -> int:
        return hash(self._names)

    def __repr__(self) -> str:
        return "SpaceSet.everything()" if self._names is None else f"SpaceSet.of{self.names!r}"
