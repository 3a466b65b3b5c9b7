"""The log of runs: asked for once however often, claimed by one process, never left running by a dead one.

A run is `queued`, then `running`, then `succeeded`, `failed` or `lost`. The process that works holds an advisory lock
for as long as it lives, so a run that is `running` while its lock is free has lost its process: the server itself
tells, within the moment that the connection breaks, and no clock or heartbeat needs to be believed.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import asyncpg
from sqlalchemy import RowMapping, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.db.own import OwnDatabase, connect, raw
from giftwise.db.tables import job_runs
from giftwise.errors import GiftwiseError, NotFound
from giftwise.jobs.schedule import JOBS, job_named
from giftwise.log import URL_PASSWORD

AskedBy = Literal["schedule", "api", "cli", "start"]

ENTRYPOINT: Final = "run"  # the queue's name for "do the run whose id is the payload"
ACTIVE: Final = ("queued", "running")
ERROR_LENGTH: Final = 500
# First key of our two-key advisory locks; the second is 0 for "someone learns" and the job's place + 1 for its run.
LOCKS: Final = 0x67696A62  # "gijb"
LEARNING: Final = 0
# A queued run that is in no queue is given this long: its one-shot process may still be starting.
ORPHAN_SECONDS: Final = 60


class RunLost(GiftwiseError):
    """This process's run was taken for lost; what it learned must not be written any more."""

    code = "run_lost"
    title = "The run was given up"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job, as far as it got. `percent` is 0..100, `seconds` its duration once it ended."""

    id: str
    job: str
    status: str
    asked_by: str
    step: str | None
    percent: float
    rows: int
    error: str | None
    seconds: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ACTIVE


async def ask(own: OwnDatabase, job: str, asked_by: AskedBy) -> Run:
    """Put a run in the queue; where one waits or runs already, that one is the answer.

    The row and the message to the worker are one transaction. NotFound for an unknown job.
    """
    from giftwise.db.queue_schema import queries  # loads PgQueuer, which an API process rarely needs

    job_named(job)
    new = upsert(job_runs).values(id=str(uuid.uuid4()), job=job, status="queued", asked_by=asked_by)
    new = new.on_conflict_do_nothing(index_elements=["job"], index_where=text("status IN ('queued', 'running')"))
    active = select(job_runs).where(job_runs.c.job == job, job_runs.c.status.in_(ACTIVE))
    while True:
        async with own.begin() as connection:
            row = (await connection.execute(new.returning(job_runs))).mappings().first()
            if row is not None:
                await queries(await raw(connection)).enqueue(ENTRYPOINT, row["id"].encode(), dedupe_key=row["id"])
                return _run(row)
            row = (await connection.execute(active)).mappings().first()
        if row is not None:  # None: the active one ended between the two statements
            return _run(row)


async def get(own: OwnDatabase, run_id: str) -> Run:
    """One run; NotFound for an unknown id."""
    async with own.read() as connection:
        row = (await connection.execute(select(job_runs).where(job_runs.c.id == run_id))).mappings().first()
    if row is None:
        raise NotFound(f"there is no run {run_id!r}")
    return _run(row)


async def listing(own: OwnDatabase, *, job: str | None = None, limit: int = 50) -> list[Run]:
    """The newest runs, of one job or of all."""
    query = select(job_runs).order_by(job_runs.c.created_at.desc()).limit(limit)
    if job is not None:
        query = query.where(job_runs.c.job == job)
    async with own.read() as connection:
        return [_run(row) for row in (await connection.execute(query)).mappings()]


async def latest(own: OwnDatabase) -> dict[str, Run]:
    """The newest run of each job that ever ran."""
    query = select(job_runs).order_by(job_runs.c.job, job_runs.c.created_at.desc()).ext(distinct_on(job_runs.c.job))
    async with own.read() as connection:
        return {row["job"]: _run(row) for row in (await connection.execute(query)).mappings()}


async def claim(own: OwnDatabase, run_id: str) -> bool:
    """Whether the run was still waiting and is ours now. Call it only while holding the job's lock."""
    change = update(job_runs).where(job_runs.c.id == run_id, job_runs.c.status == "queued")
    return await _change(own, change.values(status="running", started_at=func.now()))


