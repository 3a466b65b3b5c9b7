"""The generated world: the URL of a host database and a scale in, that database filled out."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan
from typing import Final

import asyncpg
import numpy as np

from giftwise.people.demographics import GENDERS
from giftwise.seeding.crowd import LOCALES, People, make_people
from giftwise.seeding.events import ANONYMOUS, Behaviour, Chooser, Events, make_clicks, make_likes
from giftwise.seeding.host import (
    CLICKS,
    LIKES,
    PRESENTS,
    USERS,
    IdType,
    clear_tables,
    create_indexes,
    create_tables,
    mark_origin,
)
from giftwise.seeding.presents import NOBODY, Assortment, Presents
from giftwise.seeding.rows import (
    NULL,
    Column,
    copy_lines,
    copy_rows,
    escape,
    id_words,
    make_ids,
    time_words,
    timestamps,
)
from giftwise.seeding.seasons import make_calendar
from giftwise.seeding.titles import write_categories, write_titles
from giftwise.seeding.words import World, load_world
from giftwise.seeding.workshop import Workshop

Progress = Callable[[str, float], None]

PRESENT_COLUMNS: Final = (
    "id", "user_id", "title", "description", "price", "currency", "platform", "geo_id", "status", "categories",
    "image_url", "url", "created_at",
)  # fmt: skip
USER_COLUMNS: Final = ("id", "gender", "birthday", "locale", "geo_id")
EVENT_COLUMNS: Final = ("id", "user_id", "handpicked_present_id", "created_at")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything there is; every number is exact."""

    name: str
    public: int
    private: int
    likes: int
    clicks: int
    users: int


