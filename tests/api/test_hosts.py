"""Any host by configuration: UUID ids, a schema with other names, optional tables missing; the same promises hold."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from giftwise.jobs.worker import run_once
from giftwise.seeding.host import IdType
from giftwise.seeding.world import Scale, seed
from tests.api.test_lists import walk
from tests.conftest import MakeDatabase
from tests.support.site import Site, make_settings, open_site

TINY = Scale("tiny", public=300, private=500, likes=3_000, clicks=4_000, users=300)

OTHER_SCHEMA = """
    CREATE SCHEMA shop;
    ALTER TABLE handpicked_presents SET SCHEMA shop;
    ALTER TABLE handpicked_likes SET SCHEMA shop;
    ALTER TABLE shop.handpicked_presents RENAME TO goods;
    ALTER TABLE shop.goods RENAME id TO "GoodId";
    ALTER TABLE shop.goods RENAME title TO name;
    ALTER TABLE shop.goods RENAME user_id TO owner;
    ALTER TABLE shop.goods ADD cents bigint, ADD stock int;
    UPDATE shop.goods SET cents = price * 100, stock = CASE status WHEN 'in_stock' THEN 3 ELSE 0 END;
    ALTER TABLE shop.goods DROP price, DROP status, DROP image_url, DROP currency;
    ALTER TABLE shop.handpicked_likes RENAME TO wishes;
    ALTER TABLE shop.wishes RENAME user_id TO who;
    ALTER TABLE shop.wishes RENAME handpicked_present_id TO what;
    DROP TABLE users, handpicked_present_clicks, handpicked_purchases;
"""
OTHER_MAPPING = """
    [items]
    table = "shop.goods"
    id = '"GoodId"'
    public = "owner IS NULL"
    available = "stock > 0"
    title = "name"
    price = "cents / 100.0"
    category = "categories->>'category'"
    suitable_for = "categories->'suitable_for'"
    created_at = "created_at"

    [[interactions]]
    kind = "like"
    table = "shop.wishes"
    id = "id"
    user = "who"
    item = "what"
    at = "created_at"
"""


@dataclass(frozen=True)
class Case:
    """One host: what its ids look like, and how its own tables are asked."""

    id_type: IdType
    schema: str = ""
    mapping: str = ""
    public: str = "SELECT id FROM handpicked_presents WHERE user_id IS NULL AND status = 'in_stock'"
    likes: str = "SELECT user_id AS who, handpicked_present_id AS what FROM handpicked_likes"


CASES = {
    "uuid": Case("uuid"),
    "text": Case("text"),
    "other schema": Case(
        "bigint",
        OTHER_SCHEMA,
        OTHER_MAPPING,
        public='SELECT "GoodId" FROM shop.goods WHERE owner IS NULL AND stock > 0',
        likes="SELECT who, what FROM shop.wishes",
    ),
}


@pytest.fixture(scope="module", params=CASES, ids=str)
async def case(
    request: pytest.FixtureRequest,
    make_database: MakeDatabase,
    migrated_template: str,
    redis_db_of_hosts: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Case, asyncpg.Connection, Site]]:
    """A learned host of each case, and its API."""
    found = CASES[request.param]
    folder: Path = tmp_path_factory.mktemp("host")
    url = await make_database("case")
    await seed(url, TINY, id_type=found.id_type, user_id_type=found.id_type)
    conn = await asyncpg.connect(url)
    await conn.execute(found.schema or "SELECT 1")
    mapping = folder / "mapping.toml"
    mapping.write_text(found.mapping)
    settings = make_settings(
        url,
        await make_database("case_own", migrated_template),
        redis_db_of_hosts,
        folder,
        main_mapping=mapping if found.mapping else None,
    )
    runs = await run_once(settings)
    assert {run.status for run in runs} == {"succeeded"}, runs
    async with open_site(settings) as site:
        yield found, conn, site
    await conn.close()


@pytest.fixture(scope="module")
def redis_db_of_hosts(redis_url: str) -> str:
    """A Redis database of their own."""
    return redis_url.replace("db=0", "db=7")


def json_id(value: Any) -> int | str:
    """An id of the database as it should stand in an answer."""
    return str(value) if isinstance(value, UUID) else value


async def test_lists_hold_exactly_the_hosts_public_items_in_its_own_kind_of_id(
    case: tuple[Case, asyncpg.Connection, Site],
) -> None:
    """All pages of /popular: every public item in stock, no other, ids as the host has them."""
    found, conn, site = case
    public = {json_id(row[0]) for row in await conn.fetch(found.public)}
    items = await walk(site, "/popular", {"user_params": {}})
    assert len(items) == len(set(items))
    assert set(items) == public


async def test_liked_items_never_come_back(case: tuple[Case, asyncpg.Connection, Site]) -> None:
    """The ten busiest users: all pages, minus what they like, with reasons."""
    found, conn, site = case
    public = {json_id(row[0]) for row in await conn.fetch(found.public)}
    rows = await conn.fetch(
        f"SELECT who, array_agg(what) AS liked FROM ({found.likes}) AS l GROUP BY 1 ORDER BY count(*) DESC LIMIT 10"
    )
    for row in rows:
        liked = {json_id(item) for item in row["liked"]}
        items = await walk(site, "/personalized", {"user_id": json_id(row["who"]), "include": ["reasons", "details"]})
        assert set(items) == public - liked
        answer = await site.personalized(json_id(row["who"]))
        assert answer["algorithm_used"] == "collaborative"


async def test_profiles_speak_of_the_user_by_the_hosts_id(case: tuple[Case, asyncpg.Connection, Site]) -> None:
    """GET and PUT take the host's id and answer it in the host's kind."""
    found, conn, site = case
    who = json_id(
        await conn.fetchval(f"SELECT who FROM ({found.likes}) AS l GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    )
    answer = await site.get(f"/user-profile/{who}")
    assert answer["user_id"] == who
    assert answer["profile"]["interaction_count"] > 3
    assert (await site.put(f"/user-profile/{who}", {"gender": "f"}))["user_id"] == who
