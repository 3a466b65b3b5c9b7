"""The generated marketplace in our own database: a URL and a scale in; users, businesses, user_interactions filled."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from giftwise.db import own
from giftwise.seeding.host import ForeignData
from giftwise.seeding.market import EMAILS, Location, Market, MarketScale, make_market
from giftwise.seeding.world import ignore_progress

TABLES: Final = ("users", "businesses", "user_interactions")
USER_COLUMNS: Final = ("id", "username", "email", "interests", "location", "created_at", "updated_at")
BUSINESS_COLUMNS: Final = (
    "id", "name", "description", "categories", "tags", "location", "popularity_score", "rating", "rating_count",
    "created_at", "updated_at",
)  # fmt: skip
INTERACTION_COLUMNS: Final = ("user_id", "business_id", "interaction_type", "weight", "timestamp")

# A seed writes all its users and businesses with one moment of creation: whatever else is there came from a host.
_FOREIGN: Final = f"""
    SELECT EXISTS (SELECT FROM users WHERE email IS NULL OR email NOT LIKE '%{EMAILS}')
        OR (SELECT count(DISTINCT created_at) > 1
            FROM (SELECT created_at FROM users UNION SELECT created_at FROM businesses) AS moments)
        OR EXISTS (SELECT FROM businesses WHERE NOT EXISTS (SELECT FROM users))
        OR EXISTS (SELECT FROM user_interactions i WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = i.user_id))
"""


@dataclass(frozen=True, slots=True)
class MarketReport:
    """What was written: counts, the interactions by kind, the share that matches, and the seconds that it took."""

    businesses: int
    users: int
    kinds: dict[str, int]
    matching: float
    seconds: float


async def seed_marketplace(
    url: str,
    scale: MarketScale | None = None,
    *,
    seed: int = 7,
    now: datetime | None = None,
    replace: bool = False,
    progress: Callable[[str, float], None] = ignore_progress,
) -> MarketReport:
    """Fill our own, migrated database with a marketplace that looks back on thirty days before `now`.

    Ids are 1, 2, 3 ... as a Django host has them. The same scale, seed and `now` give the same rows. All is one
    transaction. Raises ForeignData where the tables hold anything but an earlier seed's rows, unless `replace`.
    """
    started = time.perf_counter()
    progress("drawing", 0.0)
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    market = make_market(scale or MarketScale(), seed=seed, now=moment)
    connection = await own.connect(url, name="giftwise seed")
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {', '.join(TABLES)} IN SHARE ROW EXCLUSIVE MODE")
            if not replace and await connection.fetchval(_FOREIGN):
                raise ForeignData(
                    f"{', '.join(TABLES)}: data that giftwise did not make; nothing was changed."
                    " Ask for a replacement to lose it."
                )
            await connection.execute(";".join(f"DELETE FROM {table}" for table in TABLES))
            progress("writing", 50.0)
            await _write(connection, market, moment)
    finally:
        await connection.close()
    progress("done", 100.0)
    return _report(market, time.perf_counter() - started)


async def _write(connection: asyncpg.Connection, market: Market, moment: datetime) -> None:
    await connection.copy_records_to_table(
        "users",
        columns=list(USER_COLUMNS),
        records=[
            (str(place), one.username, one.email, _json(one.interests), _place(one.location), moment, moment)
            for place, one in enumerate(market.customers, 1)
        ],
    )
    await connection.copy_records_to_table(
        "businesses",
        columns=list(BUSINESS_COLUMNS),
        records=[
            (
                str(place), one.name, one.description, _json(one.categories), _json(one.tags), _place(one.location),
                one.popularity_score, one.rating, one.rating_count, moment, moment,
            )
            for place, one in enumerate(market.businesses, 1)
        ],
    )  # fmt: skip
    await connection.copy_records_to_table(
        "user_interactions",
        columns=list(INTERACTION_COLUMNS),
        records=[(str(deed.user + 1), str(deed.business + 1), deed.kind, 1.0, deed.at) for deed in market.deeds],
    )


def _json(words: tuple[str, ...]) -> str:
    return msgspec.json.encode(words).decode()


def _place(location: Location) -> str | None:
    return None if location is None else msgspec.json.encode({"lat": location[0], "lon": location[1]}).decode()


def _report(market: Market, seconds: float) -> MarketReport:
    about = [{*business.categories, *business.tags} for business in market.businesses]
    fitting = sum(bool(about[deed.business] & set(market.customers[deed.user].interests)) for deed in market.deeds)
    return MarketReport(
        businesses=len(market.businesses),
        users=len(market.customers),
        kinds=dict(Counter(deed.kind for deed in market.deeds).most_common()),
        matching=fitting / max(1, len(market.deeds)),
        seconds=seconds,
    )
