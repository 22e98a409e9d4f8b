"""Find a Java that a version of Neo4j runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

JVM_FOLDERS = (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"))


class ServerUnavailableError(Exception):
    """No server can be had or started here; the message says what is missing and what to do."""


def oldest_java(neo4j_version: str) -> int:
    """The oldest Java that a version of Neo4j runs on: 17 for 5.x, 21 from 2025.01 on."""
    return 17 if neo4j_version.startswith("5.") else 21


def find_java(neo4j_version: str) -> Path:
    """The ``java`` program for a version of Neo4j: of JAVA_HOME, of the PATH, else where systems install them.

    Raises
    ------
    ServerUnavailableError
        None of them is new enough.
    """
    oldest = oldest_java(neo4j_version)
    seen = {}
    for program in _candidates():
        seen[str(program)] = release = java_release(program)
        if release >= oldest:
            return program
    found = ", ".join(f"Java {release} at {program}" for program, release in seen.items() if release) or "none"
    raise ServerUnavailableError(
        f"Neo4j {neo4j_version} needs Java {oldest} or newer (JAVA_HOME or PATH); found {found}"
    )


def java_release(program: Path) -> int:
    """The feature release of a ``java`` program, such as 17; 0 if it does not run."""
    try:
        told = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(match[1]) if match else 0


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if on_path := shutil.which("java"):
        yield Path(on_path)
    for folder in JVM_FOLDERS:
        if folder.is_dir():
            yield from sorted(folder.glob("*/bin/java"))
            yield from sorted(folder.glob("*/Contents/Home/bin/java"))
