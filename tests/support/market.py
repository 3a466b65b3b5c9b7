"""A push host for tests: its own tables, rows by one call each, and the list of a user by one call."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from giftwise.db.main import MainDatabase
from giftwise.db.mapping import PUSHED_FILE, load_mapping
from tests.support.site import Site

Place = tuple[float, float]


class PushHost:
    """One own database, filled as the recorder fills it, but at will."""

    def __init__(self, url: str, conn: asyncpg.Connection) -> None:
        self.url = url
        self.conn = conn
        self._mains: list[MainDatabase] = []

    def main(self) -> MainDatabase:
        """What the engine reads businesses through; closed with the host."""
        main = MainDatabase(self.url, load_mapping(PUSHED_FILE))
        self._mains.append(main)
        return main

    async def business(
        self,
        number: int | str,
        categories: Sequence[str] = (),
        tags: Sequence[str] = (),
        *,
        place: Place | None = None,
        **columns: Any,
    ) -> None:
        """A business, or its change."""
        row = {
            "id": str(number),
            "name": f"Business {number}",
            "categories": json.dumps(list(categories)),
            "tags": json.dumps(list(tags)),
            "location": _place(place),
            **columns,
        }
        await self.upsert("businesses", row, ("id",), also="updated_at = clock_timestamp()")

    async def user(self, number: int | str, interests: Sequence[str] = (), place: Place | None = None) -> None:
        """A user, or their change."""
        row = {"id": str(number), "interests": json.dumps(list(interests)), "location": _place(place)}
        await self.upsert("users", row, ("id",))

    async def deed(self, user: int | str, business: int | str, kind: str = "view", weight: float = 1.0) -> None:
        """An interaction, now."""
        await self.conn.execute(
            'INSERT INTO user_interactions (user_id, business_id, interaction_type, weight, "timestamp")'
            " VALUES ($1, $2, $3, $4, clock_timestamp()) ON CONFLICT (user_id, business_id, interaction_type)"
            ' DO UPDATE SET weight = excluded.weight, "timestamp" = excluded."timestamp"',
            str(user), str(business), kind, weight,
        )  # fmt: skip

    async def delete(self, table: str, number: int | str) -> None:
        """Remove a row by its id."""
        await self.conn.execute(f"DELETE FROM {table} WHERE id = $1", str(number))

    async def upsert(self, table: str, row: dict[str, Any], key: Iterable[str], also: str = "") -> None:
        """One row of any table."""
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        changes = ", ".join([*(f"{name} = excluded.{name}" for name in row), *([also] if also else [])])
        await self.conn.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}",
            *row.values(),
        )

    async def close(self) -> None:
        """Close what reads and what writes."""
        for main in self._mains:
            await main.close()
        await self.conn.close()


def _place(place: Place | None) -> str | None:
    return None if place is None else json.dumps({"lat": place[0], "lon": place[1]})


async def recommend(site: Site, user: object, status: int = 200, **query: Any) -> Any:
    """The answer of GET /recommend; a context that is no text is sent as its JSON."""
    if not isinstance(query.get("context", ""), str):
        query["context"] = json.dumps(query["context"])
    answer = await site.client.get(f"/recommend/{user}", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def ids(site: Site, user: object, **query: Any) -> list[Any]:
    """The businesses of a list."""
    return [place["business_id"] for place in (await recommend(site, user, **query))["recommendations"]]
