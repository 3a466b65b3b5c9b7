"""Interactions that hosts push: messages in, rows of our own database written."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import asyncpg

# A message without a time happened now, in the database's clock, so that machines whose clocks differ agree; those of
# one batch a microsecond apart, in their order. A time from the future counts as now: no repeat could ever follow it.
# An older repeat changes nothing: it came late, by another way or again.
WRITE = """
INSERT INTO user_interactions (user_id, business_id, interaction_type, weight, "timestamp")
SELECT user_id, business_id, type, weight,
    least(coalesce(at, now()), now() - (cardinality($1::text[]) - place) * interval '1 microsecond')
FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::timestamptz[])
    WITH ORDINALITY AS t(user_id, business_id, type, weight, at, place)
ORDER BY user_id, business_id, type
ON CONFLICT (user_id, business_id, interaction_type) DO UPDATE
    SET weight = excluded.weight, "timestamp" = excluded."timestamp"
    WHERE user_interactions."timestamp" <= excluded."timestamp"
"""


@dataclass(frozen=True, slots=True)
class InteractionMessage:
    """A user did something with a business; a repeat sets weight and time. `at` is None for now."""

    user_id: str
    business_id: str
    interaction_type: str
    weight: float = 1.0
    at: datetime | None = None
    event_id: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one row of."""
        return self.user_id, self.business_id, self.interaction_type


async def write_interactions(connection: asyncpg.Connection, interactions: Collection[InteractionMessage]) -> None:
    """Insert or repeat interactions, oldest first, each key once, within the caller's transaction."""
    await connection.execute(
        WRITE,
        [deed.user_id for deed in interactions],
        [deed.business_id for deed in interactions],
        [deed.interaction_type for deed in interactions],
        [deed.weight for deed in interactions],
        [deed.at for deed in interactions],
    )
