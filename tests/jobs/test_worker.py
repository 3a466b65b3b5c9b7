"""The worker: everything at the first start, what is asked for at once, and on through failures."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
import redis.asyncio
from sqlalchemy import text

from giftwise.catalog.store import ModelStore
from giftwise.db.own import OwnDatabase
from giftwise.jobs import runner, runs
from giftwise.jobs.schedule import JOB_NAMES, SYNC_JOBS
from giftwise.jobs.worker import run_once, run_worker
from giftwise.settings import Settings
from tests.jobs.conftest import Learn


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A worker, while the block runs."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(settings, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 45.0) -> None:
    """Wait until the condition holds; fail after `seconds`."""
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.02)


async def test_a_first_start_does_every_job(own: OwnDatabase, settings: Settings, in_process: None) -> None:
    """On an empty database the worker begins at once, in the table's order, and every job succeeds."""

    async def all_done() -> bool:
        return [run.status for run in (await runs.latest(own)).values()] == ["succeeded"] * len(JOB_NAMES)

    async with working(settings):
        await until(all_done)
    done = sorted(await runs.listing(own), key=lambda run: str(run.started_at))
    assert [run.job for run in done] == list(JOB_NAMES)
    assert {run.asked_by for run in done} == {"start"}


async def test_what_is_asked_for_begins_at_once(
    own: OwnDatabase, settings: Settings, learn: Learn, in_process: None
) -> None:
    """A run asked for by an admin is woken by a notification, not by the next minute."""
    for job in JOB_NAMES:
        await learn(job)
    async with working(settings):
        await asyncio.sleep(0.5)
        run = await runs.ask(own, "cleanup", "api")

        async def ended() -> bool:
            return (await runs.get(own, run.id)).status == "succeeded"

        await until(ended)
    assert len(await runs.listing(own)) == len(JOB_NAMES) + 1  # nothing else was due


async def test_the_worker_outlives_its_connections(
    own: OwnDatabase, settings: Settings, learn: Learn, in_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the server has dropped every connection the worker connects again and goes on with the queue."""
    monkeypatch.setattr(runner, "FIRST_RETRY_SECONDS", 0.1)
    other = OwnDatabase(own.url)  # connected only after the others were dropped
    for job in JOB_NAMES:
        await learn(job)
    async with working(settings):
        await asyncio.sleep(0.5)
        killer = await asyncpg.connect(own.url)
        mine = "datname = current_database() AND pid <> pg_backend_pid()"
        await killer.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")
        await killer.close()
        run = await runs.ask(other, "cleanup", "api")

        async def ended() -> bool:
            return (await runs.get(other, run.id)).status == "succeeded"

        await until(ended)
    await other.close()


async def test_a_worker_that_is_stopped_leaves_no_run_behind(own: OwnDatabase, settings: Settings) -> None:
    """Stopping in the middle of a first start ends what runs and what waits, both to be begun by the next worker."""

    async def one_runs() -> bool:
        return "running" in [run.status for run in await runs.listing(own)]

    async with working(settings):
        await until(one_runs)
    assert {run.status for run in await runs.listing(own)} == {"lost"}
    assert await runs.recover(own) == []


async def test_a_like_is_forgotten_by_the_running_worker(
    host_url: str, own: OwnDatabase, settings: Settings, redis_db: str, learn: Learn, in_process: None
) -> None:
    """A like that commits in the host drops that user's cached lists, and no other's."""
    for job in JOB_NAMES:
        await learn(job)
    host = await asyncpg.connect(host_url)
    item = await host.fetchval("SELECT id FROM handpicked_presents WHERE user_id IS NULL LIMIT 1")
    async with redis.asyncio.Redis.from_url(redis_db) as cache, working(settings):

        async def beats() -> bool:
            return bool(await cache.exists("v3:beat:presents"))

        await until(beats)
        for user in ("1", "11"):
            await cache.hset(f"v3:answers:presents:{user}", "digest", "a list")
        await host.execute(
            "INSERT INTO handpicked_likes (user_id, handpicked_present_id, created_at) VALUES (1, $1, now())", item
        )

        async def forgotten() -> bool:
            return not await cache.exists("v3:answers:presents:1")

        await until(forgotten)
        assert await cache.exists("v3:answers:presents:11")
    await host.close()


async def test_the_full_sync_in_one_process(own: OwnDatabase, settings: Settings, store: ModelStore) -> None:
    """One-shot mode does every job in a real child process, tells progress, and answers how each run ended."""
    told: list[tuple[str, str, float]] = []
    done = await run_once(settings, lambda job, step, percent, _: told.append((job, step, percent)))
    assert [(run.job, run.status) for run in done] == [(job, "succeeded") for job in SYNC_JOBS]
    assert list(dict.fromkeys(job for job, _, _ in told)) == list(SYNC_JOBS)
    assert all(0 <= percent <= 100 for _, _, percent in told)
    assert (await store.state()).generation == 2


async def test_a_failed_job_does_not_stop_the_sync(own: OwnDatabase, settings: Settings, in_process: None) -> None:
    """A job that fails is told as failed, and the others are done all the same."""
    async with own.begin() as connection:
        await connection.execute(text("ALTER TABLE evaluations ADD CHECK (false)"))
    done = await run_once(settings)
    assert {run.job: run.status for run in done} == {
        job: "failed" if job == "evaluation" else "succeeded" for job in SYNC_JOBS
    }
