"""Redis that may be gone or frozen: a call in, its answer or None (go on without) within the timeout out."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from giftwise import telemetry
from giftwise.log import logger

PROBE_SECONDS: Final = 1.0
POOL_SIZE: Final = 32

HARD_LIMIT: Final = 1.2  # of the timeout: waiting for a connection and for the answer may not add up

Answer = TypeVar("Answer")

log = logger(__name__)


class CacheStore:
    """A Redis client with a circuit breaker.

    After a failure Redis is left alone for PROBE_SECONDS, then one call tries again while the others still go on
    without: a frozen Redis costs one request a second its timeout, and every other request nothing.
    """

    def __init__(self, url: str, timeout_ms: int = 80) -> None:
        self.timeout = timeout_ms / 1000
        self.pool = BlockingConnectionPool.from_url(
            url,
            max_connections=POOL_SIZE,
            timeout=self.timeout,
            socket_timeout=self.timeout,
            socket_connect_timeout=self.timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self.client: Redis = Redis(connection_pool=self.pool)
        self._retry_at = 0.0
        self._down = False

    async def ask(self, call: Callable[[Redis], Awaitable[Answer]]) -> Answer | None:
        """Run one call (better: one pipeline); None where Redis did not answer in time."""
        now = time.monotonic()
        if self._down:
            if now < self._retry_at:
                return None
            self._retry_at = now + PROBE_SECONDS
        try:
            async with asyncio.timeout(self.timeout * HARD_LIMIT):
                answer = await call(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            return None
        if self._down:
            self._down = False
            log.info("redis_back")
        return answer

    @property
    def connected(self) -> bool:
        """Whether the last call was answered."""
        return not self._down

    async def ping(self) -> bool:
        """Whether Redis answers now."""
        return bool(await self.ask(lambda client: client.ping()))

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()
        await self.pool.aclose()

    def _failed(self, error: BaseException) -> None:
        telemetry.redis_failures.inc()
        if not self._down:
            log.warning("redis_gone", error=type(error).__name__)
        self._down = True
        self._retry_at = time.monotonic() + PROBE_SECONDS
