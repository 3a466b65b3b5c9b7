"""Jobs learn every catalog: each into its own model, presents alone into the contract's tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from giftwise.catalog.arrivals import Arrivals
from giftwise.catalog.store import ModelStore
from giftwise.db.own import OwnDatabase
from giftwise.interactions.event import Kind
from giftwise.jobs import newcomers, runs
from giftwise.jobs.execute import execute
from giftwise.jobs.newcomers import ArrivalWatch
from giftwise.jobs.progress import Progress
from giftwise.jobs.schedule import JOBS, SYNC_JOBS
from giftwise.settings import Settings
from tests.jobs.conftest import Learn
from tests.support.market import PushHost
from tests.support.site import make_settings


@pytest.fixture
def pushed(own_url: str, redis_db: str, tmp_path: Path) -> Settings:
    """Settings of a push host: no main database."""
    return make_settings(None, own_url, redis_db, tmp_path / "data")


@pytest.fixture
async def host(push_host: PushHost) -> PushHost:
    """Twelve businesses of two tastes, and eight people who like four of their own."""
    for number in range(12):
        await push_host.business(f"b{number:02}", ["coffee" if number < 6 else "books"], rating=4, rating_count=number)
    for user in range(8):
        for step in range(4):
            await push_host.deed(f"u{user}", f"b{(user % 2) * 6 + (user + step) % 6:02}", "like")
    return push_host


async def done(own: OwnDatabase, settings: Settings, *jobs: str) -> list[runs.Run]:
    """How these jobs ended, done in this process."""
    asked = [(await runs.ask(own, job, "cli")).id for job in jobs]
    await execute(settings, asked)
    return [await runs.get(own, run_id) for run_id in asked]


async def test_a_push_host_learns_its_businesses(own: OwnDatabase, pushed: Settings, host: PushHost) -> None:
    """Every job succeeds without a main database; neighbours are of one taste, mixed as a marketplace's are."""
    assert {run.status for run in await done(own, pushed, *(job.name for job in JOBS))} == {"succeeded"}
    store = ModelStore(own, pushed.data_dir, "businesses")
    model = await store.load((await store.state()).generation)
    assert len(model) == 12
    coffee = model.positions(model.id_kind.array([f"b{number:02}" for number in range(6)]))
    for place in coffee:
        assert set(model["neighbours"][place][:3].tolist()) <= set(coffee.tolist())
    assert model.facts["mix"]["many"][1] > 0.3, "what a business is counts"
    assert model.facts["read_at"] > 1.7e9
    places, kinds = model.history(np.array([b"u0"]))
    assert (len(places), set(kinds.tolist())) == (4, {Kind.LIKE})
    assert (await ModelStore(own, pushed.data_dir, "presents").state()).generation == 0


async def test_businesses_leave_the_contracts_tables_alone(
    own: OwnDatabase, settings: Settings, learn: Learn, host: PushHost
) -> None:
    """With both catalogs on, the tables of popular items, similarities and profiles hold presents alone."""
    for job in SYNC_JOBS:
        assert (await learn(job)).status == "succeeded"
    async with own.read() as connection:
        for table, column in (("popular_items", "item_id"), ("item_similarities", "item_id"),
                              ("user_similarities", "user_id"), ("user_profiles", "user_id")):  # fmt: skip
            rows = set((await connection.execute(text(f"SELECT {column} FROM {table}"))).scalars())
            assert len(rows) > 10
            assert not [row for row in rows if row[0] in "ub"]
        reports = (await connection.execute(text("SELECT DISTINCT catalog FROM evaluations"))).scalars()
        assert set(reports) == {"presents", "businesses"}
    for catalog in ("presents", "businesses"):
        assert (await ModelStore(own, settings.data_dir, catalog).state()).generation == 2


async def test_a_pull_host_is_as_before(own: OwnDatabase, settings: Settings, learn: Learn) -> None:
    """Nothing is published, kept or measured of businesses that nobody pushes."""
    for job in SYNC_JOBS:
        assert (await learn(job)).status == "succeeded"
    async with own.read() as connection:
        for table in ("generations", "catalog_state", "evaluations"):
            assert set((await connection.execute(text(f"SELECT catalog FROM {table}"))).scalars()) == {"presents"}


