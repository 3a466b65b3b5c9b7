"""The schema of our own database: applied once, by anyone, in either form."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from giftwise.db.migrate import current_revision, differences, head, is_current, migrate, migration_sql
from giftwise.db.own import connect
from giftwise.db.queue_schema import QUEUE, is_converged, queries

MakeDatabase = Callable[[str], Awaitable[str]]


async def test_several_processes_starting_at_once_migrate_once(make_database: MakeDatabase) -> None:
    """Of four at once, one applies every revision, the others find nothing to do, and nobody fails."""
    url = await make_database("migrate")
    assert await current_revision(url) is None
    assert not await is_current(url)
    applied = await asyncio.gather(*(migrate(url) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ["0001", "0002", "0003", "0004", "0005", "0006"]]
    assert await current_revision(url) == head()
    assert await is_current(url)


async def test_tables_and_migrations_agree(own_url: str) -> None:
    """A column added to tables.py without a revision is noticed here."""
    assert await differences(own_url) == []


async def test_a_difference_would_be_seen(own_url: str) -> None:
    """The comparison above does see a table that changed."""
    connection = await asyncpg.connect(own_url)
    await connection.execute("ALTER TABLE popular_items DROP COLUMN place")
    await connection.close()
    assert "place" in str(await differences(own_url))


async def test_the_printed_script_makes_the_same_database(make_database: MakeDatabase) -> None:
    """What `giftwise migrate --sql` prints runs on an empty database and leaves nothing to migrate."""
    url = await make_database("offline")
    connection = await asyncpg.connect(url)
    await connection.execute(migration_sql())
    await connection.close()
    assert await is_current(url)
    assert await differences(url) == []
    assert await migrate(url) == []


async def test_a_queue_of_an_older_release_is_brought_up_to_date(own_url: str) -> None:
    """Migrating repairs what a newer PgQueuer needs and an older one did not make, and reports it as not current."""
    connection = await connect(own_url)
    await connection.execute(f"ALTER TABLE {QUEUE.queue_table} DROP COLUMN headers")
    assert not await is_current(own_url)
    assert await migrate(own_url) == []
    assert await is_converged(connection)
    await connection.close()


async def test_names_of_the_queue_are_ours(own_url: str) -> None:
    """The queue works under our own names, so a host's PgQueuer in the same database is left alone."""
    connection = await connect(own_url)
    assert await queries(connection).enqueue("run", b"payload")
    assert await connection.fetchval("SELECT count(*) FROM giftwise_queue") == 1
    await connection.close()
