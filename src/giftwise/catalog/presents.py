"""A catalog read by its mapping: the public items of a table in, as Items; which of them are in stock right now."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.item import Items, Traits
from giftwise.catalog.topics import make_topics
from giftwise.catalog.values import (
    Place,
    Words,
    make_card,
    make_codes,
    make_masks,
    read_ages,
    read_gender,
    read_geo,
    read_number,
    read_place,
    read_price,
    read_words,
)
from giftwise.db.main import MainDatabase
from giftwise.db.schema import JSON, HostSchema, HostTable
from giftwise.errors import MappingError
from giftwise.ids import IdKind, positions

CHUNK: Final = 4_000  # ids asked for at once; in larger lists the planner prefers to read the whole table

_TEXTS: Final = ("price", "geo", "title", "currency", "image_url", "url")
_WORDS: Final = ("category", "platform", "target_gender", "target_age", "suitable_for", "acquaintance_level")
_TRAITS: Final = ("tags", "lat", "lon", "popularity", "rating", "rating_count")


@dataclass(frozen=True, slots=True)
class Card:
    """What a page shows of an item of a place."""

    title: str | None
    categories: Words
    place: Place | None


def item_id_kind(schema: HostSchema) -> IdKind:
    """The kind of the catalog's ids; MappingError where the column cannot be an id."""
    try:
        return IdKind.of_column(schema.item_id.type)
    except ValueError as error:
        raise MappingError(f"items.id = {schema.item_id.sql}: {error}") from None


async def read_items(main: MainDatabase) -> Items:
    """Every public item, in stock or not, sorted by id. Private ones are never selected.

    Ids that hosts could not send (over 64 characters, unprintable) are left out. Raises MainDatabaseUnavailable,
    MappingError.
    """
    schema = await main.schema()
    kind = item_id_kind(schema)
    rows = await main.read_rows(items_query(schema))
    # A hundred thousand rows take a second of pure Python: off the loop with it.
    return await asyncio.to_thread(items_of, kind, schema.items, rows)


