"""Users as their host has them: an id in; what they say they like, and where they are, out."""

from dataclasses import dataclass
from functools import lru_cache

from giftwise.catalog.values import Place, Words, read_place, read_words
from giftwise.db.main import MainDatabase
from giftwise.db.schema import JSON, HostTable
from giftwise.people.users import user_id_kind


@dataclass(frozen=True, slots=True)
class Customer:
    """What a user's row says; nothing of it need be known."""

    interests: Words = ()
    place: Place | None = None


STRANGER = Customer()


async def read_customer(main: MainDatabase, user_id: int | str) -> Customer | None:
    """One user by primary key; None for the unknown. Where the mapping has no users, everyone is a stranger.

    Raises MainDatabaseUnavailable, MappingError.
    """
    schema = await main.schema()
    kind = user_id_kind(schema)
    if schema.users is None or kind is None:
        return STRANGER
    known = kind.parse(user_id)
    rows = [] if known is None else await main.fetch(customer_query(schema.users), known)
    if not rows:
        return None
    interests, lat, lon = rows[0]
    return Customer(read_words(interests, _is_json(schema.users)), read_place(lat, lon))


@lru_cache(maxsize=8)
def customer_query(users: HostTable) -> str:
    """SQL of one user's row: interests, lat, lon, all as text."""
    columns = ", ".join(users.text(key) for key in ("interests", "lat", "lon"))
    return f"SELECT {columns} FROM {users.source} WHERE {users['id'].sql} = $1::{users['id'].parameter} LIMIT 1"


def _is_json(users: HostTable) -> bool:
    return "interests" in users and (users["interests"].type in JSON or users["interests"].is_array)
