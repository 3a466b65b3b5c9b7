"""The host's database: read only, quick to fail, quick to come back, silent about secrets."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator

import asyncpg
import numpy as np
import polars
import pytest

from giftwise.catalog.presents import read_available, read_items
from giftwise.db import main as main_module
from giftwise.db import totals as totals_module
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.errors import MainDatabaseUnavailable, MappingError
from giftwise.interactions.bulk import read_interactions
from giftwise.interactions.tail import open_tails
from giftwise.people.users import read_crowd, read_demographics
from giftwise.seeding.host import create_reader
from tests.support.host import Host, MakeDatabase, open_host
from tests.support.proxy import Proxy

QUICK = 0.1  # seconds that a call may cost while the database is known to be down: a time limit of 100 ms would show


@pytest.fixture(scope="module")
async def host(make_database: MakeDatabase) -> AsyncIterator[Host]:
    """One present, two users, a like and a click each."""
    async with open_host(make_database, own_database=True) as opened:
        await opened.present(1, title="A mug", price=300)
        await opened.present(2, title="Mine alone", owner=1)
        for user in (1, 2):
            await opened.user(user, "f")
            await opened.like(user, 1)
            await opened.click(user, 1)
        yield opened


@pytest.fixture
async def quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probes and time limits short enough for a test."""
    monkeypatch.setattr(main_module, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(main_module, "ACQUIRE_SECONDS", 0.2)
    monkeypatch.setattr(main_module, "CLIENT_GRACE_SECONDS", 0.05)


@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES (1, 1)",
        "CREATE TEMP TABLE t (i int)",
        "SELECT nextval('handpicked_likes_id_seq')",
    ],
)
async def test_even_the_owner_cannot_write_through_it(host: Host, write: str) -> None:
    """Every connection is read only by itself, whatever the role may do: requests' and bulk reads' alike."""
    main = host.main()
    for read in (main.fetch, main.read_rows):
        with pytest.raises(MappingError, match="read-only transaction"):
            await read(write)
    assert main.fault is None, "a mistaken expression must not count as a dead server"


async def test_a_role_with_select_alone_suffices(host: Host) -> None:
    """Everything that is ever read works as a role that may only SELECT."""
    await create_reader(host.conn, "only_reads", None)
    main = host.main(url=host.url.replace("//postgres:", "//only_reads:"))
    items = await read_items(main)
    interactions = await read_interactions(main, items)
    assert (await read_available(main, items.ids)).tolist() == [True]
    assert len(interactions) == 4
    assert (await read_crowd(main, interactions.user_ids)).gender.tolist() == [1, 1]
    assert await read_demographics(main, 1) is not None
    for tail in open_tails(await main.schema(), {}):
        assert await tail.new_events(main) == []
    assert (await main.totals()).total_items == 1


async def test_a_missing_grant_says_so(host: Host) -> None:
    """Where SELECT was forgotten the error names the table and the remedy; an optional table is noted and absent."""
    await create_reader(host.conn, "reads_little", None)
    await host.conn.execute("REVOKE SELECT ON users, handpicked_likes FROM reads_little")
    main = host.main(url=host.url.replace("//postgres:", "//reads_little:"))
    with pytest.raises(MappingError, match="permission denied for table handpicked_likes; grant SELECT"):
        await main.schema()
    await host.conn.execute("GRANT SELECT ON handpicked_likes TO reads_little")
    schema = await main.schema()
    assert schema.users is None
    assert any("SELECT is not granted" in note for note in schema.notes)


async def test_a_dead_server_is_felt_once(host: Host, quick_probe: None) -> None:
    """After one failure calls fail at once; within a second of the server's return they work, without a restart."""
    async with Proxy(host.url) as door:
        main = host.main(url=door.url)
        await main.fetch("SELECT 1")
        await door.shut()
        with pytest.raises(MainDatabaseUnavailable):
            await main.fetch("SELECT 1")
        started = time.perf_counter()
        for _ in range(10):
            with pytest.raises(MainDatabaseUnavailable):
                await main.fetch("SELECT 1")
        assert (time.perf_counter() - started) / 10 < QUICK
        await door.open()
        await _back(main)


async def test_a_frozen_server_costs_one_time_limit(host: Host, quick_probe: None) -> None:
    """A server that accepts and says nothing is dropped after the time limit, and found again when it thaws."""
    async with Proxy(host.url) as door:
        main = host.main(url=door.url, statement_timeout_ms=100)
        await main.fetch("SELECT 1")
        door.freeze()
        started = time.perf_counter()
        with pytest.raises(MainDatabaseUnavailable):
            await main.fetch("SELECT 1")
        assert time.perf_counter() - started < 10  # and not the minutes of a network's own limit
        started = time.perf_counter()
        with pytest.raises(MainDatabaseUnavailable):
            await main.fetch("SELECT 1")
        assert time.perf_counter() - started < QUICK
        door.thaw()
        await _back(main)


