"""Lists of businesses are never older than the database: row by row, with and without Redis, a worker or the server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from giftwise.jobs.worker import run_once
from tests.api.test_surface import assert_problem
from tests.support.market import PushHost, ids, recommend
from tests.support.proxy import Proxy
from tests.support.site import Site, make_settings, open_site


@pytest.fixture
async def market(push_host: PushHost, redis_db: str, tmp_path: Path) -> AsyncIterator[tuple[Site, PushHost]]:
    """One process over a host that has told nothing yet, whose model is looked at ten times a second."""
    settings = make_settings(None, push_host.url, redis_db, tmp_path, model_poll_seconds=0.1)
    async with open_site(settings) as site:
        yield site, push_host


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds, for at most twenty seconds."""
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < 20
        await asyncio.sleep(0.02)


async def until_known(site: Site, *numbers: object) -> None:
    """Wait until the process has these businesses in its model."""

    async def known() -> bool:
        model = site.engine.businesses.watcher.current().model
        return bool((model.positions(model.id_kind.array([str(number) for number in numbers])) >= 0).all())

    await until(known)


async def test_what_is_told_counts_in_the_next_answer(market: tuple[Site, PushHost]) -> None:
    """Interests, a place, a like and a removal, told past this process and its cache: each in the very next list."""
    site, host = market
    for number, kind in enumerate(["coffee"] * 3 + ["books"] * 3, 10):
        await host.business(number, [kind], place=(55.7, 37.6) if number % 2 else (43.1, 131.9))
    await host.user(1)
    await until_known(site, *range(10, 16))
    before = await recommend(site, 1)
    assert (await recommend(site, 1))["source"] == "cache"
    await host.user(1, ["books"])
    after = await recommend(site, 1)
    assert (after["source"], after["recommendations"][0]["type"]) == ("database", "interests")
    assert {place["business_id"] for place in after["recommendations"][:3]} == {13, 14, 15}
    assert before["recommendations"] != after["recommendations"]
    await host.user(1, ["books"], (43.1, 131.9))
    assert (await ids(site, 1))[0] == 14
    await host.deed(1, 14, "like")
    answer = await recommend(site, 1)
    assert (answer["source"], answer["recommendations"][0]["type"]) == ("database", "content_based")
    assert 14 not in [place["business_id"] for place in answer["recommendations"]]
    await host.delete("users", 1)
    await recommend(site, 1, 404)


async def test_a_new_business_joins_and_a_deleted_one_is_gone_at_once(market: tuple[Site, PushHost]) -> None:
    """Without a worker; what is deleted is in no answer from its commit on, kept lists included, and is replaced."""
    site, host = market
    await host.user(1, ["archery"])
    assert await recommend(site, 1) | {"age_seconds": 0} == {
        "source": "database", "user_id": 1, "recommendations": [], "count": 0, "generation": 0, "age_seconds": 0,
    }  # fmt: skip
    for number in range(10, 30):
        await host.business(number, ["archery"], rating=number / 10, rating_count=1_000)
    await until_known(site, *range(10, 30))
    assert await ids(site, 1) == list(range(29, 19, -1))
    for number in range(29, 13, -1):
        await host.delete("businesses", number)
    answer = await recommend(site, 1)
    assert (answer["source"], answer["count"]) == ("cache", 4)
    assert [place["business_id"] for place in answer["recommendations"]] == [13, 12, 11, 10]
    await host.business(13, ["archery"], name="Under another name", rating=1.3, rating_count=1_000)
    assert (await recommend(site, 1))["recommendations"][0]["name"] == "Under another name"


async def test_ids_are_answered_as_the_catalog_has_them(market: tuple[Site, PushHost]) -> None:
    """Integers while every id is one; with one that is none, all are text, in every answer alike."""
    site, host = market
    await host.user("u-1", ["tea"])
    for number in (1, 2, 30):
        await host.business(number, ["tea"])
    await until_known(site, 1, 2, 30)
    assert sorted(await ids(site, "u-1")) == [1, 2, 30]
    await host.business("7a", ["tea"])
    await until_known(site, "7a")
    answer = await recommend(site, "u-1")
    assert (answer["user_id"], sorted(await ids(site, "u-1"))) == ("u-1", ["1", "2", "30", "7a"])


