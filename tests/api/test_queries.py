"""What a request costs the host's database: counted, and never more than a look at one user's own rows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.conftest import Shop
from tests.support.site import Site, open_site


@pytest.fixture
async def counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Site, list[str]]]:
    """The API, and every statement that requests send to the main database."""
    async with open_site(shop.settings) as site:
        statements: list[str] = []
        fetch = site.engine.main.fetch

        async def noting(sql: str, *args: object) -> list[Any]:
            statements.append(sql)
            return await fetch(sql, *args)

        monkeypatch.setattr(site.engine.main, "fetch", noting)
        yield site, statements


async def test_a_trusted_cached_list_asks_the_host_nothing(counted: tuple[Site, list[str]]) -> None:
    """While the tail beats, a hit costs no query; /popular never costs one."""
    site, statements = counted
    await site.engine.answers.beat("presents", 60)
    await site.personalized(7, filters={"price_to": 60_601})
    statements.clear()
    assert (await site.personalized(7, filters={"price_to": 60_601}))["cache_hit"]
    await site.popular({"gender": "m"}, filters={"price_to": 60_602})
    assert statements == []


async def test_an_uncached_list_costs_at_most_two_small_queries(counted: tuple[Site, list[str]]) -> None:
    """The user's own history, and for a new user who they are; no request ever aggregates everybody's likes."""
    site, statements = counted
    for user in (7, 900, 66_000_001):
        statements.clear()
        await site.personalized(user, filters={"price_to": 60_603})
        assert 1 <= len(statements) <= 2
        for sql in statements:
            assert "$1" in sql, "every request's query is about one user"
            assert "group by" not in sql.lower()
            assert "count(" not in sql.lower()
