"""A small learnable host, cloned for each test, and what runs jobs on it in this process."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from giftwise.catalog.store import ModelStore
from giftwise.db.own import OwnDatabase
from giftwise.jobs import runs, worker
from giftwise.jobs.execute import execute
from giftwise.jobs.runs import Run
from giftwise.seeding.world import Scale, seed
from giftwise.settings import Settings
from tests.conftest import MakeDatabase
from tests.support.site import make_settings

TINY = Scale("tiny", public=120, private=40, likes=900, clicks=1_200, users=150)

Learn = Callable[..., Awaitable[Run]]


@pytest.fixture(scope="session")
async def host_template(make_database: MakeDatabase) -> str:
    """The name of a filled host database that nobody connects to, so that it can be cloned."""
    url = await make_database("host_template")
    await seed(url, TINY, now=datetime(2025, 6, 1, tzinfo=UTC))
    return url.rpartition("?")[0].rpartition("/")[2]


@pytest.fixture
async def host_url(make_database: MakeDatabase, host_template: str) -> str:
    """A host of this test's own, as its owner."""
    return await make_database("host", host_template)


@pytest.fixture
def settings(host_url: str, own_url: str, redis_db: str, tmp_path: Path) -> Settings:
    """Settings of a worker on this test's host."""
    return make_settings(host_url, own_url, redis_db, tmp_path / "data", live_tail_seconds=0.1, stock_sweep_seconds=0.1)


@pytest.fixture
def store(own: OwnDatabase, settings: Settings) -> ModelStore:
    """Where the jobs of these settings publish."""
    return ModelStore(own, settings.data_dir, "presents")


@pytest.fixture
def learn(own: OwnDatabase, settings: Settings) -> Learn:
    """Ask for a job and do it in this process; answers how it ended."""

    async def run(job: str) -> Run:
        asked = await runs.ask(own, job, "cli")
        await execute(settings, [asked.id])
        return await runs.get(own, asked.id)

    return run


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do runs without a process of their own, which test_kill.py is about: that saves its start each time."""

    async def run_here(own: OwnDatabase, settings: Settings, run_ids: Sequence[str], *_: object) -> list[Run]:
        await execute(settings, run_ids)
        return [await runs.get(own, run_id) for run_id in run_ids]

    monkeypatch.setattr(worker, "run_in_child", run_here)
