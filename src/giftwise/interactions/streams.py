"""A Redis stream as a transport: its URL and name in, deliveries in the order of their ids out.

An entry is `message <the JSON of the message>`, or the message's own fields: `type`, `data` (JSON) and `event_id`.
What is done leaves the stream, so its length is the lag.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from giftwise.interactions.transport import Delivery, Lag, TransportLost
from giftwise.log import logger

GROUP: Final = "giftwise"
CONSUMER: Final = "worker"  # one name for all: there is only one at a time
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 10.0  # on top of what a read waits
FIRST: Final = "0-0"

_FAULTS: Final = (RedisError, OSError, TimeoutError)

log = logger(__name__)


class RedisStream:
    """One stream and our consumer group on it, made where they are absent."""

    def __init__(self, url: str, stream: str) -> None:
        self.source = f"redis:{stream}"
        self._stream = stream
        self._client = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._claim_from: str | None = FIRST  # where to go on among what a dead consumer had taken; None = past it

    async def open(self) -> None:
        """Make the group at the stream's beginning, so that what was sent before the first worker counts too."""
        try:
            await self._client.xgroup_create(self._stream, GROUP, id=FIRST, mkstream=True)
        except _FAULTS as error:
            if not str(error).startswith("BUSYGROUP"):
                raise _lost(error) from error
        await self._warn_of_eviction()
        self._claim_from = FIRST

    async def read(self, most: int, seconds: float) -> Sequence[Delivery]:
        """What a dead consumer had taken, then what is new."""
        try:
            while self._claim_from is not None:
                claimed = await self._claim(most)
                if claimed:
                    return claimed
            answer: Any = await self._client.xreadgroup(
                GROUP, CONSUMER, {self._stream: ">"}, count=most, block=max(1, int(seconds * 1000))
            )
        except _FAULTS as error:  # NOGROUP too: Redis was emptied; `open` makes it anew
            raise _lost(error) from error
        if not answer:
            return []
        entries = next(iter(answer.values())) if isinstance(answer, Mapping) else answer[0][1]
        return self._deliveries(entries)

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge and delete, in one step."""
        tags = [delivery.tag for delivery in deliveries]
        try:
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.xack(self._stream, GROUP, *tags)
                pipe.xdel(self._stream, *tags)
                await pipe.execute()
        except _FAULTS as error:
            raise _lost(error) from error

    async def lag(self) -> Lag:
        """The stream's length and the age of its first entry, by Redis's clock at that time."""
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.xlen(self._stream)
                pipe.xrange(self._stream, count=1)
                waiting, oldest = await pipe.execute()
        except _FAULTS as error:
            raise _lost(error) from error
        age = time.time() - _milliseconds(oldest[0][0]) / 1000 if oldest else 0.0
        return Lag(waiting, max(age, 0.0))

    async def close(self) -> None:
        """Close the connections; the group keeps what is pending."""
        await self._client.aclose()

    async def _claim(self, most: int) -> list[Delivery]:
        """The next page of what was delivered and not done; none of the others consumes now, so it is ours at once."""
        answer: Any = await self._client.xautoclaim(
            self._stream, GROUP, CONSUMER, 0, start_id=self._claim_from or FIRST, count=most
        )
        following = answer[0].decode()
        self._claim_from = None if following == FIRST else following
        return self._deliveries(answer[1])

    def _deliveries(self, entries: Sequence[tuple[bytes | None, Mapping[bytes, bytes] | None]]) -> list[Delivery]:
        return [
            Delivery(
                _body(fields),
                f"{self.source}:{tag.decode()}",
                datetime.fromtimestamp(_milliseconds(tag) / 1000, UTC),
                tag.decode(),
            )
            for tag, fields in entries
            if tag is not None and fields is not None  # the host deleted it after it was taken
        ]

    async def _warn_of_eviction(self) -> None:
        """A Redis that throws any key away when it is full would throw away events nobody has read."""
        try:
            policy: Any = await self._client.config_get("maxmemory-policy")
        except _FAULTS:
            return  # managed servers forbid CONFIG
        if str(policy.get("maxmemory-policy", "")).startswith("allkeys"):
            log.warning("redis_may_evict_events", stream=self._stream, advice="set maxmemory-policy to volatile-lru")


def _lost(error: BaseException) -> TransportLost:
    """What Redis answered, or the kind of failure alone: its text could hold a part of the URL."""
    return TransportLost(str(error) if isinstance(error, ResponseError) else type(error).__name__)


def _milliseconds(tag: bytes) -> int:
    return int(tag.partition(b"-")[0])


def _body(fields: Mapping[bytes, bytes]) -> bytes:
    """The message's JSON: as it came, or put together from the entry's fields. What fits neither is told as it is."""
    whole = fields.get(b"message")
    if whole is not None:
        return whole
    named = {name.decode(errors="backslashreplace"): value for name, value in fields.items()}
    if {"type", "data"} <= named.keys():
        try:
            data = json.loads(named["data"])
        except ValueError:
            data = named["data"].decode(errors="backslashreplace")
        event_id = {"event_id": named["event_id"].decode()} if "event_id" in named else {}
        return json.dumps({"type": named["type"].decode(errors="backslashreplace"), "data": data, **event_id}).encode()
    return json.dumps({name: value.decode(errors="backslashreplace") for name, value in named.items()}).encode()
