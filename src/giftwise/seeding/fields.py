"""One row of a CSV file: its words in, a line for COPY out, or the reason why it cannot be loaded."""

import json
import math
import uuid
import zlib
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from giftwise.ids import INTEGER_MAX, INTEGER_MIN, TEXT_MAX
from giftwise.people.demographics import OLDEST, parse_gender
from giftwise.seeding.host import CLICKS, LIKES, PURCHASES, IdType
from giftwise.seeding.rows import NULL, escape

ITEM_FIELDS: Final = (
    "id", "title", "description", "price", "currency", "platform", "geo_id", "status", "category", "categories",
    "gender", "age", "suitable_for", "acquaintance_level", "image_url", "url", "created_at", "year",
)  # fmt: skip
USER_FIELDS: Final = ("id", "gender", "age", "birthday", "locale", "geo_id", "country")
EVENT_FIELDS: Final = ("user_id", "item_id", "kind", "occurred_at")
EVENT_TABLE: Final = {"like": LIKES, "click": CLICKS, "view": CLICKS, "purchase": PURCHASES}
NOWHERE: Final = frozenset({"", "unspecified", "unknown"})
PRICE_LIMIT: Final = 1e10  # numeric(12, 2) ends here
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Unusable(ValueError):
    """The row cannot be loaded; the text is the reason, the same for all rows of that reason."""


def read_id(word: str) -> str:
    """An id as it stands in the file, if it is one: 1 to 64 printable characters."""
    if not word:
        raise Unusable("missing id")
    if len(word) > TEXT_MAX or not word.isprintable():
        raise Unusable("bad id")
    return word


def infer_id_type(ids: Collection[str]) -> IdType:
    """The narrowest column that holds all ids just as they are written: bigint, uuid, or else text."""
    if all(_is_integer(word) for word in ids):
        return "bigint"
    # The same UUID in capitals and in lower case would be one in a uuid column, though two in the files.
    if all(_is_uuid(word) for word in ids) and len({word.lower() for word in ids}) == len(ids):
        return "uuid"
    return "text"


@lru_cache(maxsize=100_000)
def read_moment(word: str) -> int:
    """An ISO 8601 moment as microseconds since 1970; one without an offset is UTC. Cached, as baskets share theirs."""
    try:
        moment = datetime.fromisoformat(word)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
    except (ValueError, OverflowError):
        raise Unusable("bad time" if word else "missing time") from None


def read_event_table(word: str) -> str:
    """The table of a kind of interaction: like, click, purchase, or view, which counts as a click."""
    try:
        return EVENT_TABLE[word.lower()]
    except KeyError:
        raise Unusable("unknown kind" if word else "missing kind") from None


def present_line(words: list[str], now: datetime) -> str:
    """A row of ITEM_FIELDS as a line of world.PRESENT_COLUMNS; Unusable where a number or time is bad."""
    fields = dict(zip(ITEM_FIELDS, words, strict=True))
    return "\t".join(
        (
            escape(read_id(fields["id"])),
            NULL,  # all are public
            _text(fields["title"]),
            _text(fields["description"]),
            _price(fields["price"]),
            _text(fields["currency"]),
            _text(fields["platform"]),
            _whole(fields["geo_id"], "geo_id"),
            _text(fields["status"] or "in_stock"),
            _categories(fields),
            _text(fields["image_url"]),
            _text(fields["url"]),
            _created(fields["created_at"], fields["year"], now).isoformat(),
        )
    )


def user_line(words: list[str], today: date) -> str:
    """A row of USER_FIELDS as a line of world.USER_COLUMNS; an age becomes the birthday in the middle of that year."""
    identity, gender, age, birthday, locale, geo_id, country = words
    region = region_of(country)
    return "\t".join(
        (
            escape(read_id(identity)),
            _gender(gender),
            _birthday(birthday, age, today),
            _text(locale),
            _whole(geo_id, "geo_id") if geo_id or region is None else str(region),
        )
    )


def region_of(country: str) -> int | None:
    """A number for a country's name, the same in every import; None where the name says that it is not known."""
    name = country.strip().casefold()
    return None if name in NOWHERE else zlib.crc32(name.encode()) & 0x7FFF_FFFF


def _text(word: str) -> str:
    return escape(word) if word else NULL


def _price(word: str) -> str:
    if not word:
        return NULL
    try:
        price = float(word)
    except ValueError:
        raise Unusable("bad price") from None
    if not math.isfinite(price) or not 0 <= price < PRICE_LIMIT:
        raise Unusable("bad price")
    return f"{price:.2f}"


def _whole(word: str, name: str) -> str:
    if not word:
        return NULL
    if not _is_integer(word) or not -(2**31) <= int(word) < 2**31:
        raise Unusable(f"bad {name}")
    return word


def _categories(fields: dict[str, str]) -> str:
    """The JSON of what is told: `A|B|C` is a list, of which the first is the category."""
    several = _split(fields["categories"])
    facts: dict[str, object] = {}
    if category := fields["category"] or (several[0] if several else ""):
        facts["category"] = category
    if len(several) > 1:
        facts["categories"] = several
    for name in ("gender", "age"):
        if fields[name]:
            facts[name] = fields[name]
    for name in ("suitable_for", "acquaintance_level"):
        if values := _split(fields[name]):
            facts[name] = values
    # jsonb cannot hold a NUL, and escape() would only see it as six letters.
    return escape(json.dumps(facts, ensure_ascii=False).replace("\\u0000", "")) if facts else NULL


def _split(word: str) -> list[str]:
    return [part.strip() for part in word.split("|") if part.strip()]


def _created(moment: str, year: str, now: datetime) -> datetime:
    if moment:
        return EPOCH + timedelta(microseconds=read_moment(moment))
    if not year:
        return now
    if not year.isascii() or not year.isdigit() or not 1 <= int(year) <= 9999:
        raise Unusable("bad year")
    return datetime(int(year), 1, 1, tzinfo=UTC)


def _gender(word: str) -> str:
    try:
        return parse_gender(word) or NULL
    except ValueError:
        raise Unusable("unknown gender") from None


def _birthday(birthday: str, age: str, today: date) -> str:
    if birthday:
        try:
            return date.fromisoformat(birthday).isoformat()
        except ValueError:
            raise Unusable("bad birthday") from None
    if not age:
        return NULL
    if not age.isascii() or not age.isdigit() or not 0 <= int(age) <= OLDEST:
        raise Unusable("bad age")
    return (today - timedelta(days=int((int(age) + 0.5) * 365.2425))).isoformat()


def _is_integer(word: str) -> bool:
    try:
        number = int(word)
    except ValueError:
        return False
    return str(number) == word and INTEGER_MIN <= number <= INTEGER_MAX


def _is_uuid(word: str) -> bool:
    try:
        return str(uuid.UUID(word)) == word.lower()
    except ValueError:
        return False
