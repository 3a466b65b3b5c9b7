"""Businesses that hosts push: messages in, rows of our own database written or removed."""

from collections.abc import Collection
from dataclasses import dataclass

import asyncpg

from giftwise.people.pushed import Location, as_json

CATALOG = "businesses"

# A sync that changes nothing leaves `updated_at`, so that a nightly sync of everything is no news to any process.
WRITE = """
INSERT INTO businesses (id, name, description, categories, tags, location, popularity_score, rating, rating_count)
SELECT id, name, description, categories::jsonb, tags::jsonb, location::jsonb, popularity_score, rating, rating_count
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[],
    $9::int[]) AS t(id, name, description, categories, tags, location, popularity_score, rating, rating_count)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
    categories = excluded.categories, tags = excluded.tags, location = excluded.location,
    popularity_score = excluded.popularity_score, rating = excluded.rating, rating_count = excluded.rating_count,
    updated_at = now()
    WHERE (businesses.name, businesses.description, businesses.categories, businesses.tags, businesses.location,
            businesses.popularity_score, businesses.rating, businesses.rating_count)
        IS DISTINCT FROM (excluded.name, excluded.description, excluded.categories, excluded.tags, excluded.location,
            excluded.popularity_score, excluded.rating, excluded.rating_count)
RETURNING id
"""
# What was done with it goes too: no history lists a business that is gone, and one that takes its id begins anew.
DELETE = """
WITH rows AS (DELETE FROM businesses WHERE id = ANY($1::text[]) RETURNING id),
     deeds AS (DELETE FROM user_interactions WHERE business_id = ANY($1::text[]) RETURNING business_id, user_id)
SELECT id, NULL FROM rows UNION SELECT business_id, user_id FROM deeds
"""


@dataclass(frozen=True, slots=True)
class BusinessMessage:
    """A business as the host has it now; it replaces what was known."""

    id: str
    name: str
    description: str | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    location: Location | None = None
    popularity_score: float | None = None
    rating: float | None = None
    rating_count: int | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteBusiness:
    """A business is gone, with all that was done with it."""

    id: str
    event_id: str | None = None


async def write_businesses(connection: asyncpg.Connection, businesses: Collection[BusinessMessage]) -> list[str]:
    """Insert or replace businesses, each id once, within the caller's transaction; answers those new or changed."""
    rows = await connection.fetch(
        WRITE,
        [business.id for business in businesses],
        [business.name for business in businesses],
        [business.description for business in businesses],
        [as_json(business.categories) for business in businesses],
        [as_json(business.tags) for business in businesses],
        [business.location and as_json(business.location) for business in businesses],
        [business.popularity_score for business in businesses],
        [business.rating for business in businesses],
        [business.rating_count for business in businesses],
    )
    return [row[0] for row in rows]


async def delete_businesses(connection: asyncpg.Connection, ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Remove businesses and what was done with them; answers which there were, and whose deeds went."""
    rows = await connection.fetch(DELETE, list(ids))
    return {row[0] for row in rows}, {row[1] for row in rows if row[1] is not None}
