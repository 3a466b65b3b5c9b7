"""The report of one evaluation: who is judged, against what, and that it can go into JSON."""

import json
from typing import Any

import numpy as np
import pytest

from giftwise.algorithms.graph import GraphParams
from giftwise.evaluation import plan
from giftwise.evaluation.baselines import item_knn
from giftwise.evaluation.ranking import Ranker, best_new, popularity_scorer, rank_for
from giftwise.evaluation.report import report_live
from giftwise.evaluation.tuning import Tunable
from giftwise.interactions.event import WEIGHTS, Kind
from giftwise.interactions.matrix import Interactions
from tests.evaluation.world import facts

PARAMS = GraphParams(rank=8, neighbours=40)


@pytest.fixture(scope="module")
def clusters() -> Interactions:
    """400 users with between 1 and 12 likes, most in their own quarter of 80 items, at random times."""
    rng = np.random.default_rng(3)
    user = np.repeat(np.arange(400), 1 + np.arange(400) // 4 % 12)
    taste = np.where(rng.random(len(user)) < 0.9, user % 4, rng.integers(0, 4, len(user)))
    pairs = np.unique(user * 80 + taste * 20 + rng.integers(0, 20, len(user)))
    return Interactions(
        (pairs // 80).astype(np.int32),
        (pairs % 80).astype(np.int32),
        np.full(len(pairs), Kind.LIKE, dtype=np.int8),
        rng.integers(0, 10**7, len(pairs)),
        np.arange(400),
        80,
    )


def test_collaborative_beats_popular_where_there_are_tastes(clusters: Interactions) -> None:
    """By half at least for those with three and more, and the report says that the lead is no accident."""
    figures = report_live(clusters, share=0.8, k=10, params=PARAMS).figures
    assert figures["collaborative"]["3+"].recall > 1.5 * figures["popular"]["3+"].recall
    assert figures["collaborative"]["3+"].lead["recall"].low > 0


def test_who_has_no_history_is_kept_apart(clusters: Interactions) -> None:
    """Users without a past are judged by popularity alone, and are in no mean of those who have one."""
    report = report_live(clusters, share=0.8, k=10, params=PARAMS)
    assert report.cold > 0
    assert "0" not in report.figures["collaborative"]
    cold, warm = report.figures["popular"]["0"], report.figures["popular"]["all"]
    assert (cold.users, warm.users) == (report.cold, report.users - report.cold)
    assert cold.recall > 0


def test_groups_add_up_and_it_is_json(clusters: Interactions) -> None:
    """Every judged user with a history is in one activity group; the report survives JSON unchanged."""
    report = report_live(clusters, share=0.8, k=10, params=PARAMS)
    for groups in report.figures.values():
        assert sum(groups[name].users for name in ("1-2", "3+")) == groups["all"].users == report.users - report.cold
    assert json.loads(json.dumps(report.as_json(), allow_nan=False)) == report.as_json()


def test_costs_are_told_of_each(clusters: Interactions) -> None:
    """Seconds and peak memory stand beside the figures."""
    costs = report_live(clusters, k=10, params=PARAMS).costs
    assert costs.keys() == {"popular", "collaborative"}
    assert costs["collaborative"].fit_seconds > 0
    assert 10 < costs["collaborative"].peak_mb < 10_000


def test_the_choice_is_never_shown_what_is_judged(clusters: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is learned or tuned gets interactions from before the cut, and no more than those."""
    shown: list[Interactions] = []

    def spy(train: Interactions, params: dict[str, Any]) -> Ranker:
        shown.append(train)
        return item_knn(train, params)

    grid = [{"neighbours": 5, "shrink": shrink, "weights": "ones"} for shrink in (0.0, 1.0)]
    monkeypatch.setattr(plan, "baselines", lambda train: [Tunable("spied", grid, spy)])
    plan_ = plan.Plan(k=5, baselines=True, budget=5)
    report = plan.evaluate_world(clusters, facts(clusters), plan_)
    assert report.tuned is not None
    assert report.tuned["spied"]["trials"] == 2
    assert len(shown) == 3  # two trials on the inner split, one fit on all of train
    assert all(data.at.max() < report.cut for data in shown)
    assert len(shown[0]) < len(shown[2]) == report.train


def test_the_sample_bounds_the_users_and_is_drawn_by_seed(clusters: Interactions) -> None:
    """The same seed judges the same users."""
    one = report_live(clusters, k=10, most_users=20, params=PARAMS)
    two = report_live(clusters, k=10, most_users=20, params=PARAMS)
    assert one.users == 20
    assert one.figures == two.figures


def test_without_interactions_there_is_an_empty_report(clusters: Interactions) -> None:
    """A host that starts today is no error."""
    nothing = np.empty(0, dtype=np.int64)
    bare = Interactions(
        nothing.astype(np.int32), nothing.astype(np.int32), nothing.astype(np.int8), nothing, np.arange(0), 80
    )
    report = report_live(bare)
    assert report.users == 0
    assert report.figures == {"collaborative": {}, "popular": {}}


def test_ranking_leaves_out_the_user_s_own_items(clusters: Interactions) -> None:
    """What a user has is not recommended, and lists have no doubles."""
    users = np.arange(50, dtype=np.int32)
    ranked = rank_for(users, clusters, WEIGHTS, popularity_scorer(clusters, WEIGHTS), 10)
    for user in users.tolist():
        own = clusters.item[clusters.user == user]
        assert not np.isin(ranked[user], own).any()
        assert len(set(ranked[user].tolist())) == 10


def test_equals_are_ranked_by_place_and_silence_not_at_all() -> None:
    """Ties go to the first place, NaN and the history are out, a short list stays short."""
    scores = np.array([1, np.nan, 3, 3, 0], dtype=np.float32)
    assert best_new(scores, np.array([0], np.int32), 10).tolist() == [2, 3, 4]
    assert best_new(scores, np.array([2], np.int32), 2).tolist() == [3, 0]
