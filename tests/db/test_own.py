"""Our own database: transactions, COPY, and what callers see when the server is away."""

import time
import traceback

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from giftwise.db.own import OwnDatabase, copy, raw
from giftwise.errors import OwnDatabaseUnavailable

SECRET = "hunter2-secret"


async def count(own: OwnDatabase, table: str) -> int:
    async with own.read() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_a_transaction_is_committed_whole_or_not_at_all(own_url: str) -> None:
    """A block that raises leaves nothing of what it wrote, by statement or by COPY."""
    own = OwnDatabase(own_url)
    columns = ("item_id", "similar_item_id", "similarity_score")
    with pytest.raises(RuntimeError):
        async with own.begin() as connection:
            await copy(connection, "item_similarities", columns, [("1", "2", 0.5)])
            raise RuntimeError("half-way")
    assert await count(own, "item_similarities") == 0
    async with own.begin() as connection:
        assert await copy(connection, "item_similarities", columns, [("1", "2", 0.5)]) == 1
    assert await count(own, "item_similarities") == 1
    await own.close()


async def test_copy_knows_no_limit_of_parameters(own_url: str) -> None:
    """Far more rows than the 32,767 parameters of one statement are written in one call."""
    own = OwnDatabase(own_url)
    rows = ((str(number), "0", 1.0) for number in range(100_000))
    async with own.begin() as connection:
        written = await copy(connection, "user_similarities", ("user_id", "similar_user_id", "similarity_score"), rows)
    assert written == await count(own, "user_similarities") == 100_000
    await own.close()


async def test_copy_takes_json_as_text(own_url: str) -> None:
    """JSON columns come back as what their text says."""
    own = OwnDatabase(own_url)
    async with own.begin() as connection:
        await copy(connection, "evaluations", ("catalog", "report"), [("presents", '{"a": [1, "ю"]}')])
        assert (await connection.execute(text("SELECT report FROM evaluations"))).scalar_one() == {"a": [1, "ю"]}
    await own.close()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://someone:{SECRET}@127.0.0.1:9/nowhere",
        f"postgres://someone:{SECRET}@no-such-host.invalid/nowhere",
        f"postgresql://someone:{SECRET}@/nowhere?host=/no/such/folder",
    ],
)
async def test_an_absent_server_is_named_without_its_password(url: str) -> None:
    """A server that is not there is OwnDatabaseUnavailable within the connect timeout, and no text holds the URL."""
    own = OwnDatabase(url)
    started = time.monotonic()
    with pytest.raises(OwnDatabaseUnavailable) as caught:
        await own.ping()
    assert time.monotonic() - started < 20  # and not the minutes of a network's own limit
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    await own.close()


async def test_a_wrong_password_is_unavailable_too(postgres_url: str) -> None:
    """A database or login that does not exist is no crash of ours: the caller sees the same 503."""
    own = OwnDatabase(postgres_url.replace("/postgres?", "/no_such_database?"))
    with pytest.raises(OwnDatabaseUnavailable, match="InvalidCatalogNameError"):
        await own.ping()
    await own.close()


async def test_a_mistake_in_sql_stays_a_mistake(own_url: str) -> None:
    """Wrong SQL is not mistaken for a dead server."""
    own = OwnDatabase(own_url)
    with pytest.raises(ProgrammingError):
        async with own.begin() as connection:
            await connection.execute(text("SELECT nothing FROM nowhere"))
    await own.close()


async def test_a_disk_error_in_a_transaction_stays_a_disk_error(own_url: str) -> None:
    """What the caller's own work raises within a transaction is not blamed on the database."""
    own = OwnDatabase(own_url)
    with pytest.raises(FileNotFoundError):
        async with own.begin():
            raise FileNotFoundError("a file")
    await own.close()


async def test_connections_closed_by_the_server_are_replaced(own_url: str, postgres_url: str) -> None:
    """After the server drops every connection (a restart, a failover), the next transaction works at once."""
    own = OwnDatabase(own_url, pool_size=2)
    await own.ping()
    killer = await asyncpg.connect(postgres_url)
    name = own_url.rpartition("?")[0].rpartition("/")[2]
    # Wait until they are gone (5 s at most): a connection that is still going away may fail one transaction.
    await killer.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
    await killer.close()
    await own.ping()
    await own.close()


async def test_a_connection_lost_in_a_transaction_is_unavailable(own_url: str) -> None:
    """A transaction whose connection dies is reported as not applied, by statement and by COPY."""
    own = OwnDatabase(own_url)
    for lost in (text("SELECT pg_terminate_backend(pg_backend_pid())"),):
        with pytest.raises(OwnDatabaseUnavailable):
            async with own.begin() as connection:
                await connection.execute(lost)
                await connection.execute(text("SELECT 1"))
    with pytest.raises(OwnDatabaseUnavailable):
        async with own.begin() as connection:
            await (await raw(connection)).execute("SELECT pg_terminate_backend(pg_backend_pid())")
    await own.close()


async def test_a_full_pool_is_unavailable_not_a_hang(own_url: str) -> None:
    """A request that finds every connection taken gives up after the connect timeout."""
    own = OwnDatabase(own_url, pool_size=1)
    async with own.begin():
        started = time.monotonic()
        with pytest.raises(OwnDatabaseUnavailable):
            await own.ping()
        assert time.monotonic() - started < 20  # and not the minutes of a network's own limit
    await own.close()


async def test_a_slow_statement_is_stopped(own_url: str) -> None:
    """The statement timeout of a transaction holds, and counts as unavailable."""
    own = OwnDatabase(own_url)
    with pytest.raises(OwnDatabaseUnavailable, match="QueryCanceled"):
        async with own.begin(statement_ms=50) as connection:
            await connection.execute(text("SELECT pg_sleep(5)"))
    await own.close()
