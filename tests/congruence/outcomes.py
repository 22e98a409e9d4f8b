"""What two stores answered, made comparable: plain values, equal to the last bit and type, or the kind of error."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from factloom.schemas.errors import FactloomError
from factloom.schemas.ports import Neighbourhood
from factloom.schemas.records import Record


class StopError(Exception):
    """Ends a transaction on purpose."""


def outcome(call: Callable[[Any], Any], subject: Any) -> tuple[str, Any]:
    """What ``call`` gives for a store or a memory, or the name of the error that it raises."""
    try:
        return "gave", call(subject)
    except (FactloomError, StopError) as error:
        return "raised", type(error).__name__


_REFS = frozenset({"ref", "previous", "next", "subject", "object", "episodes"})
_NUMBERS = frozenset({"counts", "lengths", "parts"})


class Names:
    """Ids for the refs of one store: a number is the store's own, and no part of an answer."""

    def __init__(self) -> None:
        self._ids: dict[int, str] = {0: "nobody"}
        self._refs: dict[str, int] = {}

    def learn(self, value: Any) -> None:
        """Take in the refs of all records that are anywhere in ``value``."""
        if isinstance(value, Record):
            if getattr(value, "ref", 0):
                self._ids[value.ref] = value.id  # type: ignore[attr-defined]
                self._refs[value.id] = value.ref  # type: ignore[attr-defined]
        elif isinstance(value, (list, tuple)):
            for part in value:
                self.learn(part)

    def id(self, ref: int) -> str:
        """The id behind a ref."""
        return self._ids.get(int(ref), "unheard of")

    def ref(self, id_: str) -> int:
        """The latest ref of an id; one that no record has if it was never stored."""
        return self._refs.get(id_, 2**40)


def plain(value: Any, names: Names) -> Any:
    """``value`` as lists, sorted dicts and scalars, with ids for refs."""
    if isinstance(value, np.ndarray):
        return [names.id(ref) for ref in value] if value.dtype == np.int64 else value.tolist()
    if isinstance(value, Record):
        fields = {name: getattr(value, name) for name in type(value).model_fields if name != "ref"}
        return {"": type(value).__name__, **{name: plain(fields[name], names) for name in sorted(fields)}}
    if isinstance(value, Neighbourhood):
        sessions: dict[int, list[str]] = {}
        for node in value.episodes.values():
            sessions.setdefault(node.session, []).append(names.id(node.ref))
        fields = {field.name: plain(getattr(value, field.name), names) for field in dataclasses.fields(value)}
        return {**fields, "sessions": sorted(sorted(ids) for ids in sessions.values())}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), names) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: _part(name, part, names) for name, part in zip(value._fields, value, strict=True)}
    if isinstance(value, Mapping):
        keyed = {names.id(key) if isinstance(key, int) else str(key): value[key] for key in value}
        return {key: plain(keyed[key], names) for key in sorted(keyed)}
    if isinstance(value, (set, frozenset)):
        return sorted(names.id(ref) for ref in value)
    if isinstance(value, (list, tuple)):
        return [plain(part, names) for part in value]
    return value


def _part(name: str, value: Any, names: Names) -> Any:
    """A field of a node or of a posting."""
    if name == "session" and isinstance(value, int):
        return None  # compared as sets of episodes
    if name in _NUMBERS:
        return [int(number) for number in value]
    if name in _REFS and isinstance(value, int):
        return names.id(value)
    if name in _REFS and isinstance(value, tuple):
        return [names.id(ref) for ref in value]
    return plain(value, names)


def differences(one: Any, other: Any, *, tolerance: float = 0.0, where: str = "") -> list[str]:
    """Where two plain values differ, as paths with both values; floats may differ by ``tolerance``."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in sorted({*one, *other}):
            if key not in one or key not in other:
                found.append(f"{where}.{key}: only in the {'second' if key not in one else 'first'}")
            else:
                found += differences(one[key], other[key], tolerance=tolerance, where=f"{where}.{key}")
        return found
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return [f"{where}: {len(one)} is not {len(other)} long: {one!r} | {other!r}"[:2000]]
        pairs = enumerate(zip(one, other, strict=True))
        return [d for n, (a, b) in pairs for d in differences(a, b, tolerance=tolerance, where=f"{where}[{n}]")]
    if isinstance(one, float) and isinstance(other, float) and tolerance and abs(one - other) <= tolerance:
        return []
    same = type(one) is type(other) and repr(one) == repr(other)
    return [] if same else [f"{where}: {one!r} | {other!r}"]
