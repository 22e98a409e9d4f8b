"""Neo4j's own jars, fetched once with Maven into the user's cache folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from .java import ServerUnavailableError, find_java

DEFAULT_VERSION = "5.26.20"
POM = Path(__file__).with_name("pom.xml")
FETCH_SECONDS = 600


def jar_folder(version: str = DEFAULT_VERSION) -> Path:
    """Where the jars of a version are, or will be."""
    return user_cache_path("factloom") / f"neo4j-{version}"


def why_unavailable(version: str = DEFAULT_VERSION) -> str | None:
    """What is missing for a local server, in words; None if it can be started. Fetches nothing."""
    try:
        find_java(version)
    except ServerUnavailableError as error:
        return str(error)
    if not jar_folder(version).is_dir() and shutil.which("mvn") is None:
        return f"Maven (mvn) is needed once to fetch the jars of Neo4j {version}"
    return None


def fetch_jars(version: str = DEFAULT_VERSION) -> Path:
    """The folder with the jars of a version; the first call fetches them (about 115 MB).

    Several processes may call it at once: one fetches, the others wait, and none sees half a folder.

    Raises
    ------
    ServerUnavailableError
        Java or Maven is missing, or Maven failed; its output is in the message.
    """
    folder = jar_folder(version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            if missing := why_unavailable(version):
                raise ServerUnavailableError(missing)
            with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as temporary:
                fetched = Path(temporary, "jars")
                _run_maven(version, fetched)
                fetched.rename(folder)
    return folder


def _run_maven(version: str, into: Path) -> None:
    command = ["mvn", "--batch-mode", "--no-transfer-progress", "--quiet", "--strict-checksums", "--file", str(POM)]
    command += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={into}", f"-Dneo4j.version={version}"]
    try:
        subprocess.run(
            command, check=True, text=True, timeout=FETCH_SECONDS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except subprocess.TimeoutExpired:
        raise ServerUnavailableError(f"Maven did not fetch Neo4j {version} within {FETCH_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        raise ServerUnavailableError(
            f"Maven could not fetch Neo4j {version}; is Maven Central reachable?\n{error.output[-2000:]}"
        ) from None
