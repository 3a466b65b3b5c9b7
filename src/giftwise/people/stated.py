"""What hosts PUT of their users' demographics: kept in our database, one row a user, read when someone asks."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.db.tables import user_demographics as table
from giftwise.people.users import Demographics


async def stated_demographics(connection: AsyncConnection, user: str) -> Demographics | None:
    """What was PUT of this user; None where nothing was."""
    row = (await connection.execute(select(table).where(table.c.user_id == user))).one_or_none()
    return None if row is None else Demographics(row.gender, row.age_group, row.locale, row.geo_id)


async def state_demographics(connection: AsyncConnection, user: str, stated: dict[str, object]) -> Demographics:
    """Write the fields that a PUT names (None clears one) and answer the whole row as it is now."""
    change = insert(table).values(user_id=user, **stated)
    change = change.on_conflict_do_update(index_elements=[table.c.user_id], set_={**stated, "updated_at": func.now()})
    row = (await connection.execute(change.returning(table))).one()
    return Demographics(row.gender, row.age_group, row.locale, row.geo_id)


def merged(stated: Demographics | None, host: Demographics | None) -> Demographics | None:
    """Field by field: what was stated, else what the host's own row says. None where nobody knows the user."""
    if stated is None or host is None:
        return stated or host
    return Demographics(
        gender=stated.gender or host.gender,
        age_group=stated.age_group or host.age_group,
        locale=stated.locale or host.locale,
        geo_id=stated.geo_id if stated.geo_id is not None else host.geo_id,
    )
