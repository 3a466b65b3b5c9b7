"""Single flight's promises."""

import asyncio

import pytest

from giftwise.cache.flight import SingleFlight


async def test_a_hundred_equal_questions_compute_once() -> None:
    """Equal keys share one computation; other keys have their own; a later question computes anew."""
    flights: SingleFlight[str, int] = SingleFlight()
    runs = 0

    async def compute() -> int:
        nonlocal runs
        runs += 1
        mine = runs
        await asyncio.sleep(0.01)
        return mine

    first = await asyncio.gather(*(flights.run("a", compute) for _ in range(100)))
    assert first == [1] * 100
    assert await flights.run("a", compute) == 2
    assert sorted(await asyncio.gather(flights.run("a", compute), flights.run("b", compute))) == [3, 4]


async def test_a_caller_who_hangs_up_does_not_take_the_answer_from_the_others() -> None:
    """Cancelling the caller who started a computation leaves it running for those who joined."""
    flights: SingleFlight[str, int] = SingleFlight()

    async def compute() -> int:
        await asyncio.sleep(0.02)
        return 7

    impatient = asyncio.create_task(flights.run("a", compute))
    await asyncio.sleep(0)
    patient = asyncio.create_task(flights.run("a", compute))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 7
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_an_error_reaches_every_caller_and_is_not_kept() -> None:
    """A failed computation fails all who waited for it, and the next question tries again."""
    flights: SingleFlight[str, int] = SingleFlight()

    async def fail() -> int:
        raise LookupError

    results = await asyncio.gather(*(flights.run("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3

    async def succeed() -> int:
        return 1

    assert await flights.run("a", succeed) == 1
