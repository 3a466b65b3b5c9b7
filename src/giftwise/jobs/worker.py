"""The worker: settings in; jobs on time, answers forgotten and stock followed, until it is stopped (or once) out."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from giftwise.cache.answers import Answers
from giftwise.cache.redis import CacheStore
from giftwise.catalog.arrivals import Arrivals
from giftwise.catalog.sources import PRESENTS, Source, sources
from giftwise.catalog.store import ModelStore
from giftwise.db.own import OwnDatabase
from giftwise.errors import GiftwiseError
from giftwise.interactions.consumer import Consumer
from giftwise.jobs import runs
from giftwise.jobs.events import open_consumers
from giftwise.jobs.metrics import serve_metrics
from giftwise.jobs.newcomers import ArrivalWatch
from giftwise.jobs.runner import QueueRunner, run_in_child
from giftwise.jobs.runs import AskedBy, Run
from giftwise.jobs.schedule import JOBS, LEARNING_JOBS, SYNC_JOBS, Job
from giftwise.jobs.tail import InteractionTail, Loop, StockSweep
from giftwise.log import logger
from giftwise.settings import Settings

OnceListener = Callable[[str, str, float, int], None]
"""Called with job, step, percent and rows."""

BEATS_MISSED: Final = 2.5  # turns of the tail that may fail before API processes stop trusting cached lists
# A start that is a little late must not push every later one back by a minute.
SLACK: Final = timedelta(seconds=30)
STOP_SECONDS: Final = 5.0  # for the queue to say goodbye
AGAIN_MINUTES: Final = 5  # after a failure a job is tried again this soon, where its interval is longer

log = logger(__name__)


async def run_once(
    settings: Settings,
    listener: OnceListener | None = None,
    *,
    jobs: Sequence[str] = SYNC_JOBS,
    asked_by: AskedBy = "cli",
) -> list[Run]:
    """Do these jobs in order, each to its end: the full sync. A run that failed is among the results, not raised.

    A job that a continuous worker is running already is waited for, not done twice.
    """
    own = OwnDatabase(str(settings.recommendations_db_url), pool_size=2)
    try:
        await runs.recover(own)
        asked = {(await runs.ask(own, name, asked_by)).id: name for name in jobs}

        def tell(run_id: str, step: str, percent: float, rows: int) -> None:
            if listener is not None:
                listener(asked[run_id], step, percent, rows)

        return await run_in_child(own, settings, list(asked), tell)
    finally:
        await own.close()


async def run_worker(settings: Settings, *, stop: asyncio.Event | None = None) -> None:
    """Run until `stop` is set (or, without one, until SIGTERM or SIGINT). No failure of a server ends it."""
    if stop is None:
        stop = _stop_by_signal()
    async with AsyncExitStack() as stack:
        worker = _Worker(settings, stack)
        stack.enter_context(serve_metrics(settings))
        endless: tuple[Loop | Consumer, ...] = (*worker.loops, *worker.consumers)
        loops = [asyncio.create_task(one.run(), name=one.name) for one in endless]
        queue = asyncio.create_task(worker.work(), name="queue")
        log.info("worker_started")
        await stop.wait()
        worker.queue.stop()
        for task in loops:
            task.cancel()
        # A queue that waits for a dead database to come back is not waited for.
        await asyncio.wait({queue}, timeout=STOP_SECONDS)
        queue.cancel()
        await asyncio.gather(queue, *loops, return_exceptions=True)
        log.info("worker_stopped")


def is_due(job: Job, last: Run | None, settings: Settings, now: datetime) -> bool:
    """Whether a job is to be asked for: at once where it never ran or its run was lost, else by its interval."""
    if last is None or last.status == "lost":
        return True
    if last.is_active:
        return False
    minutes = job.minutes(settings)
    if last.status == "failed":
        minutes = min(minutes, AGAIN_MINUTES)
    return now - last.created_at >= timedelta(minutes=minutes) - SLACK


class _Worker:
    """The parts of a continuous worker."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.own = OwnDatabase(str(settings.recommendations_db_url), pool_size=settings.own_pool_size)
        answers = Answers(CacheStore(str(settings.redis_connection_url), settings.redis_timeout_ms))
        for close in (self.own.close, answers.store.close, answers.close):
            stack.push_async_callback(close)
        self.loops: tuple[Loop, ...] = tuple(
            loop for source in sources(settings) for loop in self._loops(source, answers, stack)
        )
        self.consumers = open_consumers(settings, self.own, answers)
        self.queue = QueueRunner(self.own, self.handle, self.tick)

    def _loops(self, source: Source, answers: Answers, stack: AsyncExitStack) -> Iterator[Loop]:
        """What follows one catalog. Lists of businesses need no tail: what they are made of is read at every answer."""
        settings = self.settings
        main = source.open(settings, pool_size=2, application_name="giftwise-worker")
        stack.push_async_callback(main.close)
        store = ModelStore(self.own, settings.data_dir, source.name)
        yield StockSweep(main, self.own, store, settings.stock_sweep_seconds)
        if source.name == PRESENTS:
            beat = partial(answers.beat, source.name, settings.live_tail_seconds * BEATS_MISSED)
            forget = partial(answers.forget_users, source.name)
            yield InteractionTail(main, self.own, forget, beat, settings.live_tail_seconds)
        else:
            yield ArrivalWatch(Arrivals(main), store, self.learn, settings.stock_sweep_seconds)

    async def learn(self) -> None:
        """Ask for all that a generation is made of, now."""
        for job in LEARNING_JOBS:
            await runs.ask(self.own, job, "schedule")

    async def work(self) -> None:
        """Ask for what is due at once, then follow the queue."""
        with suppress(GiftwiseError):  # the queue connects again and again, and ticks when it is there
            await self.tick()
        await self.queue.run()

    async def tick(self) -> None:
        """Mark the runs of dead workers as lost and ask for every job that is due."""
        for run_id in await runs.recover(self.own):
            log.warning("run_lost", run=run_id)
        last = await runs.latest(self.own)
        for job in JOBS:
            if is_due(job, last.get(job.name), self.settings, datetime.now(UTC)):
                await runs.ask(self.own, job.name, "schedule" if job.name in last else "start")

    async def handle(self, run_id: str) -> None:
        """Do one run that the queue brought."""
        run = await runs.get(self.own, run_id)
        if not run.is_active:
            return
        (ended,) = await run_in_child(self.own, self.settings, [run_id])
        log.info("run_ended", job=ended.job, status=ended.status, seconds=ended.seconds, error=ended.error)


def _stop_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
