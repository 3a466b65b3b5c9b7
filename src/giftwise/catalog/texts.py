"""What is said of items: the public rows of a catalog in, their texts as a search and a page show them out."""

import asyncio
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from giftwise.catalog.presents import item_id_kind
from giftwise.catalog.values import read_number, read_price, read_words
from giftwise.db.main import MainDatabase
from giftwise.db.schema import JSON, HostSchema
from giftwise.ids import IdKind

TITLE_CHARACTERS: Final = 1_000
DESCRIPTION_CHARACTERS: Final = 8_000  # the rest is neither searched nor shown; PostgreSQL indexes a megabyte at most
URL_CHARACTERS: Final = 4_000
LONGEST_DELIVERY_DAYS: Final = 3_650

_TEXTS: Final = ("title", "description", "category", "price", "currency", "image_url", "url")
_DELIVERY: Final = ("merchant", "delivery_days", "customizable")
_TRUE: Final = frozenset({"true", "t", "yes", "1"})


@dataclass(frozen=True, slots=True)
class ItemText:
    """One public item as it is shown; None where the host has nothing."""

    item_id: str
    in_stock: bool
    title: str | None
    description: str | None
    category: str | None  # the words of all its categories
    price: float | None
    currency: str | None
    image_url: str | None
    url: str | None
    merchant: str | None
    delivery_days: int | None
    is_customizable: bool


async def read_texts(main: MainDatabase) -> list[ItemText]:
    """Every public item, each id once. Private ones are never selected. MainDatabaseUnavailable, MappingError."""
    schema = await main.schema()
    kind = item_id_kind(schema)
    rows = await main.read_rows(texts_query(schema))
    return await asyncio.to_thread(_texts_of, schema, kind, rows)


@lru_cache(maxsize=8)
def texts_query(schema: HostSchema) -> str:
    """SQL of all public items: id, whether in stock, then texts as the mapping names them."""
    items = schema.items
    available = items["available"].sql if "available" in items else "TRUE"
    seller = "merchant" if "merchant" in items else "platform"
    columns = [items.value("id"), f"{available} IS TRUE", *(items.text(key) for key in _TEXTS)]
    columns += [items.text(key) for key in (seller, *_DELIVERY[1:])]
    return f"SELECT {', '.join(columns)} FROM {items.source} WHERE {items['public'].sql}"


def _texts_of(schema: HostSchema, kind: IdKind, rows: list[Any]) -> list[ItemText]:
    category = schema.items.expressions.get("category")
    is_json = category is not None and (category.type in JSON or category.is_array)
    found = (_text_of(row, is_json) for row in rows if row[0] is not None and kind.parse(row[0]) is not None)
    return list({one.item_id: one for one in found}.values())


def _text_of(row: Any, is_json: bool) -> ItemText:
    item_id, in_stock, title, description, category, price, currency, image, url, merchant, days, customizable = row
    cost = read_price(price)
    return ItemText(
        item_id=str(item_id),
        in_stock=in_stock,
        title=_clean(title, TITLE_CHARACTERS),
        description=_clean(description, DESCRIPTION_CHARACTERS),
        category=_clean(", ".join(read_words(category, is_json)), TITLE_CHARACTERS),
        price=None if math.isnan(cost) else cost,
        currency=_clean(currency, 8),
        image_url=_clean(image, URL_CHARACTERS),
        url=_clean(url, URL_CHARACTERS),
        merchant=_clean(merchant, TITLE_CHARACTERS),
        delivery_days=_days(days),
        is_customizable=customizable is not None and customizable.lower() in _TRUE,
    )


def _clean(text: str | None, most: int) -> str | None:
    return (text or "").strip()[:most] or None


def _days(text: str | None) -> int | None:
    """Whole days, rounded up; None for what is no number of days."""
    days = read_number(text)
    return -int(-days // 1) if 0 <= days <= LONGEST_DELIVERY_DAYS else None
