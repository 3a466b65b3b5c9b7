"""The generated marketplace's promises: the contract's counts and shares, repeatable, and never over a host's data."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import pytest

from giftwise.seeding.host import ForeignData
from giftwise.seeding.market import KINDS, Market, MarketScale, make_market
from giftwise.seeding.marketplace import seed_marketplace

NOW: Final = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Market:
    """The contract's marketplace as of NOW."""
    return make_market(MarketScale(), seed=7, now=NOW)


def test_it_has_the_contracts_counts_and_shares(market: Market) -> None:
    """100 businesses, 200 users, 30 days, 60/20/10/7/3 % by kind, and no pair twice with one kind."""
    assert (len(market.businesses), len(market.customers)) == (100, 200)
    kinds = Counter(deed.kind for deed in market.deeds)
    assert {kind: kinds[kind] / len(market.deeds) for kind in KINDS} == pytest.approx(KINDS, abs=0.005)
    assert all(NOW - timedelta(days=30) <= deed.at <= NOW for deed in market.deeds)
    assert market.deeds[-1].at - market.deeds[0].at > timedelta(days=29)
    assert len({(deed.user, deed.business, deed.kind) for deed in market.deeds}) == len(market.deeds)


def test_seven_in_ten_interactions_match_the_users_interests(market: Market) -> None:
    """A match is a word that the user's interests share with the business's categories or tags."""
    fitting = [
        set(market.customers[deed.user].interests)
        & {*market.businesses[deed.business].categories, *market.businesses[deed.business].tags}
        for deed in market.deeds
    ]
    assert sum(map(bool, fitting)) / len(fitting) == pytest.approx(0.70, abs=0.005)


def test_there_are_people_who_only_told_their_interests(market: Market) -> None:
    """Newcomers to recommend by interests alone, and enough people with five interactions or more."""
    counts = Counter(deed.user for deed in market.deeds)
    assert 5 <= 200 - len(counts) <= 40
    assert sum(count >= 5 for count in counts.values()) >= 100


def test_the_same_seed_makes_the_same_market(market: Market) -> None:
    """And another seed makes another."""
    assert make_market(MarketScale(), seed=7, now=NOW) == market
    assert make_market(MarketScale(), seed=8, now=NOW) != market


async def test_it_is_written_whole_and_a_second_seed_replaces_it(own_url: str) -> None:
    """Rows are what was drawn, JSON as a push would have stored it; seeding again needs no permission."""
    first = await seed_marketplace(own_url, now=NOW)
    second = await seed_marketplace(own_url, seed=8, now=NOW + timedelta(days=1))
    assert (first.businesses, first.users) == (second.businesses, second.users) == (100, 200)
    connection = await asyncpg.connect(own_url)
    try:
        counts = [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ("users", "businesses")]
        assert counts == [200, 100]
        assert await connection.fetchval("SELECT count(*) FROM user_interactions") == sum(second.kinds.values())
        shapes = await connection.fetchrow(
            "SELECT jsonb_typeof(categories), jsonb_typeof(tags), location ?& array['lat', 'lon'] FROM businesses"
            " WHERE location IS NOT NULL LIMIT 1"
        )
        assert tuple(shapes) == ("array", "array", True)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "pushed",
    [
        "INSERT INTO users (id, username) VALUES ('900', 'a real one')",
        "INSERT INTO businesses (id, name) VALUES ('900', 'A real one')",
        "INSERT INTO user_interactions VALUES ('900', '1', 'like', 1, now())",
    ],
)
async def test_what_a_host_pushed_is_kept(own_url: str, pushed: str) -> None:
    """Anything that an earlier seed did not write is lost only on request."""
    await seed_marketplace(own_url, now=NOW)
    connection = await asyncpg.connect(own_url)
    try:
        await connection.execute(pushed)
        with pytest.raises(ForeignData):
            await seed_marketplace(own_url, now=NOW)
        kept = await connection.fetchval(
            "SELECT (SELECT count(*) FROM users WHERE id = '900') + (SELECT count(*) FROM businesses WHERE id = '900')"
            " + (SELECT count(*) FROM user_interactions WHERE user_id = '900')"
        )
        assert kept == 1
        await seed_marketplace(own_url, now=NOW, replace=True)
        assert await connection.fetchval("SELECT count(*) FROM users WHERE id = '900'") == 0
    finally:
        await connection.close()