async def progress(own: OwnDatabase, run_id: str, step: str, percent: float, rows: int) -> None:
    """Note how far a running run has come."""
    change = update(job_runs).where(job_runs.c.id == run_id, job_runs.c.status == "running")
    await _change(own, change.values(step=step, percent=percent, rows=rows))


async def finish(own: OwnDatabase, run_id: str, *, rows: int = 0, error: str | None = None, lost: bool = False) -> None:
    """End an active run: succeeded without an error, failed (or lost) with one; a run that ended stays as it was."""
    status = "lost" if lost else "failed" if error is not None else "succeeded"
    values: dict[str, Any] = {"status": status, "error": error, "finished_at": func.now(), "seconds": _seconds()}
    if status == "succeeded":
        values |= {"percent": 100.0, "rows": rows, "step": "done"}
    await _change(own, update(job_runs).where(job_runs.c.id == run_id, job_runs.c.status.in_(ACTIVE)).values(values))


async def fence(connection: AsyncConnection, run_id: str) -> None:
    """Last in the transaction that writes results: RunLost unless the run is still ours; then it stays so."""
    query = select(job_runs.c.status).where(job_runs.c.id == run_id).with_for_update()
    if (await connection.execute(query)).scalar_one_or_none() != "running":
        raise RunLost(f"run {run_id} was ended by someone else")


async def recover(own: OwnDatabase) -> list[str]:
    """Mark the runs of dead processes as lost, and return their ids; those of living ones are left alone."""
    lost = []
    for run in await _running(own):
        async with _session(own.url) as session:
            if not await session.fetchval("SELECT pg_try_advisory_lock($1, $2)", LOCKS, _key(run.job)):
                continue
            await finish(own, run.id, error="its process died", lost=True)
            lost.append(run.id)
    change = update(job_runs).where(
        job_runs.c.status == "queued",
        job_runs.c.created_at < func.now() - text(f"interval '{ORPHAN_SECONDS} seconds'"),
        text("NOT EXISTS (SELECT FROM giftwise_queue WHERE dedupe_key = job_runs.id)"),
    )
    values = {"status": "lost", "error": "it was in no queue", "finished_at": func.now()}
    async with own.begin() as connection:
        lost += (await connection.execute(change.values(values).returning(job_runs.c.id))).scalars().all()
    return lost


@asynccontextmanager
async def turn(url: str, job: str) -> AsyncIterator[None]:
    """Wait until no other process learns, then hold the locks of learning and of this job while the block runs.

    Learning is one at a time over all workers: two that publish from what they read at once would lose one's part,
    and two cores are busy with one.
    """
    async with _session(url) as session:
        await session.execute("SELECT pg_advisory_lock($1, $2)", LOCKS, LEARNING)
        await session.execute("SELECT pg_advisory_lock($1, $2)", LOCKS, _key(job))
        yield


def safe_error(error: BaseException) -> str:
    """An error as one short text without passwords."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return URL_PASSWORD.sub(r"\1***\2", words)[:ERROR_LENGTH]


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose end, however it comes, frees its locks."""
    connection = await connect(url, name="giftwise-run", statement_ms=0)
    try:
        yield connection
    finally:
        await connection.close()


async def _running(own: OwnDatabase) -> list[Run]:
    async with own.read() as connection:
        rows = await connection.execute(select(job_runs).where(job_runs.c.status == "running"))
        return [_run(row) for row in rows.mappings()]


async def _change(own: OwnDatabase, statement: Any) -> bool:
    async with own.begin() as connection:
        return bool((await connection.execute(statement)).rowcount)


def _seconds() -> Any:
    return func.extract("epoch", func.now() - job_runs.c.started_at)


def _key(job: str) -> int:
    return JOBS.index(job_named(job)) + 1


def _run(row: RowMapping) -> Run:
    return Run(**row)
