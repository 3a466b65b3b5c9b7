"""Runs in this process: their ids in, the jobs done and their ends in the log of runs out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

import stamina

from giftwise.cache.profiles import ProfileCache
from giftwise.cache.redis import CacheStore
from giftwise.catalog.store import ModelStore
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.db.own import OwnDatabase
from giftwise.errors import GiftwiseError, MainDatabaseUnavailable, OwnDatabaseUnavailable
from giftwise.jobs import runs
from giftwise.jobs.context import CATALOG, Context
from giftwise.jobs.host import HostReader
from giftwise.jobs.progress import Listener, Progress
from giftwise.jobs.schedule import job_named
from giftwise.log import logger
from giftwise.settings import Settings

# A database that restarts is back within seconds; one that is gone for longer fails the run, and the next is due soon.
ATTEMPTS: Final = 5
FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 60.0

log = logger(__name__)


async def execute(settings: Settings, run_ids: Sequence[str], listener: Listener | None = None) -> bool:
    """Do queued runs one after another, each when its turn comes; whether all that were done ended well.

    A run that somebody else took or ended is left alone, and one that fails does not keep the next from its turn.
    How each ended is in the log of runs; nothing but a dead process or database leaves one active.
    """
    async with AsyncExitStack() as stack:
        own = OwnDatabase(_given(settings.recommendations_db_url, "RECOMMENDATIONS_DATABASE_URL"), pool_size=2)
        stack.push_async_callback(own.close)
        main = _open_main(settings, stack)
        host, store = HostReader(main), ModelStore(own, settings.data_dir, CATALOG)
        profiles = _open_profiles(settings, stack)
        ended_well = True
        for run_id in run_ids:
            progress = Progress(own, run_id, listener)
            context = Context(run_id, main, host, own, store, settings, progress, profiles)
            try:
                await _execute(context)
            except GiftwiseError as error:
                ended_well = False
                log.error("run_failed", run=run_id, reason=str(error), code=error.code)
            except Exception:
                ended_well = False
                log.exception("run_failed", run=run_id)
        return ended_well


async def _execute(context: Context) -> None:
    job = (await runs.get(context.own, context.run_id)).job
    async with runs.turn(context.own.url, job):
        if await runs.claim(context.own, context.run_id):
            await _finish(context, job)


def _open_main(settings: Settings, stack: AsyncExitStack) -> MainDatabase:
    main = MainDatabase(
        _given(settings.db_url, "MAIN_DATABASE_URL"),
        load_mapping(settings.main_mapping),
        pool_size=2,
        statement_timeout_ms=settings.main_statement_timeout_ms,
        application_name="giftwise-run",
    )
    stack.push_async_callback(main.close)
    return main


def _open_profiles(settings: Settings, stack: AsyncExitStack) -> ProfileCache | None:
    if settings.redis_connection_url is None:
        return None
    cache = CacheStore(settings.redis_connection_url, settings.redis_timeout_ms)
    stack.push_async_callback(cache.close)
    return ProfileCache(cache)


async def _finish(context: Context, job: str) -> None:
    error: BaseException | None = None
    rows = 0
    try:
        async with context.progress.writing():
            rows = await _work(context, job)
    except BaseException as raised:  # also a cancelled run ends in the log
        error = raised
        raise
    finally:
        async for attempt in _retries():
            with attempt:
                words = runs.safe_error(error) if error is not None else None
                await runs.finish(context.own, context.run_id, rows=rows, error=words)


async def _work(context: Context, job: str) -> int:
    work = job_named(job).work()
    async for attempt in _retries():
        with attempt:
            return await work(context)
    raise AssertionError("the last attempt returns or raises")


def _retries() -> AsyncIterator[stamina.Attempt]:
    return stamina.retry_context(
        on=(MainDatabaseUnavailable, OwnDatabaseUnavailable),
        attempts=ATTEMPTS,
        timeout=RETRY_SECONDS,
        wait_initial=FIRST_WAIT_SECONDS,
        wait_max=LONGEST_WAIT_SECONDS,
    )


def _given(url: str | None, name: str) -> str:
    if url is None:
        raise ValueError(f"{name} is needed to run a job")
    return url
