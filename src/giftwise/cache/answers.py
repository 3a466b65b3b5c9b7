"""Finished lists of users and segments: bytes in, the same bytes out, until something forgets them."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from giftwise.cache import keys
from giftwise.cache.redis import CacheStore
from giftwise.log import logger

# Keep a list only if the user was not forgotten since the list's computation began: otherwise a like that arrives
# between reading the history and keeping the list would be undone for hours.
KEEP: Final = """
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
# Three keys a user: the epoch grows first, so that nobody keeps in between what is deleted next. As a script because
# a pipeline of as many commands costs ten times the time, in this process and in Redis.
FORGET: Final = """
for place = 1, #KEYS, 3 do
    redis.call('INCR', KEYS[place])
    redis.call('EXPIRE', KEYS[place], ARGV[1])
    redis.call('DEL', KEYS[place + 1], KEYS[place + 2])
end
return 1
"""
REPAY_SECONDS: Final = 0.5
FORGET_BATCH: Final = 500

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What Redis knows before a list is computed.

    `value` is the kept list; `epoch` must be handed back to `keep`; `fresh` tells that the live tail keeps up, so
    that the value may be served without a look at the user's history; `demographics` rides along in the same trip.
    """

    value: bytes | None = None
    epoch: bytes = b""
    fresh: bool = False
    reached: bool = False
    demographics: bytes | None = None


class Answers:
    """The answer cache of every catalog."""

    def __init__(self, store: CacheStore) -> None:
        self.store = store
        self._keep = store.client.register_script(KEEP)
        self._forget_all = store.client.register_script(FORGET)
        self._owed: set[tuple[str, str]] = set()
        self._repaying: asyncio.Task[None] | None = None

    async def find(self, catalog: str, user: str, digest: str) -> Found:
        """One round trip: the list, the user's epoch, the tail's beat and the user's demographics."""
        if (catalog, user) in self._owed:
            return Found()

        async def ask(client: Redis) -> list[Any]:
            async with client.pipeline(transaction=False) as pipe:
                pipe.hget(keys.answers(catalog, user), digest)
                pipe.get(keys.forgotten(catalog, user))
                pipe.exists(keys.beat(catalog))
                pipe.get(keys.demographics(user))
                result: list[Any] = await pipe.execute()
                return result

        answer = await self.store.ask(ask)
        if answer is None:
            return Found()
        value, epoch, beats, demographics = answer
        return Found(value, epoch or b"", bool(beats), True, demographics)

    async def keep(self, catalog: str, user: str, digest: str, value: bytes, *, epoch: bytes, ttl: int) -> None:
        """Keep a list for `ttl` seconds, unless the user was forgotten since `epoch` was read."""
        if ttl <= 0 or (catalog, user) in self._owed:
            return
        names = [keys.answers(catalog, user), keys.forgotten(catalog, user)]
        await self.store.ask(
            lambda client: self._keep(
                keys=names, args=[epoch, digest, value, ttl, keys.MOST_LISTS_PER_USER], client=client
            )
        )

    async def forget_users(self, catalog: str, users: Iterable[str]) -> bool:
        """Forget all lists of these users; False where Redis is gone: then it is done as soon as it is back."""
        users = list(dict.fromkeys(users))
        done = True
        for start in range(0, len(users), FORGET_BATCH):
            batch = users[start : start + FORGET_BATCH]
            if not await self._forget(catalog, batch):
                self._owe(catalog, batch)
                done = False
        return done

    async def find_popular(self, catalog: str, digest: str) -> Found:
        """A popular list by the digest of its request."""
        value = await self.store.ask(lambda client: _get(client, keys.popular(catalog, digest)))
        return Found() if value is None else Found(value=value or None, fresh=True, reached=True)

    async def keep_popular(self, catalog: str, digest: str, value: bytes, ttl: int) -> None:
        """Keep a popular list for `ttl` seconds."""
        if ttl > 0:
            await self.store.ask(lambda client: client.set(keys.popular(catalog, digest), value, ex=ttl))

    async def beat(self, catalog: str, seconds: float) -> None:
        """The live tail has seen everything up to now: for so many seconds kept lists may be trusted."""
        await self.store.ask(lambda client: client.set(keys.beat(catalog), b"1", px=max(1, int(seconds * 1000))))

    async def close(self) -> None:
        """Stop repaying what Redis is owed."""
        if self._repaying is not None:
            self._repaying.cancel()
            with suppress(asyncio.CancelledError):
                await self._repaying

    async def _forget(self, catalog: str, users: list[str]) -> bool:
        names = [
            name
            for user in users
            for name in (keys.forgotten(catalog, user), keys.answers(catalog, user), keys.profile(user))
        ]
        return bool(
            await self.store.ask(lambda client: self._forget_all(keys=names, args=[keys.FORGOTTEN_TTL], client=client))
        )

    def _owe(self, catalog: str, users: list[str]) -> None:
        self._owed.update((catalog, user) for user in users)
        if self._repaying is None or self._repaying.done():
            self._repaying = asyncio.create_task(self._repay())

    async def _repay(self) -> None:
        while self._owed:
            await asyncio.sleep(REPAY_SECONDS)
            for catalog in {catalog for catalog, _ in self._owed}:
                users = [user for owed_catalog, user in self._owed if owed_catalog == catalog][:FORGET_BATCH]
                if await self._forget(catalog, users):
                    self._owed.difference_update((catalog, user) for user in users)
        log.info("forgettings_repaid")


async def _get(client: Redis, key: str) -> bytes:
    """The value, or b"" for none: None is kept for "Redis did not answer"."""
    value = await client.get(key)
    return value if isinstance(value, bytes) else b""
