"""A Neo4j server in a container, by testcontainers, on Docker or on podman's Docker API."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException
from scripts.neo4j_server.java import ServerUnavailableError
from scripts.neo4j_server.process import START_SECONDS, answers_bolt, free_port
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient, get_docker_host, is_podman

BOLT = 7687
LOG_LINES = 40
# Names as the official image reads them: one underscore for a dot, two for an underscore.
SETTINGS = {
    "NEO4J_server_memory_heap_initial__size": "512m",
    "NEO4J_server_memory_heap_max__size": "1g",
    "NEO4J_server_memory_pagecache_size": "256m",
    "NEO4J_db_tx__log_preallocate": "false",
    "NEO4J_dbms_usage__report_enabled": "false",
    "NEO4J_dbms_cypher_min__replan__interval": "1h",
}


def engine_answers() -> bool:
    """Whether a Docker API answers; a ``docker`` program without its daemon does not count.

    Where Docker's own address is silent and a socket of podman's answers, DOCKER_HOST is set to it for this process.
    """
    for address in _addresses():
        if _api_answers(address):
            os.environ["DOCKER_HOST"] = address
            # Podman has no use for the reaper, which needs Docker's socket at Docker's place.
            if is_podman():
                testcontainers_config.ryuk_disabled = True
            return True
    return False


class ContainerServer:
    """A Neo4j Community server in a container, on a free port, with a password.

    As ``LocalServer``: data and port stay the same from one start to the next, ``close`` removes everything.
    """

    def __init__(self, image: str) -> None:
        self.user = "neo4j"
        self.password = secrets.token_hex(12)
        self.started_by = f"testcontainers, image {image}"
        self._image = image
        client = DockerClient()
        host = client.host()
        client.client.close()
        self._host = "127.0.0.1" if host == "localhost" else host
        self._port = free_port()
        self._container = DockerContainer(image)
        self._container.with_bind_ports(BOLT, self._port)
        self._container.with_env("NEO4J_AUTH", f"{self.user}/{self.password}")
        # The advertised address is what neo4j:// URIs are routed to: the port outside, not the one inside.
        self._container.with_envs(**SETTINGS, NEO4J_server_bolt_advertised__address=self.address)
        self._made = False

    @property
    def address(self) -> str:
        """Host and port of Bolt, as seen from here."""
        return f"{self._host}:{self._port}"

    @property
    def running(self) -> bool:
        """Whether the container runs."""
        if not self._made:
            return False
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return bool(wrapped.status == "running")

    def start(self) -> None:
        """Start the container and wait until the server answers.

        Raises
        ------
        ServerUnavailableError
            There is no such image, or it did not answer in time; the end of its log is in the message.
        """
        if self.running:
            return
        try:
            if self._made:
                self._container.get_wrapped_container().start()
            else:
                self._container.start()
                self._made = True
        except DockerException as error:
            raise ServerUnavailableError(f"image {self._image} could not be started: {error}") from error
        until = time.monotonic() + START_SECONDS
        while not answers_bolt(self._port, self._host):
            if not self.running or time.monotonic() > until:
                raise ServerUnavailableError(
                    f"Neo4j in {self._image} did not answer; the end of its log:\n{self.log_tail()}"
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """Shut the server down as its operator would."""
        if self.running:
            self._container.get_wrapped_container().stop(timeout=60)

    def kill(self) -> None:
        """``kill -9``: nothing is flushed, no connection is closed in order."""
        if self.running:
            self._container.get_wrapped_container().kill()
            self._container.get_wrapped_container().wait()

    def restart(self) -> None:
        """Stop in order, then start."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Remove the container and its data."""
        self._container.stop(force=True, delete_volume=True)
        self._made = False

    def log_tail(self) -> str:
        """The last lines of what the container printed."""
        return b"\n".join(self._container.get_logs()).decode(errors="replace")[-LOG_LINES * 120 :]


def _addresses() -> Iterator[str]:
    if told := get_docker_host():
        yield told
        return
    yield "unix:///var/run/docker.sock"
    for folder in (os.environ.get("XDG_RUNTIME_DIR"), "/run"):
        if folder:
            yield f"unix://{folder}/podman/podman.sock"


def _api_answers(address: str) -> bool:
    # First a plain connection: Docker's client leaves sockets open when nobody listens.
    if address.startswith("unix://"):
        path = urlsplit(address).path
        if not Path(path).exists():
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                return False
    try:
        client = docker.DockerClient(base_url=address, timeout=10)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except DockerException:
        return False
    finally:
        client.close()
