"""One table of all kinds: each row by its own kind and weight, live and in bulk, and what is no kind left out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from giftwise.algorithms.graph import preference_matrix
from giftwise.catalog.model import Model, item_arrays
from giftwise.catalog.presents import read_items
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import PUSHED_FILE, load_mapping
from giftwise.errors import MappingError
from giftwise.interactions.bulk import read_interactions
from giftwise.interactions.event import MOST_FACTOR, WEIGHTS, Kind
from giftwise.interactions.history import NEWEST_PASSING, History, read_history
from giftwise.interactions.recency import HistoryParams
from tests.support.market import PushHost


@pytest.fixture
async def host(push_host: PushHost) -> PushHost:
    """Three businesses."""
    for number in (1, 2, 3):
        await push_host.business(number)
    return push_host


@pytest.fixture
async def model(host: PushHost) -> AsyncIterator[Model]:
    """A model of them that knows no more than the items."""
    arrays, facts = item_arrays(await read_items(host.main()))
    yield Model("businesses", 1, datetime.now(UTC), arrays, facts)


async def test_a_history_has_every_kind_with_its_weight(host: PushHost, model: Model) -> None:
    """Newest first, each row by its own word; a pushed weight multiplies the kind's, within bounds."""
    await host.deed(7, 1, "view", 2.0)
    await host.deed(7, 2, "purchase", 1.0)
    await host.deed(7, 3, "save", 1e9)
    await host.deed(7, 3, "stare", 5.0)
    await host.deed(7, 9, "like", 5.0)
    await host.deed(77, 1, "like", 5.0)
    await host.conn.execute(
        """UPDATE user_interactions SET "timestamp" = now() + business_id::int * interval '1 minute'"""
    )
    history = await read_history(host.main(), model, "7")
    assert [Kind(kind) for kind in history.kinds] == [Kind.SAVE, Kind.PURCHASE, Kind.VIEW]
    assert history.places.tolist() == [2, 1, 0]
    assert history.settled.tolist() == [1]
    expected = [WEIGHTS[Kind.SAVE] * MOST_FACTOR, WEIGHTS[Kind.PURCHASE], WEIGHTS[Kind.VIEW] * 2]
    np.testing.assert_allclose(history.weights(HistoryParams(fading=0)), expected, rtol=1e-3)


async def test_a_repeat_with_another_weight_is_another_history(host: PushHost, model: Model) -> None:
    """Whatever a repeat sets, the digest tells, so that no kept list outlives it."""
    main = host.main()
    digests = set()
    for weight in (1.0, 2.0):
        await host.deed(7, 1, "view", weight)
        await host.conn.execute("""UPDATE user_interactions SET "timestamp" = '2025-06-01+00'""")
        digests.add((await read_history(main, model, "7")).digest())
    await host.conn.execute("""UPDATE user_interactions SET "timestamp" = '2025-06-02+00'""")
    digests.add((await read_history(main, model, "7")).digest())
    assert len(digests) == 3


async def test_what_settles_is_read_in_full_and_the_rest_by_its_newest(host: PushHost) -> None:
    """A thousand views push no like out of sight."""
    await host.conn.execute("INSERT INTO businesses (id, name) SELECT n, n FROM generate_series(4, 900) n")
    await host.conn.execute(
        "INSERT INTO user_interactions SELECT '7', n, kind, 1, now() + n * interval '1 second' FROM"
        " generate_series(1, 900) n, unnest(ARRAY['view', 'like']) kind"
    )
    arrays, facts = item_arrays(await read_items(host.main()))
    whole = Model("businesses", 1, datetime.now(UTC), arrays, facts)
    history = await read_history(host.main(), whole, "7")
    assert np.bincount(history.kinds)[[Kind.VIEW, Kind.LIKE]].tolist() == [NEWEST_PASSING, 900]


async def test_bulk_reads_the_same(host: PushHost) -> None:
    """Everyone's rows by kind and weight; words that are no kind are left out; learning weighs them so."""
    await host.deed("a", 1, "view", 3.0)
    await host.deed("a", 1, "share", 0.5)
    await host.deed("b", 2, "stare", 1.0)
    await host.deed("b", 3, "purchase", -4.0)
    main = host.main()
    found = await read_interactions(main, await read_items(main))
    assert found.factor is not None
    rows = zip(found.user.tolist(), found.item.tolist(), found.kind.tolist(), found.factor.tolist(), strict=True)
    assert set(rows) == {(0, 0, Kind.VIEW, 3.0), (0, 0, Kind.SHARE, 0.5), (1, 2, Kind.PURCHASE, 0.0)}
    matrix = preference_matrix(found, WEIGHTS, 0, 100).toarray()
    assert matrix[0].tolist() == [WEIGHTS[Kind.VIEW] * 3 + WEIGHTS[Kind.SHARE] / 2, 0, 0]
    assert matrix[1].tolist() == [0, 0, 0]


def test_a_history_without_weights_weighs_as_ever() -> None:
    """Presents have none: a factor of 1 is no factor."""
    places, kinds, at = np.array([0], np.int32), np.array([Kind.LIKE], np.int8), np.array([5])
    plain, ones = History(places, kinds, at), History(places, kinds, at, np.ones(1, np.float32))
    assert plain.weights().tolist() == ones.weights().tolist() == [WEIGHTS[Kind.LIKE]]


async def test_a_weight_that_is_no_number_is_named(host: PushHost, model: Model) -> None:
    """The mapping's fault is told by section and key."""
    mapping = load_mapping(PUSHED_FILE)
    wrong = mapping.interactions[0].model_copy(update={"weight": "interaction_type"})
    main = MainDatabase(host.url, mapping.model_copy(update={"interactions": (wrong,)}))
    with pytest.raises(MappingError, match=r"weight = .*interaction_type.* not a number"):
        await read_history(main, model, "7")
    await main.close()


@pytest.mark.parametrize("kinds", ['kind = "like"\nkinds = "type"\n', ""])
def test_a_source_tells_its_kind_in_one_way(tmp_path: Path, kinds: str) -> None:
    """`kind` or `kinds`, not both and not neither."""
    file = tmp_path / "mine.toml"
    section = f'[[interactions]]\n{kinds}table = "t"\nuser = "u"\nitem = "i"\n'
    file.write_text(f'[items]\ntable = "goods"\nid = "id"\npublic = "TRUE"\n{section}')
    with pytest.raises(MappingError, match="either kind or kinds"):
        load_mapping(file)
