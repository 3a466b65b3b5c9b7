"""A small shop, generated and learned once for all tests of this folder, and its API."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio

from giftwise.jobs.worker import run_once
from giftwise.seeding.world import Scale, seed
from giftwise.settings import Settings
from tests.conftest import MakeDatabase
from tests.support.site import Site, make_settings, open_site

TINY = Scale("tiny", public=600, private=900, likes=9_000, clicks=12_000, users=900)


@dataclass(frozen=True)
class Shop:
    """A learned host: settings to serve it, and a connection of its owner."""

    settings: Settings
    conn: asyncpg.Connection


@pytest.fixture(scope="session")
async def shop(
    make_database: MakeDatabase, migrated_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    """Nine hundred users, six hundred public presents, and some that must never be seen."""
    url = await make_database("shop")
    await seed(url, TINY)
    own_url = await make_database("shop_own", migrated_template)
    settings = make_settings(url, own_url, redis_url.replace("db=0", "db=5"), tmp_path_factory.mktemp("shop"))
    runs = await run_once(settings)
    assert {run.status for run in runs} == {"succeeded"}, runs
    conn = await asyncpg.connect(url)
    yield Shop(settings, conn)
    await conn.close()


@pytest.fixture
async def site(shop: Shop) -> AsyncIterator[Site]:
    """The API over the shop, with nothing cached: lists of other tests are about facts that they took back."""
    async with redis.asyncio.Redis.from_url(str(shop.settings.redis_connection_url)) as client:
        await client.flushdb()
    async with open_site(shop.settings) as running:
        yield running


@pytest.fixture
def push_settings(own_url: str, redis_db: str, tmp_path: Path) -> Settings:
    """A push host that has sent nothing yet; its main database is as empty as its own."""
    return make_settings(own_url, own_url, redis_db, tmp_path)


@pytest.fixture
async def push(push_settings: Settings) -> AsyncIterator[Site]:
    """One API process over it."""
    async with open_site(push_settings) as running:
        yield running
