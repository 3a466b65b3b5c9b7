"""The live tail: every new interaction is told once, late commits too, whatever the host's keys are."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from giftwise.db.main import MainDatabase
from giftwise.db.mapping import Mapping, load_mapping
from giftwise.errors import MainDatabaseUnavailable
from giftwise.interactions import tail as tail_module
from giftwise.interactions.event import Kind
from giftwise.interactions.tail import Tail, Touch, open_tails
from tests.support.host import Host, MakeDatabase, open_host

INSERT = "INSERT INTO handpicked_likes (user_id, handpicked_present_id, created_at) VALUES ($1, 1, $2)"


@pytest.fixture(params=["id", "at", "at, keyed by id"])
async def host(make_database: MakeDatabase, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Host, Mapping]]:
    """A host followed by integer ids, by time alone, or by time with ids that are no integers."""
    likes = load_mapping().interactions[0]
    change: dict[str, Any] = {"id": {"id": "id", "at": None, "at, keyed by id": "md5(id::text)"}[request.param]}
    if request.param == "id":
        change["at"] = None
    mapping = load_mapping().model_copy(update={"interactions": (likes.model_copy(update=change),)})
    async with open_host(make_database) as opened:
        yield opened, mapping


async def test_only_what_is_new_is_told_and_once(host: tuple[Host, Mapping]) -> None:
    """The first look tells nothing of the past; later looks tell each new like once."""
    opened, main, tail = await _follow(host)
    await opened.conn.execute(INSERT, 1, _now())
    await opened.conn.execute(INSERT, 1, _now())
    await opened.conn.execute(INSERT, 2, _now())
    assert set(await tail.new_events(main)) == {Touch("1", Kind.LIKE), Touch("2", Kind.LIKE)}
    assert await tail.new_events(main) == []


async def test_a_late_commit_is_not_missed(host: tuple[Host, Mapping]) -> None:
    """A row written first and committed last is told, though a later one was told before it."""
    opened, main, tail = await _follow(host)
    slow = await asyncpg.connect(opened.url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(INSERT, 1, _now())
        await opened.conn.execute(INSERT, 2, _now())
        assert [touch.user_id for touch in await tail.new_events(main)] == ["2"]
        await transaction.commit()
    finally:
        await slow.close()
    assert [touch.user_id for touch in await tail.new_events(main)] == ["1"]
    assert await tail.new_events(main) == []


async def test_a_row_still_open_at_the_first_look_is_told(host: tuple[Host, Mapping]) -> None:
    """What was being written when the tail began is new when it commits."""
    opened, mapping = host
    slow = await asyncpg.connect(opened.url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(INSERT, 1, _now())
        _, main, tail = await _follow((opened, mapping))
        await transaction.commit()
    finally:
        await slow.close()
    assert [touch.user_id for touch in await tail.new_events(main)] == ["1"]


async def test_a_position_outlives_the_process(host: tuple[Host, Mapping]) -> None:
    """From the stored position a new process tells what happened while there was none."""
    opened, main, tail = await _follow(host)
    stored = json.loads(json.dumps({tail.name: tail.position}))
    await opened.conn.execute(INSERT, 3, _now())
    (after,) = open_tails(await main.schema(), stored)
    assert "3" in {touch.user_id for touch in await after.new_events(main)}


async def test_more_than_a_page_is_told_whole(host: tuple[Host, Mapping], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows past one page follow in the next read, equal times included."""
    monkeypatch.setattr(tail_module, "PAGE", 3)
    opened, main, tail = await _follow(host)
    moment = _now()
    for user in range(10):
        await opened.conn.execute(INSERT, user, moment if user < 5 else _now())
    assert {touch.user_id for touch in await tail.new_events(main)} == {str(user) for user in range(10)}
    assert await tail.new_events(main) == []


async def test_an_empty_table_is_followed_from_its_first_row(make_database: MakeDatabase) -> None:
    """A new host's first like ever is told."""
    async with open_host(make_database) as opened:
        main = opened.main()
        tails = open_tails(await main.schema(), {})
        assert [await tail.new_events(main) for tail in tails] == [[], [], []]
        await opened.click(None, 1, _now())
        await opened.purchase(4, 1, _now())
        told = [await tail.new_events(main) for tail in tails]
        assert told == [[], [], [Touch("4", Kind.PURCHASE)]], "an anonymous click is nobody's"


