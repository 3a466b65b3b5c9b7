"""The consumer of queued events: a queue in; facts applied, in order and once each, and parked events out.

A batch is applied in one transaction and only then given back to the queue as done. Whatever dies in between, the
batch comes again, and the event_ids that were committed with the facts tell what of it is new.

Of all workers one consumes a queue at a time: the one that holds an advisory lock, which the server frees the moment
its connection breaks. That keeps the order of one user's events also over the death of a consumer, since the next one
begins with what the last had not finished. What comes from different queues, or by REST, is ordered by its time.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from giftwise import telemetry
from giftwise.db.own import CONNECT_ERRORS, OwnDatabase, connect, unavailable
from giftwise.errors import GiftwiseError, OwnDatabaseUnavailable
from giftwise.interactions.inbox import take
from giftwise.interactions.parked import ParkingPlace
from giftwise.interactions.record import Recorder
from giftwise.interactions.transport import Delivery, Transport, TransportLost
from giftwise.log import logger

READ_SECONDS: Final = 1.0  # a read waits so long for the first message
LAG_SECONDS: Final = 5.0  # between two measurements
FIRST_RETRY_SECONDS: Final = 0.2
LONGEST_RETRY_SECONDS: Final = 5.0
TURN_SECONDS: Final = 0.5  # between two looks of a stand-by whether its turn has come
CANCEL_SECONDS: Final = 0.5  # between two tries to cancel
LOCKS: Final = 0x67696576  # "giev": first key of the advisory locks; the second is made from the source's name

log = logger(__name__)


class Consumer:
    """Consumes one queue until it is cancelled. No failure of a server ends it, and none parks anything."""

    def __init__(self, transport: Transport, own: OwnDatabase, recorder: Recorder, *, batch: int) -> None:
        """`batch` is how many messages one transaction applies at most."""
        self.name = f"events {transport.source}"
        self._transport = transport
        self._own = own
        self._recorder = recorder
        self._parking = ParkingPlace(own)
        self._batch = batch

    async def run(self) -> None:
        """Consume, and measure the lag."""
        tasks = {asyncio.create_task(self._consume()), asyncio.create_task(self._measure())}
        try:
            await asyncio.wait(tasks)
        finally:
            await _end(tasks)
            await self._transport.close()

    async def _consume(self) -> None:
        wait, told = FIRST_RETRY_SECONDS, ""
        while True:
            began = time.monotonic()
            try:
                async with self._turn() as session:
                    await self._work(session)
            except Exception as error:  # a consumer must outlive whatever its servers do
                if time.monotonic() - began > LONGEST_RETRY_SECONDS:
                    wait, told = FIRST_RETRY_SECONDS, ""
                trouble = f"{type(error).__name__}: {error}"
                if trouble != told:
                    known = isinstance(error, GiftwiseError | TransportLost)
                    log.warning("events_wait", source=self._transport.source, reason=trouble, exc_info=not known)
                told = trouble
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_RETRY_SECONDS)

    async def _work(self, session: asyncpg.Connection) -> None:
        """Consume while the turn is ours."""
        source = self._transport.source
        await self._transport.open()
        log.info("events_consumed", source=source)
        try:
            while True:
                deliveries = await self._transport.read(self._batch, READ_SECONDS)
                if session.is_closed():
                    raise OwnDatabaseUnavailable("the connection that holds the turn was closed")
                if deliveries:
                    await self._apply(list(deliveries))
        finally:
            await self._transport.close()

    async def _apply(self, deliveries: list[Delivery]) -> None:
        source = self._transport.source
        with telemetry.event_batch_seconds.labels(source).time():
            taken = await take(self._recorder, deliveries)
            await self._parking.park(source, taken.rejected)
        await self._transport.done(deliveries)
        for outcome, count in (
            ("applied", taken.applied),
            ("repeated", taken.repeated),
            ("parked", len(taken.rejected)),
        ):
            telemetry.events.labels(source, outcome).inc(count)
        if taken.rejected:  # one line a batch: a host that sends nothing but poison must not fill a disk with logs too
            first = taken.rejected[0]
            log.warning(
                "events_parked", source=source, count=len(taken.rejected), event_id=first.event_id, reason=first.error
            )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[asyncpg.Connection]:
        """Wait until no other worker consumes this queue, then hold its lock while the block runs."""
        try:
            session = await connect(self._own.url, name="giftwise-events")
        except CONNECT_ERRORS as error:
            raise unavailable(error) from error
        try:
            await self._lock(session)
            yield session
        except asyncpg.PostgresConnectionError as error:
            raise unavailable(error) from error
        finally:
            session.terminate()  # that frees the lock, and a dead server would not answer a farewell

    async def _lock(self, session: asyncpg.Connection) -> None:
        """Ask again and again: a statement that waits for a lock would run into the statement timeout."""
        while True:
            if await session.fetchval("SELECT pg_try_advisory_lock($1, hashtext($2))", LOCKS, self._transport.source):
                return
            await asyncio.sleep(TURN_SECONDS)

    async def _measure(self) -> None:
        source = self._transport.source
        while True:
            try:
                lag = await self._transport.lag()
                telemetry.events_waiting.labels(source).set(lag.waiting)
                telemetry.events_oldest_seconds.labels(source).set(lag.oldest_seconds)
                telemetry.events_parked.set(await self._parking.count())
            except (TransportLost, GiftwiseError) as error:  # told by the consumer itself
                log.debug("lag_unknown", source=source, reason=str(error))
            except Exception:
                log.exception("lag_unknown", source=source)
            await asyncio.sleep(LAG_SECONDS)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel until they have ended: on Python 3.11 drivers lose a cancellation that comes together with an answer."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