async def test_one_catalog_that_fails_does_not_keep_the_other(
    own: OwnDatabase, settings: Settings, host: PushHost, tmp_path: Path
) -> None:
    """The run has failed and says why; the businesses were learned all the same."""
    mapping = tmp_path / "wrong.toml"
    mapping.write_text('[items]\ntable = "nowhere"\nid = "id"\npublic = "TRUE"\n')
    (run,) = await done(own, settings.model_copy(update={"main_mapping": mapping}), "popular_items")
    assert run.status == "failed"
    assert "nowhere" in (run.error or "")
    assert (await ModelStore(own, settings.data_dir, "businesses").state()).generation == 1


async def test_a_catalog_that_lost_all_its_businesses_is_refused(
    own: OwnDatabase, pushed: Settings, host: PushHost
) -> None:
    """As for presents: far fewer items than before are taken for a bad read; what serves goes on."""
    await done(own, pushed, "popular_items")
    await host.conn.execute("DELETE FROM businesses")
    (run,) = await done(own, pushed, "popular_items")
    assert run.status == "failed"
    assert (await ModelStore(own, pushed.data_dir, "businesses").state()).generation == 1


async def test_progress_of_a_catalog_is_a_part_of_the_run(own: OwnDatabase) -> None:
    """Percents go on where the catalog before ended, and steps name theirs."""
    told: list[tuple[str, str, float, int]] = []
    progress = Progress(own, "run", lambda *words: told.append(words))
    progress.within("presents: ", 0, 50)
    progress("counting", 50)
    progress.within("businesses: ", 50, 100)
    progress("counting", 50)
    assert told == [("run", "presents: counting", 25.0, 0), ("run", "businesses: counting", 75.0, 0)]


@asynccontextmanager
async def watching(
    own: OwnDatabase, settings: Settings, host: PushHost
) -> AsyncIterator[tuple[ArrivalWatch, list[int]]]:
    """The worker's eye on a host, and a list that grows with each wish to learn."""
    wished: list[int] = []

    async def learn() -> None:
        wished.append(1)

    yield ArrivalWatch(Arrivals(host.main()), ModelStore(own, settings.data_dir, "businesses"), learn, 0.1), wished


async def test_the_first_businesses_are_learned_at_once(
    own: OwnDatabase, pushed: Settings, push_host: PushHost
) -> None:
    """An empty catalog wishes nothing; the first business does, once, not at every look."""
    async with watching(own, pushed, push_host) as (watch, wished):
        await watch.turn()
        assert wished == []
        await push_host.business(1)
        for _ in range(3):
            await watch.turn()
        assert wished == [1]


async def test_much_that_came_is_learned_at_once_and_little_is_not(
    own: OwnDatabase, pushed: Settings, host: PushHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes carry a few arrivals until the schedule's next run; many are worth one of their own."""
    await host.conn.execute("UPDATE businesses SET updated_at = now() - interval '1 hour'")
    await done(own, pushed, "popular_items")
    monkeypatch.setattr(newcomers, "MANY", 3)
    async with watching(own, pushed, host) as (watch, wished):
        await watch.turn()
        for number in (20, 21):
            await host.business(number)
        await watch.turn()
        assert wished == []
        await host.business(22)
        await watch.turn()
        assert wished == [1]


async def test_a_worker_of_a_push_host_learns_what_comes(
    own: OwnDatabase, pushed: Settings, push_host: PushHost, in_process: None
) -> None:
    """Started on nothing, it publishes the first generation when the first business is there."""
    from giftwise.jobs.worker import run_worker

    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(pushed.model_copy(update={"stock_sweep_seconds": 0.1}), stop=stop))
    store = ModelStore(own, pushed.data_dir, "businesses")
    try:
        await push_host.business(1, ["coffee"])
        async with asyncio.timeout(60):
            while not (await store.state()).generation:  # noqa: ASYNC110 - another task's work is waited for
                await asyncio.sleep(0.05)
        await push_host.delete("businesses", 1)
        async with asyncio.timeout(60):
            while not len(await store.unavailable((await store.load(1)).id_kind)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)
