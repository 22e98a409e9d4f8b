import asyncio
import inspect
from pathlib import Path

import pytest

from factloom import AsyncMemory, Memory
from factloom.schemas.errors import InvalidInputError, StoreUnavailableError
from factloom.schemas.settings import load_settings

NOT_ASYNC = {"settings", "embedder", "reembed"}


def settings_of(path: Path) -> object:
    return load_settings(
        store=str(path / "m.db"), embedder={"kind": "hashing", "dimension": 64}, extractor={"kind": "none"}
    )


def test_every_method_of_memory_is_there_and_is_a_coroutine() -> None:
    public = {name for name in dir(Memory) if not name.startswith("_")} - NOT_ASYNC
    assert public <= set(dir(AsyncMemory))
    for name in public:
        assert inspect.iscoroutinefunction(getattr(AsyncMemory, name)), name
        assert getattr(AsyncMemory, name).__doc__


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
