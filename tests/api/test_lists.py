"""The lists' promises, over HTTP, against an oracle in SQL over the host's own tables."""

import random
from typing import Any

import asyncpg
import pytest

from tests.api.conftest import Shop
from tests.support.site import Site

FILTERS: list[dict[str, Any]] = [
    {},
    {"price_from": 1000},
    {"price_to": 1500},
    {"price_from": 500, "price_to": 3000},
    {"category": "books"},
    {"category": "electronics", "price_to": 5000},
    {"platform": "ozon"},
    {"platform": "wildberries"},
    {"suitable_for": "friend"},
    {"suitable_for": "family", "acquaintance_level": "close"},
    {"acquaintance_level": "formal"},
    {"categories": ["books", "toys", "home"]},
    {"platform": "ozon", "suitable_for": "colleague", "price_to": 4000},
    {"category": "no such category"},
    {"price_from": 0},
    {"exclude_ids": list(range(1, 200))},
    {"price_from": 1000, "exclude_ids": ["1", "2", "no id", 3]},
    {"suitable_for": "colleague"},
    {"categories": ["beauty"], "acquaintance_level": "casual"},
    {"price_from": 999_999_999},
]


async def allowed(conn: asyncpg.Connection, filters: dict[str, Any], user: int | None = None) -> set[int]:
    """Ids that a list under these filters must hold: public, in stock, passing, and not liked by the user."""
    has = "coalesce({0} ->> '{1}' = ${2} OR {0} -> '{1}' ? ${2}, false)"
    conditions = ["user_id IS NULL", "status = 'in_stock'"]
    values: list[Any] = []

    def add(condition: str, value: Any) -> None:
        values.append(value)
        conditions.append(condition.replace("$", f"${len(values)}"))

    if "price_from" in filters:
        add("price >= $", filters["price_from"])
    if "price_to" in filters:
        add("price <= $", filters["price_to"])
    categories = [*filters.get("categories", []), *([filters["category"]] if "category" in filters else [])]
    if categories:
        add("categories ->> 'category' = ANY($::text[])", categories)
    if "platform" in filters:
        add("platform = $", filters["platform"])
    for key in ("suitable_for", "acquaintance_level"):
        if key in filters:
            values.append(filters[key])
            conditions.append(has.format("categories", key, len(values)))
    if "exclude_ids" in filters:
        add("id <> ALL($::bigint[])", [int(value) for value in filters["exclude_ids"] if str(value).isdigit()])
    if user is not None:
        add("id NOT IN (SELECT handpicked_present_id FROM handpicked_likes WHERE user_id = $)", user)
    rows = await conn.fetch(f"SELECT id FROM handpicked_presents WHERE {' AND '.join(conditions)}", *values)
    return {row["id"] for row in rows}


