"""One user's live history: complete, deduplicated, newest first, in one indexed round trip, for every kind of id."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
import pytest

from giftwise.catalog.model import Model, item_arrays
from giftwise.catalog.presents import read_items
from giftwise.ids import IdKind
from giftwise.interactions.event import WEIGHTS, Kind
from giftwise.interactions.history import (
    EMPTY,
    NEWEST_PASSING,
    History,
    history_of_model,
    read_history,
)
from giftwise.interactions.recency import HistoryParams
from giftwise.seeding.host import IdType
from tests.support.host import NOON, Host, MakeDatabase, open_host


async def learn(host: Host) -> Model:
    """A model of the host's items, nothing else."""
    arrays, facts = item_arrays(await read_items(host.main()))
    return Model("presents", 1, datetime.now(UTC), arrays, facts)


@pytest.mark.parametrize("id_type", get_args(IdType))
async def test_what_a_user_did_newest_first(make_database: MakeDatabase, id_type: IdType) -> None:
    """Likes, clicks and purchases of this user alone, each (item, kind) once; private and unknown items left out."""
    async with open_host(make_database, id_type, id_type) as host:
        for number in (10, 20, 30):
            await host.present(number)
        await host.present(15, owner=1)
        for user, item, hours in ((1, 10, 0), (1, 15, 5), (1, 99, 5), (2, 30, 1)):
            await host.like(user, item, NOON + timedelta(hours=hours))
        for hours in (1, 3, 2):
            await host.click(1, 10, NOON + timedelta(hours=hours))
        await host.purchase(1, 30, NOON + timedelta(hours=2))
        main, model = host.main(), await learn(host)
        history = await read_history(main, model, str(host.user_id(1)))
        assert list(zip(history.places.tolist(), history.kinds.tolist(), strict=True)) == [
            (0, Kind.CLICK),
            (2, Kind.PURCHASE),
            (0, Kind.LIKE),
        ]
        assert history.at.tolist() == [int((NOON + timedelta(hours=hours)).timestamp()) for hours in (3, 2, 0)]
        assert history.settled.tolist() == [0, 2], "a click alone does not settle an item"
        assert history.count == 3
        assert (await read_history(main, model, str(host.user_id(7)))).count == 0
        await host.like(1, 20)
        assert 1 in (await read_history(main, model, str(host.user_id(1)))).settled, "a like counts at once"


@pytest.mark.parametrize(
    ("user_id_type", "impossible"),
    [("bigint", ["abc", 2**63, str(-(2**70)), "1\x00", ""]), ("uuid", ["abc", 5]), ("text", ["a\x00b", "x" * 65, ""])],
)
async def test_an_impossible_id_has_no_history(
    make_database: MakeDatabase, user_id_type: IdType, impossible: list[Any]
) -> None:
    """Ids that cannot exist in the host's column are answered by an empty history, without asking the host."""
    async with open_host(make_database, "bigint", user_id_type) as host:
        await host.present(1)
        main, model = host.main(), await learn(host)
        for user in impossible:
            assert (await read_history(main, model, user)).count == 0, user


async def test_all_likes_but_only_the_newest_clicks(make_database: MakeDatabase) -> None:
    """A heavy user's likes are all there, since they must all be excluded; of clicks the newest are enough."""
    count = NEWEST_PASSING + 100
    async with open_host(make_database) as host:
        await host.conn.execute(f"INSERT INTO handpicked_presents (id) SELECT generate_series(1, {count})")
        for table in ("handpicked_likes", "handpicked_present_clicks"):
            await host.conn.execute(
                f"INSERT INTO {table} (user_id, handpicked_present_id, created_at)"
                f" SELECT 1, i, '2025-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, {count}) i"
            )
        history = await read_history(host.main(), await learn(host), 1)
    assert len(history.settled) == count
    clicked = history.places[history.kinds == Kind.CLICK]
    assert sorted(clicked.tolist()) == list(range(100, count)), "the newest ones"


async def test_it_is_one_round_trip(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the schema is known a history costs exactly one statement."""
    async with open_host(make_database) as host:
        await host.present(1)
        main, model = host.main(), await learn(host)
        await read_history(main, model, 1)
        asked: list[str] = []
        fetch = main.fetch

        async def count(sql: str, *args: object) -> list[Any]:
            asked.append(sql)
            return await fetch(sql, *args)

        monkeypatch.setattr(main, "fetch", count)
        await read_history(main, model, 1)
        assert len(asked) == 1


async def test_a_catalog_of_another_kind_of_ids_is_unknown(make_database: MakeDatabase) -> None:
    """While a model of a host's former integer ids still serves, histories over its new UUIDs are empty."""
    async with open_host(make_database, "uuid") as host:
        await host.present(1)
        await host.like(1, 1)
        arrays = {"ids": np.array([1], np.int64)}
        model = Model("presents", 1, datetime.now(UTC), arrays, {"id_kind": "integer"})
        assert (await read_history(host.main(), model, 1)).count == 0


def test_weights_fade_from_the_newest_back() -> None:
    """The newest interaction has its kind's full weight, one a half-life older half, the oldest never nothing."""
    day = 86_400
    history = made([(0, Kind.LIKE, 1_000 * day), (1, Kind.CLICK, 990 * day), (2, Kind.PURCHASE, 0)])
    weights = history.weights(HistoryParams(half_life_days=10, least_recency=0.2, fading=0))
    like, click, purchase = (WEIGHTS[kind] for kind in (Kind.LIKE, Kind.CLICK, Kind.PURCHASE))
    assert weights.tolist() == pytest.approx([like, click * 0.5, purchase * 0.2])
    assert weights.dtype == np.float32
    assert EMPTY.weights().shape == (0,)


def test_digests_tell_histories_apart() -> None:
    """Equal histories share a digest; another item, kind or time has another."""
    base = made([(0, Kind.LIKE, 5)])
    others = [made([(1, Kind.LIKE, 5)]), made([(0, Kind.CLICK, 5)]), made([(0, Kind.LIKE, 6)]), EMPTY]
    assert base.digest() == made([(0, Kind.LIKE, 5)]).digest()
    assert len({history.digest() for history in (base, *others)}) == 5


@pytest.mark.parametrize("kind", list(IdKind))
def test_the_model_remembers_when_the_host_is_down(kind: IdKind) -> None:
    """The history as of learning is there for every kind of user id, and empty for everybody else."""
    ids: dict[IdKind, list[Any]] = {
        IdKind.INTEGER: [3, 5],
        IdKind.UUID: ["00000000-0000-0000-0000-000000000003", "00000000-0000-0000-0000-000000000500"],
        IdKind.TEXT: ["ann", "bob"],
    }
    arrays = {
        "ids": np.arange(4),
        "history_users": kind.array(ids[kind]),
        "history_at": np.array([0, 1, 3]),
        "history_items": np.array([3, 0, 2], np.int32),
        "history_kinds": np.array([Kind.CLICK, Kind.LIKE, Kind.CLICK], np.int8),
    }
    facts = {"id_kind": "integer", "user_id_kind": kind.value}
    model = Model("presents", 1, datetime.now(UTC), arrays, facts)
    history = history_of_model(model, ids[kind][1])
    assert (history.places.tolist(), history.settled.tolist()) == ([0, 2], [0])
    assert history_of_model(model, "nobody \x00").count == 0
    assert history_of_model(model, "7").count == 0


def made(rows: list[tuple[int, Kind, int]]) -> History:
    """A history of (place, kind, seconds)."""
    places, kinds, at = zip(*rows, strict=True)
    return History(np.array(places, np.int32), np.array(kinds, np.int8), np.array(at, np.int64))
