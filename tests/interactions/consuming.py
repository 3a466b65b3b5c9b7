"""Consuming a queue in a test, and looking at what came of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from giftwise import telemetry
from giftwise.db.own import OwnDatabase
from giftwise.interactions.consumer import Consumer
from giftwise.interactions.record import Recorder
from tests.interactions.conftest import BATCH, Queue

WEIGHTS = "SELECT user_id, business_id, weight FROM user_interactions"


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@asynccontextmanager
async def consuming(queue: Queue, own: OwnDatabase, recorder: Recorder) -> AsyncIterator[None]:
    """A consumer of the queue, while the block runs."""
    task = asyncio.create_task(Consumer(queue.open_transport(), own, recorder, batch=BATCH).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def drain(queue: Queue, own: OwnDatabase, recorder: Recorder, *, others: int = 0) -> None:
    """Consume until all that was sent by `queue`, and so many messages that were sent otherwise, are dealt with."""
    source = queue.open_transport().source
    async with consuming(queue, own, recorder):

        async def all_done() -> bool:
            return dealt_with(source) >= len(queue.sent) + others

        await until(all_done)


def dealt_with(source: str) -> float:
    """How many messages of a queue were dealt with, as the metrics tell."""
    return sum(
        sample.value
        for family in telemetry.events.collect()
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["source"] == source
    )


async def rows(own: OwnDatabase, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    async with own.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def weights(own: OwnDatabase) -> dict[tuple[str, str], float]:
    """Weight by (user, business)."""
    return {(user, business): weight for user, business, weight in await rows(own, WEIGHTS)}


async def change(own: OwnDatabase, statement: str) -> None:
    """One statement, committed."""
    async with own.begin() as connection:
        await connection.execute(text(statement))
