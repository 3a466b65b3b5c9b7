"""Kill -9 in the middle of each job: the old generation serves on, the next run completes.

The middle is made sure of by a lock on a table that the job writes late, so the process dies with its transaction
open and half of its rows written.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text

from giftwise.catalog.store import ModelStore
from giftwise.db.own import OwnDatabase
from giftwise.jobs import runs
from giftwise.jobs.child import encode_order
from giftwise.jobs.runner import run_in_child
from giftwise.jobs.runs import Run
from giftwise.settings import Settings
from tests.jobs.conftest import Learn

LAST_TABLE = {
    "popular_items": "generations",
    "item_texts": "item_texts",
    "user_similarities": "item_similarities",
    "user_profiles": "user_demographics",
    "evaluation": "evaluations",
    "cleanup": "model_blobs",
}
COUNTED = ("popular_items", "user_similarities", "item_similarities", "user_profiles")


@asynccontextmanager
async def held(url: str, table: str) -> AsyncIterator[None]:
    """While the block runs nobody can write this table."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield
    finally:
        await connection.close()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Wait until the condition holds; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def waits_for_lock(own: OwnDatabase) -> Callable[[], Awaitable[bool]]:
    """Whether someone waits for a table's lock: a job has come to the table that is held."""

    async def look() -> bool:
        query = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted"
        async with own.read() as connection:
            here = f"{query} AND locktype = 'relation' AND datname = current_database()"
            return bool((await connection.execute(text(here))).scalar_one())

    return look


async def counts(own: OwnDatabase) -> list[int]:
    async with own.read() as connection:
        return [(await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() for table in COUNTED]


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123 - the kernel's file, not a path of ours
        return [int(child) for child in file.read().split()]


async def gone(pid: int) -> bool:
    """Whether a process is no more (or only a zombie that nobody has waited for)."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: ASYNC230, PTH123 - a read from the kernel does not block
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("job", list(LAST_TABLE))
async def test_a_killed_child_leaves_the_old_generation(
    own: OwnDatabase, settings: Settings, store: ModelStore, learn: Learn, job: str
) -> None:
    """A run killed with its transaction open fails with the signal's name, changes nothing, and blocks nobody."""
    for first in ("popular_items", "user_similarities", "user_profiles"):
        assert (await learn(first)).status == "succeeded"
    before, generation = await counts(own), (await store.state()).generation
    run = await runs.ask(own, job, "api")
    async with held(own.url, LAST_TABLE[job]):
        mine = set(children_of(os.getpid()))
        task = asyncio.create_task(run_in_child(own, settings, [run.id]))
        await until(waits_for_lock(own))
        (child,) = set(children_of(os.getpid())) - mine
        os.kill(child, signal.SIGKILL)
        (ended,) = await task
    assert (ended.status, ended.error) == ("failed", "its process was killed by SIGKILL")
    assert await counts(own) == before
    assert (await store.state()).generation == generation
    assert len(await ModelStore(own, settings.data_dir, "presents").load(generation)) == 120
    assert (await learn(job)).status == "succeeded"


async def test_a_killed_worker_takes_its_child_along(own: OwnDatabase, settings: Settings, learn: Learn) -> None:
    """When the worker dies its child ends too; the next worker marks the run as lost and the next run completes."""
    await learn("popular_items")
    run = await runs.ask(own, "popular_items", "api")
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'giftwise.jobs.child'], stdin=subprocess.PIPE)\n"
        "child.stdin.write(sys.stdin.buffer.readline())\n"
        "child.stdin.flush()\n"
        "child.wait()\n"
    )
    async with held(own.url, "generations"):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        assert worker.stdin is not None
        worker.stdin.write(encode_order(settings, [run.id]))
        await worker.stdin.drain()
        await until(waits_for_lock(own))
        (child,) = children_of(worker.pid)
        assert await runs.recover(own) == []
        worker.kill()
        await worker.wait()
        await until(lambda: gone(child), seconds=5)
        worker.stdin.close()

    async def is_lost() -> bool:  # the server frees the lock when it notices that the connection broke
        return await runs.recover(own) == [run.id]

    await until(is_lost, seconds=5)
    assert (await runs.get(own, run.id)).status == "lost"
    again = await learn("popular_items")
    assert again.status == "succeeded"
    assert again.id != run.id


async def test_a_stopped_worker_stops_its_child(own: OwnDatabase, settings: Settings) -> None:
    """A run that is cancelled ends its process and is lost, so that the next worker begins with it."""
    run = await runs.ask(own, "popular_items", "api")
    async with held(own.url, "generations"):
        mine = set(children_of(os.getpid()))
        task = asyncio.create_task(run_in_child(own, settings, [run.id]))
        await until(waits_for_lock(own))
        (child,) = set(children_of(os.getpid())) - mine
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await gone(child)
    ended: Run = await runs.get(own, run.id)
    assert (ended.status, ended.error) == ("lost", "it was stopped with its worker")
