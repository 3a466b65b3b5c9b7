"""User profiles as rows of our database: one user's row in or out."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.db.tables import user_profiles as table


async def read_profile(connection: AsyncConnection, user: str) -> dict[str, Any] | None:
    """The stored profile; None for a user who has none."""
    row = (await connection.execute(select(table).where(table.c.user_id == user))).mappings().one_or_none()
    return dict(row) if row is not None else None


async def write_profile(connection: AsyncConnection, user: str, values: dict[str, Any]) -> None:
    """Write one user's profile over what was there."""
    row = insert(table).values(user_id=user, **values)
    await connection.execute(
        row.on_conflict_do_update(index_elements=[table.c.user_id], set_={**values, "updated_at": func.now()})
    )
