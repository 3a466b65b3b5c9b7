"""The host's own indexes serve every request-time query: no sequential scan, no cast on an id column."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from giftwise.catalog.arrivals import arrivals_query, mark_query
from giftwise.catalog.presents import CHUNK, available_query, cards_query
from giftwise.db.mapping import load_mapping
from giftwise.interactions.history import history_query
from giftwise.interactions.tail import query_by_id, query_by_time
from giftwise.people.users import crowd_query, user_query
from giftwise.recommend.customers import customer_query
from giftwise.seeding.host import EVENT_TABLES, IdType, create_indexes, create_tables
from tests.support.host import Host, MakeDatabase, make_id, open_bare_host, open_host
from tests.support.market import PushHost

PRESENTS, LIKES, USERS = 20_000, 30_000, 3_000
KINDS = ("integer", "bigint", "uuid", "text", "varchar", "char(12)")


@pytest.fixture(scope="module", params=KINDS)
async def host(make_database: MakeDatabase, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Host, str]]:
    """A host large enough that PostgreSQL has a reason to use an index, with ids of one column type."""
    kind = request.param
    base: IdType = kind if kind in ("bigint", "uuid") else "text"
    async with open_bare_host(make_database, base, base) as opened:
        conn = opened.conn
        await create_tables(conn, id_type=base, user_id_type=base)
        if kind != base:
            for table in ("handpicked_presents", "users"):
                await conn.execute(f"ALTER TABLE {table} ALTER id DROP DEFAULT, ALTER id TYPE {kind} USING NULL")
            for table in EVENT_TABLES:
                for column in ("user_id", "handpicked_present_id"):
                    await conn.execute(f"ALTER TABLE {table} ALTER {column} TYPE {kind} USING NULL")
        await conn.execute(f"INSERT INTO users (id) SELECT {_sql_id(kind, 'n')} FROM generate_series(1, {USERS}) n")
        await conn.execute(
            f"INSERT INTO handpicked_presents (id, description)"
            f" SELECT {_sql_id(kind, 'n')}, repeat('words ', 20) FROM generate_series(1, {PRESENTS}) n"
        )
        person, item = (_sql_id(kind, f"(n % {most} + 1)") for most in (USERS, PRESENTS))
        for table in EVENT_TABLES:
            await conn.execute(
                f"INSERT INTO {table} (user_id, handpicked_present_id, created_at)"
                f" SELECT {person}, {item}, now() - n * interval '1 minute' FROM generate_series(1, {LIKES}) n"
            )
        await create_indexes(conn)
        yield opened, kind


async def test_a_request_reads_by_index(host: tuple[Host, str]) -> None:
    """History, one user, the stock sweep's ids and a crowd's: each is found by the host's index on the bare column."""
    opened, kind = host
    main = opened.main()
    schema = await main.schema()
    assert schema.users is not None
    one = _id(kind, 77)
    several = [_id(kind, number) for number in range(1, 200)]
    for sql, argument, indexes in (
        (history_query(schema), one, 3),
        (user_query(schema.users), one, 1),
        (available_query(schema), several, 1),
        (crowd_query(schema.users), several, 1),
    ):
        for plan in (await _plan(main, sql, argument), await _generic_plan(opened, sql)):
            scans = list(_nodes(plan))
            assert "Seq Scan" not in {node["Node Type"] for node in scans}, sql
            assert sum("Index Cond" in node for node in scans) == indexes, sql


async def test_the_stock_sweep_reads_by_primary_key(host: tuple[Host, str]) -> None:
    """Even a whole chunk of ids is looked up by key, never by reading the table."""
    opened, kind = host
    main = opened.main()
    several = [_id(kind, number) for number in range(1, CHUNK + 1)]
    plan = await _plan(main, available_query(await main.schema()), several)
    assert {node.get("Index Name") for node in _nodes(plan)} >= {"handpicked_presents_pkey"}


