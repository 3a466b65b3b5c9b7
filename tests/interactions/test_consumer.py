"""Queued events: applied once and in order whatever dies, and kept in their queue while nothing can be applied."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import redis.asyncio

from giftwise.cache.answers import Answers
from giftwise.db.own import OwnDatabase
from giftwise.interactions.inbox import read
from giftwise.interactions.parked import ParkingPlace
from giftwise.interactions.record import Recorder
from tests.interactions.conftest import BATCH, Queue, interaction
from tests.interactions.consuming import change, consuming, drain, rows, until, weights
from tests.support.proxy import Proxy

USER = {"type": "user", "data": {"id": 1, "username": "anna", "interests": ["tea"]}, "event_id": "u"}
BUSINESS = {"type": "business", "data": {"id": 7, "name": "Tea house", "categories": ["tea"]}, "event_id": "b"}


async def test_every_type_of_message_is_applied(queue: Queue, own: OwnDatabase, recorder: Recorder) -> None:
    """Users, businesses and interactions arrive in their tables, and deletions take them out again, in order."""
    await queue.send(USER, BUSINESS, interaction(1, 7, "i", interaction_type="like", weight=2.0))
    await drain(queue, own, recorder)
    assert await rows(own, "SELECT id, username, interests FROM users") == [("1", "anna", ["tea"])]
    assert await rows(own, "SELECT id, name FROM businesses") == [("7", "Tea house")]
    assert await weights(own) == {("1", "7"): 2.0}
    await queue.send(
        {"type": "delete_user", "data": {"id": 1}, "event_id": "du"},
        {"type": "delete_business", "data": {"id": 7}, "event_id": "db"},
        {**USER, "event_id": "u2"},
    )
    await drain(queue, own, recorder)
    assert await rows(own, "SELECT id FROM users") == [("1",)]
    assert await rows(own, "SELECT id FROM businesses") == []
    assert await weights(own) == {}


async def test_an_event_that_comes_twice_is_applied_once(queue: Queue, own: OwnDatabase, recorder: Recorder) -> None:
    """The event_id decides, within a batch and later, also where the second one says something else."""
    await queue.send(
        interaction(1, 7, "a", weight=1), interaction(1, 7, "b", weight=2), interaction(1, 7, "a", weight=3)
    )
    await drain(queue, own, recorder)
    await queue.send(interaction(1, 7, "b", weight=4))
    await drain(queue, own, recorder)
    assert await weights(own) == {("1", "7"): 2.0}
    assert await rows(own, "SELECT event_id FROM applied_events ORDER BY 1") == [("a",), ("b",)]


async def test_what_a_dead_consumer_had_taken_comes_first_and_once(
    queue: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """One dies after its commit and before its acknowledgement; the next begins there, then takes what is new."""
    dead = queue.open_transport()
    await queue.send(*(interaction(1, 7, f"e{number}", weight=number) for number in range(BATCH + 5)))
    await dead.open()
    taken = list(await dead.read(BATCH, 10))
    await recorder.apply([read(delivery) for delivery in taken[:3]])
    await queue.send(interaction(1, 7, "last", weight=99))
    await dead.close()
    await drain(queue, own, recorder)
    assert await weights(own) == {("1", "7"): 99.0}
    assert await rows(own, "SELECT count(*) FROM applied_events") == [(BATCH + 6,)]


async def test_a_database_that_is_away_parks_nothing(
    queue: Queue, own_url: str, own: OwnDatabase, answers: Answers
) -> None:
    """Events wait in their queue, in order, until it is back."""
    async with Proxy(own_url) as door:
        through = OwnDatabase(door.url)
        async with consuming(queue, through, Recorder(through, answers)):
            await queue.send(interaction(1, 1, "e1"))

            async def first() -> bool:
                return len(await weights(own)) == 1

            await until(first)
            await door.shut()
            await queue.send(*(interaction(1, 2, f"f{number}", weight=number) for number in range(BATCH * 2)))
            await asyncio.sleep(0.5)
            assert len(await weights(own)) == 1
            await door.open()

            async def all_of_them() -> bool:
                return (await weights(own)).get(("1", "2")) == BATCH * 2 - 1

            await until(all_of_them)
        await through.close()
    assert await ParkingPlace(own).count() == 0
    assert await rows(own, "SELECT count(*) FROM applied_events") == [(BATCH * 2 + 1,)]


async def test_a_database_that_is_not_migrated_parks_nothing(
    stream: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """A missing table is the database's fault, not the message's."""
    await change(own, "ALTER TABLE user_interactions RENAME TO elsewhere")
    await stream.send(interaction(1, 7, "e"))
    async with consuming(stream, own, recorder):
        await asyncio.sleep(0.7)
        assert await ParkingPlace(own).count() == 0
        await change(own, "ALTER TABLE elsewhere RENAME TO user_interactions")

        async def applied() -> bool:
            return len(await weights(own)) == 1

        await until(applied)


async def test_one_consumes_while_another_stands_by(queue: Queue, own: OwnDatabase, recorder: Recorder) -> None:
    """Two workers on one queue keep one user's order: the second begins when the first has gone."""
    reads: list[str] = []

    def told(name: str) -> Queue:
        def open_transport() -> Any:
            transport = queue.open_transport()
            read = transport.read

            async def tell(most: int, seconds: float) -> Any:
                found = await read(most, seconds)
                reads.extend([name] * len(found))
                return found

            transport.read = tell  # type: ignore[method-assign] # the only way to see who reads
            return transport

        return Queue(queue.kind, queue.url, queue.name, open_transport)

    async def applied(count: int) -> bool:
        return await rows(own, "SELECT count(*) FROM applied_events") == [(count,)]

    async with AsyncExitStack() as standing_by:
        async with consuming(told("first"), own, recorder):
            await queue.send(interaction(1, 7, "e0"))
            await until(lambda: applied(1))
            await standing_by.enter_async_context(consuming(told("second"), own, recorder))
            await queue.send(*(interaction(1, 7, f"f{number}", weight=number) for number in range(BATCH * 3)))
            await until(lambda: applied(BATCH * 3 + 1))
            assert set(reads) == {"first"}
        await queue.send(interaction(1, 7, "last", weight=5000))
        await until(lambda: applied(BATCH * 3 + 2))
    assert reads[-1] == "second"
    assert await weights(own) == {("1", "7"): 5000.0}


