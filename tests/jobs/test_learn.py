"""What learning jobs put into a generation, on inputs whose right answer is seen at a glance."""

from datetime import UTC, datetime

import numpy as np

from giftwise.catalog.model import Model, RankedItems
from giftwise.ids import IdKind
from giftwise.interactions.matrix import Interactions
from giftwise.jobs.learn import carried_over, history_arrays, popular_arrays


def model_of(ids: list[int], neighbours: list[list[int]], weights: list[list[float]]) -> Model:
    arrays = {
        "ids": np.array(ids),
        "neighbours": np.array(neighbours, np.int32),
        "neighbour_weights": np.array(weights, np.float16),
        "text": np.array([[float(number)] for number in ids], np.float32),
    }
    return Model("presents", 1, datetime.now(UTC), arrays, {"id_kind": IdKind.INTEGER.value})


def test_neighbours_follow_their_items() -> None:
    """Items that came shift places, items that went leave the rows, and a new item has no neighbours yet."""
    before = model_of([10, 20, 30], [[1, 2], [2, 0], [0, -1]], [[0.9, 0.5], [0.8, 0.4], [0.7, 0.0]])
    moved = carried_over(before, np.array([5, 10, 30]))  # 20 went, 5 came
    assert moved["neighbours"].tolist() == [[-1, -1], [2, -1], [1, -1]]
    assert moved["neighbour_weights"].round(2).tolist() == np.array([[0, 0], [0.5, 0], [0.7, 0]], np.float16).tolist()
    assert moved["text"].tolist() == [[0], [10], [30]]
    assert moved["neighbours"].dtype == np.int32
    assert moved["neighbour_weights"].dtype == np.float16


def test_the_same_items_keep_the_very_same_arrays() -> None:
    """Where no item came or went nothing is copied, so that no new blob is stored."""
    before = model_of([10, 20], [[1], [0]], [[0.9], [0.8]])
    assert carried_over(before, np.array([10, 20]))["neighbours"] is before["neighbours"]


def test_a_first_generation_has_no_neighbours() -> None:
    """Without a previous generation every item stands alone, in the right shapes and types."""
    alone = carried_over(None, np.array([1, 2, 3]))
    assert (alone["neighbours"] == -1).all()
    assert {name: (len(array), array.dtype.name) for name, array in alone.items()} == {
        "neighbours": (3, "int32"),
        "neighbour_weights": (3, "float16"),
        "text": (3, "float32"),
    }


def test_lists_of_segments_stand_one_after_another() -> None:
    """Each segment's part of the arrays is its own list."""
    lists, segments = popular_arrays(
        {
            "any|any|any": RankedItems(np.array([2, 0], np.int32), np.array([0.9, 0.1], np.float32), 12),
            "any|f|any": RankedItems(np.array([1], np.int32), np.array([0.5], np.float32), 3),
        }
    )
    assert segments == {"any|any|any": [0, 2, 12], "any|f|any": [2, 3, 3]}
    assert lists["popular_items"].tolist() == [2, 0, 1]
    assert popular_arrays({})[0]["popular_items"].dtype == np.int32


def test_histories_are_by_user_newest_first() -> None:
    """Each user's part is theirs alone, what they did last first; a user without any has an empty part."""
    interactions = Interactions(
        user=np.array([2, 0, 2], np.int32),
        item=np.array([5, 6, 7], np.int32),
        kind=np.array([1, 2, 3], np.int8),
        at=np.array([100, 50, 200], np.int64),
        user_ids=np.array([11, 12, 13]),
        items=8,
    )
    arrays = history_arrays(interactions)
    assert arrays["history_at"].tolist() == [0, 1, 1, 3]
    assert arrays["history_items"].tolist() == [6, 7, 5]
    assert arrays["history_kinds"].tolist() == [2, 3, 1]
