"""The Django project of the tests on a real PostgreSQL, empty for each test."""

from collections.abc import Iterator

import pytest
from django.db import connections

from tests.clients.shop.project import create_tables, empty_tables, set_up, use_database
from tests.conftest import MakeDatabase

set_up()

from django_giftwise.testing import FakeEngine, fake_engine  # noqa: E402 - Django first


@pytest.fixture(scope="session")
async def shop_url(make_database: MakeDatabase) -> str:
    """A database for the project, still without tables."""
    return await make_database("shop")


@pytest.fixture(scope="session")
def shop_tables(shop_url: str) -> Iterator[str]:
    """The same with the tables that Django makes."""
    use_database(shop_url)
    create_tables()
    yield shop_url
    connections.close_all()


@pytest.fixture
def shop(shop_tables: str) -> Iterator[str]:
    """The same, emptied."""
    use_database(shop_tables)
    empty_tables()
    yield shop_tables
    connections.close_all()


@pytest.fixture
def engine(shop: str) -> Iterator[FakeEngine]:
    """A fake in the engine's place, over an empty project."""
    with fake_engine() as fake:
        yield fake