async def test_an_older_interaction_never_overwrites_a_newer_one(
    queue: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """Where the message says when it happened, that decides, not when it arrived."""
    await queue.send(interaction(1, 7, "new", weight=2, timestamp="2025-06-02T00:00:00Z"))
    await drain(queue, own, recorder)
    await queue.send(interaction(1, 7, "old", weight=1, timestamp="2025-06-01T00:00:00Z"))
    await drain(queue, own, recorder)
    assert await weights(own) == {("1", "7"): 2.0}
    assert await rows(own, "SELECT count(*) FROM applied_events") == [(2,)]


async def test_an_applied_event_forgets_its_users_answers_and_no_others(
    stream: Queue, own: OwnDatabase, recorder: Recorder, redis_db: str
) -> None:
    """What comes by a queue shows in that user's next list, as what comes by REST does."""
    async with redis.asyncio.Redis.from_url(redis_db) as client:
        for user in (1, 11):
            await client.hset(f"v3:answers:businesses:{user}", "digest", "a list")
        await stream.send(interaction(1, 7, "e"))
        await drain(stream, own, recorder)
        assert await client.keys("v3:answers:*") == [b"v3:answers:businesses:11"]


async def test_the_lag_counts_what_waits_and_its_age(queue: Queue, own: OwnDatabase, recorder: Recorder) -> None:
    """Also while nobody consumes; nothing waits once all is applied."""
    transport = queue.open_transport()
    assert (await transport.lag()).waiting == 0
    await queue.send(*(interaction(1, 7, f"e{number}") for number in range(3)))
    await asyncio.sleep(0.05)
    lag = await transport.lag()
    assert lag.waiting == 3
    if queue.kind == "redis":
        assert 0.04 < lag.oldest_seconds < 60
    await drain(queue, own, recorder)
    lag = await transport.lag()
    assert (lag.waiting, lag.oldest_seconds) == (0, 0.0)
    await transport.close()
