"""Arguments of calls, checked: what is wrong is said by the argument's name, before anything happens."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from math import inf

from factloom.schemas.errors import InvalidInputError
from factloom.schemas.spaces import SpaceSet

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LONGEST_NAME = 200
_MOST = 2**31 - 1


def check_text(
    text: object, what: str, *, longest: int, if_empty: str = "give one, or leave it out", if_long: str = "shorten it"
) -> str:
    """Return ``text`` if it can be stored and found again; the last two arguments say what to do.

    Raises:
        InvalidInputError: not a string, blank, too long, or with NULs or broken surrogates.
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"{what} must be text, got {type(text).__name__}")
    if not text.strip():
        raise InvalidInputError(f"{what} is empty; {if_empty}")
    if len(text) > longest:
        raise InvalidInputError(f"{what} has {len(text):,} characters, the longest accepted has {longest:,}; {if_long}")
    if "\x00" in text:
        raise InvalidInputError(f"{what} has a NUL character at position {text.index(chr(0))}; remove it first")
    broken = _SURROGATE.search(text)
    if broken:
        raise InvalidInputError(
            f"{what} has a broken surrogate at position {broken.start()}, so it is not valid Unicode; "
            "decode the source with errors='replace'"
        )
    return text


def check_name(name: object, what: str) -> str | None:
    """Return a name of somebody, None as it is.

    Raises:
        InvalidInputError: as ``check_text``; a name has at most 200 characters.
    """
    return None if name is None else check_text(name, what, longest=_LONGEST_NAME)


def check_id(id_: object, what: str = "id") -> str:
    """Return ``id_`` if it can be the id of a record, whether there is one or not.

    Raises:
        InvalidInputError: not a string, or not valid Unicode.
    """
    if not isinstance(id_, str):
        raise InvalidInputError(f"{what} must be a string, got {id_!r}")
    if _SURROGATE.search(id_):
        raise InvalidInputError(f"{what} {id_!r} cannot be the id of a record; give one that a call returned")
    return id_


def check_list(values: object, what: str, *, optional: bool = True) -> None:
    """Check a list of strings; if it is ``optional``, None is one too.

    Raises:
        InvalidInputError: it is a string, or not a list of strings.
    """
    if isinstance(values, str):
        raise InvalidInputError(f"{what} must be a list, e.g. [{values!r}]")
    if values is None and optional:
        return
    if not isinstance(values, Collection) or not all(isinstance(value, str) for value in values):
        raise InvalidInputError(f"{what} must be a list of strings, got {values!r}")
    if any(_SURROGATE.search(value) for value in values):
        raise InvalidInputError(f"{what} must be valid Unicode, got {values!r}")


def check_number(value: object, what: str, *, least: float, most: float | None = None) -> None:
    """Check a number; a bool is none.

    Raises:
        InvalidInputError: not a number, or out of bounds.
    """
    bounds = f"at least {least}" if most is None else f"between {least} and {most}"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidInputError(f"{what} must be a number {bounds}, got {value!r}")
    if not (value >= least and (value < inf if most is None else value <= most)):
        raise InvalidInputError(f"{what} must be {bounds}, got {value}")


def check_page(limit: object, offset: object = 0) -> None:
    """Check the bounds of a page.

    Raises:
        InvalidInputError: one is not a whole number, ``limit`` is below 1, ``offset`` below 0, or one is absurd.
    """
    for value, what, least in ((limit, "limit", 1), (offset, "offset", 0)):
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
            raise InvalidInputError(
                f"{what} must be a whole number, at least {least} and at most {_MOST}, got {value!r}"
            )


def check_flag(value: object, what: str) -> None:
    """Check that ``value`` is True or False.

    Raises:
        InvalidInputError: it is anything else.
    """
    if not isinstance(value, bool):
        raise InvalidInputError(f"{what} must be True or False, got {value!r}")


def check_function(value: object, what: str) -> None:
    """Check that ``value`` can be called, or is None.

    Raises:
        InvalidInputError: it cannot.
    """
    if value is not None and not callable(value):
        raise InvalidInputError(f"{what} must be a function, got {value!r}")


def check_spaces(spaces: object) -> SpaceSet:
    """The set of spaces that an argument names.

    Raises:
        InvalidInputError: not a list of names.
    """
    if isinstance(spaces, SpaceSet):
        return spaces
    if isinstance(spaces, (str, bytes)) or not isinstance(spaces, Iterable):
        raise InvalidInputError(f"spaces must be a list of names, such as ['user/ana', 'team/billing'], got {spaces!r}")
    return SpaceSet(spaces)