async def test_what_arrived_survives_the_next_generation(market: tuple[Site, PushHost]) -> None:
    """Learned or not, the same businesses; the generation says which, and lists go on without a gap."""
    site, host = market
    await host.user(1, ["tea"])
    for number in (1, 2, 3):
        await host.business(number, ["tea"], rating=number, rating_count=99)
    await until_known(site, 1, 2, 3)
    first = await recommend(site, 1)
    assert {run.status for run in await run_once(site.engine.settings)} == {"succeeded"}

    async def learned() -> bool:
        return bool((await recommend(site, 1))["generation"])

    await until(learned)
    later = await recommend(site, 1)
    assert later["recommendations"] == first["recommendations"]
    await host.business(4, ["tea"], rating=4, rating_count=99)
    await until_known(site, 4)
    assert await ids(site, 1) == [4, 3, 2, 1]


async def test_without_redis_everything_is_the_same(market: tuple[Site, PushHost], redis_db: str) -> None:
    """Lists are computed, and nothing that was told is missed."""
    site, host = market
    await host.user(1, ["tea"])
    for number in (1, 2):
        await host.business(number, ["tea"])
    await until_known(site, 1, 2)
    async with Proxy(redis_db.partition("?")[0]) as door:
        settings = site.engine.settings.model_copy(update={"recommendations_redis_url": SecretStr(door.url)})
        async with open_site(settings) as other:
            assert len(await ids(other, 1)) == 2
            await door.shut()
            assert (await recommend(other, 1))["source"] == "database"
            await host.deed(1, 1, "like")
            assert await ids(other, 1) == [2]


async def test_without_the_database_the_model_answers(market: tuple[Site, PushHost]) -> None:
    """While it is away anyone gets what is known of the businesses, nothing is kept, and it heals by itself."""
    site, host = market
    await host.user(1, ["tea"])
    for number, kind in ((1, "tea"), (2, "books")):
        await host.business(number, [kind], place=(1.5, 2.5))
    async with Proxy(host.url) as door:
        settings = site.engine.settings.model_copy(update={"recommendations_database_url": SecretStr(door.url)})
        async with open_site(settings) as other:
            await until_known(other, 1, 2)
            before = await recommend(other, 1)
            await door.shut()
            away = await recommend(other, 1)
            assert (away["source"], away["count"]) == ("database", 2)
            known = {place["business_id"]: place for place in before["recommendations"]}
            for place in away["recommendations"]:
                of = known[place["business_id"]]
                assert all(place[field] == of[field] for field in ("name", "categories", "location"))
            await door.open()

            async def healed() -> bool:
                return bool((await recommend(other, 1))["recommendations"] == before["recommendations"])

            await until(healed)


async def test_a_shared_database_that_is_away_is_named(market: tuple[Site, PushHost]) -> None:
    """Health tells of it apart from ours, and only where it is another one; lists go on."""
    site, host = market
    assert "businesses_database" not in (await site.get("/health"))["services"]
    await host.business(1, ["tea"])
    async with Proxy(host.url) as door:
        settings = site.engine.settings.model_copy(update={"businesses_database_url": SecretStr(door.url)})
        async with open_site(settings) as other:
            await until_known(other, 1)
            health = await other.get("/health")
            assert (health["status"], health["services"]["businesses_database"]) == ("healthy", "up")
            await door.shut()
            health = await other.get("/health")
            assert (health["status"], health["services"]["businesses_database"]) == ("degraded", "down")
            assert health["services"]["recommendations_database"] == "up"
            assert await ids(other, "anyone") == [1]


async def test_a_push_host_has_no_presents_and_says_so(market: tuple[Site, PushHost]) -> None:
    """503 with a code of its own, no promise of a retry; health and stats tell which parts are on."""
    site, _ = market
    for path, body in (("/popular", {"user_params": {}}), ("/personalized", {"user_id": 1})):
        answer = await site.client.post(path, json=body)
        assert_problem(answer, 503, "presents_not_configured")
        assert "retry-after" not in answer.headers
        assert "MAIN_DATABASE_URL" in answer.json()["detail"]
    assert_problem(await site.client.get("/user-profile/1"), 503, "presents_not_configured")
    health = await site.get("/health")
    assert (health["status"], health["services"]["main_database"]) == ("healthy", "off")
    stats = await site.get("/stats")
    assert stats["model"] is None
    assert stats["businesses"]["businesses"] == 0
