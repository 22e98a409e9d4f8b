"""Whose memory a call is about: labels and the space that they name."""

from __future__ import annotations

from typing import Final, NamedTuple
from unicodedata import category

from factloom.engine.arguments import check_spaces, check_text
from factloom.schemas.errors import InvalidInputError, MissingScopeError
from factloom.schemas.spaces import MAX_SPACE_LENGTH, Labels, SpaceSet, check_space, space_of

_LONGEST_LABEL: Final = MAX_SPACE_LENGTH - len("agent/")


class Scope(NamedTuple):
    """The space to write to, and the labels to put on what is written."""

    space: str
    labels: Labels


def labels_of(user_id: str | None, agent_id: str | None, run_id: str | None) -> Labels:
    """Labels from the arguments of a call.

    Raises:
        InvalidInputError: one is not a string, is empty or too long, or cannot name a space.
    """
    for name, value in (("user_id", user_id), ("agent_id", agent_id), ("run_id", run_id)):
        if value is not None:
            check_text(value, name, longest=_LONGEST_LABEL, if_empty="give the id itself, or leave it out")
            if value != value.strip() or any(category(character) == "Cc" for character in value):
                raise InvalidInputError(f"{name} {value!r} has control characters or white space at its ends")
    return Labels(user_id=user_id, agent_id=agent_id, run_id=run_id)


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
