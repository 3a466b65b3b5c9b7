"""CSV files of items, users and interactions in, a host database filled with them and a report of what was left out."""

import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import numpy as np

from giftwise.seeding.fields import (
    EVENT_FIELDS,
    ITEM_FIELDS,
    USER_FIELDS,
    Unusable,
    infer_id_type,
    present_line,
    read_event_table,
    read_id,
    read_moment,
    region_of,
    user_line,
)
from giftwise.seeding.host import (
    CLICKS,
    EVENT_TABLES,
    LIKES,
    PRESENTS,
    PURCHASES,
    USERS,
    IdType,
    clear_tables,
    create_indexes,
    create_tables,
    mark_origin,
)
from giftwise.seeding.rows import NULL, copy_lines, escape, time_words
from giftwise.seeding.sheet import Rejection, Sheet
from giftwise.seeding.world import EVENT_COLUMNS, PRESENT_COLUMNS, USER_COLUMNS, Progress, ignore_progress

ANONYMOUS: Final = -1
REPORT_EVERY: Final = 50_000  # rows between two calls of progress


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many rows of each kind were loaded, which were not and why, and the kinds of id that were found."""

    items: int
    users: int
    likes: int
    clicks: int
    purchases: int
    item_id_type: IdType
    user_id_type: IdType
    rejected: tuple[Rejection, ...]
    regions: dict[str, int]  # the geo_id that each country got
    seconds: float


@dataclass(slots=True)
class _Events:
    """The interactions of one table, aligned: positions of user (or ANONYMOUS) and item, microseconds since 1970."""

    user: "array[int]" = field(default_factory=lambda: array("l"))
    item: "array[int]" = field(default_factory=lambda: array("l"))
    at: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class _Shop:
    """All that was read: the position of each id, a line for COPY per item and per user with a row of their own."""

    items: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    item_lines: list[str] = field(default_factory=list)
    user_lines: list[str] = field(default_factory=list)
    events: dict[str, _Events] = field(default_factory=lambda: {table: _Events() for table in EVENT_TABLES})
    regions: dict[str, int] = field(default_factory=dict)


async def import_csv(
    url: str,
    *,
    items: Path,
    users: Path | None,
    interactions: Path,
    replace: bool = False,
    progress: Progress = ignore_progress,
) -> ImportReport:
    """Replace the contract's tables of a host database by the rows of three CSV files, plain or gzipped.

    Needed columns: items id, title; users id; interactions user_id, item_id, kind, occurred_at. fields.py lists the
    optional ones. Every item is public. A user who only occurs in interactions gets a row without demographics; an
    interaction with an unknown item, like every other row that cannot be loaded, is counted in the report.
    All is one transaction. Raises UnreadableCsv, before the database is touched; ForeignData as clear_tables says.
    """
    started = time.perf_counter()
    shop = _Shop()
    now = datetime.now(UTC)
    sheets = [_read_items(shop, items, now, progress)]
    if users is not None:
        sheets.append(_read_users(shop, users, now, progress))
    sheets.append(_read_events(shop, interactions, progress))
    item_id_type, user_id_type = infer_id_type(shop.items), infer_id_type(shop.users)

    connection = await asyncpg.connect(url, server_settings={"TimeZone": "UTC", "application_name": "giftwise import"})
    try:
        async with connection.transaction():
            await clear_tables(connection, "imported", replace=replace)
            await create_tables(connection, id_type=item_id_type, user_id_type=user_id_type)
            progress("writing", 60.0)
            await _write(connection, shop)
            progress("indexes", 80.0)
            await create_indexes(connection)
            await mark_origin(connection, "imported")
    finally:
        await connection.close()
    progress("done", 100.0)
    return ImportReport(
        items=len(shop.items),
        users=len(shop.users),
        likes=len(shop.events[LIKES].at),
        clicks=len(shop.events[CLICKS].at),
        purchases=len(shop.events[PURCHASES].at),
        item_id_type=item_id_type,
        user_id_type=user_id_type,
        rejected=tuple(rejection for sheet in sheets for rejection in sheet.rejections()),
        regions=shop.regions,
        seconds=time.perf_counter() - started,
    )


def _read_items(shop: _Shop, path: Path, now: datetime, progress: Progress) -> Sheet:
    def take(words: list[str]) -> None:
        line = present_line(words, now)
        _number_new(shop.items, words[0])
        shop.item_lines.append(line)

    return _read(Sheet(path, needed=("id", "title")), ITEM_FIELDS, take, lambda share: progress("items", 10 * share))


def _read_users(shop: _Shop, path: Path, now: datetime, progress: Progress) -> Sheet:
    def take(words: list[str]) -> None:
        line = user_line(words, now.date())
        _number_new(shop.users, words[0])
        shop.user_lines.append(line)
        country = words[USER_FIELDS.index("country")]
        if (region := region_of(country)) is not None:
            shop.regions[country] = region

    return _read(Sheet(path, needed=("id",)), USER_FIELDS, take, lambda share: progress("users", 10 + 5 * share))


def _read_events(shop: _Shop, path: Path, progress: Progress) -> Sheet:
    def take(words: list[str]) -> None:
        user, item, kind, occurred_at = words
        table = read_event_table(kind)
        at = read_moment(occurred_at)
        if (item_at := shop.items.get(read_id(item))) is None:
            raise Unusable("unknown item")
        nobody = not user and table == CLICKS
        user_at = ANONYMOUS if nobody else shop.users.setdefault(read_id(user), len(shop.users))
        events = shop.events[table]
        events.user.append(user_at)
        events.item.append(item_at)
        events.at.append(at)

    sheet = Sheet(path, needed=EVENT_FIELDS)
    return _read(sheet, EVENT_FIELDS, take, lambda share: progress("interactions", 15 + 45 * share))


def _read(
    sheet: Sheet, names: tuple[str, ...], take: Callable[[list[str]], None], progress: Callable[[float], None]
) -> Sheet:
    """Give every row to `take`, reject those that it finds Unusable."""
    progress(0.0)
    for number, (line, words) in enumerate(sheet.rows(*names), start=1):
        try:
            take(words)
        except Unusable as reason:
            sheet.reject(line, str(reason))
        if number % REPORT_EVERY == 0:
            progress(sheet.share_read())
    return sheet


def _number_new(positions: dict[str, int], word: str) -> None:
    if word in positions:
        raise Unusable("repeated id")
    positions[word] = len(positions)


async def _write(connection: asyncpg.Connection, shop: _Shop) -> None:
    await copy_lines(connection, PRESENTS, PRESENT_COLUMNS, shop.item_lines)
    await copy_lines(connection, USERS, USER_COLUMNS, shop.user_lines)
    user_words, item_words = [escape(word) for word in shop.users], [escape(word) for word in shop.items]
    bare = (word for word in user_words[len(shop.user_lines) :])  # those who only occur in interactions
    await copy_lines(connection, USERS, USER_COLUMNS[:1], bare)
    for table, events in shop.events.items():
        lines = _event_lines(events, user_words, item_words)
        await copy_lines(connection, table, EVENT_COLUMNS, lines)


def _event_lines(events: _Events, user_words: list[str], item_words: list[str]) -> Iterator[str]:
    """Lines of EVENT_COLUMNS in order of time, so that later rows have higher ids, as in a host that grew."""
    at = np.array(events.at, dtype=np.int64)
    order = np.argsort(at, kind="stable")
    moments = time_words(at[order].astype("datetime64[us]"))
    for number, (place, moment) in enumerate(zip(order.tolist(), moments, strict=True), start=1):
        user = events.user[place]
        word = NULL if user == ANONYMOUS else user_words[user]
        yield f"{number}\t{word}\t{item_words[events.item[place]]}\t{moment}"
