"""The choice of hyperparameters: it finds what the data rewards, on training data alone, within its budget."""

import json
from dataclasses import replace

import numpy as np
import pytest

from giftwise.algorithms.graph import GraphParams
from giftwise.evaluation.choose import choose
from giftwise.evaluation.search import SEARCH
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions
from tests.evaluation.world import PARAMS, circles

FAST = replace(SEARCH, rank=8, ranks=(2,), highest_rank=8, steps=(0.2,), half_lives=(), kind_weights=())


def test_the_same_seed_chooses_the_same() -> None:
    """Where the budget does not bite, a choice can be repeated."""
    one, two = (choose(circles(), 60, 7, start=PARAMS, search=FAST) for _ in range(2))
    assert one.finished
    assert one.params == two.params
    assert one.trials == two.trials


def test_the_choice_is_one_of_the_best_trials() -> None:
    """Nothing that was tried beats what is chosen by more than a smaller rank, or the cut to K, is worth."""
    found = choose(circles(), 60, start=PARAMS, search=FAST)
    assert found.params in [replace(trial.params, evidence=found.params.evidence) for trial in found.trials]
    assert found.ndcg >= max(trial.ndcg for trial in found.trials) * 0.95
    assert found.ndcg >= found.default_ndcg * 0.97  # what the cut to K may cost
    assert 0 < found.ndcg <= 1


def test_the_cut_is_shown_as_served() -> None:
    """Quality and bytes by K: fewer neighbours take less, and the served K is among them with the chosen figure."""
    found = choose(circles(), 60, start=PARAMS, search=replace(FAST, neighbours=(5, 10)))
    assert [cut.neighbours for cut in found.cuts] == [5, 10, PARAMS.neighbours]
    assert [cut.bytes for cut in found.cuts] == [40 * size * 6 for size in (5, 10, PARAMS.neighbours)]
    assert found.cuts[-1].ndcg >= found.full_ndcg * 0.97
    assert found.ndcg >= found.cuts[-1].ndcg


def test_a_budget_of_nothing_still_chooses() -> None:
    """One factorisation and the shape are always tried; that more was left out is said."""
    found = choose(circles(), 0, start=PARAMS, search=FAST)
    assert not found.finished
    assert len(found.trials) == 2
    assert found.params.user_exponent == PARAMS.user_exponent


def test_too_few_users_keep_the_defaults() -> None:
    """On the first day of a host nothing can be judged, so nothing is chosen."""
    whole = circles()
    few = whole.user < 10
    small = replace(whole, user=whole.user[few], item=whole.item[few], kind=whole.kind[few], at=whole.at[few])
    found = choose(small, 60, start=PARAMS)
    assert found.params == PARAMS
    assert found.trials == ()
    empty = np.empty(0, np.int32)
    nothing = Interactions(empty, empty, empty.astype(np.int8), empty.astype(np.int64), np.arange(0), 0)
    assert choose(nothing, 60).params == GraphParams()


def test_clicks_on_anything_are_found_to_say_little() -> None:
    """Where clicks are noise and likes are taste, weights that count a click as a like lose."""
    likes = circles()
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(120), 12).astype(np.int32)
    whole = replace(
        likes,
        user=np.concatenate([likes.user, user]),
        item=np.concatenate([likes.item, rng.integers(0, 40, len(user)).astype(np.int32)]),
        kind=np.concatenate([likes.kind, np.full(len(user), Kind.CLICK, np.int8)]),
        at=np.concatenate([likes.at, np.zeros(len(user), np.int64)]),
    )
    alike, apart = (1.0,) * 6 + (-1.0,), (0.0, 0.0, 3.0, 3.0, 3.0, 5.0, -3.0)
    search = replace(FAST, kind_weights=(apart,))
    found = choose(whole, 60, start=replace(PARAMS, kind_weights=alike), search=search)
    assert found.params.kind_weights == apart


def test_a_choice_is_stored_and_read_back() -> None:
    """What a model stores gives the very same hyperparameters again, and old or newer names do no harm."""
    found = choose(circles(), 0, start=PARAMS, search=FAST)
    stored = json.loads(json.dumps(found.as_json()))
    assert GraphParams.from_json(stored["params"]) == found.params
    assert GraphParams.from_json({"rank": 64, "unheard_of": 1}) == GraphParams(rank=64)


def test_progress_ends_at_one() -> None:
    """A bar fed by the callback fills."""
    seen: list[float] = []
    choose(circles(), 0, start=PARAMS, search=FAST, progress=seen.append)
    assert seen[-1] == 1


@pytest.mark.parametrize(("items", "rank"), [(16_000, 1024), (41_000, 1024), (100_000, 200)])
def test_the_rank_is_what_a_catalog_can_afford(items: int, rank: int) -> None:
    """A hundred thousand items are not made to wait for a rank of a thousand."""
    assert GraphParams(rank=1024).affordable_rank(items) == rank