async def walk(site: Site, path: str, body: dict[str, Any], limit: int = 100) -> list[int]:
    """Every page of one list, checked for true and unchanging totals as it goes."""
    found: list[int] = []
    page, total = 1, None
    while True:
        answer = await site.post(path, {**body, "pagination": {"page": page, "limit": limit}})
        pagination = answer["pagination"]
        total = pagination["total_count"] if total is None else total
        assert pagination == {
            "page": page,
            "limit": limit,
            "total_count": total,
            "total_pages": -(-total // limit),
            "has_next": page * limit < total,
            "has_previous": page > 1,
        }
        found += answer["items"]
        if not pagination["has_next"]:
            assert len(found) == total
            return found
        page += 1


@pytest.fixture(scope="session")
async def users(shop: Shop) -> list[int]:
    """Users with no interaction, with few, and with many."""
    rows = await shop.conn.fetch("""
        SELECT u.id, (SELECT count(*) FROM handpicked_likes WHERE user_id = u.id)
                   + (SELECT count(*) FROM handpicked_present_clicks WHERE user_id = u.id) AS done
        FROM users u ORDER BY done, u.id""")
    ids = [row["id"] for row in rows]
    return ids[:5] + ids[len(ids) // 2 : len(ids) // 2 + 5] + ids[-5:]


@pytest.mark.parametrize("number", range(len(FILTERS)))
async def test_all_pages_of_a_popular_list_are_exactly_what_the_filters_allow(
    site: Site, shop: Shop, number: int
) -> None:
    """No overlap, no gap, true totals, nothing private, nothing sold out; whatever the filters."""
    found = await walk(site, "/popular", {"user_params": {"gender": "f", "age": "25-34"}, "filters": FILTERS[number]})
    assert len(found) == len(set(found))
    assert set(found) == await allowed(shop.conn, FILTERS[number])


async def test_all_pages_of_a_personal_list_are_exactly_what_filters_and_likes_allow(
    site: Site, shop: Shop, users: list[int]
) -> None:
    """The same for users with no, some and many interactions: never a liked item, never a private one."""
    for place, user in enumerate(users):
        for filters in (FILTERS[0], FILTERS[(place * 7 + 1) % len(FILTERS)], FILTERS[(place * 3 + 4) % len(FILTERS)]):
            found = await walk(site, "/personalized", {"user_id": user, "filters": filters}, limit=37)
            assert len(found) == len(set(found))
            assert set(found) == await allowed(shop.conn, filters, user)


async def test_pages_of_any_size_cut_one_list(site: Site, users: list[int]) -> None:
    """The list is the same whatever the page size, whether its head came from the cache or its tail was ranked anew."""
    for user in users[::4]:
        by_size = [await walk(site, "/personalized", {"user_id": user}, limit=limit) for limit in (100, 64, 9)]
        assert by_size[0] == by_size[1] == by_size[2]


async def test_private_presents_are_never_answered(site: Site, shop: Shop) -> None:
    """Whatever their likes say: 300 random users, segments and filters find none of them."""
    private = {
        row["id"] for row in await shop.conn.fetch("SELECT id FROM handpicked_presents WHERE user_id IS NOT NULL")
    }
    liked = await shop.conn.fetchval(
        "SELECT count(*) FROM handpicked_likes WHERE handpicked_present_id = ANY($1::bigint[])", list(private)
    )
    assert liked > 500, "the shop must have many likes on private presents, or this proves nothing"
    dice = random.Random(1)
    for _ in range(150):
        filters = dice.choice(FILTERS)
        personal = await site.personalized(dice.randint(1, 950), filters=filters, pagination={"limit": 100})
        params = {
            "gender": dice.choice(["m", "f", None]),
            "age": dice.choice(["18-24", "45+", "any"]),
            "geo_id": dice.choice([213, 2, None]),
        }
        popular = await site.popular(params, filters=filters, pagination={"limit": 100})
        assert not private & {*personal["items"], *popular["items"]}


async def test_the_rung_follows_from_the_number_of_interactions(site: Site, shop: Shop) -> None:
    """0 interactions: popular; 1-2: content_based; 3 or more: collaborative."""
    counts = await shop.conn.fetch("""
        SELECT u.id, count(DISTINCT (e.kind, e.item)) FILTER (WHERE e.item IS NOT NULL) AS done FROM users u LEFT JOIN (
            SELECT user_id, handpicked_present_id AS item, 1 AS kind FROM handpicked_likes
            UNION ALL SELECT user_id, handpicked_present_id, 2 FROM handpicked_present_clicks) e
          ON e.user_id = u.id AND e.item IN (SELECT id FROM handpicked_presents WHERE user_id IS NULL)
        GROUP BY u.id""")
    seen = set()
    for row in counts:
        wanted = "popular" if row["done"] == 0 else "content_based" if row["done"] <= 2 else "collaborative"
        if (wanted, row["done"]) in seen:
            continue
        seen.add((wanted, row["done"]))
        assert (await site.personalized(row["id"]))["algorithm_used"] == wanted, dict(row)
    assert {name for name, _ in seen} == {"popular", "content_based", "collaborative"}


async def test_an_unknown_user_gets_what_is_popular(site: Site) -> None:
    """A user whom the host does not know, by number or by word, is a new user and no error."""
    everyone = (await site.popular())["items"]
    for user in (99_999_999, "no-such-user", "2f1c9f0e-8f1c-4a53-a8d5-0f6c0a7b1c11", -5, str(2**70)):
        answer = await site.personalized(user)
        assert answer["algorithm_used"] == "popular"
        assert answer["items"] == everyone


async def test_a_page_past_the_end_is_empty_with_true_totals(site: Site, shop: Shop) -> None:
    """No error, no items, the same totals as on page one."""
    total = len(await allowed(shop.conn, {}))
    for page in (1_000, 2**62):
        answer = await site.popular(pagination={"page": page, "limit": 20})
        assert answer["items"] == []
        assert answer["pagination"]["total_count"] == total
        assert answer["pagination"]["has_next"] is False


async def test_the_second_question_is_a_cache_hit_with_the_same_answer(site: Site, users: list[int]) -> None:
    """cache_hit tells the truth, and a hit answers what the miss did."""
    body = {"filters": {"price_to": 4321}}
    for path, who in (("/personalized", {"user_id": users[-1]}), ("/popular", {"user_params": {"gender": "m"}})):
        first, second = [await site.post(path, {**who, **body}) for _ in range(2)]
        assert (first["cache_hit"], second["cache_hit"]) == (False, True)
        assert first["items"] == second["items"]
        assert first["algorithm_used"] == second["algorithm_used"]


async def test_details_and_reasons_come_on_request_and_are_the_hosts_own(
    site: Site, shop: Shop, users: list[int]
) -> None:
    """Title, price, category are those of the row; each place has a reason whose item the user really chose."""
    for user in (users[0], users[7], users[-1]):
        answer = await site.personalized(user, include=["details", "reasons"], pagination={"limit": 30})
        assert [result["id"] for result in answer["results"]] == answer["items"]
        rows = await shop.conn.fetch(
            "SELECT id, title, price, categories->>'category' AS category, url, image_url, coalesce(currency, 'RUB') AS"
            " currency FROM handpicked_presents WHERE id = ANY($1::bigint[])",
            answer["items"],
        )
        known = {row["id"]: row for row in rows}
        chosen = {
            row[0]
            for row in await shop.conn.fetch(
                "SELECT handpicked_present_id FROM handpicked_likes WHERE user_id = $1"
                " UNION SELECT handpicked_present_id FROM handpicked_present_clicks WHERE user_id = $1",
                user,
            )
        }
        for result in answer["results"]:
            row = known[result["id"]]
            assert result.get("title") == row["title"]
            assert result.get("category") == row["category"]
            assert result.get("url") == row["url"]
            assert result["currency"] == row["currency"]
            assert result.get("price") == (
                None if row["price"] is None else pytest.approx(float(row["price"]), rel=1e-6)
            )
            assert result["reasons"]
            for reason in result["reasons"]:
                assert reason["text"]
                if "item_id" in reason["params"]:
                    assert reason["params"]["item_id"] in chosen
    assert "results" not in await site.personalized(users[0])


async def test_reasons_speak_russian_when_asked(site: Site, users: list[int]) -> None:
    """`language: ru` changes the sentences, not the codes."""
    english = await site.personalized(users[-1], include=["reasons"])
    russian = await site.personalized(users[-1], include=["reasons"], language="ru")
    codes = [
        [[why["code"] for why in result["reasons"]] for result in answer["results"]] for answer in (english, russian)
    ]
    assert codes[0] == codes[1]
    texts = [answer["results"][0]["reasons"][0]["text"] for answer in (english, russian)]
    assert texts[0] != texts[1]
    assert any("а" <= letter <= "я" for letter in texts[1].lower())


async def test_max_per_category_caps_the_whole_list(site: Site, shop: Shop) -> None:
    """At most so many of each category over all pages, and the totals say so."""
    found = await walk(site, "/popular", {"user_params": {}, "filters": {"max_per_category": 3}}, limit=7)
    rows = await shop.conn.fetch(
        "SELECT categories->>'category' AS category, count(*) AS n FROM handpicked_presents"
        " WHERE id = ANY($1::bigint[]) AND categories->>'category' IS NOT NULL GROUP BY 1",
        found,
    )
    assert {row["n"] for row in rows} <= {1, 2, 3}
    assert max(row["n"] for row in rows) == 3


async def test_the_order_of_scores_is_the_order_of_the_page(site: Site, users: list[int]) -> None:
    """Personal results are not sorted by popularity on their way out: within a rung, scores only fall."""
    answer = await site.personalized(users[-1], include=["details"], pagination={"limit": 100})
    by_rung: dict[str, list[float]] = {}
    for result in answer["results"]:
        by_rung.setdefault(result["rung"], []).append(result["score"])
    assert "collaborative" in by_rung
    assert all(scores == sorted(scores, reverse=True) for scores in by_rung.values())
    popular = (await site.popular(pagination={"limit": 100}))["items"]
    assert answer["items"] != [item for item in popular if item in set(answer["items"])]


async def test_demographics_change_what_is_popular(site: Site) -> None:
    """Men of 55+ and women of 18-24 see different first pages; 45+ is both last groups."""
    old = await site.popular({"gender": "male", "age": "55+"})
    young = await site.popular({"gender": "f", "age": 19})
    assert old["items"] != young["items"]
    assert (await site.popular({"gender": "f", "age": "18-24"}))["items"] == young["items"]
    wide = await site.popular({"age": "45+"}, include=["reasons"])
    assert wide["results"][0]["reasons"][0]["params"]["age"] == "45+"
