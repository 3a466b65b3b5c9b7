"""Queued events: applied once and in order whatever dies, and what cannot be applied parked, never in the way."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import redis.asyncio
from sqlalchemy import text

from giftwise import telemetry
from giftwise.cache.answers import Answers
from giftwise.db.own import OwnDatabase
from giftwise.interactions import consumer as consumers
from giftwise.interactions.consumer import Consumer
from giftwise.interactions.inbox import read, take
from giftwise.interactions.parked import ParkingPlace
from giftwise.interactions.record import Recorder
from giftwise.interactions.streams import GROUP
from tests.interactions.conftest import BATCH, Queue, interaction
from tests.support.proxy import Proxy


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
    async with own.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def weights(own: OwnDatabase) -> dict[tuple[str, str], float]:
    """Weight by (user, business)."""
    return {(user, business): weight for user, business, weight in await rows(own, WEIGHTS)}


WEIGHTS = "SELECT user_id, business_id, weight FROM user_interactions"
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


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json at all \xff\x00", "not a message"),
        (b'"a string"', "not a message"),
        (b"[" * 100_000, "not a message"),
        (b'{"type": "order", "data": {}, "event_id": "bad"}', "/type"),
        (b'{"type": "interaction", "data": {"user_id": 1}, "event_id": "bad"}', "/business_id"),
        (json.dumps(interaction(1, 2, "bad", interaction_type="smelled")).encode(), "/interaction_type"),
        (json.dumps(interaction("a\0b", 2, "bad")).encode(), "/user_id"),
        (json.dumps(interaction(1, 2, "nul\0")).encode(), "event_id"),
    ],
)
async def test_a_poison_message_is_parked_with_its_reason(
    stream: Queue, own: OwnDatabase, recorder: Recorder, body: bytes, reason: str
) -> None:
    """Whatever it is, those around it are applied, it is kept with its reason, and it is not delivered again."""
    await stream.send(interaction(1, 7, "before"), body, interaction(1, 8, "after"))
    await drain(stream, own, recorder)
    assert set(await weights(own)) == {("1", "7"), ("1", "8")}
    (parked,) = await ParkingPlace(own).listing()
    assert reason in parked.error
    assert parked.source == f"redis:{stream.name}"
    assert parked.body == body.decode(errors="backslashreplace").replace("\0", "\\u0000")


async def test_what_the_database_refuses_is_parked_alone_and_applied_by_a_replay(
    queue: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """One value that breaks a constraint does not take its batch with it; mended, a replay applies it, once."""
    await change(own, "ALTER TABLE user_interactions ADD CONSTRAINT light CHECK (weight < 50) NOT VALID")
    await queue.send(
        *(interaction(1, number, f"e{number}", weight=50 if number == 9 else 1) for number in range(BATCH))
    )
    await drain(queue, own, recorder)
    assert len(await weights(own)) == BATCH - 1
    parking = ParkingPlace(own)
    (parked,) = await parking.listing()
    assert (parked.event_id, parked.attempts) == ("e9", 1)
    assert "light" in parked.error
    replayed = await parking.replay(recorder)
    assert (replayed.applied, replayed.failed) == (0, 1)
    assert [(one.attempts, one.event_id) for one in await parking.listing()] == [(2, "e9")]
    await change(own, "ALTER TABLE user_interactions DROP CONSTRAINT light")
    replayed = await parking.replay(recorder, [parked.id])
    assert (replayed.applied, replayed.failed) == (1, 0)
    assert (await weights(own))["1", "9"] == 50
    assert await parking.count() == 0
    assert (await parking.replay(recorder)).applied == 0


async def test_a_replay_never_undoes_what_the_user_did_since(
    stream: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """A parked interaction counts as of when it was parked: a newer one of the same key stays."""
    await change(own, "ALTER TABLE user_interactions ADD CONSTRAINT light CHECK (weight < 50) NOT VALID")
    await stream.send(interaction(1, 7, "old", weight=60))
    await drain(stream, own, recorder)
    await stream.send(interaction(1, 7, "new", weight=2))
    await drain(stream, own, recorder)
    await change(own, "ALTER TABLE user_interactions DROP CONSTRAINT light")
    assert (await ParkingPlace(own).replay(recorder)).applied == 1
    assert await weights(own) == {("1", "7"): 2.0}


async def test_a_replayed_sync_never_undoes_a_newer_one(stream: Queue, own: OwnDatabase, recorder: Recorder) -> None:
    """A user that was synced again since is left as they are; one that was not is synced by the replay."""
    await change(own, "ALTER TABLE users ADD CONSTRAINT adults CHECK (username <> 'old') NOT VALID")
    for user in (1, 2):
        await stream.send({"type": "user", "data": {"id": user, "username": "old"}, "event_id": f"old {user}"})
    await drain(stream, own, recorder)
    await stream.send({"type": "user", "data": {"id": 1, "username": "new"}, "event_id": "new"})
    await drain(stream, own, recorder)
    await change(own, "ALTER TABLE users DROP CONSTRAINT adults")
    replayed = await ParkingPlace(own).replay(recorder)
    assert (replayed.applied, replayed.outdated, replayed.failed) == (1, 1, 0)
    assert await rows(own, "SELECT id, username FROM users ORDER BY id") == [("1", "new"), ("2", "old")]
    assert await ParkingPlace(own).count() == 0


async def test_a_poison_message_that_comes_again_is_parked_once(
    queue: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """A consumer that died before its acknowledgement parks nothing twice."""
    await queue.send({"type": "order", "data": {}, "event_id": "bad"}, {"type": "order", "data": {}})
    transport = queue.open_transport()
    await transport.open()
    taken = await take(recorder, await transport.read(BATCH, 10))
    await ParkingPlace(own).park(transport.source, taken.rejected)
    await transport.close()
    await drain(queue, own, recorder)
    assert len(await ParkingPlace(own).listing()) == 2


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


async def test_a_stream_entry_may_be_the_messages_own_fields(
    stream: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """`XADD stream * type interaction data {...} event_id x` is a message too; without event_id its entry names it."""
    async with redis.asyncio.Redis.from_url(stream.url) as client:
        data = json.dumps(interaction(1, 7)["data"])
        await client.xadd(stream.name, {"type": "interaction", "data": data, "event_id": "x"})
        tag: Any = await client.xadd(stream.name, {"type": "interaction", "data": data})
        await client.xadd(stream.name, {"type": "interaction", "data": "{"})
        await client.xadd(stream.name, {"hello": "world"})
    await drain(stream, own, recorder, others=4)
    assert set(await weights(own)) == {("1", "7")}
    assert set(await rows(own, "SELECT event_id FROM applied_events")) == {
        ("x",), (f"redis:{stream.name}:{tag.decode()}",),
    }  # fmt: skip
    assert len(await ParkingPlace(own).listing()) == 2


async def test_a_redis_that_was_emptied_is_consumed_again(
    stream: Queue, own: OwnDatabase, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group is made anew, and what was sent before that is not skipped."""
    monkeypatch.setattr(consumers, "READ_SECONDS", 0.05)
    async with consuming(stream, own, recorder), redis.asyncio.Redis.from_url(stream.url) as client:

        async def grouped() -> bool:
            return bool(await client.exists(stream.name)) and len(await client.xinfo_groups(stream.name)) == 1

        await until(grouped)
        await client.delete(stream.name)
        await stream.send(interaction(1, 7, "e"))

        async def applied() -> bool:
            return len(await weights(own)) == 1

        await until(applied)
        assert (await client.xinfo_groups(stream.name))[0]["name"] == GROUP.encode()


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


async def change(own: OwnDatabase, statement: str) -> None:
    async with own.begin() as connection:
        await connection.execute(text(statement))
