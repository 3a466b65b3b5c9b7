"""Runs in this process: their ids in, the jobs done and their ends in the log of runs out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import stamina

from giftwise.cache.profiles import ProfileCache
from giftwise.cache.redis import CacheStore
from giftwise.catalog.sources import Source, sources
from giftwise.catalog.store import ModelStore
from giftwise.db.main import MainDatabase
from giftwise.db.own import OwnDatabase
from giftwise.errors import GiftwiseError, MainDatabaseUnavailable, OwnDatabaseUnavailable
from giftwise.jobs import runs
from giftwise.jobs.context import Context
from giftwise.jobs.host import HostReader
from giftwise.jobs.progress import Listener, Progress
from giftwise.jobs.schedule import Job, job_named
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
        profiles = _open_profiles(settings, stack)
        catalogs = [_open(source, settings, own, stack) for source in sources(settings)]
        ended_well = True
        for run_id in run_ids:
            progress = Progress(own, run_id, listener)
            contexts = [
                Context(run_id, one.name, one.main, one.host, own, one.store, settings, progress, profiles)
                for one in catalogs
            ]
            try:
                await _execute(own, run_id, contexts)
            except GiftwiseError as error:
                ended_well = False
                log.error("run_failed", run=run_id, reason=str(error), code=error.code)
            except Exception:
                ended_well = False
                log.exception("run_failed", run=run_id)
        return ended_well


@dataclass(frozen=True, slots=True)
class _Catalog:
    """One catalog as all runs of this process see it."""

    name: str
    main: MainDatabase
    host: HostReader
    store: ModelStore


async def _execute(own: OwnDatabase, run_id: str, contexts: Sequence[Context]) -> None:
    job = job_named((await runs.get(own, run_id)).job)
    mine = [context for context in contexts if context.catalog in job.catalogs]
    async with runs.turn(own.url, job.name):
        if await runs.claim(own, run_id):
            await _finish(own, run_id, job, mine)


def _open(source: Source, settings: Settings, own: OwnDatabase, stack: AsyncExitStack) -> _Catalog:
    main = source.open(settings, pool_size=2, application_name="giftwise-run")
    stack.push_async_callback(main.close)
    return _Catalog(source.name, main, HostReader(main), ModelStore(own, settings.data_dir, source.name))


def _open_profiles(settings: Settings, stack: AsyncExitStack) -> ProfileCache | None:
    if settings.redis_connection_url is None:
        return None
    cache = CacheStore(settings.redis_connection_url, settings.redis_timeout_ms)
    stack.push_async_callback(cache.close)
    return ProfileCache(cache)


async def _finish(own: OwnDatabase, run_id: str, job: Job, contexts: Sequence[Context]) -> None:
    error: BaseException | None = None
    rows = 0
    try:
        rows = await _work_in_all(job, contexts)
    except BaseException as raised:  # also a cancelled run ends in the log
        error = raised
        raise
    finally:
        async for attempt in _retries():
            with attempt:
                words = runs.safe_error(error) if error is not None else None
                await runs.finish(own, run_id, rows=rows, error=words)


async def _work_in_all(job: Job, contexts: Sequence[Context]) -> int:
    """Each catalog in turn; one that fails does not keep the next from its turn, but the run has failed."""
    rows, failures = 0, list[Exception]()
    for place, context in enumerate(contexts):
        share = 100 / len(contexts)
        prefix = f"{context.catalog}: " if len(contexts) > 1 else ""
        context.progress.within(prefix, place * share, (place + 1) * share)
        try:
            async with context.progress.writing():
                rows += await _work(context, job)
        except Exception as error:
            failures.append(error)
            if place + 1 < len(contexts):
                log.warning(
                    "catalog_failed", run=context.run_id, catalog=context.catalog, reason=runs.safe_error(error)
                )
    if failures:
        raise failures[0]
    return rows


async def _work(context: Context, job: Job) -> int:
    work = job.work()
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
