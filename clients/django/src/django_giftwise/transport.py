"""How calls reach the engine: Calls in, answers out, within a strict time and behind the breakers."""

import asyncio
import contextlib
import logging
import os
import random
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone
from typing import Any, Final, TypeVar

import httpx

from django_giftwise.breaker import Breaker
from django_giftwise.conf import Config, get_config
from django_giftwise.errors import Unavailable
from django_giftwise.surface import Call, Lane, interpret

Answer = TypeVar("Answer")

log: Final = logging.getLogger("django_giftwise")
SLACK_SECONDS: Final = 0.1  # for the hop between two threads, beyond the timeout of the call itself
FIRST_PAUSE_SECONDS: Final = 0.05  # before the second attempt of a call; it doubles from there
AGENT: Final = {"User-Agent": "django-giftwise"}


class Engine:
    """The engine as this process sees it.

    Calls of pages run on one event loop in a daemon thread. Only so is their timeout a true one: it covers the look-up
    of a name and a server that answers byte by byte, which socket timeouts do not; and one pool of connections serves
    threads and every event loop of the host. A call costs about 0.2 ms more for it.
    """

    def __init__(self, config: Config, transport: httpx.MockTransport | None = None) -> None:
        self.config = config
        self._transport = transport
        self._is_tls = config.url.startswith("https")  # else the certificates, 15 ms to read, are not needed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._lock = threading.Lock()
        self._looking: set[str] = set()  # names of breakers for which somebody looks
        lanes: tuple[Lane, ...] = ("read", "write")
        self.breakers: dict[Lane, Breaker] = {
            lane: Breaker(lane, config.breaker_failures, self._look_for_it) for lane in lanes
        }

    def ask(self, call: Call[Answer]) -> Answer:
        """Wait for an answer, `timeout` seconds at most; raises Unavailable or Refused."""
        self._admit(call.lane)
        future = self._start(self._answer(call))
        try:
            return future.result(self.config.timeout + SLACK_SECONDS)
        except NotDone as error:
            future.cancel()
            raise self._late(call) from error

    async def ask_async(self, call: Call[Answer]) -> Answer:
        """The same from a coroutine, on whichever event loop it runs."""
        self._admit(call.lane)
        future = self._start(self._answer(call))
        try:
            async with asyncio.timeout(self.config.timeout + SLACK_SECONDS):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise self._late(call) from error

    def send(self, client: httpx.Client, call: Call[Answer]) -> Answer:
        """One attempt outside of any page (background, task, command), in this thread; raises Unavailable or Refused.

        The breaker learns from it but does not hold it back: whoever sends in bulk waits by its own clock.
        """
        breaker = self.breakers[call.lane]
        try:
            response = client.request(call.method, call.path, params=call.params, json=call.body)
        except httpx.HTTPError as error:
            breaker.fail(_name(error), timed_out=isinstance(error, httpx.TimeoutException))
            raise Unavailable(f"{call.method} {call.path}: {_name(error)}") from error
        try:
            answer = interpret(call, response)
        except Unavailable as error:
            breaker.fail(str(error), timed_out=False)
            raise
        breaker.close()  # it answers, whatever the last look said
        return answer

    def bulk_client(self) -> httpx.Client:
        """A client for `send`, to be closed by the caller."""
        timeout = httpx.Timeout(self.config.bulk_timeout, connect=self.config.connect_timeout)
        return httpx.Client(
            base_url=self.config.base_url,
            auth=self.config.credentials,
            timeout=timeout,
            headers=AGENT,
            verify=self._is_tls,
            transport=self._transport,
        )

    def close(self) -> None:
        """Stop the loop and close its connections; a call after it starts another loop."""
        with self._lock:
            loop, self._loop, client, self._client = self._loop, None, self._client, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(_stop(client), loop)

    def _admit(self, lane: Lane) -> None:
        if not self.config.enabled:
            raise Unavailable("GIFTWISE['ENABLED'] is False")
        if self.breakers[lane].is_open:
            raise Unavailable("giftwise did not answer lately and is not asked until it is back")

    def _start(self, work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="giftwise", daemon=True).start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _answer(self, call: Call[Answer]) -> Answer:
        """All attempts of one call, on our loop, within its timeout."""
        breaker = self.breakers[call.lane]
        attempts = 1 + (self.config.retries if call.repeatable else 0)
        try:
            async with asyncio.timeout(self.config.timeout):
                for attempt in range(attempts):
                    try:
                        return await self._attempt(call)
                    except Unavailable:
                        if attempt + 1 == attempts or breaker.is_open:
                            raise
                    await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        except TimeoutError as error:
            raise self._late(call) from error
        raise AssertionError("a last attempt answers or raises")

    async def _attempt(self, call: Call[Answer]) -> Answer:
        breaker = self.breakers[call.lane]
        try:
            response = await self._pool().request(call.method, call.path, params=call.params, json=call.body)
            answer = interpret(call, response)
        except httpx.HTTPError as error:
            # A connection that is not made in time costs a fifth of a second, and may be one lost packet.
            timed_out = isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout)
            breaker.fail(_name(error), timed_out=timed_out)
            raise Unavailable(f"{call.method} {call.path}: {_name(error)}") from error
        except Unavailable as error:
            breaker.fail(str(error), timed_out=False)
            raise
        breaker.succeed()
        return answer

    def _late(self, call: Call[Answer]) -> Unavailable:
        why = f"no answer within {self.config.timeout} s"
        self.breakers[call.lane].fail(why, timed_out=True)
        return Unavailable(f"{call.method} {call.path}: {why}")

    def _pool(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self.config.base_url,
                auth=self.config.credentials,
                timeout=httpx.Timeout(self.config.timeout, connect=self.config.connect_timeout),
                headers=AGENT,
                verify=self._is_tls,
                transport=self._transport,
            )
        return self._client

    def _look_for_it(self, breaker: Breaker) -> None:
        with self._lock:
            if breaker.name in self._looking:
                return
            self._looking.add(breaker.name)
        self._start(self._heal(breaker))

    def _looks_on(self, breaker: Breaker) -> bool:
        """Decided under the lock, so that a breaker that opens again is never left without anyone who looks."""
        with self._lock:
            if not breaker.is_open:
                self._looking.discard(breaker.name)
            return breaker.is_open

    async def _heal(self, breaker: Breaker) -> None:
        """Look whether the engine is back, now and then, at nobody's cost; close the breaker when it is.

        Alive is enough: an engine that lacks something else says so quickly, and the breaker opens again.
        """
        while self._looks_on(breaker):
            await asyncio.sleep(self.config.breaker_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            with contextlib.suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(self.config.timeout):
                    response = await self._pool().get("/health/live")
                    if response.is_success:
                        breaker.close()


async def _stop(client: httpx.AsyncClient | None) -> None:
    """Cancel what still runs on this loop, close the connections, and end the loop's thread."""
    loop = asyncio.get_running_loop()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    if client is not None:
        await client.aclose()
    loop.call_soon(loop.stop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


_engine: Engine | None = None
_making = threading.Lock()
_left_behind: Final[list[Engine | None]] = []


def get_engine() -> Engine:
    """This process's engine, made at the first use."""
    global _engine  # noqa: PLW0603 - one a process, as its thread is
    with _making:
        if _engine is None:
            _engine = Engine(get_config())
        return _engine


def set_engine(engine: Engine | None) -> Engine | None:
    """Replace this process's engine (None: make a new one at the next use); answers the one before."""
    global _engine
    with _making:
        before, _engine = _engine, engine
    return before


def _after_fork() -> None:
    """A forked worker has none of its parent's threads and must not touch its sockets: it starts anew."""
    global _engine, _making
    _left_behind.append(_engine)  # kept, so that nothing of the parent's is closed by the garbage collector
    _engine, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
