"""The demo's push host: a site to ask in, a few calls of the business surface and their answers on the screen out."""

import time
from typing import Any, Final, Protocol

from rich.markup import escape

from giftwise.cli.screen import console
from giftwise.db import own
from giftwise.seeding.marketplace import seed_marketplace

BUSINESS: Final = "demo-roastery"  # no id of the seeded ones, which are numbers
SHOWN: Final = 3
JOIN_SECONDS: Final = 10.0  # within which a business that was just synced can be recommended


class Asked(Protocol):
    """Whatever can be asked over HTTP."""

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST a body, or GET without one; the answer's JSON."""
        ...


async def fill_marketplace(url: str) -> None:
    """Seed businesses into our own database, unless somebody pushed some already."""
    connection = await own.connect(url)
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM businesses) OR EXISTS (SELECT FROM users)"):
            return
    finally:
        await connection.close()
    await seed_marketplace(url)


def show_push(site: Asked) -> None:
    """Sync a user and a business, ask, record a like, ask again."""
    console.print("\n[bold]a push host[/bold]: it calls us, and needs no database that we read")
    visitor = f"visitor-{int(time.time())}"  # somebody new at every start
    user = {"id": visitor, "username": "visitor", "interests": ["coffee"], "location": {"lat": 55.76, "lon": 37.62}}
    business = {
        "id": BUSINESS,
        "name": "The New Roastery",
        "categories": ["coffee"],
        "tags": ["espresso", "breakfast"],
        "location": {"lat": 55.757, "lon": 37.615},
        "rating": 4.8,
        "rating_count": 120,
    }
    _tell(site, "/sync/user", user, "coffee lover in Moscow")
    _tell(site, "/sync/business", business, "a business that no model has seen")
    _wait_for(site, visitor)
    first = _recommend(site, visitor)
    if first:
        liked = first[0]
        deed = {"user_id": visitor, "business_id": liked["business_id"], "interaction_type": "like"}
        _tell(site, "/interaction", deed, f"likes {liked['name']}")
        _recommend(site, visitor)


def _wait_for(site: Asked, visitor: str) -> None:
    """Until the new business is in the list."""
    deadline = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < deadline:
        answer = site.ask(f"/recommend/{visitor}?max_results=50&use_cache=false")
        if any(one["business_id"] == BUSINESS for one in answer["recommendations"]):
            return
        time.sleep(0.2)


def _tell(site: Asked, path: str, body: dict[str, Any], what: str) -> None:
    status = site.ask(path, body)["status"]
    console.print(f"   POST {path}: [green]{status}[/green]  [dim]{escape(what)}[/dim]", no_wrap=True)


def _recommend(site: Asked, visitor: str) -> list[dict[str, Any]]:
    answer = site.ask(f"/recommend/{visitor}?max_results={SHOWN}")
    found: list[dict[str, Any]] = answer["recommendations"]
    console.print(f"   GET /recommend/{visitor}: {answer['count']} from the {answer['source']}")
    for place, one in enumerate(found, 1):
        console.print(
            f"      {place}. {escape(one['name'])}  [dim]{', '.join(one['categories'])}; {one['type']},"
            f" {one['score']:.2f}[/dim]",
            no_wrap=True,
        )
    return found
