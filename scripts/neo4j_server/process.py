"""A Neo4j server as a process of this machine: started from the jars, killed, restarted and removed at will."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from .jars import DEFAULT_VERSION, fetch_jars
from .java import ServerUnavailableError, find_java

USER = "neo4j"
# Five seconds on an idle machine, a minute and more where a whole team tests on two cores.
START_SECONDS = 150.0
STOP_SECONDS = 60.0
LOG_LINES = 40

JVM_OPTIONS = Path(__file__).with_name("jvm.options")
# Waits for the end of the process that holds its input open, however that ends; then does what `close` would have done.
WATCHDOG = """cat; kill -9 "$1"; for i in 1 2 3 4 5 6 7 8 9; do kill -0 "$1" || break; sleep 0.2; done; rm -rf "$2" """
SETTINGS = {
    "server.default_listen_address": "127.0.0.1",
    "server.http.enabled": "false",
    "server.https.enabled": "false",
    "server.memory.pagecache.size": "256m",
    "db.tx_log.preallocate": "false",
    "dbms.usage_report.enabled": "false",
    "dbms.cypher.min_replan_interval": "1h",
}


class LocalServer:
    """A Neo4j Community server in a temporary folder, on a free port of 127.0.0.1, with a password.

    Its methods may be called in any order: ``start`` on a running server and ``stop`` or ``kill`` on a stopped one do
    nothing. Data and port stay the same from one start to the next; ``close`` kills it and removes its folder.
    The server also dies when the process that started it does, however that ends.
    """

    def __init__(self, version: str = DEFAULT_VERSION, settings: Mapping[str, str] | None = None) -> None:
        """Prepare a server without starting it.

        Parameters
        ----------
        version
            Which Neo4j, such as ``5.26.20`` or ``2025.10.1``.
        settings
            Lines of ``neo4j.conf`` beyond those that every server here gets.

        Raises
        ------
        ServerUnavailableError
            A Java that is new enough, or Maven for the jars, is missing.
        """
        self.version = version
        self.user = USER
        self.password = secrets.token_hex(12)
        self.started_by = "local process"
        self._java = find_java(version)
        self._classpath = f"{fetch_jars(version)}/*"
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self.home = Path(tempfile.mkdtemp(prefix="factloom-neo4j-"))
        self.port = free_port()
        self._write_home(settings or {})

    @property
    def address(self) -> str:
        """Host and port of Bolt."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the server while it runs."""
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises
        ------
        ServerUnavailableError
            It ended, or did not answer in time; the end of its log is in the message.
        """
        if self.running:
            return
        self._reap()
        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), cwd=self.home, stdout=console, stderr=console,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "watchdog", str(self._process.pid), str(self.home)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Shut the server down as its operator would; takes about ten seconds."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """``kill -9``: nothing is flushed, no connection is closed in order."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop in order, then start."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Kill the server if it runs, and remove its folder."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def log_tail(self) -> str:
        """The last lines of what the server printed and logged."""
        lines = []
        for file in (self._console, self.home / "logs" / "neo4j.log"):
            if file.is_file():
                lines += file.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _console(self) -> Path:
        return self.home / "console.log"

    def _write_home(self, settings: Mapping[str, str]) -> None:
        for folder in ("conf", "data", "logs", "run", "import", "plugins"):
            (self.home / folder).mkdir()
        # The advertised address is what neo4j:// URIs are routed to.
        addresses = {"server.bolt.listen_address": self.address, "server.bolt.advertised_address": self.address}
        lines = [f"{name}={value}\n" for name, value in {**SETTINGS, **addresses, **settings}.items()]
        (self.home / "conf" / "neo4j.conf").write_text("".join(lines))
        # Only before the first start: a server that was never given one would accept the published default.
        command = [str(self._java), "-cp", self._classpath, "org.neo4j.cli.AdminTool"]
        done = subprocess.run(
            [*command, "dbms", "set-initial-password", self.password],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        if done.returncode:
            self.close()
            raise ServerUnavailableError(f"no password could be set for Neo4j {self.version}:\n{done.stderr[-2000:]}")

    def _command(self) -> list[str]:
        entry = "CommunityEntryPoint" if self.version.startswith("5.") else "Neo4jCommunity"
        folders = [f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"]
        return [str(self._java), f"@{JVM_OPTIONS}", "-cp", self._classpath, f"org.neo4j.server.{entry}", *folders]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not answers_bolt(self.port):
            if not self.running or time.monotonic() > until:
                what = f"did not answer within {START_SECONDS:.0f} s" if self.running else "ended while starting"
                tail = self.log_tail()
                self.kill()
                raise ServerUnavailableError(f"Neo4j {self.version} {what}; the end of its log:\n{tail}")
            time.sleep(0.1)

    def _end(self, how: signal.Signals) -> None:
        if self.running and self._process:
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reap()

    def _reap(self) -> None:
        # The watchdog goes first: once the server is reaped, its process id may be another's.
        if self._watchdog:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._process:
            self._process.wait()
            self._process = None


def answers_bolt(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something there takes part in Bolt's handshake, which a server does only once it serves.

    See https://neo4j.com/docs/bolt/current/bolt/handshake/.
    """
    offer = bytes.fromhex("6060b017 00000405 00000404 00000004 00000003")
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(offer)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
