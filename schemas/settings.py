"""Settings: one typed object, filled from the environment, a TOML file and arguments, the last winning.

The environment is read here and nowhere else. ``FACTLOOM_STORE=…`` sets ``store``; nested ones join with two
underscores: ``FACTLOOM_EMBEDDER__PRECISION=fp32``. The file is the one that ``FACTLOOM_CONFIG`` or ``config_file``
names, else ``factloom.toml`` in the working directory if it exists.
"""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from factloom.schemas.errors import ConfigurationError
from factloom.schemas.own_ontology import OntologySettings


def _checked_url(url: str) -> str:
    parts = urlsplit(url)  # a ValueError of its own for "http://[::1"
    if parts.scheme not in ("http", "https") or not parts.hostname or any(map(str.isspace, url)):
        raise ValueError("must be an address such as http://localhost:8080/v1")
    return url


_ServiceUrl = Annotated[str, AfterValidator(_checked_url)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EmbedderSettings(_Section):
    """Which embedder makes the vectors."""

    kind: Literal["onnx", "openai", "hashing"] = "onnx"
    path: Path | None = Field(None, description="folder of a BERT-family sentence encoder, for kind onnx")
    precision: Literal["int8", "fp32"] = "int8"
    threads: int | None = Field(None, ge=1, description="processor threads; default: as many as cores, at most 4")
    model: str = Field("text-embedding-3-small", description="name of the model, for kind openai")
    dimension: int | None = Field(None, ge=8, description="shortens the vectors, for kind openai or hashing")
    base_url: _ServiceUrl | None = Field(None, description="OpenAI-compatible service, for kind openai")
    api_key: SecretStr | None = Field(None, description="default: OPENAI_API_KEY")
    timeout: float = Field(30.0, gt=0, description="seconds for one request, for kind openai")


class ExtractorSettings(_Section):
    """How facts are found in episodes."""

    kind: Literal["spacy", "openai", "none"] = "spacy"
    pipeline: str | None = Field(None, description="name or folder of a spaCy pipeline; default: the one that ships")
    dates: Literal["month first", "day first"] = Field(
        "month first", description="how the offline extractor reads 3/4/2024 where nothing tells which is the month"
    )
    previous_turns: int = Field(
        6, ge=0, le=50, description="earlier turns of the session that an extractor may look back on"
    )
    model: str = Field("gpt-4o-mini", min_length=1, description="name of the model, for kind openai")
    base_url: _ServiceUrl | None = Field(None, description="OpenAI-compatible service, for kind openai")
    api_key: SecretStr | None = Field(None, description="default: OPENAI_API_KEY")
    timeout: float = Field(60.0, gt=0, description="seconds for one attempt, answer included, for kind openai")
    max_retries: int = Field(2, ge=0, le=20, description="further attempts after a failed one, for kind openai")
    concurrency: int = Field(4, ge=1, le=64, description="requests that run side by side, for kind openai")
    batch: int = Field(8, ge=1, le=64, description="most turns of a session in one request, for kind openai")
    max_prompt_tokens: int = Field(12_000, ge=4500, description="about the longest request, for kind openai")
    max_answer_tokens: int = Field(4000, ge=100, description="longest answer, for kind openai")
    known_entities: int = Field(40, ge=0, le=500, description="known names told with a request, for kind openai")
    prompt_price: float | None = Field(None, ge=0, description="price of a million prompt tokens, for kind openai")
    answer_price: float | None = Field(None, ge=0, description="price of a million tokens of answers, for kind openai")
    fallback: Literal["none", "offline"] = Field(
        "none", description="who reads an episode that the service could not: nobody yet, or the offline extractor"
    )


class RerankerSettings(_Section):
    """Whether a model reads the first hits once more, together with the question, and puts them in another order."""

    kind: Literal["none", "onnx", "openai"] = "none"
    path: Path | None = Field(None, description="folder of a cross-encoder, for kind onnx")
    precision: Literal["int8", "fp32"] = "int8"
    threads: int | None = Field(None, ge=1, description="processor threads; default: as many as cores, at most 4")
    model: str = Field("gpt-4o-mini", min_length=1, description="name of the model, for kind openai")
    base_url: _ServiceUrl | None = Field(None, description="OpenAI-compatible service, for kind openai")
    api_key: SecretStr | None = Field(None, description="default: OPENAI_API_KEY")
    timeout: float = Field(20.0, gt=0, description="seconds for one attempt, answer included, for kind openai")
    max_retries: int = Field(1, ge=0, le=20, description="further attempts after a failed one, for kind openai")
    max_answer_tokens: int = Field(2000, ge=100, description="longest answer, for kind openai")
    candidates: int = Field(30, ge=2, le=200, description="how many of the first hits it is asked about")
    on_failure: Literal["fallback", "error"] = Field(
        "fallback", description="when a service is out of reach or answers nonsense: keep the order, or raise"
    )


class HalfLives(_Section):
    """Days after which what a fact's recency adds to its score is halved, by category."""

    episodic: float = Field(90.0, gt=0, description="events: last week's trip is asked about more than last year's")
    preference: float = Field(365.0, gt=0, description="tastes change slowly")
    semantic: float = Field(365.0, gt=0, description="states hold until another fact closes them")
    procedural: float = Field(730.0, gt=0, description="how something is done hardly ages")


class SearchSettings(_Section):
    """Defaults of search."""

    limit: int = Field(10, ge=1, le=1000)
    recency_half_life_days: float = Field(180.0, gt=0, description="of what was said; of facts see fact_half_life_days")
    fact_half_life_days: HalfLives = HalfLives()
    max_tokens: int = Field(1000, ge=40, description="budget of a context block")
    tokenizer: str | None = Field(
        None,
        min_length=1,
        description="whose tokens a context counts: tiktoken:MODEL, or the path of a tokenizer.json; default: the "
        "embedder's",
    )


class IngestSettings(_Section):
    """How messages are taken in."""

    max_characters: int = Field(200_000, ge=1, description="longest message that is accepted")
    session_gap: timedelta = Field(
        timedelta(hours=6), description="a longer silence begins a new session, unless one is named"
    )
    batch: int = Field(64, ge=1, le=1000, description="episodes that are learned from in one transaction")
    entity_similarity: float = Field(0.93, ge=0.5, le=1.0, description="cosine from which two names may be one entity")
    max_attempts: int = Field(
        5, ge=1, description="after so many failures an episode is marked failed; retry still takes it"
    )


class Neo4jSettings(_Section):
    """How a Neo4j server is used; its address is ``store``. Times in seconds."""

    user: str = Field("neo4j", description="whom the store logs in as")
    password: SecretStr = Field(SecretStr(""), description="of that user")
    database: str | None = Field(None, description="name of the database; default, or empty: the user's own")
    label_prefix: str = Field("", description="begins every label of ours, so that a database can be shared")
    vectors: Literal["faiss", "native"] = Field(
        "faiss", description="where vectors are searched: in this process, or in the server's own index"
    )
    pool_size: int = Field(20, ge=1, le=1000, description="most connections at a time")
    connection_timeout: float = Field(5.0, gt=0, description="longest wait for a connection to be made")
    acquisition_timeout: float = Field(15.0, gt=0, description="longest wait for a connection to be free")
    max_retry_time: float = Field(10.0, ge=0, description="how long to try again while the server is away")
    transaction_timeout: float = Field(
        120.0, gt=0, description="longest write, waiting for other writers included, before the server ends it"
    )

    @field_validator("database")
    @classmethod
    def _own_where_empty(cls, name: str | None) -> str | None:
        return name or None


class CypherSettings(_Section):
    """Bounds of Cypher queries."""

    timeout: float = Field(30.0, gt=0, le=3600, description="seconds after which a query is stopped")
    limit: int = Field(1000, ge=1, le=1_000_000, description="rows of a result; more are left out, and that is said")
    max_records: int = Field(
        200_000, ge=1, description="episodes, entities and facts that may be read into memory for queries"
    )


class Settings(BaseSettings):
    """Everything that can be set. See the fields for their meaning and defaults."""

    model_config = SettingsConfigDict(
        env_prefix="FACTLOOM_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    store: str = Field(
        "",
        description="path of an SQLite file, or address of a Neo4j server (neo4j://host:7687); "
        "empty: factloom.db in the user's data folder",
    )
    cache_dir: Path | None = Field(None, description="folder for built models; default: the user's cache folder")
    index_dir: Path | None = Field(
        None, description="folder for index snapshots; default: beside the store, or in the user's cache folder"
    )
    busy_timeout: float = Field(15.0, gt=0, description="seconds to wait for another writer")
    actor: str = Field(
        "memory", min_length=1, description="who changes things, in history, unless a call says otherwise"
    )
    ontology: OntologySettings = OntologySettings()
    embedder: EmbedderSettings = EmbedderSettings()
    extractor: ExtractorSettings = ExtractorSettings()
    reranker: RerankerSettings = RerankerSettings()
    search: SearchSettings = SearchSettings()
    ingest: IngestSettings = IngestSettings()
    neo4j: Neo4jSettings = Neo4jSettings()
    cypher: CypherSettings = CypherSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, in which the file is already merged, before the environment; no .env file is ever read."""
        return init_settings, env_settings


def _merged(weaker: dict[str, Any], stronger: dict[str, Any]) -> dict[str, Any]:
    both = dict(weaker)
    for name, value in stronger.items():
        old = both.get(name)
        both[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the settings file {path} is not valid TOML: {error}") from error


def load_settings(config_file: str | Path | None = None, **arguments: Any) -> Settings:
    """Settings from the environment, overridden by a TOML file, overridden by ``arguments`` (nested as dicts).

    Raises:
        ConfigurationError: a value cannot be used, or a name is unknown; the message names it and its source.
    """
    named = config_file or os.environ.get("FACTLOOM_CONFIG")
    path = Path(named) if named else Path("factloom.toml")
    from_file = _read_toml(path) if named or path.is_file() else {}
    try:
        return Settings(**_merged(from_file, arguments))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        source = (
            f" (from arguments, {path} or FACTLOOM_* variables)"
            if from_file
            else " (from arguments or FACTLOOM_* variables)"
        )
        raise ConfigurationError(f"settings{source}: {problems}") from error
