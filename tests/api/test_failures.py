"""What callers see when a part breaks, as the table of failures has it: answers go on, nothing acknowledged is lost."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from tests.api.conftest import Shop
from tests.support.proxy import Proxy
from tests.support.site import Site, open_site


@dataclass(frozen=True)
class Doors:
    """An API whose servers stand behind doors."""

    site: Site
    main: Proxy
    own: Proxy
    redis: Proxy


@pytest.fixture
async def doors(shop: Shop) -> AsyncIterator[Doors]:
    """The shop's API, each server behind a door."""
    urls = (shop.settings.db_url, shop.settings.recommendations_db_url, shop.settings.redis_connection_url)
    async with Proxy(str(urls[0])) as main, Proxy(str(urls[1])) as own, Proxy(str(urls[2])) as redis:
        behind = {
            "main_database_url": SecretStr(main.url),
            "recommendations_database_url": SecretStr(own.url),
            "recommendations_redis_url": SecretStr(redis.url),
        }
        async with open_site(shop.settings.model_copy(update=behind)) as site:
            yield Doors(site, main, own, redis)


@pytest.fixture(scope="session")
async def busy(shop: Shop) -> int:
    """The user with the most likes."""
    found: int = await shop.conn.fetchval(
        "SELECT user_id FROM handpicked_likes GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    return found


async def health(site: Site) -> tuple[int, str]:
    """The status code and the word for the whole."""
    answer = await site.client.get("/health")
    return answer.status_code, answer.json()["status"]


@pytest.mark.parametrize("how", ["shut", "freeze"])
async def test_without_redis_the_same_answers_come(doors: Doors, busy: int, how: str) -> None:
    """Gone or frozen: the same lists, each computed anew, none waiting more than 100 ms for it; health degraded."""
    site = doors.site
    body = {"filters": {"price_to": 77_777 if how == "shut" else 88_888}}
    before = [await site.personalized(busy, **body), await site.popular({"gender": "f"}, **body)]
    if how == "shut":
        await doors.redis.shut()
    else:
        doors.redis.freeze()
    after = [await site.personalized(busy, **body), await site.popular({"gender": "f"}, **body)]
    assert [answer["items"] for answer in after] == [answer["items"] for answer in before]
    assert not any(answer["cache_hit"] for answer in after)
    assert await health(site) == (200, "degraded")
    started = time.perf_counter()
    for number in range(20):
        await site.popular({"gender": "f"}, filters={"price_to": 50_000 + number})
    assert time.perf_counter() - started < 20 * 0.1, "each would wait 80 ms if nobody had learned from the first"


async def test_without_the_main_database_lists_come_from_cache_and_model(doors: Doors, shop: Shop, busy: int) -> None:
    """Cached lists, popular lists, and personal lists from the history that the model was learned from."""
    site = doors.site
    kept = await site.personalized(busy)
    liked = {
        row[0] for row in await shop.conn.fetch(
            "SELECT handpicked_present_id FROM handpicked_likes WHERE user_id = $1", busy
        )
    }  # fmt: skip
    await doors.main.shut()
    assert (await site.personalized(busy))["items"] == kept["items"]
    fresh = await site.personalized(busy, filters={"price_from": 0.5}, pagination={"limit": 100})
    assert fresh["algorithm_used"] == "collaborative"
    assert fresh["items"]
    assert not liked & set(fresh["items"])
    assert (await site.popular({"age": "25-34"}))["items"]
    assert (await site.personalized(77_000_001))["algorithm_used"] == "popular"
    assert await health(site) == (200, "degraded")
    problem = await site.post(f"/user-profile/{busy}/refresh", status=503)
    assert problem["code"] == "main_database_unavailable"
    stats = await site.get("/stats")
    assert stats["recommendations_database"]["cached_user_profiles"] > 0
    assert stats["recommendations_database"]["parked_events"] == 0


async def test_what_a_dead_main_database_answered_is_not_kept(doors: Doors, shop: Shop, busy: int) -> None:
    """A list made from the model's old history must not outlive the outage: the next one is made from the live one."""
    site, body = doors.site, {"filters": {"price_from": 0.25}}
    await doors.main.shut()
    await site.personalized(busy, **body)
    await doors.main.open()
    assert (await site.personalized(busy, **body))["cache_hit"] is False


async def test_without_our_database_reads_go_on_and_writes_are_refused(doors: Doors, busy: int) -> None:
    """Lists as before; a PUT and a job get 503 with Retry-After and leave no trace."""
    site = doors.site
    before = await site.personalized(busy, filters={"price_from": 0.75})
    await doors.own.shut()
    assert (await site.personalized(busy, filters={"price_from": 0.75}))["items"] == before["items"]
    assert (await site.popular())["items"]
    for method, path, body in (
        ("PUT", "/user-profile/77000002", {"gender": "f"}),
        ("POST", "/admin/refresh-popular-items", None),
        ("GET", "/admin/jobs", None),
    ):
        answer = await site.client.request(method, path, json=body)
        assert answer.status_code == 503, path
        assert answer.json()["code"] == "recommendations_database_unavailable"
        assert int(answer.headers["retry-after"]) > 0
    assert await health(site) == (200, "degraded")
    await doors.own.open()
    assert (await site.get("/user-profile/77000002"))["demographics"] is None
    assert (await site.put("/user-profile/77000002", {"gender": "f"}))["demographics"]["gender"] == "f"


async def test_without_anything_a_started_process_still_answers(doors: Doors) -> None:
    """All three gone at once: popular lists come from memory."""
    for door in (doors.main, doors.own, doors.redis):
        await door.shut()
    assert (await doors.site.popular({"gender": "m"}))["items"]
    assert await health(doors.site) == (200, "degraded")


async def test_a_process_started_without_our_database_serves_the_last_generation(shop: Shop) -> None:
    """After a restart in an outage: what this host loaded before is better than nothing."""
    async with Proxy(str(shop.settings.recommendations_db_url)) as own:
        await own.shut()
        behind = {"recommendations_database_url": SecretStr(own.url)}
        async with open_site(shop.settings.model_copy(update=behind)) as site:
            assert (await site.popular())["items"]


async def test_a_process_without_any_model_is_unhealthy_and_says_why(
    shop: Shop, own_url: str, tmp_path: object
) -> None:
    """503 model_not_ready with Retry-After, until the first generation is there."""
    nothing = {"recommendations_database_url": SecretStr(own_url), "data_dir": tmp_path}
    async with open_site(shop.settings.model_copy(update=nothing)) as site:
        answer = await site.client.post("/popular", json={"user_params": {}})
        assert answer.status_code == 503
        assert answer.json()["code"] == "model_not_ready"
        assert answer.headers["retry-after"]
        assert await health(site) == (503, "unhealthy")
        assert (await site.get("/stats"))["model"] is None
