"""The profiles' promises: what is said of a user counts at once, and a like is honoured at once."""

import asyncio
from typing import Any

import asyncpg

from tests.api.conftest import Shop
from tests.support.site import Site, open_site


async def a_user(conn: asyncpg.Connection, likes: int) -> int:
    """A user with this many likes on public items or more, fewest first."""
    found: int = await conn.fetchval(
        """SELECT l.user_id FROM handpicked_likes l JOIN handpicked_presents p ON p.id = l.handpicked_present_id
           WHERE p.user_id IS NULL GROUP BY l.user_id HAVING count(*) >= $1 ORDER BY count(*), l.user_id LIMIT 1""",
        likes,
    )
    return found


async def test_put_profile_changes_the_very_next_answer_of_a_new_user(site: Site) -> None:
    """A new user sees what everyone likes; after PUT, what people like them like; the first answer was cached."""
    user = 5_000_001
    before = await site.personalized(user)
    assert (await site.personalized(user))["cache_hit"]
    answer = await site.put(
        f"/user-profile/{user}", {"gender": "male", "age_group": "55+", "locale": "ru", "geo_id": 213}
    )
    assert answer["user_id"] == user
    assert answer["demographics"] == {"gender": "m", "age_group": "55+", "locale": "ru", "geo_id": 213}
    after = await site.personalized(user)
    assert after["cache_hit"] is False
    assert after["items"] != before["items"]
    same = await site.popular({"gender": "m", "age": "55+", "geo_id": 213})
    assert after["items"] == same["items"]
    profile = await site.get(f"/user-profile/{user}")
    assert profile == {"user_id": user, "profile": None, "demographics": answer["demographics"]}


async def test_put_reaches_the_other_process_at_once(site: Site, shop: Shop) -> None:
    """What was PUT through one process counts in the next answer of another."""
    user = 5_000_002
    async with open_site(shop.settings) as other:
        before = await other.personalized(user)
        await site.put(f"/user-profile/{user}", {"gender": "female", "age_group": "18-24"})
        assert (await other.personalized(user))["items"] != before["items"]


async def test_put_names_only_what_changes(site: Site) -> None:
    """Each field is optional: what is not named stays; `any` clears."""
    user = 5_000_003
    await site.put(f"/user-profile/{user}", {"gender": "female", "locale": "ru"})
    answer = await site.put(f"/user-profile/{user}", {"age_group": "25-34"})
    assert answer["demographics"] == {"gender": "f", "age_group": "25-34", "locale": "ru", "geo_id": None}
    answer = await site.put(f"/user-profile/{user}", {"gender": "any"})
    assert answer["demographics"]["gender"] is None
    await site.put(f"/user-profile/{user}", {"gender": "x"}, status=422)


async def test_a_profile_says_what_the_user_chose(site: Site, shop: Shop) -> None:
    """Shares add up to one, prices lie in order, counts are the user's own."""
    user = await a_user(shop.conn, 10)
    answer: dict[str, Any] = await site.get(f"/user-profile/{user}")
    profile = answer["profile"]
    assert answer["user_id"] == user
    assert abs(sum(profile["preferred_categories"].values()) - 1) < 0.01
    assert profile["price_range_min"] <= profile["avg_price"] <= profile["price_range_max"]
    assert profile["interaction_count"] >= 10
    assert profile["last_interaction_at"]


async def test_a_like_is_gone_from_an_uncached_list_at_once(site: Site, shop: Shop) -> None:
    """The history is read live: no worker, no refresh and no call is needed."""
    user = await a_user(shop.conn, 5)
    top = (await site.personalized(user, pagination={"limit": 1}))["items"][0]
    await shop.conn.execute("INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES ($1, $2)", user, top)
    try:
        fresh = await site.personalized(user, filters={"price_from": 0.01})
        assert top not in fresh["items"]
    finally:
        await shop.conn.execute(
            "DELETE FROM handpicked_likes WHERE user_id = $1 AND handpicked_present_id = $2", user, top
        )


async def test_without_a_worker_a_cached_list_never_holds_a_liked_item(site: Site, shop: Shop) -> None:
    """No tail beats here: the cached list is checked against the history before it is served, and dropped."""
    user = await a_user(shop.conn, 6)
    first = await site.personalized(user)
    assert (await site.personalized(user))["cache_hit"]
    top = first["items"][0]
    await shop.conn.execute("INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES ($1, $2)", user, top)
    try:
        after = await site.personalized(user)
        assert after["cache_hit"] is False
        assert top not in after["items"]
    finally:
        await shop.conn.execute(
            "DELETE FROM handpicked_likes WHERE user_id = $1 AND handpicked_present_id = $2", user, top
        )


async def test_refresh_recomputes_one_user_and_drops_their_lists(site: Site, shop: Shop) -> None:
    """A user with likes but no profile yet: refresh makes the profile, and no liked item comes back."""
    user, items = 5_000_004, [row["id"] for row in await shop.conn.fetch(
        "SELECT id FROM handpicked_presents WHERE user_id IS NULL AND status = 'in_stock' ORDER BY id LIMIT 4"
    )]  # fmt: skip
    await site.engine.answers.beat("presents", 60)  # as a worker would: cached lists count as fresh
    await site.personalized(user)
    assert (await site.personalized(user))["cache_hit"]
    await shop.conn.executemany(
        "INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES ($1, $2)",
        [(user, item) for item in items],
    )
    answer = await site.post(f"/user-profile/{user}/refresh")
    assert answer["profile"]["interaction_count"] == 4
    after = await site.personalized(user, pagination={"limit": 100})
    assert after["algorithm_used"] == "collaborative"
    assert not set(items) & set(after["items"])
    assert (await site.get(f"/user-profile/{user}"))["profile"]["interaction_count"] == 4
    await shop.conn.execute("DELETE FROM handpicked_likes WHERE user_id = $1", user)
    await site.client.post(f"/user-profile/{user}/refresh")


async def test_a_hundred_equal_misses_compute_once(site: Site, shop: Shop, monkeypatch: Any) -> None:
    """Single flight: one history is read for a hundred equal questions at once."""
    user = await a_user(shop.conn, 7)
    reads = 0
    fetch = site.engine.main.fetch

    async def counted(sql: str, *args: object) -> list[Any]:
        nonlocal reads
        reads += 1
        return await fetch(sql, *args)

    monkeypatch.setattr(site.engine.main, "fetch", counted)
    body = {"filters": {"price_to": 31_337}}
    answers = await asyncio.gather(*(site.personalized(user, **body) for _ in range(100)))
    assert len({tuple(answer["items"]) for answer in answers}) == 1
    assert reads < 10, "equal questions must share one computation"