async def test_the_tail_reads_by_key_or_time(host: tuple[Host, str]) -> None:
    """A look at the live tail touches only the newest rows, by primary key or by the index on the time."""
    opened, _ = host
    main = opened.main()
    likes = (await main.schema()).interactions[0]
    by_id = await _plan(main, query_by_id(likes), LIKES - 50)
    assert {node.get("Index Name") for node in _nodes(by_id)} >= {"handpicked_likes_pkey"}
    newest = await opened.conn.fetchval("SELECT extract(epoch FROM max(created_at))::float8 FROM handpicked_likes")
    by_time = await _plan(main, query_by_time(likes), newest - 600)
    assert {node.get("Index Name") for node in _nodes(by_time)} >= {"index_handpicked_likes_on_created_at"}


async def test_the_newest_clicks_are_not_searched_among_everybodys(make_database: MakeDatabase) -> None:
    """For a frequent visitor the limit on clicks would tempt the planner to walk everybody's clicks by time."""
    async with open_host(make_database) as host:
        await host.conn.execute(
            "INSERT INTO handpicked_present_clicks (user_id, handpicked_present_id, created_at)"
            " SELECT CASE WHEN n % 12 = 0 THEN 77 ELSE n END, n, now() - n * interval '1 minute'"
            f" FROM generate_series(1, {LIKES}) n; ANALYZE handpicked_present_clicks"
        )
        clicks = load_mapping().interactions[1:2]
        main = host.main(load_mapping().model_copy(update={"interactions": clicks}))
        plan = await _plan(main, history_query(await main.schema()), 77)
        assert {node.get("Index Name") for node in _nodes(plan)} - {None} == {
            "index_handpicked_present_clicks_on_user_id"
        }


async def test_a_list_of_businesses_reads_by_index(push_host: PushHost) -> None:
    """One user, their deeds, the rows of what is shown and what came since: each by an index of our own tables."""
    await push_host.conn.execute(
        f"INSERT INTO businesses (id, name, updated_at) SELECT n, n, now() - n * interval '1 minute'"
        f" FROM generate_series(1, {PRESENTS}) n;"
        f"INSERT INTO users (id) SELECT n FROM generate_series(1, {USERS}) n;"
        f"INSERT INTO user_interactions SELECT n % {USERS}, n, kind, 1, now() - n * interval '1 minute'"
        f" FROM generate_series(1, {LIKES}) n, unnest(ARRAY['view', 'like']) kind;"
        "ANALYZE businesses, users, user_interactions"
    )
    main = push_host.main()
    schema = await main.schema()
    assert schema.users is not None
    since = await push_host.conn.fetchval("SELECT extract(epoch FROM now() - interval '5 minutes')::float8")
    for sql, argument, indexes in (
        (history_query(schema), "77", 2),
        (customer_query(schema.users), "77", 1),
        (cards_query(schema), [str(number) for number in range(1, 60)], 1),
        (mark_query(schema), since, 1),
        (arrivals_query(schema), since, 1),
    ):
        scans = list(_nodes(await _plan(main, sql, argument)))
        assert "Seq Scan" not in {node["Node Type"] for node in scans}, sql
        assert sum("Index Cond" in node for node in scans) == indexes, sql


def _sql_id(kind: str, number: str) -> str:
    """SQL of an id made of a number, as `_id` makes it."""
    if kind in ("bigint", "integer"):
        return number
    return (
        f"(lpad(to_hex({number}), 16, '0') || lpad(to_hex({number}), 16, '0'))::uuid"
        if kind == "uuid"
        else f"'id-' || {number}"
    )


def _id(kind: str, number: int) -> Any:
    if kind in ("bigint", "integer"):
        return number
    return make_id("uuid", number) if kind == "uuid" else f"id-{number}"


async def _plan(main: Any, sql: str, argument: object) -> dict[str, Any]:
    rows = await main.fetch(f"EXPLAIN (FORMAT JSON) {sql}", argument)
    plan: dict[str, Any] = json.loads(rows[0][0])[0]["Plan"]
    return plan


async def _generic_plan(host: Host, sql: str) -> dict[str, Any]:
    """The plan that a prepared statement may settle on, whatever its argument."""
    await host.conn.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE asked AS {sql}")
    try:
        rows = await host.conn.fetchval("EXPLAIN (FORMAT JSON) EXECUTE asked(NULL)")
    finally:
        await host.conn.execute("DEALLOCATE asked; RESET plan_cache_mode")
    plan: dict[str, Any] = json.loads(rows)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
