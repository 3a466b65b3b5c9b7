"""Reads that become one: never two for the same key at the same moment, and no failure that lingers."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from giftwise.cache.batches import Batches


class Library:
    """Values by key, and every reading of them."""

    def __init__(self, *, seconds: float = 60, most: int = 100) -> None:
        self.readings: list[list[str]] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None
        self.batches = Batches(self._read, seconds=seconds, most=most)

    async def _read(self, keys: Sequence[str]) -> Mapping[str, str]:
        self.readings.append(list(keys))
        self.begun.set()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return {key: key.upper() for key in keys if key != "missing"}


async def test_who_asks_at_the_same_moment_shares_a_reading() -> None:
    """Ten tasks, one reading with each key once; afterwards none at all."""
    library = Library()
    found = await asyncio.gather(*(library.batches.get(["a", str(number % 3)]) for number in range(10)))
    assert found[4] == {"a": "A", "1": "1"}
    assert library.readings == [["a", "0", "1", "2"]]
    assert await library.batches.get(["a", "2"]) == {"a": "A", "2": "2"}
    assert len(library.readings) == 1


async def test_who_asks_while_it_is_read_waits_for_that_reading() -> None:
    """A key under way is not read twice; a new one is read beside it."""
    library = Library()
    library.gate.clear()
    first = asyncio.create_task(library.batches.get(["a"]))
    await library.begun.wait()
    library.begun.clear()
    second = asyncio.create_task(library.batches.get(["a", "b"]))
    await library.begun.wait()
    library.gate.set()
    assert (await first, await second) == ({"a": "A"}, {"a": "A", "b": "B"})
    assert library.readings == [["a"], ["b"]]


async def test_a_failure_is_felt_by_those_who_waited_and_by_nobody_later() -> None:
    """Everyone who asked is told; the next who asks reads anew."""
    library = Library()
    library.fault = ValueError("no")
    found = await asyncio.gather(*(library.batches.get(["a"]) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError, ValueError]
    library.fault = None
    assert await library.batches.get(["a"]) == {"a": "A"}


async def test_whoever_leaves_takes_nobody_along() -> None:
    """A cancelled caller does not cancel the reading that another one waits for."""
    library = Library()
    library.gate.clear()
    leaving, staying = (asyncio.create_task(library.batches.get(["a"])) for _ in range(2))
    await library.begun.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    library.gate.set()
    assert await staying == {"a": "A"}


async def test_what_is_kept_is_bounded_in_time_and_number() -> None:
    """An old value is read again; of many the newest are kept; what there is not is asked for each time."""
    brief = Library(seconds=0)
    assert [await brief.batches.get(["a"]) for _ in range(2)] == [{"a": "A"}] * 2
    assert len(brief.readings) == 2
    small = Library(most=2)
    await small.batches.get(["a", "b", "c"])
    await small.batches.get(["b", "c"])
    await small.batches.get(["a"])
    assert small.readings == [["a", "b", "c"], ["a"]]
    assert [await small.batches.get(["missing"]) for _ in range(2)] == [{}, {}]
    assert len(small.readings) == 4
