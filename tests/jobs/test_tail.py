"""The live loops: who acted is forgotten, what is sold out is gone, and no failure ends a loop or is lost in it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.db.own import OwnDatabase
from giftwise.ids import IdKind
from giftwise.jobs.tail import InteractionTail, StockSweep
from tests.jobs.conftest import Learn
from tests.support.proxy import Proxy


class Cache:
    """What a cache is asked to do; `is_up` tells whether it does it."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.beats = 0
        self.is_up = True

    async def forget(self, users: list[str]) -> bool:
        if self.is_up:
            self.forgotten += users
        return self.is_up

    async def beat(self) -> None:
        self.beats += 1


@pytest.fixture
async def host(host_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The host's own connection."""
    connection = await asyncpg.connect(host_url)
    yield connection
    await connection.close()


@pytest.fixture
async def main(host_url: str) -> AsyncIterator[MainDatabase]:
    """What the worker reads the host through."""
    database = MainDatabase(host_url, load_mapping())
    yield database
    await database.close()


async def like(host: asyncpg.Connection, user: int) -> None:
    item = await host.fetchval(
        "SELECT id FROM handpicked_presents p WHERE user_id IS NULL AND NOT EXISTS (SELECT FROM handpicked_likes"
        " WHERE user_id = $1 AND handpicked_present_id = p.id) LIMIT 1", user
    )  # fmt: skip
    await host.execute(
        "INSERT INTO handpicked_likes (user_id, handpicked_present_id, created_at) VALUES ($1, $2, now())", user, item
    )


async def test_who_acted_is_forgotten_at_the_next_look(
    main: MainDatabase, own: OwnDatabase, host: asyncpg.Connection
) -> None:
    """A like is told once, as the id that hosts use; each good look beats."""
    cache = Cache()
    tail = InteractionTail(main, own, cache.forget, cache.beat, 0.1)
    await tail.turn()
    assert (cache.forgotten, cache.beats) == ([], 1)
    await like(host, 3)
    await tail.turn()
    await tail.turn()
    assert (cache.forgotten, cache.beats) == (["3"], 3)


async def test_a_cache_that_is_away_is_told_later_and_gets_no_beat(
    main: MainDatabase, own: OwnDatabase, host: asyncpg.Connection
) -> None:
    """Users whom the cache could not forget are told again until it has; meanwhile nothing vouches for it."""
    cache = Cache()
    tail = InteractionTail(main, own, cache.forget, cache.beat, 0.1)
    await tail.turn()
    cache.is_up = False
    await like(host, 3)
    await tail.turn()
    assert (cache.forgotten, cache.beats) == ([], 1)
    cache.is_up = True
    await like(host, 4)
    await tail.turn()
    assert (cache.forgotten, cache.beats) == (["3", "4"], 2)


async def test_a_next_worker_goes_on_where_the_last_one_was(
    main: MainDatabase, own: OwnDatabase, host: asyncpg.Connection
) -> None:
    """A like made while no worker ran is told by the next one."""
    cache = Cache()
    await InteractionTail(main, own, cache.forget, cache.beat, 0.1).turn()
    await like(host, 5)
    await InteractionTail(main, own, cache.forget, cache.beat, 0.1).turn()
    assert "5" in cache.forgotten


async def test_a_main_database_that_is_away_stops_the_beat_not_the_loop(
    host_url: str, own: OwnDatabase, host: asyncpg.Connection
) -> None:
    """While the host cannot be read there is no beat and one line of log; what happened meanwhile is told after."""
    cache = Cache()
    async with Proxy(host_url) as door:
        main = MainDatabase(door.url, load_mapping())
        tail = InteractionTail(main, own, cache.forget, cache.beat, 0.1)
        assert await tail.turn_safely()
        await door.shut()
        with capture_logs() as logs:
            for _ in range(3):
                assert not await tail.turn_safely()
        assert [line["event"] for line in logs].count("loop_failed") == 1
        assert cache.beats == 1
        await like(host, 6)
        await door.open()
        await main.close()
        tail._main = MainDatabase(door.url, load_mapping())
        assert await tail.turn_safely()
        assert (cache.forgotten, cache.beats) == (["6"], 2)
        await tail._main.close()


async def test_sold_out_items_go_and_come_back(
    main: MainDatabase, own: OwnDatabase, store: ModelStore, host: asyncpg.Connection, learn: Learn
) -> None:
    """An item sold out, deleted or made private is unavailable after the next look, and back with its stock."""
    await learn("popular_items")
    sweep, watcher = StockSweep(main, own, store, 0.1), ModelWatcher(store, 0.1)
    await sweep.turn()
    await watcher.look()
    version = watcher.current().version
    sold, private, deleted = await host.fetch(
        "SELECT id FROM handpicked_presents WHERE user_id IS NULL AND status = 'in_stock' ORDER BY id LIMIT 3"
    )
    await host.execute("UPDATE handpicked_presents SET status = 'out_of_stock' WHERE id = $1", sold["id"])
    await host.execute("UPDATE handpicked_presents SET user_id = 1 WHERE id = $1", private["id"])
    await host.execute("DELETE FROM handpicked_presents WHERE id = $1", deleted["id"])
    await sweep.turn()
    await sweep.turn()
    assert await watcher.look()
    snapshot = watcher.current()
    assert snapshot.version != version
    places = snapshot.model.positions(IdKind.INTEGER.array([row["id"] for row in (sold, private, deleted)]))
    assert snapshot.available[places].tolist() == [False, False, False]
    await host.execute("UPDATE handpicked_presents SET status = 'in_stock' WHERE id = $1", sold["id"])
    await sweep.turn()
    await watcher.look()
    assert watcher.current().available[places].tolist() == [True, False, False]


async def test_what_was_sold_out_when_learned_comes_back(
    main: MainDatabase, own: OwnDatabase, store: ModelStore, host: asyncpg.Connection, learn: Learn
) -> None:
    """An item that had no stock when the generation was learned is served as soon as it has."""
    item = await host.fetchval("SELECT min(id) FROM handpicked_presents WHERE user_id IS NULL")
    await host.execute("UPDATE handpicked_presents SET status = 'out_of_stock' WHERE id = $1", item)
    await learn("popular_items")
    sweep, watcher = StockSweep(main, own, store, 0.1), ModelWatcher(store, 0.1)
    await watcher.look()
    place = watcher.current().model.positions(IdKind.INTEGER.array([item]))
    assert not watcher.current().available[place].any()
    await host.execute("UPDATE handpicked_presents SET status = 'in_stock' WHERE id = $1", item)
    await sweep.turn()
    await watcher.look()
    assert watcher.current().available[place].all()


async def test_without_a_model_the_sweep_waits_in_silence(
    main: MainDatabase, own: OwnDatabase, store: ModelStore
) -> None:
    """Before the first generation there is nothing to sweep, and nothing to complain of."""
    with capture_logs() as logs:
        assert not await StockSweep(main, own, store, 0.1).turn_safely()
    assert logs == []


async def test_an_unchanged_stock_writes_nothing(
    main: MainDatabase, own: OwnDatabase, store: ModelStore, learn: Learn
) -> None:
    """A look that finds everything as served leaves the version as it is, so that no process reads it again."""
    await learn("popular_items")
    await StockSweep(main, own, store, 0.1).turn()
    state = await store.state()
    await StockSweep(main, own, store, 0.1).turn()
    assert await store.state() == state
    async with own.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM catalog_state"))).scalar_one() == 1
