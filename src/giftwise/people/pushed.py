"""Users that hosts push: messages in, rows of our own database written or removed."""

from collections.abc import Collection
from dataclasses import dataclass

import asyncpg
import msgspec

# One statement whatever the size of the batch; sorted, so that two batches never wait for each other in a circle.
WRITE = """
INSERT INTO users (id, username, email, interests, location)
SELECT id, username, email, interests::jsonb, location::jsonb
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t(id, username, email, interests, location)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET username = excluded.username, email = excluded.email,
    interests = excluded.interests, location = excluded.location, updated_at = now()
    WHERE (users.username, users.email, users.interests, users.location)
        IS DISTINCT FROM (excluded.username, excluded.email, excluded.interests, excluded.location)
"""
# What a user did goes with the user, and whom they sought gifts for: who comes back under the same id begins anew.
DELETE = """
WITH rows AS (DELETE FROM users WHERE id = ANY($1::text[]) RETURNING id),
     deeds AS (DELETE FROM user_interactions WHERE user_id = ANY($1::text[]) RETURNING user_id),
     people AS (DELETE FROM recipients WHERE user_id = ANY($1::text[]) RETURNING user_id)
SELECT id FROM rows UNION SELECT user_id FROM deeds UNION SELECT user_id FROM people
"""


class Location(msgspec.Struct, frozen=True):
    """A place on Earth, in degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A user as the host has it now; it replaces what was known."""

    id: str
    username: str | None = None
    email: str | None = None
    interests: tuple[str, ...] = ()
    location: Location | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """A user is gone, with all that they did."""

    id: str
    event_id: str | None = None


async def write_users(connection: asyncpg.Connection, users: Collection[UserMessage]) -> None:
    """Insert or replace users, each id once, within the caller's transaction."""
    await connection.execute(
        WRITE,
        [user.id for user in users],
        [user.username for user in users],
        [user.email for user in users],
        [as_json(user.interests) for user in users],
        [user.location and as_json(user.location) for user in users],
    )


async def delete_users(connection: asyncpg.Connection, ids: Collection[str]) -> set[str]:
    """Remove users and what they did; answers those of whom there was anything."""
    return {row[0] for row in await connection.fetch(DELETE, list(ids))}


def as_json(value: object) -> str:
    """JSON text, as a jsonb column is given it."""
    return msgspec.json.encode(value).decode()
