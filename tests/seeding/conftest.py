"""Seeded databases for the tests of seeding."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import asyncpg
import pytest

from giftwise.seeding.world import SCALES, seed
from tests.support.host import MakeDatabase

NOW: Final = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
async def demo_url(make_database: MakeDatabase) -> str:
    """The demo scale as of NOW; read it, never change it."""
    url = await make_database("seeded")
    await seed(url, SCALES["demo"], now=NOW)
    return url


@pytest.fixture
async def demo(demo_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the demo scale."""
    connection = await asyncpg.connect(demo_url)
    yield connection
    await connection.close()


@pytest.fixture
async def url(make_database: MakeDatabase) -> str:
    """An empty database."""
    return await make_database("seeding")


@pytest.fixture
async def conn(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the empty database, as its owner."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()
