"""A host's database for tests: the contract's tables in a fresh database, and rows by one call each."""

import itertools
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from giftwise.db.main import MainDatabase
from giftwise.db.mapping import Mapping, load_mapping
from giftwise.seeding.host import IdType, create_host_schema

MakeDatabase = Callable[[str], Awaitable[str]]
Id = int | str | uuid.UUID
_shared: dict[MakeDatabase, str] = {}  # the one database of a run that holds many hosts
_numbers = itertools.count(1)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass
class Host:
    """One host: `url` as its owner, `conn` to write with."""

    url: str
    conn: asyncpg.Connection
    id_type: IdType = "bigint"
    user_id_type: IdType = "bigint"
    _mains: list[MainDatabase] = field(default_factory=list)

    def item_id(self, number: int) -> Id:
        """The number-th present's id, of this host's kind; ids sort as their numbers do."""
        return make_id(self.id_type, number)

    def user_id(self, number: int) -> Id:
        """The number-th user's id, of this host's kind."""
        return make_id(self.user_id_type, number)

    def main(self, mapping: Mapping | None = None, *, url: str | None = None, **options: Any) -> MainDatabase:
        """What the engine reads this host through; closed with the host."""
        main = MainDatabase(url or self.url, mapping or load_mapping(), **options)
        self._mains.append(main)
        return main

    async def present(self, number: int, *, owner: int | None = None, **columns: Any) -> None:
        """A present: public, or private where it has an owner; `categories` may be any JSON value."""
        row = {"id": self.item_id(number), "user_id": None if owner is None else self.user_id(owner), **columns}
        if "categories" in row:
            row["categories"] = json.dumps(row["categories"])
        await self.insert("handpicked_presents", row)

    async def user(
        self,
        number: int,
        gender: str | None = None,
        birthday: date | None = None,
        geo_id: int | None = None,
        locale: str | None = None,
    ) -> None:
        """A user's row."""
        row = {"id": self.user_id(number), "gender": gender, "birthday": birthday, "geo_id": geo_id, "locale": locale}
        await self.insert("users", row)

    async def like(self, user: int, item: int, at: datetime = NOON) -> None:
        """A like."""
        await self._event("handpicked_likes", user, item, at)

    async def click(self, user: int | None, item: int, at: datetime = NOON) -> None:
        """A click, anonymous where there is no user."""
        await self._event("handpicked_present_clicks", user, item, at)

    async def purchase(self, user: int, item: int, at: datetime = NOON) -> None:
        """A purchase."""
        await self._event("handpicked_purchases", user, item, at)

    async def insert(self, table: str, row: dict[str, Any]) -> None:
        """One row of any table."""
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.conn.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())

    async def close(self) -> None:
        """Close what reads and what writes."""
        for main in self._mains:
            await main.close()
        await self.conn.close()

    async def _event(self, table: str, user: int | None, item: int, at: datetime) -> None:
        person = None if user is None else self.user_id(user)
        await self.insert(table, {"user_id": person, "handpicked_present_id": self.item_id(item), "created_at": at})


def make_id(kind: IdType, number: int) -> Id:
    """A number as an id of a kind, in the same order."""
    match kind:
        case "bigint":
            return number
        case "uuid":
            return uuid.UUID(int=number << 64 | number)
        case _:
            return f"id-{number:04}"


@asynccontextmanager
async def open_host(
    make_database: MakeDatabase,
    id_type: IdType = "bigint",
    user_id_type: IdType = "bigint",
    *,
    own_database: bool = False,
) -> AsyncIterator[Host]:
    """A host with the contract's tables, empty."""
    async with open_bare_host(make_database, id_type, user_id_type, own_database=own_database) as host:
        await create_host_schema(host.conn, id_type=id_type, user_id_type=user_id_type)
        yield host


@asynccontextmanager
async def open_bare_host(
    make_database: MakeDatabase,
    id_type: IdType = "bigint",
    user_id_type: IdType = "bigint",
    *,
    own_database: bool = False,
) -> AsyncIterator[Host]:
    """A host without any table, for tests that bring a schema of their own.

    Its tables are in a PostgreSQL schema of its own, which is made several times faster than a database; a test that
    needs roles or the schema `public` asks for a database.
    """
    url = await make_database("host") if own_database else await _new_schema(make_database)
    host = Host(url, await asyncpg.connect(url), id_type, user_id_type)
    try:
        yield host
    finally:
        await host.close()


async def _new_schema(make_database: MakeDatabase) -> str:
    if make_database not in _shared:
        _shared[make_database] = await make_database("hosts")
    name = f"host_{next(_numbers)}"
    connection = await asyncpg.connect(_shared[make_database])
    try:
        await connection.execute(f"CREATE SCHEMA {name}")
    finally:
        await connection.close()
    return f"{_shared[make_database]}&search_path={name}"
