"""The log of runs: one active run a job, claimed once, and no dead one that blocks."""

import asyncio

import pytest
from sqlalchemy import text

from giftwise.db.own import OwnDatabase
from giftwise.errors import NotFound
from giftwise.jobs import runs


async def scalar(own: OwnDatabase, query: str) -> object:
    async with own.read() as connection:
        return (await connection.execute(text(query))).scalar_one()


async def test_many_asking_at_once_get_one_run(own: OwnDatabase) -> None:
    """Twenty calls at once are answered with one run and put one message in the queue."""
    asked = await asyncio.gather(*(runs.ask(own, "cleanup", "api") for _ in range(20)))
    assert len({run.id for run in asked}) == 1
    assert asked[0].status == "queued"
    assert await scalar(own, "SELECT count(*) FROM giftwise_queue") == 1


async def test_asking_while_one_runs_answers_the_running_one(own: OwnDatabase) -> None:
    """A second ask is the first run until it ends, and a new run afterwards; other jobs do not matter."""
    first = await runs.ask(own, "cleanup", "api")
    assert await runs.claim(own, first.id)
    again = await runs.ask(own, "cleanup", "schedule")
    assert (again.id, again.status, again.asked_by) == (first.id, "running", "api")
    assert (await runs.ask(own, "evaluation", "api")).id != first.id
    await runs.finish(own, first.id, rows=7)
    assert (await runs.ask(own, "cleanup", "api")).id != first.id
    done = await runs.get(own, first.id)
    assert (done.status, done.rows, done.percent, done.is_active) == ("succeeded", 7, 100.0, False)
    assert done.seconds is not None


async def test_a_run_without_its_message_is_not_kept(own: OwnDatabase) -> None:
    """Row and message are one transaction: where the queue refuses, no run is left waiting for nobody."""
    async with own.begin() as connection:
        await connection.execute(text("ALTER TABLE giftwise_queue RENAME TO away"))
    with pytest.raises(Exception, match="giftwise_queue"):
        await runs.ask(own, "cleanup", "api")
    assert await scalar(own, "SELECT count(*) FROM job_runs") == 0


async def test_unknown_names_are_not_found(own: OwnDatabase) -> None:
    """Neither a job nor a run that does not exist is a server error."""
    with pytest.raises(NotFound, match="there is no job 'reboot'"):
        await runs.ask(own, "reboot", "api")
    with pytest.raises(NotFound):
        await runs.get(own, "no such run")


async def test_a_run_is_claimed_once(own: OwnDatabase) -> None:
    """Of two processes that take the same run, one gets it."""
    run = await runs.ask(own, "cleanup", "api")
    assert sorted(await asyncio.gather(*(runs.claim(own, run.id) for _ in range(2)))) == [False, True]


async def test_progress_is_seen_while_it_runs(own: OwnDatabase) -> None:
    """Step, percent and rows are those told last; a run that ended keeps its end."""
    run = await runs.ask(own, "cleanup", "api")
    await runs.claim(own, run.id)
    await runs.progress(own, run.id, "counting", 40.0, 12)
    seen = await runs.get(own, run.id)
    assert (seen.step, seen.percent, seen.rows) == ("counting", 40.0, 12)
    await runs.finish(own, run.id, error="it broke")
    await runs.progress(own, run.id, "counting", 60.0, 13)
    await runs.finish(own, run.id)
    ended = await runs.get(own, run.id)
    assert (ended.status, ended.error, ended.step, ended.percent) == ("failed", "it broke", "counting", 40.0)


async def test_a_dead_process_loses_its_run_and_a_living_one_keeps_it(own: OwnDatabase) -> None:
    """While the lock of a run is held it is left alone; the moment it is free, the run is lost and blocks nobody."""
    run = await runs.ask(own, "cleanup", "api")
    async with runs.turn(own.url, "cleanup"):
        await runs.claim(own, run.id)
        assert await runs.recover(own) == []
    assert await runs.recover(own) == [run.id]
    assert (await runs.get(own, run.id)).status == "lost"
    assert (await runs.ask(own, "cleanup", "api")).status == "queued"


async def test_a_lost_run_may_not_write(own: OwnDatabase) -> None:
    """A process that lives on after its run was given up cannot commit what it learned."""
    run = await runs.ask(own, "cleanup", "api")
    await runs.claim(own, run.id)
    async with own.begin() as connection:
        await runs.fence(connection, run.id)
    await runs.finish(own, run.id, error="its process died", lost=True)
    with pytest.raises(runs.RunLost):
        async with own.begin() as connection:
            await runs.fence(connection, run.id)


async def test_a_waiting_run_that_is_in_no_queue_is_given_up(own: OwnDatabase) -> None:
    """A queued run whose message is gone is lost after a minute, not before, and not while it is in the queue."""
    run = await runs.ask(own, "cleanup", "api")
    async with own.begin() as connection:
        await connection.execute(text("UPDATE job_runs SET created_at = now() - interval '2 minutes'"))
    assert await runs.recover(own) == []
    async with own.begin() as connection:
        await connection.execute(text("DELETE FROM giftwise_queue"))
        await connection.execute(text("UPDATE job_runs SET created_at = now()"))
    assert await runs.recover(own) == []
    async with own.begin() as connection:
        await connection.execute(text("UPDATE job_runs SET created_at = now() - interval '2 minutes'"))
    assert await runs.recover(own) == [run.id]


async def test_learning_is_one_at_a_time(own: OwnDatabase) -> None:
    """The second of two jobs gets its turn when the first has ended, even by a broken connection."""
    order = []

    async def work(job: str) -> None:
        async with runs.turn(own.url, job):
            order.append(f"{job} begins")
            await asyncio.sleep(0.2)
            order.append(f"{job} ends")

    await asyncio.gather(work("popular_items"), work("cleanup"))
    assert [line.split()[1] for line in order] == ["begins", "ends", "begins", "ends"]


async def test_listing_is_newest_first_and_latest_is_one_each(own: OwnDatabase) -> None:
    """The admin's list begins with what was asked last; `latest` knows each job's newest run."""
    first = await runs.ask(own, "cleanup", "api")
    await runs.finish(own, first.id, error="it broke")
    second = await runs.ask(own, "cleanup", "api")
    other = await runs.ask(own, "evaluation", "api")
    assert [run.id for run in await runs.listing(own)] == [other.id, second.id, first.id]
    assert [run.id for run in await runs.listing(own, job="cleanup", limit=1)] == [second.id]
    assert {job: run.id for job, run in (await runs.latest(own)).items()} == {
        "cleanup": second.id,
        "evaluation": other.id,
    }


def test_errors_are_short_and_hold_no_password() -> None:
    """What is kept of an error is one line of bounded length, the password of any URL in it hidden."""
    error = ValueError("no way to\npostgresql://someone:hunter2@db/x " + "long " * 500)
    words = runs.safe_error(error)
    assert words.startswith("ValueError: no way to postgresql://someone:***@db/x")
    assert len(words) <= runs.ERROR_LENGTH
