"""The generated world: exact, repeatable, believable, and worth learning from."""

import hashlib
from datetime import timedelta
from typing import Any

import asyncpg
import numpy as np
import pytest
from numpy.typing import NDArray

from giftwise.seeding.events import WorldTooSmall
from giftwise.seeding.host import LIKES, TABLES, ForeignData, IdType, origin_of
from giftwise.seeding.world import SCALES, Scale, seed
from tests.seeding.conftest import NOW

TINY = Scale("tiny", public=300, private=200, likes=1_500, clicks=2_000, users=200)
PUBLIC_LIKES = """
    SELECT l.user_id, l.handpicked_present_id, p.categories->>'category' AS category, u.gender
    FROM handpicked_likes l JOIN users u ON u.id = l.user_id JOIN handpicked_presents p ON p.id = handpicked_present_id
    WHERE p.user_id IS NULL ORDER BY l.created_at, l.id
"""


async def digest(url: str) -> str:
    """A hash of every row of every table."""
    connection = await asyncpg.connect(url)
    try:
        rows = [await connection.fetch(f"SELECT * FROM {table} ORDER BY id") for table in TABLES]
    finally:
        await connection.close()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


@pytest.mark.parametrize("id_type", ["bigint", "uuid", "text"])
async def test_the_same_seed_makes_the_same_world(url: str, id_type: IdType) -> None:
    """A scale, a seed and a moment determine every row; another seed makes another world."""
    digests = []
    for number in (1, 1, 2):
        await seed(url, TINY, seed=number, now=NOW, id_type=id_type, user_id_type=id_type)
        digests.append(await digest(url))
    assert digests[0] == digests[1] != digests[2]


async def test_counts_are_exact(demo: asyncpg.Connection) -> None:
    """There are exactly as many of everything as the scale says, user ids from 1 on."""
    scale = SCALES["demo"]
    counted = await demo.fetchrow(
        """
        SELECT (SELECT count(*) FROM handpicked_presents WHERE user_id IS NULL) AS public,
               (SELECT count(*) FROM handpicked_presents WHERE user_id IS NOT NULL) AS private,
               (SELECT count(*) FROM handpicked_likes) AS likes,
               (SELECT count(*) FROM handpicked_present_clicks) AS clicks,
               (SELECT count(*) FROM users WHERE id BETWEEN 1 AND $1) AS users
    """,
        scale.users,
    )
    assert dict(counted) == {name: getattr(scale, name) for name in ("public", "private", "likes", "clicks", "users")}


async def test_the_large_scales_are_those_of_the_contract() -> None:
    """S and L are the sizes that budgets are stated for."""
    small, large = SCALES["S"], SCALES["L"]
    assert (small.public, small.private, small.likes, small.clicks) == (16_000, 436_000, 600_000, 800_000)
    assert (large.public, large.likes, large.clicks) == (100_000, 5_000_000, 5_000_000)


async def test_private_presents_are_liked_and_clicked(demo: asyncpg.Connection) -> None:
    """A tenth or so of likes and clicks fall on presents that must never be recommended, none on one's own."""
    for table in ("handpicked_likes", "handpicked_present_clicks"):
        share, own = await demo.fetchrow(f"""
            SELECT avg((p.user_id IS NOT NULL)::int), sum((p.user_id = e.user_id)::int)
            FROM {table} e JOIN handpicked_presents p ON p.id = e.handpicked_present_id
        """)
        assert 0.10 <= share <= 0.15
        if table == LIKES:
            assert own == 0


async def test_events_lie_in_the_two_years_before_now(demo: asyncpg.Connection) -> None:
    """Nothing happens in the future, before the window, or to a present that did not exist yet."""
    for table in ("handpicked_likes", "handpicked_present_clicks"):
        first, last, too_early = await demo.fetchrow(f"""
            SELECT min(e.created_at), max(e.created_at), count(*) FILTER (WHERE e.created_at < p.created_at)
            FROM {table} e JOIN handpicked_presents p ON p.id = e.handpicked_present_id
        """)
        assert NOW - timedelta(days=731) < first < last <= NOW
        assert too_early == 0


