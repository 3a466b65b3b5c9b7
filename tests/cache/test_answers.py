"""The answer cache's promises, against a real Redis."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from giftwise.cache import keys
from giftwise.cache.answers import Answers
from giftwise.cache.redis import CacheStore
from tests.support.proxy import Proxy


@pytest.fixture
async def answers(redis_db: str) -> AsyncIterator[Answers]:
    """An answer cache over an empty Redis."""
    store = CacheStore(redis_db)
    cache = Answers(store)
    yield cache
    await cache.close()
    await store.close()


async def kept(answers: Answers, user: str, digest: str = "d") -> bytes | None:
    """What is kept under a digest."""
    return (await answers.find("presents", user, digest)).value


async def test_a_kept_list_is_found_until_its_user_is_forgotten(answers: Answers) -> None:
    """Forgetting a user drops all of their lists, and user 1 is never user 11."""
    for user in ("1", "11"):
        for digest in ("d", "e"):
            await answers.keep("presents", user, digest, b"list", epoch=b"", ttl=60)
    assert await answers.forget_users("presents", ["1"])
    assert [await kept(answers, "1", digest) for digest in ("d", "e")] == [None, None]
    assert [await kept(answers, "11", digest) for digest in ("d", "e")] == [b"list", b"list"]


async def test_a_list_computed_before_a_like_is_not_kept_after_it(answers: Answers) -> None:
    """A like between reading the history and keeping the list must not be undone for hours."""
    before = await answers.find("presents", "1", "d")
    await answers.forget_users("presents", ["1"])
    await answers.keep("presents", "1", "d", b"stale", epoch=before.epoch, ttl=60)
    assert await kept(answers, "1") is None
    after = await answers.find("presents", "1", "d")
    await answers.keep("presents", "1", "d", b"fresh", epoch=after.epoch, ttl=60)
    assert await kept(answers, "1") == b"fresh"


async def test_forgetting_deletes_keys_that_exist(answers: Answers, redis_db: str) -> None:
    """The deleted key is the very key that lists are kept under: no list survives in Redis under any name."""
    await answers.keep("presents", "7", "d", b"list", epoch=b"", ttl=60)
    async with redis.asyncio.Redis.from_url(redis_db) as client:
        assert await client.keys("*answers*") == [keys.answers("presents", "7").encode()]
        assert await client.ttl(keys.answers("presents", "7")) in range(1, 61)
        await answers.forget_users("presents", ["7"])
        assert await client.keys("*answers*") == []


async def test_odd_filters_cannot_fill_redis(answers: Answers, redis_db: str) -> None:
    """One user's hash is bounded, whatever they ask."""
    for number in range(keys.MOST_LISTS_PER_USER + 10):
        await answers.keep("presents", "1", str(number), b"list", epoch=b"", ttl=60)
    async with redis.asyncio.Redis.from_url(redis_db) as client:
        assert await client.hlen(keys.answers("presents", "1")) <= keys.MOST_LISTS_PER_USER


async def test_lists_are_fresh_only_while_the_tail_beats(answers: Answers) -> None:
    """Without the worker's beat a kept list is offered, but not as fresh."""
    await answers.keep("presents", "1", "d", b"list", epoch=b"", ttl=60)
    assert not (await answers.find("presents", "1", "d")).fresh
    await answers.beat("presents", 0.8)
    assert (await answers.find("presents", "1", "d")).fresh
    await asyncio.sleep(1)
    assert not (await answers.find("presents", "1", "d")).fresh


async def test_popular_lists_live_under_their_digest(answers: Answers) -> None:
    """A popular list is found by its digest alone and only there."""
    assert (await answers.find_popular("presents", "d")).value is None
    await answers.keep_popular("presents", "d", b"list", ttl=60)
    assert (await answers.find_popular("presents", "d")).value == b"list"
    assert (await answers.find_popular("presents", "e")).value is None


async def test_zero_seconds_means_no_cache(answers: Answers) -> None:
    """CACHE_TTL_*=0 switches the cache off."""
    await answers.keep("presents", "1", "d", b"list", epoch=b"", ttl=0)
    await answers.keep_popular("presents", "d", b"list", ttl=0)
    assert await kept(answers, "1") is None
    assert (await answers.find_popular("presents", "d")).value is None


@pytest.fixture
async def door(redis_db: str) -> AsyncIterator[Proxy]:
    """A door in front of the real Redis."""
    async with Proxy(redis_db) as proxy:
        yield proxy


async def test_a_frozen_redis_costs_one_request_its_timeout_and_the_others_nothing(door: Proxy) -> None:
    """No request waits more than 100 ms for Redis; the breaker lets the next ones pass at once."""
    store = CacheStore(door.url, timeout_ms=400)
    answers = Answers(store)
    await answers.find("presents", "1", "d")
    door.freeze()
    started = time.perf_counter()
    assert not (await answers.find("presents", "1", "d")).reached
    first = time.perf_counter() - started
    started = time.perf_counter()
    for _ in range(100):
        assert not (await answers.find("presents", "1", "d")).reached
    rest = time.perf_counter() - started
    assert not store.connected
    assert rest < first, "a hundred later requests together wait less than the first one did"
    door.thaw()
    await store.close()


async def test_waiting_for_a_frozen_redis_does_not_stop_the_others(door: Proxy) -> None:
    """The event loop goes on while one request waits: nothing on the request path blocks."""
    store = CacheStore(door.url, timeout_ms=400)
    answers = Answers(store)
    await answers.find("presents", "1", "d")
    door.freeze()
    waiting = asyncio.create_task(answers.find("presents", "1", "d"))
    turns = 0
    while not waiting.done():
        await asyncio.sleep(0.002)
        turns += 1
    assert turns > 5
    door.thaw()
    await store.close()


async def test_what_could_not_be_forgotten_is_forgotten_when_redis_is_back(door: Proxy) -> None:
    """A like while Redis is frozen: the list is not served from this process, and is gone after the thaw."""
    store = CacheStore(door.url, timeout_ms=400)
    answers = Answers(store)
    await answers.keep("presents", "1", "d", b"list", epoch=b"", ttl=60)
    assert await kept(answers, "1") == b"list"
    door.freeze()
    assert not await answers.forget_users("presents", ["1"])
    door.thaw()
    assert await kept(answers, "1") is None
    assert answers._repaying is not None
    await asyncio.wait_for(answers._repaying, 60)
    found = await answers.find("presents", "1", "d")
    assert found.reached
    assert found.value is None
    await answers.close()
    await store.close()


async def test_a_redis_that_was_never_there_is_no_error() -> None:
    """A wrong address: every call goes on without, none raises."""
    store = CacheStore("redis://127.0.0.1:1/0")
    answers = Answers(store)
    assert not (await answers.find("presents", "1", "d")).reached
    await answers.keep("presents", "1", "d", b"list", epoch=b"", ttl=60)
    assert not await answers.forget_users("presents", ["1"])
    assert not await store.ping()
    await answers.close()
    await store.close()
