"""A Django database shared instead of pushed from: by configuration alone, its own tables answer /recommend."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from django.db import connections
from django.test import override_settings

from giftwise.jobs.worker import run_once
from giftwise.seeding.host import create_reader
from tests.clients.shop.models import Customer, Favourite, Shop, Word
from tests.support.site import Site, make_settings, open_site

Found = TypeVar("Found")

MAPPING = Path(__file__).parent / "shop" / "businesses.toml"
ROLE = "django_reader"


async def in_django(work: Callable[[], Found]) -> Found:
    """Run ORM code in a thread, as a request of the project would."""

    def run() -> Found:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


@pytest.fixture
def unpushed() -> Iterator[None]:
    """The client is switched off: nothing is pushed."""
    with override_settings(GIFTWISE={"ENABLED": False}):
        yield


@pytest.fixture
def world(shop: str, unpushed: None) -> dict[str, int]:
    """Two tastes, made by Django: six shops each, five people each who like four of them, and a newcomer."""
    names = {}
    for taste in ("coffee", "books"):
        word = Word.objects.create(name=taste)
        shops = [Shop.objects.create(title=f"{taste} {number}", kind=word, stars="4.0", votes=9) for number in range(6)]
        for number in range(5):
            one = Customer.objects.create(name=f"{taste} lover {number}")
            one.likes.add(word)
            for place in range(4):
                Favourite.objects.create(customer=one, shop=shops[(number + place) % 6])
            names[f"{taste} lover"] = one.pk
        newcomer = Customer.objects.create(name=f"new to {taste}")
        newcomer.likes.add(word)
        names[f"new to {taste}"] = newcomer.pk
    return names


@pytest.fixture
async def site(world: dict[str, int], shop: str, own_url: str, redis_db: str, tmp_path: Path) -> AsyncIterator[Site]:
    """One API process over the shared database, as a role that may only SELECT; nothing was pushed."""
    owner = await asyncpg.connect(shop)
    await create_reader(owner, ROLE, None)
    await owner.close()
    settings = make_settings(
        None, own_url, redis_db, tmp_path,
        businesses_database_url=shop.replace("//postgres:@", f"//{ROLE}:@"), businesses_mapping=MAPPING,
        model_poll_seconds=0.1,
    )  # fmt: skip
    assert {run.status for run in await run_once(settings)} == {"succeeded"}
    async with open_site(settings) as running:
        yield running


async def names(site: Site, user: int) -> list[str]:
    """The names of a user's list."""
    answer: dict[str, Any] = await site.get(f"/recommend/{user}?max_results=50")
    return [one["name"] for one in answer["recommendations"]]


async def test_django_tables_are_recommended_from(site: Site, world: dict[str, int]) -> None:
    """By what people like for those who did, by stated interests for those who did not; ids are Django's integers."""
    for user, taste in (("coffee lover", "coffee"), ("new to coffee", "coffee"), ("new to books", "books")):
        assert (await names(site, world[user]))[0].startswith(taste), user
    answer = await site.get(f"/recommend/{world['coffee lover']}")
    assert all(isinstance(one["business_id"], int) for one in answer["recommendations"])
    assert answer["recommendations"][0]["categories"] == ["coffee"]
    await site.get("/recommend/123456", status=404)


async def test_what_django_saves_shows_without_a_call(site: Site, world: dict[str, int]) -> None:
    """A new shop joins, a closed or deleted one is gone at once, a like counts in the very next answer."""
    user = world["new to books"]

    def open_one() -> Shop:
        return Shop.objects.create(title="books anew", kind=Word.objects.get(name="books"), stars="5.0", votes=99)

    opened = await in_django(open_one)
    async with asyncio.timeout(30):
        while "books anew" not in await names(site, user):  # noqa: ASYNC110 - a look of the model is waited for
            await asyncio.sleep(0.05)
    await in_django(lambda: Shop.objects.filter(pk=opened.pk).update(is_open=False))
    assert "books anew" not in await names(site, user)
    first = (await names(site, user))[0]
    await in_django(lambda: Shop.objects.filter(title=first).delete())
    assert first not in await names(site, user)
    liked = "coffee 1"
    assert liked in await names(site, user)
    await in_django(lambda: Favourite.objects.create(customer_id=user, shop=Shop.objects.get(title=liked)))
    assert liked not in await names(site, user)
