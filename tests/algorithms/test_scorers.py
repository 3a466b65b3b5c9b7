"""The contract of every online scorer: places and weights in, one score or NaN per item out."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from giftwise.algorithms.content import score_content
from giftwise.algorithms.neighbours import score_neighbours
from giftwise.catalog.model import Model

Score = Callable[[Model, NDArray[np.int32], NDArray[np.float32]], NDArray[np.float32]]


def history(*pairs: tuple[int, float]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Places and weights from pairs."""
    places = np.array([place for place, _ in pairs], dtype=np.int32)
    return places, np.array([weight for _, weight in pairs], dtype=np.float32)


@pytest.mark.parametrize("score", [score_neighbours, score_content])
class TestEveryScorer:
    """What holds for all of them."""

    def test_answers_one_float32_per_item(self, score: Score, model: Model) -> None:
        """A score for every item of the catalog, never infinite."""
        scores = score(model, *history((0, 3), (4, 1)))
        assert scores.dtype == np.float32
        assert scores.shape == (6,)
        assert not np.isinf(scores).any()

    def test_says_nothing_of_an_empty_history(self, score: Score, model: Model) -> None:
        """No history: NaN everywhere, so that the ladder goes on to the next rung."""
        assert np.isnan(score(model, *history())).all()

    def test_cannot_say_anything_of_an_unknown_item(self, score: Score, model: Model) -> None:
        """An item without facts and neighbours is NaN, not 0: silence is no verdict."""
        assert np.isnan(score(model, *history((0, 3)))[5])

    def test_prefers_the_history_s_own_kind(self, score: Score, model: Model) -> None:
        """Who liked a mug gets the other mug before headphones."""
        scores = np.nan_to_num(score(model, *history((0, 3))), nan=-1)
        assert scores[1] > scores[3]
        assert scores[1] > scores[4]

    def test_the_order_of_the_history_changes_nothing(self, score: Score, model: Model) -> None:
        """A history is a set with weights."""
        one = score(model, *history((0, 3), (2, 1), (4, 5)))
        other = score(model, *history((4, 5), (0, 3), (2, 1)))
        np.testing.assert_allclose(one, other, rtol=1e-5)

    def test_the_unit_of_weights_changes_no_ranking(self, score: Score, model: Model) -> None:
        """Ten times the weights, the same order."""
        one = score(model, *history((0, 3), (4, 1)))
        ten = score(model, *history((0, 30), (4, 10)))
        assert np.argsort(one, kind="stable").tolist() == np.argsort(ten, kind="stable").tolist()

    def test_the_same_twice_and_inputs_untouched(self, score: Score, model: Model) -> None:
        """Pure: read-only arrays suffice, and the second answer is the first to the bit."""
        places, weights = history((0, 3), (4, 1))
        places.flags.writeable = weights.flags.writeable = False
        np.testing.assert_array_equal(score(model, places, weights), score(model, places, weights))

    def test_a_dislike_pushes_away(self, score: Score, model: Model) -> None:
        """A disliked mug lowers the other mug against the same history without it."""
        without = score(model, *history((2, 3), (4, 3)))
        with_dislike = score(model, *history((2, 3), (4, 3), (0, -3)))
        assert np.nan_to_num(with_dislike)[1] < np.nan_to_num(without)[1]

    def test_works_before_anything_was_learned(self, score: Score, make_model: Callable[..., Model]) -> None:
        """A model without neighbours and text vectors (K = d = 0) scores what it can."""
        bare = make_model(
            neighbours=np.empty((6, 0), np.int32),
            neighbour_weights=np.empty((6, 0), np.float16),
            text=np.empty((6, 0), np.float32),
        )
        assert score(bare, *history((0, 3))).shape == (6,)


def test_the_request_s_modules_load_neither_scipy_nor_polars() -> None:
    """An API process stays small: the online modules import numpy alone."""
    code = (
        "import sys, giftwise.algorithms.neighbours, giftwise.algorithms.content, giftwise.algorithms.blend, "
        "giftwise.algorithms.diversity, giftwise.algorithms.profiles, giftwise.algorithms.topics, "
        "giftwise.algorithms.nearness, giftwise.algorithms.standing; "
        "sys.exit(bool({'scipy', 'polars'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
