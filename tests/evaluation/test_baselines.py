"""The baselines rank as their names promise, on data whose right answer is known; tuning picks what is better."""

import numpy as np
import pytest

from giftwise.evaluation.baselines import BLOCK, baselines, item_knn, user_knn
from giftwise.evaluation.measures import find_hits, recall
from giftwise.evaluation.ranking import WHOLE, Ranker
from giftwise.evaluation.split import hold_out
from giftwise.evaluation.tuning import Params, Tunable, tune
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions
from tests.evaluation.world import circles


def likes(*pairs: tuple[int, int], items: int) -> Interactions:
    """Likes of users 0, 1, ... without times."""
    user, item = np.array(pairs, np.int32).T
    kind = np.full(len(pairs), Kind.LIKE, np.int8)
    return Interactions(user, item, kind, np.zeros(len(pairs), np.int64), np.arange(int(user.max()) + 1), items)


# Items 0 and 1 share users 0 and 1 of 3 and 2 (cosine .82), 0 and 2 share user 2 of 3 and 2 (.41).
TRAIN = likes((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 2), (3, 2), (4, 0), items=4)


def test_item_knn_ranks_by_cosine() -> None:
    """User 4 has item 0: item 1 is nearest, then 2; item 3, which nobody has, is never named."""
    rank = item_knn(TRAIN, {"neighbours": 3, "shrink": 0.0, "weights": "ones"})
    assert rank(np.array([4], np.int32), 4, WHOLE).tolist() == [[1, 2, -1, -1]]


def test_user_knn_asks_similar_users() -> None:
    """Users 0 and 1 (cosine .71 each) say 1, user 2 (.71) says 2: two voices beat one."""
    rank = user_knn(TRAIN, {"shrink": 0.0, "idf": False, "weights": "ones"})
    assert rank(np.array([4], np.int32), 4, WHOLE).tolist() == [[1, 2, -1, -1]]


@pytest.mark.parametrize("one", baselines(circles()), ids=lambda one: str(one.name))
def test_every_baseline_finds_the_circles(one: Tunable) -> None:
    """More of the held-out likes than chance would, nothing that a user has, no item twice, and again the same."""
    split = hold_out(circles(), 0.2, 3)
    users = np.append(split.truth.users, np.int32(split.train.users - 1))
    ranked = one.fit(split.train, one.grid[0])(users, 5, WHOLE)
    hits = find_hits(ranked[:-1], split.truth)
    assert recall(hits, split.truth.sizes).mean() > 0.2  # chance finds .14, who knows the circle alone .31
    for user, row in zip(users.tolist(), ranked, strict=True):
        named = row[row >= 0]
        assert len(set(named.tolist())) == len(named)
        assert not np.isin(named, split.train.item[split.train.user == user]).any()
    assert (one.fit(split.train, one.grid[0])(users, 5, WHOLE) == ranked).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of the dense blocks is a matter of memory alone."""
    users = np.arange(5, dtype=np.int32)
    params = {"neighbours": 3, "shrink": 1.0, "weights": "kinds"}
    whole = item_knn(TRAIN, params)(users, 3, WHOLE)
    monkeypatch.setattr("giftwise.evaluation.baselines.BLOCK", 2)
    assert BLOCK > 5
    assert (item_knn(TRAIN, params)(users, 3, WHOLE) == whole).all()


def test_tuning_keeps_the_better_one_within_its_time() -> None:
    """Of a ranker that names nothing and one that works, the latter; without time, the usual one, tried once."""

    def fit(train: Interactions, params: Params) -> Ranker:
        if params["works"]:
            return item_knn(train, {"neighbours": 20, "shrink": 0.0, "weights": "ones"})
        return lambda users, k, view: np.full((len(users), k), -1, np.int32)

    one = Tunable("one", [{"works": False}, {"works": True}], fit)
    found = tune(one, circles(), budget=60, k=5, seed=1)
    assert (found.params, found.trials) == ({"works": True}, 2)
    assert found.ndcg > 0
    hurried = tune(one, circles(), budget=0, k=5, seed=1)
    assert (hurried.params, hurried.trials) == ({"works": False}, 1)


def test_ways_to_weigh_are_tried_where_they_differ() -> None:
    """One kind and no times leave nothing to choose: the budget is not spent on trials that are alike."""
    (bare,) = (one for one in baselines(TRAIN) if one.name == "ItemKNN")
    assert {params["weights"] for params in bare.grid} == {"ones"}
    (timed,) = (one for one in baselines(circles()) if one.name == "ItemKNN")
    assert {params["weights"] for params in timed.grid} == {"ones", "recent"}
