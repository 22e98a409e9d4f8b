"""Whose memory a call is about: labels and the space that they name."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError

from factloom.engine.arguments import check_spaces
from factloom.schemas.errors import InvalidInputError, MissingScopeError
from factloom.schemas.spaces import Labels, SpaceSet, check_space, space_of


class Scope(NamedTuple):
    """The space to write to, and the labels to put on what is written."""

    space: str
    labels: Labels


def labels_of(user_id: str | None, agent_id: str | None, run_id: str | None) -> Labels:
    """Labels from the arguments of a call.

    Raises:
        InvalidInputError: one is not a string or is empty.
    """
    for name, value in (("user_id", user_id), ("agent_id", agent_id), ("run_id", run_id)):
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise InvalidInputError(f"{name} must be a non-empty string, got {value!r}")
    try:
        return Labels(user_id=user_id, agent_id=agent_id, run_id=run_id)
    except ValidationError as error:
        raise InvalidInputError(f"user_id, agent_id and run_id must be strings: {error}") from error


def scope_to_write(
    user_id: str | None, agent_id: str | None, run_id: str | None, space: str | None, *, visible: SpaceSet
) -> Scope:
    """Where a write goes.

    Raises:
        MissingScopeError: neither a space nor a label was given.
        InvalidInputError: the space is not among those that this memory may use.
    """
    labels = labels_of(user_id, agent_id, run_id)
    name = check_space(space) if space is not None else space_of(labels)
    if name not in visible:
        raise InvalidInputError(f"this memory may not use the space {name!r}")
    return Scope(name, labels)


def spaces_to_read(
    user_id: str | None,
    agent_id: str | None,
    run_id: str | None,
    space: str | None,
    spaces: SpaceSet | list[str] | tuple[str, ...] | None,
    *,
    visible: SpaceSet,
    required: bool = True,
) -> tuple[SpaceSet, Labels]:
    """What a read may see, and the labels that narrow it further.

    The label that names the space does not filter as well, so that facts that were added to the space by other means
    are found; the labels beside it do. Without any scope, ``required`` decides between an error and everything that
    is visible.

    Raises:
        MissingScopeError: a scope is required and none was given.
    """
    labels = labels_of(user_id, agent_id, run_id)
    if space is not None and spaces is not None:
        raise InvalidInputError("give either space or spaces, not both")
    if spaces is not None:
        wanted = check_spaces(spaces)
    elif space is not None:
        wanted = SpaceSet.of(space)
    elif labels.given():
        wanted = SpaceSet.of(space_of(labels))
        first = "user_id" if user_id is not None else "agent_id" if agent_id is not None else "run_id"
        labels = labels.model_copy(update={first: None})
    elif required:
        raise MissingScopeError("say whose memory to read: give user_id, agent_id, run_id, space or spaces")
    else:
        wanted = SpaceSet.everything()
    return wanted.intersect(visible), labels
