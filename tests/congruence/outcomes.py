"""What two stores answered, made comparable: plain values, equal to the last bit and type, or the kind of error."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from factloom.schemas.errors import FactloomError
from factloom.schemas.records import Record


class StopError(Exception):
    """Ends a transaction on purpose."""


def outcome(call: Callable[[Any], Any], subject: Any) -> tuple[str, Any]:
    """What ``call`` gives for a store or a memory, or the name of the error that it raises."""
    try:
        return "gave", call(subject)
    except (FactloomError, StopError) as error:
        return "raised", type(error).__name__


def plain(value: Any) -> Any:
    """``value`` as lists, sorted dicts and scalars; records with their refs."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Record):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return {"": type(value).__name__, **{name: plain(fields[name]) for name in sorted(fields)}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(part) for name, part in zip(value._fields, value, strict=True)}
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(part) for part in value)
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


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
