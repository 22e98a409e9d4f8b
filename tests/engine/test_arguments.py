"""Arguments of a wrong type or form: every public method refuses them by name, with an error of our own."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factloom import Memory
from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import ConfigurationError, InvalidInputError, NotFoundError
from factloom.schemas.settings import load_settings

OBJECT = object()
NOT_TEXT: tuple[Any, ...] = (5, b"x", ["x"], OBJECT, "", "  ", "a\x00b", "a\ud800")
NOT_A_LABEL: tuple[Any, ...] = (5, b"x", ["ana"], OBJECT, "", "  ", "a\x00b", "a\ud800")
NOT_A_LIST: tuple[Any, ...] = (5, "LIKES", b"x", [5], [None], [["x"]], OBJECT)
NOT_A_TIME: tuple[Any, ...] = ("x", "", "2025-01-01", b"x", [], True, float("nan"), 1e30, OBJECT)
NOT_A_NUMBER: tuple[Any, ...] = ("5", True, 1.5, -1, 10**30, float("nan"), [], OBJECT)
NOT_A_FLAG: tuple[Any, ...] = ("yes", 1, 0, None, [], OBJECT)
NOT_A_FUNCTION: tuple[Any, ...] = (5, "print", OBJECT)
NOT_METADATA: tuple[Any, ...] = (
    5,
    "x",
    ["x"],
    {1: 2},
    {"a": OBJECT},
    {"a": float("nan")},
    {"a": "\x00"},
    {"a": "\ud800"},
)
NOT_AN_ID: tuple[Any, ...] = (5, b"x", None, [], OBJECT, "", "  ", "a\ud800", "nothing")

WRONG: dict[str, tuple[Any, ...]] = {
    "messages": (
        5,
        b"x",
        None,
        OBJECT,
        "",
        [],
        [5],
        [b"x"],
        [None],
        [["x"]],
        [{}],
        [{"role": "user"}],
        [{"role": 5, "content": "x"}],
        [{"content": 5}],
        [{"content": {"type": "text"}}],
        [{"content": 5, "tool_calls": [{"type": "x"}]}],
        [{"content": b"x"}],
        [{"content": "x", "name": 5}],
        [{"content": "x", "session": 5}],
        [{"content": "x", "session": 0}],
        [{"content": "x", "time": "x"}],
        [{"content": "x", "metadata": "x"}],
        [{"content": "x", "tool_call_id": "\ud800"}],
        [{"content": "x", 1: 2, None: 3}],
    ),
    "facts": (5, "x", b"x", None, [5], [()], [("a", "b")], [("a", 5, "c")], [{}], [{"subject": "a"}], [{1: 2}]),
    "query": NOT_TEXT,
    "queries": (*NOT_A_LIST, None, [" "], ["tea?", 5]),
    "name_or_id": (*NOT_TEXT, "nothing"),
    "id": NOT_AN_ID,
    "fact_id": NOT_AN_ID,
    "text": NOT_TEXT,
    "predicate": NOT_TEXT,
    "object": NOT_TEXT,
    "user_id": NOT_A_LABEL,
    "agent_id": NOT_A_LABEL,
    "run_id": NOT_A_LABEL,
    "space": NOT_A_LABEL,
    "spaces": (5, "user/ana", b"x", [5], [""], ["\ud800"], OBJECT),
    "session": (5, b"x", ["x"], OBJECT, "  ", "\ud800"),
    "time": NOT_A_TIME,
    "since": NOT_A_TIME,
    "until": NOT_A_TIME,
    "as_of": NOT_A_TIME,
    "now": NOT_A_TIME,
    "valid_at": NOT_A_TIME,
    "invalid_at": NOT_A_TIME,
    "metadata": NOT_METADATA,
    "role": (5, "king", "", [], None, OBJECT),
    "name": NOT_TEXT,
    "actor": NOT_TEXT,
    "asker": NOT_TEXT,
    "tokenizer": (*NOT_TEXT, "gpt-4o", "tiktoken:nobody"),
    "reason": (5, None, b"x", "  ", "\ud800", OBJECT),
    "limit": (*NOT_A_NUMBER, 0),
    "offset": NOT_A_NUMBER,
    "max_tokens": ("5", True, 0, -1, float("nan"), float("inf"), [], OBJECT),
    "confidence": ("1", True, -0.1, 1.1, float("nan"), OBJECT),
    "kinds": (5, "fact", [5], [[]], [], ["thought"], None),
    "categories": (*NOT_A_LIST, ["thought"]),
    "predicates": NOT_A_LIST,
    "types": (*NOT_A_LIST, ["\ud800"]),
    "episode_ids": (*NOT_A_LIST, ["\ud800"]),
    "fact_ids": (*NOT_A_LIST, ["\ud800"]),
    "aliases": (*NOT_A_LIST, [" "]),
    "keep": (*NOT_TEXT, "nothing"),
    "gone": (*NOT_TEXT, "nothing"),
    "entity": (*NOT_TEXT, "nothing"),
    "type": NOT_TEXT,
    "change_id": NOT_AN_ID,
    "infer": NOT_A_FLAG,
    "include_history": NOT_A_FLAG,
    "rerank": NOT_A_FLAG,
    "time_limit": ("5", True, 0, -1, float("nan"), float("inf"), [], OBJECT),
    "vacuum": NOT_A_FLAG,
    "on_progress": NOT_A_FUNCTION,
    "clock": NOT_A_FUNCTION,
    "store": (5, b"x", OBJECT, "", "  ", "a\x00b", "a\ud800", Path("a\x00b"), "redis://x"),
    "settings": (5, "x", {}, OBJECT),
    "config_file": (5, b"x", OBJECT, "a\x00b", "missing.toml", Path(), "a\ud800"),
    "embedder": (5, "onnx", {"precision": "fp32"}, OBJECT),
    "extractor": (5, "spacy", OBJECT),
    "reranker": (5, "onnx", OBJECT),
}
ELSEWHERE = {"cypher"}
"""Methods whose own tests do this."""
CALLED: dict[str, str] = {
    "id": "record",
    "fact_id": "fact",
    "name_or_id": "entity",
    "config_file": "settings file",
    "keep": "entity",
    "gone": "entity",
    "change_id": "change",
}
"""What messages call an argument, where it is not its name alone."""
GOOD: dict[str, dict[str, Any]] = {
    "add": {"messages": "hi", "user_id": "ana"},
    "add_facts": {"facts": [("Ana", "LIKES", "tea")], "user_id": "ana"},
    "search": {"query": "tea?", "user_id": "ana"},
    "search_many": {"queries": ["tea?"], "user_id": "ana"},
    "context": {"query": "tea?", "user_id": "ana"},
    "update": {"fact_id": None, "text": "Ana likes coffee."},
    "merge_entities": {"keep": "Ana", "gone": "tea", "user_id": "ana"},
    "split_entity": {"entity": "Ana", "name": "Eva", "fact_ids": ["nothing"], "user_id": "ana"},
    "undo": {"change_id": "nothing"},
    "get": {"id": None},
    "history": {"id": None},
    "delete": {"id": None},
    "entity": {"name_or_id": "Ana", "user_id": "ana"},
}


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, method in inspect.getmembers(Memory, inspect.isfunction):
        if not name.startswith("_") and name not in ELSEWHERE:
            yield name, method


def parameters(name: str, method: Callable[..., Any]) -> list[str]:
    """Names of a method's parameters; those of ``context`` and ``search_many`` are ``search``'s."""
    given = inspect.signature(method).parameters.values()
    names = [one.name for one in given if one.name != "self" and one.kind is not one.VAR_KEYWORD]
    if name in ("context", "search_many"):
        more = [one for one in parameters("search", Memory.search) if one not in names]
        names += [one for one in more if name == "context" or one != "query"]
    return names


CASES = [(name, parameter) for name, method in methods() for parameter in parameters(name, method)]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    settings = load_settings(store=str(tmp_path_factory.mktemp("arguments") / "m.db"), extractor={"kind": "none"})
    with Memory(settings=settings, embedder=HashingEmbedder(64)) as opened:
        yield opened


@pytest.fixture(scope="module")
def fact_id(memory: Memory) -> str:
    return memory.add_facts([("Ana", "LIKES", "tea")], user_id="ana").added[0].id


def check(call: Callable[[], Any], argument: str, value: object) -> None:
    """The call is refused, in words that name the argument."""
    with pytest.raises((InvalidInputError, ConfigurationError, NotFoundError)) as raised:
        call()
    message = str(raised.value).lower()
    singular = argument.removesuffix("s")
    names = {argument, singular, singular.removesuffix("ie") + "y", *CALLED.get(argument, "").split("|")} - {""}
    assert any(name in message for name in names), f"{value!r}: {message}"
    assert "traceback" not in message
    assert len(message) < 500, message


@pytest.mark.parametrize(("name", "parameter"), CASES, ids=[".".join(case) for case in CASES])
def test_every_argument_of_every_method(memory: Memory, fact_id: str, name: str, parameter: str) -> None:
    before = memory.stats()
    arguments = {key: fact_id if value is None else value for key, value in GOOD.get(name, {}).items()}
    if parameter in ("space", "spaces"):
        arguments.pop("user_id", None)
    if name in ("entities", "get_all", "to_networkx", "delete_all") and parameter not in ("space", "spaces"):
        arguments["user_id"] = "ana"
    if name == "update" and parameter != "text":
        arguments["text"] = "Ana likes coffee."

    for value in WRONG[parameter]:
        check(lambda value=value: getattr(memory, name)(**{**arguments, parameter: value}), parameter, value)

    assert memory.stats() == before


@pytest.mark.parametrize(
    "parameter", ["store", "spaces", "settings", "config_file", "embedder", "extractor", "reranker", "clock"]
)
def test_every_argument_of_the_constructor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameter: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACTLOOM_STORE", "m.db")
    for value in WRONG[parameter]:
        check(lambda value=value: Memory(**{parameter: value}), parameter, value)
        if parameter in inspect.signature(Memory.reembed).parameters:
            check(lambda value=value: Memory.reembed(**{parameter: value}), parameter, value)

    assert list(tmp_path.iterdir()) == []


def test_every_parameter_of_the_constructor_is_tried() -> None:
    known = {"store", "spaces", "settings", "config_file", "embedder", "extractor", "clock", "arguments", "self"}
    assert set(inspect.signature(Memory.__init__).parameters) == known
    assert set(inspect.signature(Memory.reembed).parameters) <= known | {"on_progress"}


def test_single_settings_that_do_not_exist_are_named() -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        Memory(":memory:", colour="red")
    with pytest.raises(InvalidInputError, match=r"embedder must have the methods .*load_settings"):
        Memory(":memory:", embedder={"precision": "fp32"})  # type: ignore[arg-type]
