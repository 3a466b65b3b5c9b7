"""Redis Streams: the forms of an entry, and a Redis that was emptied."""

import json
from typing import Any

import pytest
import redis.asyncio

from giftwise.db.own import OwnDatabase
from giftwise.interactions import consumer as consumers
from giftwise.interactions.parked import ParkingPlace
from giftwise.interactions.record import Recorder
from giftwise.interactions.streams import GROUP
from tests.interactions.conftest import Queue, interaction
from tests.interactions.consuming import consuming, drain, rows, until, weights


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
