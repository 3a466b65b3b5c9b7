"""The host's tables: the contract's columns, keys that continue, a reader who can only read, foreign data kept."""

import asyncpg
import pytest

from giftwise.seeding.host import (
    PRESENTS,
    TABLES,
    ForeignData,
    IdType,
    clear_tables,
    create_host_schema,
    create_reader,
    mark_origin,
    origin_of,
)


@pytest.mark.parametrize(("id_type", "user_id_type"), [("bigint", "uuid"), ("uuid", "text"), ("text", "bigint")])
async def test_ids_have_the_kind_asked_for(conn: asyncpg.Connection, id_type: IdType, user_id_type: IdType) -> None:
    """Every column that holds a present's or a user's id has the kind that was asked for."""
    await create_host_schema(conn, id_type=id_type, user_id_type=user_id_type)
    columns = await conn.fetch("SELECT table_name, column_name, data_type FROM information_schema.columns")
    kinds = {(row["table_name"], row["column_name"]): row["data_type"] for row in columns}
    assert {kinds[PRESENTS, "id"]} | {kinds[t, "handpicked_present_id"] for t in TABLES[1:4]} == {id_type}
    assert {kinds["users", "id"]} | {kinds[table, "user_id"] for table in TABLES[:4]} == {user_id_type}


async def test_a_row_needs_no_id(conn: asyncpg.Connection) -> None:
    """A row inserted without an id gets one, of every kind."""
    for id_type in ("bigint", "uuid", "text"):
        await clear_tables(conn, "generated", replace=True)
        await create_host_schema(conn, id_type=id_type)
        assert await conn.fetchval(f"INSERT INTO {PRESENTS} (title) VALUES ('A mug') RETURNING id") is not None


async def test_an_anonymous_visitor_clicks_but_never_likes(conn: asyncpg.Connection) -> None:
    """A click may have no user, a like may not."""
    await create_host_schema(conn)
    await conn.execute("INSERT INTO handpicked_present_clicks (handpicked_present_id) VALUES (1)")
    with pytest.raises(asyncpg.NotNullViolationError):
        await conn.execute("INSERT INTO handpicked_likes (handpicked_present_id) VALUES (1)")


@pytest.mark.parametrize(
    "forbidden",
    [
        "INSERT INTO users (id) VALUES (1)",
        "UPDATE handpicked_presents SET title = ''",
        "DELETE FROM handpicked_likes",
        "TRUNCATE handpicked_likes",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE another",
        "SELECT nextval('users_id_seq')",
    ],
)
async def test_the_reader_can_only_read(url: str, conn: asyncpg.Connection, forbidden: str) -> None:
    """Whatever a reader tries besides SELECT is refused, even where the role could do it before."""
    await create_host_schema(conn)
    await create_reader(conn, "a reader", "it's secret")
    await conn.execute('GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO "a reader"')
    await create_reader(conn, "a reader", None)
    await conn.execute("CREATE TABLE later (id int)")
    reader = await asyncpg.connect(url, user="a reader")
    try:
        assert await reader.fetchval("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM later)") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(forbidden)
    finally:
        await reader.close()


async def test_a_hosts_own_data_is_kept(conn: asyncpg.Connection) -> None:
    """Rows that we did not make are dropped only on request; empty tables of a host may go."""
    await create_host_schema(conn)
    await conn.execute("INSERT INTO users (id) VALUES (1)")
    with pytest.raises(ForeignData, match="users: data that giftwise did not make"):
        await clear_tables(conn, "generated", replace=False)
    assert await conn.fetchval("SELECT count(*) FROM users") == 1
    await conn.execute("DELETE FROM users")
    await clear_tables(conn, "generated", replace=False)
    assert await conn.fetchval("SELECT to_regclass('users') IS NULL")


async def test_imported_data_is_not_lost_to_a_seed(conn: asyncpg.Connection) -> None:
    """A seed never replaces an import unasked; an import may replace either."""
    await create_host_schema(conn)
    await conn.execute("INSERT INTO users (id) VALUES (1)")
    await mark_origin(conn, "imported")
    with pytest.raises(ForeignData, match="imported data"):
        await clear_tables(conn, "generated", replace=False)
    await clear_tables(conn, "imported", replace=False)
    assert await origin_of(conn) is None


async def test_what_others_built_on_the_tables_is_named(conn: asyncpg.Connection) -> None:
    """A view on our tables stops a replacement with an error that names it, and nothing is dropped with it."""
    await create_host_schema(conn)
    await conn.execute("CREATE VIEW women AS SELECT * FROM users WHERE gender = 'f'")
    with pytest.raises(ForeignData, match="view women"):
        await clear_tables(conn, "generated", replace=True)