async def test_a_server_that_was_never_there_is_found_when_it_comes(host: Host, quick_probe: None) -> None:
    """The engine may start first: nothing is needed to create it, and the schema is resolved once it can be."""
    door = Proxy(host.url)
    main = host.main(url=door.url)
    with pytest.raises(MainDatabaseUnavailable):
        await main.schema()
    with pytest.raises(MainDatabaseUnavailable):
        await read_items(main)
    async with door:
        await _back(main)
        assert len(await read_items(main)) == 1


async def test_a_connection_that_died_while_idle_is_replaced(host: Host) -> None:
    """One killed connection is no failure, whatever of its end has arrived yet: the read is done again on another."""
    main = host.main()
    for _ in range(30):
        pid = (await main.fetch("SELECT pg_backend_pid()"))[0][0]
        await host.conn.execute("SELECT pg_terminate_backend($1)", pid)
        assert (await main.fetch("SELECT 1"))[0][0] == 1
        assert main.fault is None


async def test_one_slow_query_is_its_own_trouble(host: Host) -> None:
    """A query past the statement timeout fails alone; others go on at once."""
    main = host.main(statement_timeout_ms=50)
    with pytest.raises(MainDatabaseUnavailable, match="statement timeout"):
        await main.fetch("SELECT pg_sleep(1)")
    assert (await main.fetch("SELECT 1"))[0][0] == 1
    assert (await main.read_rows("SELECT 1 FROM pg_sleep(0.1)"))[0][0] == 1, "bulk reads have time"


async def test_more_callers_than_connections_wait_their_turn(host: Host) -> None:
    """A hundred reads at once share two connections and all succeed."""
    main = host.main(pool_size=2)
    rows = await asyncio.gather(*(main.fetch("SELECT $1::int, pg_backend_pid()", number) for number in range(100)))
    assert [row[0][0] for row in rows] == list(range(100))
    assert len({row[0][1] for row in rows}) <= 2


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@/host?host=/nowhere",
        "postgresql+asyncpg://me:s3cret@127.0.0.1:1/host",
        "postgresql://me:s3cret/with:slash@127.0.0.1/host",
        "mysql://me:s3cret@127.0.0.1/host",
    ],
)
async def test_no_error_shows_the_password(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Unreachable or malformed, a URL's password is in no error, no cause of it, and no log."""
    main = MainDatabase(url, load_mapping())
    try:
        for read in (main.fetch, main.read_rows):
            with pytest.raises(MainDatabaseUnavailable) as raised:
                await read("SELECT 1")
            assert "s3cret" not in "".join(traceback.format_exception(raised.value))
        assert "s3cret" not in caplog.text
    finally:
        await main.close()


async def test_a_schema_that_changes_under_us_is_resolved_again(make_database: MakeDatabase) -> None:
    """A column dropped while serving fails one read by name; the next read does without it."""
    async with open_host(make_database) as host:
        await host.present(1, title="A mug", price=300)
        main = host.main()
        assert (await read_items(main)).price.tolist() == [300]
        await host.conn.execute("ALTER TABLE handpicked_presents DROP price")
        with pytest.raises(MappingError, match="price"):
            await read_items(main)
        assert np.isnan((await read_items(main)).price).all()


async def test_a_table_added_later_is_noticed(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional table that the host adds is read without a restart."""
    async with open_host(make_database) as host:
        await host.conn.execute("ALTER TABLE users RENAME TO people")
        main = host.main()
        assert (await main.schema()).users is None
        await host.conn.execute("ALTER TABLE people RENAME TO users")
        monkeypatch.setattr(main_module, "SCHEMA_SECONDS", 0)
        assert (await main.schema()).users is not None


async def test_a_frame_has_the_columns_asked_for(host: Host) -> None:
    """Bulk rows come with names and dtypes; nulls, quotes and line breaks survive; no rows keep the columns."""
    main = host.main()
    columns = {"number": polars.Int64, "word": polars.String}
    frame = await main.read_frame(
        "SELECT * FROM (VALUES (1, 'a \"b\", c'), (NULL, E'two\\nlines'), (3, NULL)) AS t", columns=columns
    )
    assert frame.rows() == [(1, 'a "b", c'), (None, "two\nlines"), (3, None)]
    assert frame.schema == columns
    none = await main.read_frame("SELECT 1, 'a' WHERE $1::int = 2", 1, columns=columns)
    assert none.rows() == []
    assert none.schema == columns


async def test_totals_are_counted_once_and_estimated_where_large(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public items, likes, clicks, active users: exact when small; statistics when large; once for all who ask."""
    main = host.main()
    exact = await main.totals()
    assert (exact.total_items, exact.total_likes, exact.total_clicks, exact.active_users) == (1, 2, 2, 2)
    await host.conn.execute("ANALYZE")
    monkeypatch.setattr(totals_module, "EXACT_BELOW", 2)
    assert await host.main().totals() == exact, "analysed tables as small as these are estimated exactly"

    async def never(*_: object) -> list[asyncpg.Record]:
        raise AssertionError("counted twice")

    monkeypatch.setattr(main, "read_rows", never)
    assert await main.totals() == exact


async def _back(main: MainDatabase) -> None:
    """Wait until the database answers."""
    async with asyncio.timeout(30):
        while True:
            try:
                await main.ping()
            except MainDatabaseUnavailable:
                await asyncio.sleep(0.02)
            else:
                return
