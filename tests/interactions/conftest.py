"""The two kinds of queue, each with one way to send to it, so that every promise is checked on both."""

import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis.asyncio

from giftwise.cache.answers import Answers
from giftwise.cache.redis import CacheStore
from giftwise.db.own import OwnDatabase
from giftwise.interactions.rabbit import RabbitQueue
from giftwise.interactions.record import Recorder
from giftwise.interactions.streams import RedisStream
from giftwise.interactions.transport import Transport
from tests.support.rabbit import publish

BATCH = 20
_numbers = itertools.count(1)


@dataclass
class Queue:
    """One empty queue: `open_transport` makes one consumer's view of it."""

    kind: str
    url: str
    name: str
    open_transport: Callable[[], Transport]
    sent: list[bytes] = field(default_factory=list)

    async def send(self, *messages: bytes | dict[str, Any]) -> None:
        """Messages in this order: raw bytes, or what is made JSON of."""
        bodies = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
        self.sent += bodies
        if self.kind == "rabbitmq":
            await publish(self.url, self.name, bodies, message_ids=[uuid.uuid4().hex for _ in bodies])
            return
        async with redis.asyncio.Redis.from_url(self.url) as client, client.pipeline(transaction=False) as pipe:
            for body in bodies:
                pipe.xadd(self.name, {"message": body})
            await pipe.execute()


def interaction(user: int | str, business: int | str, event_id: str | None = None, **data: Any) -> dict[str, Any]:
    """A message of an interaction, a view unless told otherwise."""
    body = {"user_id": user, "business_id": business, "interaction_type": "view", **data}
    return {"type": "interaction", "data": body, **({"event_id": event_id} if event_id else {})}


@pytest.fixture(params=["redis", "rabbitmq"])
def queue(request: pytest.FixtureRequest) -> Queue:
    """An empty queue of each kind."""
    name = f"events_{next(_numbers)}"
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_db")
        return Queue("redis", url, name, lambda: RedisStream(url, name))
    url = request.getfixturevalue("rabbit_url")
    return Queue("rabbitmq", url, name, lambda: RabbitQueue(url, name, BATCH))


@pytest.fixture
def stream(redis_db: str) -> Queue:
    """An empty Redis stream, for what concerns Redis alone or neither."""
    name = f"events_{next(_numbers)}"
    return Queue("redis", redis_db, name, lambda: RedisStream(redis_db, name))


@pytest.fixture
async def answers(redis_db: str) -> AsyncIterator[Answers]:
    """The answer cache."""
    store = CacheStore(redis_db, 1000)
    yield Answers(store)
    await store.close()


@pytest.fixture
def recorder(own: OwnDatabase, answers: Answers) -> Recorder:
    """The door to our tables."""
    return Recorder(own, answers)
