from pathlib import Path

import pytest

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.settings import load_settings


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FACTLOOM_CONFIG", raising=False)


def test_defaults_need_nothing() -> None:
    settings = load_settings()
    assert settings.embedder.kind == "onnx"
    assert settings.extractor.kind == "spacy"


def test_arguments_beat_the_file_and_the_file_beats_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACTLOOM_STORE", "from-environment.db")
    monkeypatch.setenv("FACTLOOM_ACTOR", "from-environment")
    monkeypatch.setenv("FACTLOOM_EMBEDDER__THREADS", "1")
    monkeypatch.setenv("FACTLOOM_SEARCH__LIMIT", "7")
    file = tmp_path / "my.toml"
    file.write_text('store = "from-file.db"\nactor = "from-file"\n[embedder]\nthreads = 2\nprecision = "fp32"\n')
    settings = load_settings(file, store="from-argument.db", embedder={"threads": 3})
    assert settings.store == "from-argument.db"
    assert settings.actor == "from-file"
    assert settings.embedder.threads == 3
    assert settings.embedder.precision == "fp32"
    assert settings.search.limit == 7


def test_a_file_in_the_working_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "factloom.toml").write_text('actor = "from-here"')
    assert load_settings().actor == "from-here"


def test_the_environment_can_name_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('actor = "from-other"')
    monkeypatch.setenv("FACTLOOM_CONFIG", str(tmp_path / "other.toml"))
    assert load_settings().actor == "from-other"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("stoer = 'x'", "stoer"),
        ("[embedder]\nprecision = 'int4'", "embedder.precision"),
        ("[search]\nlimit = 0", "search.limit"),
        ("this is no toml", "not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=what):
        load_settings(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_key_is_never_shown() -> None:
    settings = load_settings(embedder={"kind": "openai", "api_key": "sk-secret"})
    assert "sk-secret" not in repr(settings)


def test_an_empty_database_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTLOOM_NEO4J__DATABASE", "")
    assert load_settings().neo4j.database is None
    assert load_settings(neo4j={"database": "memories"}).neo4j.database == "memories"


@pytest.mark.parametrize("section", ["extractor", "embedder", "reranker"])
@pytest.mark.parametrize(
    "url", ["not a url", "localhost:8080", "ftp://host/v1", "http://", "http://[::1", "http://a b"]
)
def test_an_address_that_is_none_is_refused_at_once(section: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{section}.base_url"):
        load_settings(**{section: {"base_url": url}})
    assert load_settings(**{section: {"base_url": "http://[::1]:80/v1"}})
