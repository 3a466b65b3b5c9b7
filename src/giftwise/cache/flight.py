"""Single flight: a hundred equal questions at once in, one computation, a hundred answers out."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class SingleFlight(Generic[Key, Answer]):
    """Shares one computation among all who ask for the same key while it runs."""

    def __init__(self) -> None:
        self._running: dict[Key, asyncio.Task[Answer]] = {}

    async def run(self, key: Key, compute: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of the running computation for this key, or of a new one.

        A caller who hangs up does not take the computation from the others: it runs in a task of its own.
        """
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(compute))
            self._running[key] = task
            task.add_done_callback(lambda done: self._running.pop(key, None))
        return await asyncio.shield(task)


async def _awaited(compute: Callable[[], Awaitable[Answer]]) -> Answer:
    return await compute()
