"""Runs as child processes, and the queue that starts them: run ids in, finished runs out."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.domain.models import Job as Message
from pgqueuer.domain.models import Schedule

from giftwise.db.own import OwnDatabase, connect
from giftwise.db.queue_schema import QUEUE, queries
from giftwise.jobs import runs
from giftwise.jobs.child import encode_order
from giftwise.jobs.progress import Listener
from giftwise.jobs.runs import ENTRYPOINT, Run
from giftwise.log import logger
from giftwise.settings import Settings

EVERY_MINUTE: Final = "* * * * *"
FIRST_RETRY_SECONDS: Final = 1.0
LONGEST_RETRY_SECONDS: Final = 15.0
STOPPED: Final = "it was stopped with its worker"

log = logger(__name__)


async def run_in_child(
    own: OwnDatabase, settings: Settings, run_ids: Sequence[str], listener: Listener | None = None
) -> list[Run]:
    """Do queued runs in one process of their own and answer how each ended. Cancelling kills the process.

    A process that died without a word (killed, out of memory) leaves failed runs, never active ones.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "giftwise.jobs.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": str(os.cpu_count() or 1)},  # processes that serve have one
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        with suppress(ConnectionError):  # a child that is dead already is noticed below
            child.stdin.write(encode_order(settings, run_ids))
            await child.stdin.drain()
        async for line in child.stdout:
            if listener is not None:
                listener(*json.loads(line))
        status = await child.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            child.kill()
        await asyncio.shield(child.wait())
        await asyncio.shield(_end(own, run_ids, STOPPED, lost=True))
        raise
    finally:
        child.stdin.close()
    await _end(own, run_ids, _last_words(status))
    return [await runs.get(own, run_id) for run_id in run_ids]


async def _end(own: OwnDatabase, run_ids: Sequence[str], error: str, *, lost: bool = False) -> None:
    """End what the child did not end itself."""
    for run_id in run_ids:
        await runs.finish(own, run_id, error=error, lost=lost)


class QueueRunner:
    """Takes runs from the queue, one after another, and calls `tick` every minute.

    PgQueuer holds the queue: a message wakes the worker by NOTIFY, a message whose worker died is taken by another,
    and of several workers one does the tick.
    """

    def __init__(
        self, own: OwnDatabase, handle: Callable[[str], Awaitable[None]], tick: Callable[[], Awaitable[None]]
    ) -> None:
        self._own = own
        self._handle = handle
        self._tick = tick
        self._one_at_a_time = asyncio.Lock()
        self._queue: PgQueuer | None = None
        self._handling: set[asyncio.Task[object]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Work until stopped, connecting again whenever the database comes back."""
        wait = FIRST_RETRY_SECONDS
        while not self._stopping:
            try:
                await self._work()
                wait = FIRST_RETRY_SECONDS
            except Exception as error:  # the queue must outlive whatever the database does
                if wait == FIRST_RETRY_SECONDS:
                    log.warning("queue_lost", reason=runs.safe_error(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY_SECONDS)

    def stop(self) -> None:
        """Stop what runs, take no further message; `run` returns when that is done."""
        self._stopping = True
        for task in self._handling:
            task.cancel()
        if self._queue is not None:
            self._queue.shutdown.set()

    async def _work(self) -> None:
        connection = await connect(self._own.url, name="giftwise-worker")
        try:
            queue = PgQueuer(AsyncpgDriver(connection), channel=QUEUE.channel, queries=queries(connection))
            # PgQueuer itself would notice a lost connection up to 40 s later, and log every try to write until then.
            connection.add_termination_listener(lambda _: queue.shutdown.set())
            queue.entrypoint(ENTRYPOINT)(self._on_message)
            queue.schedule("tick", EVERY_MINUTE)(self._on_minute)
            self._queue = queue
            if not self._stopping:
                await queue.run()
            if not self._stopping:
                raise ConnectionError("the server closed the connection of the queue")
        finally:
            self._queue = None
            connection.terminate()  # nothing of ours is left to be sent, and a dead server would not answer

    async def _on_message(self, message: Message) -> None:
        task = asyncio.current_task()
        if message.payload is None or task is None:
            return
        run_id = message.payload.decode()
        self._handling.add(task)
        try:
            async with self._one_at_a_time:
                await self._handle(run_id)
        except asyncio.CancelledError:
            await asyncio.shield(runs.finish(self._own, run_id, error=STOPPED, lost=True))
            raise
        finally:
            self._handling.discard(task)

    async def _on_minute(self, _: Schedule) -> None:
        await self._tick()


def _last_words(status: int) -> str:
    if status < 0:
        return f"its process was killed by {signal.Signals(-status).name}"
    return f"its process ended with status {status}"