async def test_a_like_is_given_once_and_mostly_after_a_click(demo: asyncpg.Connection) -> None:
    """No pair is liked twice; three likes in four have a click of the same person before them."""
    pairs = await demo.fetchval("SELECT count(DISTINCT (user_id, handpicked_present_id)) FROM handpicked_likes")
    assert pairs == SCALES["demo"].likes
    clicked = await demo.fetchval("""
        SELECT avg(EXISTS (
            SELECT FROM handpicked_present_clicks c WHERE c.user_id = l.user_id
            AND c.handpicked_present_id = l.handpicked_present_id AND c.created_at <= l.created_at
        )::int) FROM handpicked_likes l
    """)
    assert 0.7 <= clicked <= 0.9


async def test_activity_and_demographics_have_gaps_and_tails(demo: asyncpg.Connection) -> None:
    """Many people hardly do anything, a few do a lot; some tell no gender or birthday; some clicks are anonymous."""
    idle, light, heavy = await demo.fetchrow("""
        SELECT count(*) FILTER (WHERE n = 0), count(*) FILTER (WHERE n BETWEEN 1 AND 2), count(*) FILTER (WHERE n > 100)
        FROM (SELECT count(l.id) AS n FROM users u LEFT JOIN handpicked_likes l ON l.user_id = u.id GROUP BY u.id) AS x
    """)
    assert idle > 300
    assert light > 200
    assert heavy > 5
    no_gender, no_birthday = await demo.fetchrow(
        "SELECT avg((gender IS NULL)::int), avg((birthday IS NULL)::int) FROM users"
    )
    assert 0.05 < no_gender < 0.12
    assert 0.15 < no_birthday < 0.25
    assert await demo.fetchval("SELECT count(*) FROM handpicked_present_clicks WHERE user_id IS NULL") > 1_000


async def test_items_are_as_untidy_as_real_ones(demo: asyncpg.Connection) -> None:
    """Some public presents are sold out, have no price or picture, lack keys, or hold lists where others hold words."""
    row = await demo.fetchrow("""
        SELECT count(*) FILTER (WHERE status = 'out_of_stock') AS sold_out,
               count(*) FILTER (WHERE price IS NULL) AS priceless,
               count(*) FILTER (WHERE image_url IS NULL) AS unpictured,
               count(*) FILTER (WHERE geo_id IS NOT NULL) AS local,
               count(*) FILTER (WHERE NOT categories ? 'category') AS uncategorised,
               count(*) FILTER (WHERE jsonb_typeof(categories->'suitable_for') = 'array') AS lists,
               count(*) FILTER (WHERE jsonb_typeof(categories->'suitable_for') = 'string') AS words,
               count(*) FILTER (WHERE title ~ '[а-я]') AS russian,
               count(DISTINCT categories->>'category') AS categories,
               count(DISTINCT platform) AS platforms
        FROM handpicked_presents WHERE user_id IS NULL
    """)
    assert all(10 <= row[name] <= 200 for name in ("sold_out", "priceless", "unpictured", "local", "uncategorised"))
    assert all(400 <= row[name] <= 1_000 for name in ("lists", "words"))
    assert 850 <= row["russian"] <= 1_150
    assert row["categories"] == 14
    assert row["platforms"] >= 8


async def test_near_duplicates_exist(demo: asyncpg.Connection) -> None:
    """Some public presents are one design in several colours: the same title up to its last part."""
    designs = await demo.fetch(r"""
        SELECT regexp_replace(title, ', [^,]+$', '') AS design, count(DISTINCT title) FROM handpicked_presents
        WHERE user_id IS NULL AND title ~ ', .*, ' GROUP BY design HAVING count(DISTINCT title) > 1
    """)
    assert len(designs) > 30


async def test_feasts_are_busy(demo: asyncpg.Connection) -> None:
    """The weeks before New Year and 8 March see far more likes a day than the weeks after."""
    days = await demo.fetch("SELECT created_at::date AS day, count(*) AS likes FROM handpicked_likes GROUP BY day")
    likes = {row["day"].isoformat(): row["likes"] for row in days}

    def mean(month: str, first: int, last: int) -> float:
        return float(np.mean([likes.get(f"{month}-{day:02}", 0) for day in range(first, last + 1)]))

    assert mean("2025-12", 5, 31) > 1.7 * mean("2026-01", 10, 31)
    assert mean("2026-03", 1, 8) > 1.5 * mean("2026-03", 10, 19)


