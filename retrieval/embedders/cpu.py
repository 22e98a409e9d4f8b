"""Tells whether this processor multiplies 8-bit integers without saturating.

ONNX Runtime multiplies unsigned activations with signed weights. On x86 before VNNI that goes through
``vpmaddubsw``, whose 16-bit sums saturate; ``reduce_range`` (7-bit weights) avoids it. ARM's kernels do not saturate.
"""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


@cache
def multiplies_int8_exactly() -> bool:
    """True on ARM and on x86 with VNNI; False where it cannot be told, which costs a little precision."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return True
    return has_vnni(_CPUINFO)


def has_vnni(cpuinfo: Path) -> bool:
    """True when the flags in a Linux ``cpuinfo`` file name VNNI; False also when there is no such file."""
    try:
        with cpuinfo.open(encoding="ascii", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return False
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(flags.split())
