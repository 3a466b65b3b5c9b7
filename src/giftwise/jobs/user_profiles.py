"""User profiles: everyone's interactions in; the table user_profiles out, and what was PUT gives way to the host's."""

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.algorithms.profiles import Profiles, Shares, user_profiles
from giftwise.db.tables import user_demographics
from giftwise.db.tables import user_profiles as table
from giftwise.jobs.context import Context
from giftwise.jobs.host import World
from giftwise.jobs.rows import id_series, replace_rows
from giftwise.people.users import Demographics, read_demographics

if TYPE_CHECKING:
    import polars

ASKED_AT_ONCE: Final = 16  # users whose host rows are read side by side
FIELDS: Final = ("gender", "age_group", "locale", "geo_id")


async def run(context: Context) -> int:
    """Compute every profile and replace the table whole. Returns its rows."""
    world = await context.host.world(context.progress, 50)
    context.progress("computing profiles", 50)
    profiles = await asyncio.to_thread(user_profiles, world.interactions, world.items)
    frame = await asyncio.to_thread(profile_frame, world, profiles)
    context.progress("comparing demographics", 70)
    known, as_of = await read_overridden(context)
    context.progress("writing profiles", 80)
    async with context.commit() as connection:
        rows = await replace_rows(connection, table, frame)
        yielded = await yield_to_host(connection, known, as_of)
    context.progress("forgetting cached profiles", 95)
    await context.forget_profiles([*frame["user_id"], *yielded])
    return rows


def profile_frame(world: World, profiles: Profiles) -> "polars.DataFrame":
    """Rows of user_profiles, one per user who did something."""
    import polars

    prices = polars.DataFrame(profiles.price.astype(np.float64), schema=["avg", "low", "high"]).fill_nan(None)
    return polars.DataFrame(
        {
            "user_id": id_series(world.user_kind, world.interactions.user_ids),
            "preferred_categories": _json_of(profiles.categories),
            "preferred_platforms": _json_of(profiles.platforms),
            "avg_price": prices["avg"].round(2),
            "price_range_min": prices["low"].round(2),
            "price_range_max": prices["high"].round(2),
            "buying_patterns_target_ages": _json_of(profiles.target_ages),
            "buying_patterns_relationships": _json_of(profiles.relationships),
            "buying_patterns_gender_targets": _json_of(profiles.gender_targets),
            "interaction_count": profiles.count,
            "last_interaction_at": polars.from_epoch(polars.Series(profiles.last_at), time_unit="s").dt.strftime(
                "%Y-%m-%d %H:%M:%S+00"
            ),
        }
    )


async def read_overridden(context: Context) -> tuple[dict[str, Demographics], datetime]:
    """What the host's own rows say of users whose demographics were PUT, and when that was asked (by our server)."""
    async with context.own.read() as connection:
        as_of = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        users = list((await connection.execute(select(user_demographics.c.user_id))).scalars())
    known: dict[str, Demographics] = {}
    for start in range(0, len(users), ASKED_AT_ONCE):
        batch = users[start : start + ASKED_AT_ONCE]
        found = await asyncio.gather(*(read_demographics(context.main, user) for user in batch))
        known |= {user: host for user, host in zip(batch, found, strict=True) if host is not None}
    return known, as_of


async def yield_to_host(connection: AsyncConnection, known: dict[str, Demographics], as_of: datetime) -> list[str]:
    """Drop what was PUT wherever the host's own row has a value; returns the users of whom something was dropped.

    A PUT later than `as_of` stays for the next run: the host's row may be older than it.
    """
    yielded = []
    for user, host in known.items():
        dropped = {field: None for field in FIELDS if getattr(host, field) is not None}
        mine = (user_demographics.c.user_id == user) & (user_demographics.c.updated_at <= as_of)
        if dropped and (await connection.execute(update(user_demographics).where(mine).values(dropped))).rowcount:
            yielded.append(user)
    nothing = [user_demographics.c[field].is_(None) for field in FIELDS]
    await connection.execute(delete(user_demographics).where(*nothing))
    return yielded


def _json_of(shares: Shares) -> "polars.Series":
    """Each user's words and shares as a JSON object, as Shares.of says them."""
    import polars

    users = len(shares.at) - 1
    names = polars.Series([f"{json.dumps(word, ensure_ascii=False)}: " for word in shares.words], dtype=polars.String)
    rounded = polars.Series(shares.share.astype(np.float64)).round(4)
    pairs = polars.DataFrame(
        {
            "user": np.repeat(np.arange(users), np.diff(shares.at)),
            "pair": names.gather(shares.code) + rounded.cast(polars.String),
        }
    )
    objects = pairs.group_by("user", maintain_order=True).agg(polars.col("pair").str.join(", "))
    everyone = polars.DataFrame({"user": np.arange(users)}).join(objects, on="user", how="left", maintain_order="left")
    return everyone.select("{" + polars.col("pair").fill_null("") + "}").to_series()