async def test_demographics_shift_tastes(demo: asyncpg.Connection) -> None:
    """Women like beauty and handmade things, men games and electronics, half as often again as the others at least."""
    rows = await demo.fetch(PUBLIC_LIKES)
    share = {gender: _shares([row["category"] for row in rows if row["gender"] == gender]) for gender in ("m", "f")}
    for category in ("beauty", "handmade"):
        assert share["f"][category] > 1.5 * share["m"].get(category, 0.0)
    for category in ("games", "electronics"):
        assert share["m"][category] > 1.5 * share["f"].get(category, 0.0)


async def test_taste_can_be_learned(demo: asyncpg.Connection) -> None:
    """Counting which presents are liked together predicts later likes at least twice as well as popularity."""
    rows = await demo.fetch(PUBLIC_LIKES)
    users = np.array([row["user_id"] for row in rows])
    items = np.unique([row["handpicked_present_id"] for row in rows], return_inverse=True)[1]
    cut = int(len(rows) * 0.8)
    liked = np.zeros((users.max() + 1, items.max() + 1), dtype=np.float32)
    later = liked.copy()
    liked[users[:cut], items[:cut]] = 1
    later[users[cut:], items[cut:]] = 1
    known = (liked.sum(axis=1) >= 3) & (later.sum(axis=1) > 0)
    popularity = liked.sum(axis=0)
    scaled = liked / np.sqrt(np.maximum(popularity, 1))
    together = scaled.T @ (scaled / np.sqrt(np.maximum(liked.sum(axis=1, keepdims=True), 1)))
    assert known.sum() > 500
    by_taste = _recall(liked[known] @ together, liked[known], later[known])
    by_popularity = _recall(np.tile(popularity, (known.sum(), 1)), liked[known], later[known])
    assert by_taste > 2 * by_popularity > 0


async def test_other_data_is_refused_and_kept(url: str, conn: asyncpg.Connection) -> None:
    """A host's own rows survive a seed; asked to replace them, the seed does and marks what it made."""
    await conn.execute("CREATE TABLE users (id int, name text); INSERT INTO users VALUES (1, 'Anna')")
    with pytest.raises(ForeignData):
        await seed(url, TINY, now=NOW)
    assert await conn.fetchval("SELECT name FROM users") == "Anna"
    await seed(url, TINY, now=NOW, replace=True)
    assert await conn.fetchval("SELECT count(*) FROM users") == TINY.users
    assert await origin_of(conn) == "generated"


async def test_a_failing_seed_changes_nothing(url: str, conn: asyncpg.Connection) -> None:
    """A seed that fails half-way leaves the data of the last one."""
    await seed(url, TINY, now=NOW)
    before = await digest(url)
    with pytest.raises(WorldTooSmall):
        await seed(url, Scale("cramped", public=10, private=10, likes=5_000, clicks=10, users=20), now=NOW)
    assert await digest(url) == before


async def test_new_rows_continue_the_ids(url: str, conn: asyncpg.Connection) -> None:
    """A like inserted afterwards gets the next id, as a live host's would."""
    await seed(url, TINY, now=NOW)
    like = "INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES (1, 1) RETURNING id"
    assert await conn.fetchval(like) == TINY.likes + 1


async def test_a_world_without_private_presents(url: str, conn: asyncpg.Connection) -> None:
    """A scale may do without private presents; all likes then fall on public ones."""
    await seed(url, Scale("open", public=300, private=0, likes=500, clicks=100, users=100), now=NOW)
    assert await conn.fetchval("SELECT count(*) FROM handpicked_likes") == 500


async def test_progress_grows_to_the_end(url: str) -> None:
    """The callback sees named steps, a percentage that never falls, and 100 at the end."""
    seen: list[tuple[str, float]] = []
    await seed(url, TINY, now=NOW, progress=lambda step, percent: seen.append((step, percent)))
    assert [step for step, _ in seen] == ["users", "presents", "likes", "clicks", "indexes", "done"]
    assert [percent for _, percent in seen] == sorted(percent for _, percent in seen)
    assert seen[-1] == ("done", 100.0)


def _shares(categories: list[str | None]) -> dict[str, float]:
    names, counts = np.unique([name for name in categories if name], return_counts=True)
    return dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))


def _recall(scores: NDArray[Any], liked: NDArray[Any], later: NDArray[Any], places: int = 20) -> float:
    """The mean share of later likes that are among each person's first places, what they liked before left out."""
    best = np.argpartition(-np.where(liked > 0, -np.inf, scores), places, axis=1)[:, :places]
    hits = np.take_along_axis(later, best, axis=1).sum(axis=1)
    return float(np.mean(hits / np.minimum(later.sum(axis=1), places)))
