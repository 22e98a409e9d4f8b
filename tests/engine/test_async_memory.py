import asyncio
import inspect
from pathlib import Path

import pytest

from factloom import AsyncMemory, Memory
from factloom.schemas.errors import InvalidInputError, StoreUnavailableError
from factloom.schemas.settings import load_settings


def settings_of(path: Path) -> object:
    return load_settings(
        store=str(path / "m.db"), embedder={"kind": "hashing", "dimension": 64}, extractor={"kind": "none"}
    )


def public(kind: type) -> dict[str, object]:
    return {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_it_has_what_memory_has_and_nothing_else() -> None:
    assert public(AsyncMemory).keys() == public(Memory).keys()


@pytest.mark.parametrize("name", public(Memory))
def test_each_has_the_same_arguments_and_is_a_coroutine_or_a_property(name: str) -> None:
    ours, theirs = getattr(AsyncMemory, name), getattr(Memory, name)

    assert ours.__doc__
    if isinstance(theirs, property):
        assert isinstance(ours, property)
    else:
        assert inspect.iscoroutinefunction(ours)
        assert inspect.signature(ours) == inspect.signature(theirs)


def test_reembedding_and_what_is_in_force(tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncMemory(settings=settings_of(tmp_path)) as memory:
            await memory.add("hello", user_id="ana")
            assert memory.settings.embedder.dimension == 64
            old = memory.embedder.name
        other = load_settings(store=str(tmp_path / "m.db"), embedder={"kind": "hashing", "dimension": 32})
        assert await AsyncMemory.reembed(settings=other) == 1
        async with AsyncMemory(settings=other) as memory:
            assert memory.embedder.name != old
            assert len(await memory.search("hello", user_id="ana")) == 1

    asyncio.run(run())


@pytest.mark.parametrize("threads", [0, -1, True, "4", 1.5, None])
def test_threads_must_be_some(tmp_path: Path, threads: object) -> None:
    with pytest.raises(InvalidInputError, match="threads must be a whole number"):
        AsyncMemory(tmp_path / "m.db", threads=threads)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_calls_run_at_the_same_time_and_keep_their_order_of_effects(tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncMemory(settings=settings_of(tmp_path), threads=4) as memory:
            await asyncio.gather(*(memory.add(f"turn {number}", user_id="ana") for number in range(20)))
            assert (await memory.stats()).episodes == 20
            found = await asyncio.gather(*(memory.search(f"turn {number}", user_id="ana") for number in range(20)))
            assert [result[0].text for result in found] == [f"turn {number}" for number in range(20)]
            block = await memory.context("turn 3", 200, user_id="ana")
            assert "turn 3" in block.text

    asyncio.run(run())


def test_after_closing_it_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        memory = AsyncMemory(settings=settings_of(tmp_path))
        await memory.close()
        await memory.close()
        with pytest.raises(StoreUnavailableError, match="closed"):
            await memory.stats()

    asyncio.run(run())


def test_errors_come_through(tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncMemory(settings=settings_of(tmp_path)) as memory:
            with pytest.raises(InvalidInputError, match="empty"):
                await memory.add("", user_id="ana")

    asyncio.run(run())