SCALES: Final = {
    scale.name: scale
    for scale in (
        Scale("demo", public=2_000, private=3_000, likes=30_000, clicks=40_000, users=3_000),
        Scale("S", public=16_000, private=436_000, likes=600_000, clicks=800_000, users=60_000),
        Scale("L", public=100_000, private=1_000_000, likes=5_000_000, clicks=5_000_000, users=400_000),
    )
}


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What was made: the scale, the seed and the moment that determine it, and the seconds that it took."""

    scale: Scale
    seed: int
    now: datetime
    seconds: float


def ignore_progress(step: str, percent: float) -> None:
    """The progress callback of callers who do not watch."""


async def seed(
    url: str,
    scale: Scale,
    *,
    seed: int = 7,
    id_type: IdType = "bigint",
    user_id_type: IdType = "bigint",
    now: datetime | None = None,
    replace: bool = False,
    progress: Progress = ignore_progress,
) -> SeedReport:
    """Fill a host database with a world that looks back on two years before `now`.

    The same scale, seed, id types and `now` give the same rows. All is one transaction: until it commits, the old data
    is there, and readers of the tables wait. `progress` gets the name of a step and the percent of the whole.
    Raises ForeignData where the tables hold other data than an earlier seed's, unless `replace`; WorldTooSmall for a
    scale with more likes than its people can give. Generation keeps the event loop busy: it is for commands.
    """
    started = time.perf_counter()
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    connection = await asyncpg.connect(url, server_settings={"TimeZone": "UTC", "application_name": "giftwise seed"})
    try:
        async with connection.transaction():
            await clear_tables(connection, "generated", replace=replace)
            await create_tables(connection, id_type=id_type, user_id_type=user_id_type)
            await _fill(
                connection,
                scale,
                seed,
                int(moment.timestamp()),
                id_type=id_type,
                user_id_type=user_id_type,
                progress=progress,
            )
            progress("indexes", 80.0)
            await create_indexes(connection)
            await mark_origin(connection, "generated")
    finally:
        await connection.close()
    progress("done", 100.0)
    return SeedReport(scale, seed, moment, time.perf_counter() - started)


async def _fill(
    connection: asyncpg.Connection,
    scale: Scale,
    seed: int,
    now: int,
    *,
    id_type: IdType,
    user_id_type: IdType,
    progress: Progress,
) -> None:
    world = load_world()
    calendar = make_calendar(now, world.seasons)
    # One stream of chance per step: a change in how clicks are made leaves presents and likes as they were.
    for_people, for_presents, for_titles, for_likes, for_clicks, for_ids = np.random.default_rng(seed).spawn(6)

    progress("users", 0.0)
    people = make_people(for_people, world, scale.users, now)
    user_ids = make_ids(for_ids, user_id_type, scale.users, "u")
    await copy_lines(connection, USERS, USER_COLUMNS, _user_lines(people, user_ids))

    progress("presents", 5.0)
    workshop = Workshop(for_presents, world, calendar, Assortment())
    presents = workshop.make(people, public=scale.public, private=scale.private)
    present_ids = make_ids(for_ids, id_type, len(presents), "p")
    lines = _present_lines(for_titles, world, presents, present_ids, user_ids)
    await copy_lines(connection, PRESENTS, PRESENT_COLUMNS, lines)

    progress("likes", 35.0)
    chooser = Chooser(world, people, presents, calendar, Behaviour())
    likes = make_likes(for_likes, chooser, scale.likes)
    await copy_rows(connection, LIKES, EVENT_COLUMNS, _event_blocks(likes, user_ids, present_ids))

    progress("clicks", 55.0)
    clicks = make_clicks(for_clicks, chooser, likes, scale.clicks)
    await copy_rows(connection, CLICKS, EVENT_COLUMNS, _event_blocks(clicks, user_ids, present_ids))


def _user_lines(people: People, ids: Column) -> Iterator[str]:
    genders = [GENDERS[code] if known else NULL for code, known in zip(people.gender, people.gender_known, strict=True)]
    birthdays = np.datetime_as_string(people.birthday.astype("datetime64[D]"))
    known = np.where(people.birthday_known, birthdays, NULL).tolist()
    locales = [LOCALES[code] or NULL for code in people.locale.tolist()]
    geos = [NULL if geo < 0 else str(geo) for geo in people.geo.tolist()]
    return map("\t".join, zip(id_words(ids), genders, known, locales, geos, strict=True))


def _present_lines(
    rng: np.random.Generator, world: World, presents: Presents, ids: Column, user_ids: Column
) -> Iterator[str]:
    words = id_words(ids)
    owners = id_words(user_ids)
    titles, descriptions = write_titles(world, presents)
    platforms = [
        world.platforms[category][place]
        for category, place in zip(presents.category.tolist(), presents.platform.tolist(), strict=True)
    ]
    return map(
        "\t".join,
        zip(
            words,
            (NULL if owner == NOBODY else owners[owner] for owner in presents.owner.tolist()),
            titles,
            (text or NULL for text in descriptions),
            (NULL if isnan(price) else f"{price:.2f}" for price in presents.price.tolist()),
            ("RUB" for _ in words),
            platforms,
            (NULL if geo < 0 else str(geo) for geo in presents.geo.tolist()),
            ("in_stock" if there else "out_of_stock" for there in presents.in_stock.tolist()),
            (NULL if text is None else escape(text) for text in write_categories(rng, world, presents)),
            (
                f"https://img.gifts.example/{word}.jpg" if pictured else NULL
                for word, pictured in zip(words, presents.pictured.tolist(), strict=True)
            ),
            (f"https://{platform}.example/gift/{word}" for word, platform in zip(words, platforms, strict=True)),
            time_words(presents.created.astype("datetime64[s]")),
            strict=True,
        ),
    )


def _event_blocks(events: Events, user_ids: Column, present_ids: Column) -> Iterator[tuple[Column | None, ...]]:
    """Binary columns of EVENT_COLUMNS: first the events of known users, then those of nobody (rows of NULL)."""
    numbers = np.arange(1, len(events) + 1, dtype=">i8")
    for chosen in (events.user != ANONYMOUS, events.user == ANONYMOUS):
        if chosen.any():
            users = events.user[chosen]
            user_column = user_ids[users] if users[0] != ANONYMOUS else None
            yield numbers[chosen], user_column, present_ids[events.item[chosen]], timestamps(events.at[chosen])