async def test_memory_and_position_move_on(host: tuple[Host, Mapping], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than the overlap is neither read nor remembered any more."""
    opened, main, tail = await _follow(host)
    monkeypatch.setattr(tail_module, "OVERLAP_SECONDS", 0.2)
    await opened.conn.execute(INSERT, 1, _now())
    assert len(await tail.new_events(main)) == 1
    before = tail.position
    for _ in range(3):
        await asyncio.sleep(0.15)
        await opened.conn.execute(INSERT, 2, _now())
        await tail.new_events(main)
    assert before is not None
    assert tail.position is not None
    assert tail.position["after"] > before["after"]
    assert len(tail._seen) < 4


async def test_a_table_filled_anew_is_followed_again(make_database: MakeDatabase) -> None:
    """After the host's data were replaced and ids began at 1 again, new likes are told as before."""
    async with open_host(make_database) as opened:
        await opened.conn.execute("SELECT setval('handpicked_likes_id_seq', 500000)")
        await opened.like(1, 1)
        main = opened.main()
        tail = open_tails(await main.schema(), {})[0]
        await tail.new_events(main)
        await opened.conn.execute("TRUNCATE handpicked_likes RESTART IDENTITY")
        await tail.new_events(main)
        await tail.new_events(main)
        await opened.like(2, 1)
        assert [touch.user_id for touch in await tail.new_events(main)] == ["2"]


async def test_a_row_from_the_future_hides_nothing(make_database: MakeDatabase) -> None:
    """A like dated a year ahead is told once and does not stop those of today from being told."""
    likes = load_mapping().interactions[0].model_copy(update={"id": None})
    mapping = load_mapping().model_copy(update={"interactions": (likes,)})
    async with open_host(make_database) as opened:
        await opened.like(1, 1, _now() + timedelta(days=365))
        main = opened.main(mapping)
        (tail,) = open_tails(await main.schema(), {})
        assert await tail.new_events(main) == []
        for user in (2, 3):
            await opened.like(user, 1, _now())
            assert [touch.user_id for touch in await tail.new_events(main)] == [str(user)]


@pytest.mark.parametrize(
    ("kind", "now"),
    [
        ("timestamp", lambda: datetime.now(UTC).replace(tzinfo=None)),
        ("bigint", lambda: int(datetime.now(UTC).timestamp())),
        ("double precision", lambda: datetime.now(UTC).timestamp()),
        ("integer", lambda: int(datetime.now(UTC).timestamp())),
    ],
)
async def test_every_kind_of_time_column_is_followed(
    make_database: MakeDatabase, kind: str, now: Callable[[], object]
) -> None:
    """Times without a zone are UTC, numbers are unix seconds."""
    likes = load_mapping().interactions[0].model_copy(update={"id": None})
    mapping = load_mapping().model_copy(update={"interactions": (likes,)})
    async with open_host(make_database) as opened:
        await opened.conn.execute(
            "ALTER TABLE handpicked_likes ALTER created_at DROP DEFAULT,"
            f" ALTER created_at TYPE {kind} USING NULL, ALTER created_at DROP NOT NULL"
        )
        main = opened.main(mapping)
        (tail,) = open_tails(await main.schema(), {})
        assert await tail.new_events(main) == []
        await opened.conn.execute(INSERT, 1, now())
        assert [touch.user_id for touch in await tail.new_events(main)] == ["1"]
        assert await tail.new_events(main) == []


async def test_a_source_without_id_and_time_is_skipped(make_database: MakeDatabase) -> None:
    """What cannot be followed is left out; the other sources are followed."""
    likes, clicks, _ = load_mapping().interactions
    blind = likes.model_copy(update={"id": None, "at": None})
    async with open_host(make_database) as opened:
        main = opened.main(load_mapping().model_copy(update={"interactions": (blind, clicks)}))
        assert [tail.name for tail in open_tails(await main.schema(), {})] == [clicks.name]


async def test_nothing_is_lost_while_the_database_is_away(
    host: tuple[Host, Mapping], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that fails half-way tells nothing and forgets nothing: the next one tells all."""
    opened, main, tail = await _follow(host)
    await opened.conn.execute(INSERT, 1, _now())
    fetch = main.fetch

    async def broken(*_: object) -> list[Any]:
        raise MainDatabaseUnavailable("away")

    monkeypatch.setattr(main, "fetch", broken)
    with pytest.raises(MainDatabaseUnavailable):
        await tail.new_events(main)
    monkeypatch.setattr(main, "fetch", fetch)
    assert [touch.user_id for touch in await tail.new_events(main)] == ["1"]


async def _follow(host: tuple[Host, Mapping]) -> tuple[Host, MainDatabase, Tail]:
    """A tail that has had its first look, over a table that was not empty."""
    opened, mapping = host
    await opened.conn.execute(INSERT, 99, _now() - timedelta(days=1))
    await opened.conn.execute(INSERT, 99, _now())
    main = opened.main(mapping)
    (tail,) = open_tails(await main.schema(), {})
    assert await tail.new_events(main) == []
    return opened, main, tail


def _now() -> datetime:
    return datetime.now(UTC)
