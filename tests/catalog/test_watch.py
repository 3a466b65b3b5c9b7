"""What an API process serves from: swapped whole, kept when anything fails."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher, Snapshot
from giftwise.db.own import OwnDatabase
from giftwise.errors import BrokenModel, ModelNotReady, OwnDatabaseUnavailable
from tests.support.models import make_model

POLL = 0.05


@pytest.fixture
def store(own: OwnDatabase, tmp_path: Path) -> ModelStore:
    """The store of one host."""
    return ModelStore(own, tmp_path / "host")


async def publish(own: OwnDatabase, store: ModelStore, *, seed: int = 1) -> int:
    async with own.begin() as connection:
        return await store.publish(connection, *make_model(seed=seed))


async def until(condition: Callable[[], bool], seconds: float = 2.0) -> float:
    """Seconds until the condition held; fails after `seconds`."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.01)
    return time.monotonic() - started


async def test_nothing_to_serve_before_the_first_generation(own: OwnDatabase, store: ModelStore) -> None:
    """Without a generation a request is told to wait; the first one appears by itself."""
    watcher = ModelWatcher(store, POLL)
    await watcher.start()
    with pytest.raises(ModelNotReady):
        watcher.current()
    await publish(own, store)
    await until(lambda: watcher._snapshot is not None)
    assert watcher.current().version == "1.0"
    await watcher.stop()


async def test_generations_and_stock_swap_whole(own: OwnDatabase, store: ModelStore) -> None:
    """A new generation and a change of stock each become a new snapshot; one taken before stays as it was."""
    await publish(own, store)
    watcher = ModelWatcher(store, POLL)
    seen: list[Snapshot] = []
    watcher.on_change(seen.append)
    await watcher.start()
    taken = watcher.current()
    assert not taken.available[6]
    assert taken.available[0]
    async with own.begin() as connection:
        await store.set_unavailable(connection, gone=[1], back=[7])
    await until(lambda: watcher.current().version == "1.1")
    assert watcher.current().available[6]
    assert not watcher.current().available[0]
    assert watcher.current().model is taken.model
    await publish(own, store, seed=2)
    await until(lambda: watcher.current().version == "2.1")
    assert not np.array_equal(watcher.current().model["text"], taken.model["text"])
    assert taken.available[0]
    assert [snapshot.version for snapshot in seen] == ["1.0", "1.1", "2.1"]
    await watcher.stop()


async def test_an_idle_look_changes_nothing(own: OwnDatabase, store: ModelStore) -> None:
    """While nothing was published, the very same snapshot serves."""
    await publish(own, store)
    watcher = ModelWatcher(store, POLL)
    assert await watcher.look()
    taken = watcher.current()
    assert not await watcher.look()
    assert watcher.current() is taken


async def test_a_dead_database_keeps_the_snapshot_and_one_line_of_log(own: OwnDatabase, tmp_path: Path) -> None:
    """While the database is away the last snapshot serves on, and the log says so once, not once a look."""
    store = ModelStore(own, tmp_path / "host")
    await publish(own, store)
    watcher = ModelWatcher(store, 0.02)
    await watcher.start()
    taken = watcher.current()
    with capture_logs() as logs:
        store._own = OwnDatabase("postgresql://127.0.0.1:9/none")
        await asyncio.sleep(0.3)
        assert watcher.current() is taken
        assert [line["event"] for line in logs] == ["model_kept"]
        store._own = own
        await publish(own, store, seed=2)
        await until(lambda: len(logs) > 1)  # said by the first look that the database answers
        await until(lambda: watcher.current().version == "2.0")
        assert [line["event"] for line in logs] == ["model_kept", "model_watched_again"]
    await watcher.stop()


async def test_a_broken_generation_is_not_served(own: OwnDatabase, store: ModelStore, tmp_path: Path) -> None:
    """A generation whose bytes are damaged everywhere leaves the old one serving; a good one after it is taken."""
    await publish(own, store)
    other_host = ModelStore(own, tmp_path / "other")
    watcher = ModelWatcher(other_host, POLL)
    await watcher.look()
    await publish(own, store, seed=2)
    async with own.begin() as connection:
        await connection.execute(text("UPDATE model_blobs SET bytes = bytes || '\\x00'"))
    with pytest.raises(BrokenModel):
        await watcher.look()
    assert not await watcher.look()  # not tried again each second
    assert watcher.current().version == "1.0"
    await publish(own, store, seed=3)
    assert await watcher.look()
    assert watcher.current().version == "3.0"


async def test_a_start_without_the_database_serves_the_last_generation(
    own: OwnDatabase, store: ModelStore, tmp_path: Path
) -> None:
    """A process started while our database is down answers from what this host has on disk."""
    await publish(own, store)
    await ModelWatcher(store, POLL).look()
    dead = ModelStore(OwnDatabase("postgresql://127.0.0.1:9/none"), tmp_path / "host")
    watcher = ModelWatcher(dead, 60)
    with pytest.raises(OwnDatabaseUnavailable):
        await watcher.look()
    await watcher.start()
    assert len(watcher.current().model) == 50
    await watcher.stop()
