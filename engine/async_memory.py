"""AsyncMemory: the same memory for asyncio programs; each call runs in a worker thread.

The logic exists once, in ``Memory``; here is only the way into a thread and back.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from factloom.engine.memory import Memory
from factloom.schemas.cancellation import Cancellation
from factloom.schemas.errors import InvalidInputError, StoreUnavailableError
from factloom.schemas.ontology import Ontology
from factloom.schemas.ports import Embedder
from factloom.schemas.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


def _in_thread(
    method: Callable[Concatenate[Memory, P], T],
) -> Callable[Concatenate[AsyncMemory, P], Coroutine[Any, Any, T]]:
    """The method of ``Memory`` as a coroutine function with the same signature and docstring."""

    @functools.wraps(method)
    async def call(self: AsyncMemory, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(functools.partial(method, self._memory, *args, **kwargs))

    return call


def _apart(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What needs no open memory as a coroutine function with the same signature and docstring."""

    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(function, *args, **kwargs)

    return call


class AsyncMemory:
    """``Memory`` for asyncio: every method is a coroutine with the same name, arguments and errors.

    >>> async with AsyncMemory("memory.db") as memory:
    ...     await memory.add("I moved to Lisbon", user_id="ana")

    Takes the arguments of ``Memory``, and ``threads``, the number of calls that run at a time. A search that is
    cancelled ends at its next step, and does not wait for a model that is still at work; a call that waits for a thread
    never begins. Other calls go on to the end, since a transaction is kept whole or not at all. Functions that are
    given to be called, such as ``on_progress``, are called in that thread.
    """

    def __init__(self, *args: Any, threads: int = 4, **kwargs: Any) -> None:
        if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
            raise InvalidInputError(f"threads must be a whole number, at least 1, got {threads!r}")
        self._memory = Memory(*args, **kwargs)
        self._closed = False
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="factloom")

    async def _run(self, call: Callable[[], T]) -> T:
        if self._closed:
            raise StoreUnavailableError("this memory is closed; open a new one")
        cancellation = Cancellation()

        def run() -> T:
            with cancellation.applied():
                return call()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except asyncio.CancelledError:
            cancellation.cancel()
            raise

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._memory.settings

    @property
    def ontology(self) -> Ontology:
        """The predicates and types that are known."""
        return self._memory.ontology

    @property
    def embedder(self) -> Embedder:
        """The embedder in use."""
        return self._memory.embedder

    add = _in_thread(Memory.add)
    add_facts = _in_thread(Memory.add_facts)
    update = _in_thread(Memory.update)
    merge_entities = _in_thread(Memory.merge_entities)
    split_entity = _in_thread(Memory.split_entity)
    undo = _in_thread(Memory.undo)
    retry = _in_thread(Memory.retry)
    search = _in_thread(Memory.search)
    search_many = _in_thread(Memory.search_many)
    context = _in_thread(Memory.context)
    get = _in_thread(Memory.get)
    get_all = _in_thread(Memory.get_all)
    history = _in_thread(Memory.history)
    entities = _in_thread(Memory.entities)
    entity = _in_thread(Memory.entity)
    to_networkx = _in_thread(Memory.to_networkx)
    cypher = _in_thread(Memory.cypher)
    pending = _in_thread(Memory.pending)
    stats = _in_thread(Memory.stats)
    delete = _in_thread(Memory.delete)
    delete_all = _in_thread(Memory.delete_all)
    reset = _in_thread(Memory.reset)
    vacuum = _in_thread(Memory.vacuum)
    rebuild_index = _in_thread(Memory.rebuild_index)
    reembed = staticmethod(_apart(Memory.reembed))

    async def close(self) -> None:
        """Wait for calls that run, then close the memory; safe to call twice."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._memory.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()