async def read_available(main: MainDatabase, model_ids: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of these ids (sorted, as in a model) are public and in stock now: bool [n], by primary key."""
    schema = await main.schema()
    kind = item_id_kind(schema)
    query = available_query(schema)
    available = np.zeros(len(model_ids), np.bool_)
    for start in range(0, len(model_ids), CHUNK):
        rows = await main.fetch(query, kind.answer(model_ids[start : start + CHUNK]))
        places = positions(model_ids, kind.array([row[0] for row in rows]))
        available[places[places >= 0]] = True
    return available


async def read_cards(main: MainDatabase, kind: IdKind, ids: Sequence[int] | Sequence[str]) -> dict[int | str, Card]:
    """What a page shows of those of the ids that may be recommended now, by id, from their rows by primary key.

    Raises MainDatabaseUnavailable, MappingError.
    """
    schema = await main.schema()
    rows = await main.fetch(cards_query(schema), [kind.parse(one) for one in ids])
    is_json = _is_json(schema.items, "category")
    shown = kind.answer(kind.array([row[0] for row in rows]))
    cards = (Card(title, read_words(category, is_json), read_place(lat, lon)) for _, title, category, lat, lon in rows)
    return dict(zip(shown, cards, strict=True))


@lru_cache(maxsize=8)
def items_query(schema: HostSchema) -> str:
    """SQL of all public items, as `selected` names their columns."""
    return f"SELECT {selected(schema.items)} FROM {schema.items.source} WHERE {schema.items['public'].sql}"


def selected(items: HostTable) -> str:
    """Columns of an item: id, created_at in unix seconds, whether in stock, then texts, words and traits as text."""
    columns = [items.value("id"), items.seconds("created_at"), f"{_available(items)} IS TRUE"]
    columns += [items.text(key) for key in (*_TEXTS, *_WORDS)]
    if has_traits(items):
        columns += [items.text(key) for key in ("description", *_TRAITS)]
    return ", ".join(columns)


def has_traits(items: HostTable) -> bool:
    """Whether the catalog's items have places, tags or ratings; presents have none, and their texts are not read."""
    return any(key in items for key in _TRAITS)


@lru_cache(maxsize=8)
def available_query(schema: HostSchema) -> str:
    """SQL of those of the ids $1 that may be recommended now."""
    return f"SELECT {schema.items.value('id')} FROM {schema.items.source} WHERE {_among(schema)}"


@lru_cache(maxsize=8)
def cards_query(schema: HostSchema) -> str:
    """SQL of the cards of those of the ids $1 that may be recommended now: id, title, category, lat, lon."""
    items = schema.items
    columns = ", ".join((items.value("id"), *(items.text(key) for key in ("title", "category", "lat", "lon"))))
    return f"SELECT {columns} FROM {items.source} WHERE {_among(schema)}"


def _among(schema: HostSchema) -> str:
    items, key = schema.items, schema.item_id
    return f"{key.sql} = ANY($1::{key.parameter}[]) AND {items['public'].sql} AND {_available(items)}"


def _available(items: HostTable) -> str:
    return items["available"].sql if "available" in items else "TRUE"


def items_of(kind: IdKind, table: HostTable, rows: Sequence[Any]) -> Items:
    """Rows of `selected` columns as Items, sorted by id, each id once."""
    rows = [row for row in rows if row[0] is not None and kind.parse(row[0]) is not None]
    ids, first = np.unique(kind.array([row[0] for row in rows]), return_index=True)
    rows = [rows[place] for place in first.tolist()]
    traited = has_traits(table)
    width = 3 + len(_TEXTS) + len(_WORDS) + (1 + len(_TRAITS) if traited else 0)
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    _, created_at, in_stock, prices, geos, titles, currencies, image_urls, urls = columns[:9]
    words = {
        key: [read_words(text, _is_json(table, key)) for text in column]
        for key, column in zip(_WORDS, columns[9:15], strict=True)
    }
    category, categories = make_codes(words["category"])
    platform, platforms = make_codes(words["platform"])
    suitable_for, suitable_for_words = make_masks(words["suitable_for"])
    acquaintance_level, acquaintance_level_words = make_masks(words["acquaintance_level"])
    cards = zip(titles, currencies, image_urls, urls, words["category"], strict=True)
    return Items(
        id_kind=kind,
        ids=ids,
        price=np.fromiter(map(read_price, prices), np.float32, len(rows)),
        created_at=np.array(created_at, np.int64),
        category=category,
        platform=platform,
        suitable_for=suitable_for,
        acquaintance_level=acquaintance_level,
        target_gender=np.fromiter(map(read_gender, words["target_gender"]), np.int8, len(rows)),
        target_age=np.fromiter(map(read_ages, words["target_age"]), np.int16, len(rows)),
        geo=np.fromiter(map(read_geo, geos), np.int64, len(rows)),
        in_stock=np.array(in_stock, np.bool_),
        cards=tuple(make_card(*card, categories=own if traited else None) for *card, own in cards),
        titles=tuple(title or "" for title in titles),
        categories=categories,
        platforms=platforms,
        suitable_for_words=suitable_for_words,
        acquaintance_level_words=acquaintance_level_words,
        traits=_traits(table, titles, words["category"], columns[15:]) if traited else None,
    )


def _traits(
    table: HostTable, titles: Sequence[str | None], categories: Sequence[Words], columns: Sequence[Sequence[Any]]
) -> Traits:
    descriptions, tags, lats, lons, *numbers = columns
    popularity, rating, rating_count = (
        np.fromiter(map(read_number, column), np.float32, len(titles)) for column in numbers
    )
    places = [read_place(lat, lon) or (np.nan, np.nan) for lat, lon in zip(lats, lons, strict=True)]
    texts = [f"{title or ''} {text or ''}" for title, text in zip(titles, descriptions, strict=True)]
    topics = make_topics(categories, [read_words(text, _is_json(table, "tags")) for text in tags], texts)
    return Traits(
        lat=np.fromiter((place[0] for place in places), np.float32, len(titles)),
        lon=np.fromiter((place[1] for place in places), np.float32, len(titles)),
        popularity=popularity,
        rating=rating,
        rating_count=rating_count,
        topics=topics,
    )


def _is_json(table: HostTable, key: str) -> bool:
    return key in table and (table[key].type in JSON or table[key].is_array)
