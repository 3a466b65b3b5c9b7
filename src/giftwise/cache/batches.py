"""Keys in, values out of this process's memory; what is missing is read once for all who ask at the same moment."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Batches(Generic[Key, Value]):
    """Reads that are asked for within one turn of the event loop become one; each value is kept for some seconds.

    Ten searches that start together cost one round trip instead of ten, and nobody reads what somebody else is
    reading already. A key that the reading does not find is not kept.
    """

    def __init__(
        self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]], *, seconds: float, most: int
    ) -> None:
        """`most` values are kept, the newest."""
        self._read = read
        self._seconds = seconds
        self._most = most
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._reading: dict[Key, asyncio.Task[Mapping[Key, Value]]] = {}
        self._asked: list[Key] = []  # to be read by the task that begins at the next turn
        self._next: asyncio.Task[Mapping[Key, Value]] | None = None

    async def get(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Those of the keys that there are. Raises what the reading raises."""
        now = time.monotonic()
        wanted = list(dict.fromkeys(keys))
        found = {key: entry[1] for key in wanted if (entry := self._kept.get(key)) and now - entry[0] < self._seconds}
        tasks = {key: self._task(key) for key in wanted if key not in found}
        if tasks:
            await asyncio.wait(set(tasks.values()))  # unlike gather, cancels no reading that others wait for
            for key, task in tasks.items():
                values = task.result()
                if key in values:
                    found[key] = values[key]
        return found

    def _task(self, key: Key) -> asyncio.Task[Mapping[Key, Value]]:
        """The reading that brings this key: one under way, or the next."""
        task = self._reading.get(key)
        if task is None:
            if self._next is None:
                self._next = asyncio.create_task(self._run(), name="batch")
                self._next.add_done_callback(_looked_at)
            task = self._reading[key] = self._next
            self._asked.append(key)
        return task

    async def _run(self) -> Mapping[Key, Value]:
        await asyncio.sleep(0)  # whoever asks within this turn is in time
        keys, self._asked, self._next = self._asked, [], None
        try:
            values = await self._read(keys)
        finally:
            for key in keys:
                del self._reading[key]
        now = time.monotonic()
        for key, value in values.items():
            self._kept[key] = (now, value)
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return values


def _looked_at(task: "asyncio.Task[Mapping[Key, Value]]") -> None:
    """A failure is not complained of when all who waited for it were cancelled."""
    if not task.cancelled():
        task.exception()
