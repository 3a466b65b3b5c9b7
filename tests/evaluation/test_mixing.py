"""The mixture of voices is chosen by what works in the training data, and each voice can win."""

from dataclasses import replace

import numpy as np

from giftwise.algorithms.mix import Mix
from giftwise.evaluation.lineup import graph_learner
from giftwise.evaluation.mixing import choose_mix, shares_for
from giftwise.evaluation.ranking import Pasts, View
from giftwise.interactions.matrix import Interactions
from tests.evaluation.world import PARAMS, circles, facts


def test_neighbours_win_where_there_are_circles() -> None:
    """Tastes that only likes reveal: neither category nor fashion says anything."""
    train = circles()
    found = choose_mix(train, facts(train), graph_learner(PARAMS), k=5, seed=1)
    assert found.mix.many[0] >= 0.4
    assert found.many_ndcg["mixed"] >= found.many_ndcg["neighbours"] > found.many_ndcg["popular"]
    assert found.users > 50


def test_popularity_wins_where_all_follow_fashion() -> None:
    """Everyone takes three of what is in fashion that week, which moves on slowly: old taste says nothing."""
    rng = np.random.default_rng(1)
    user, item, at = [], [], []
    for week in range(12):
        for person in range(60):
            user += [person] * 3
            item += [week * 2 + place for place in rng.permutation(8)[:3].tolist()]
            at += [week * 7 * 86_400 + person] * 3
    train = replace(
        circles(),
        user=np.array(user, np.int32),
        item=np.array(item, np.int32),
        kind=np.full(len(user), 2, np.int8),
        at=np.array(at, np.int64),
        user_ids=np.arange(60),
        items=40,
    )
    bare = facts(train, category=[-1] * 40)
    found = choose_mix(train, bare, graph_learner(PARAMS), k=5, seed=1)
    assert found.mix.popular_half_life_days in (7, 14)
    assert found.few_ndcg["popular"] > found.few_ndcg["neighbours"]
    assert found.mix.few[2] > 0


def test_shares_follow_what_is_known_of_the_user() -> None:
    """None: popularity; one or two interactions: few; more: many; a view that tells less counts as less."""
    train, mix = circles(strangers=1), Mix(30.0, (0.5, 0.5, 0.0), (1.0, 0.0, 0.0))
    users = np.array([train.users - 1, 0], np.int32)
    stranger, known = Pasts(train).of(users)
    assert shares_for(mix, stranger) == (0, 0, 1)
    assert shares_for(mix, known) == mix.many
    _, forgotten = Pasts(train).of(users, View(newest=2))
    assert shares_for(mix, forgotten) == mix.few


def test_data_without_anyone_to_judge_by_keeps_the_ladder() -> None:
    """A host that starts today gets the shares that the contract's ladder has."""
    nothing = np.empty(0, np.int64)
    train = Interactions(
        nothing.astype(np.int32), nothing.astype(np.int32), nothing.astype(np.int8), nothing, np.arange(0), 4
    )
    assert choose_mix(train, facts(train), graph_learner(PARAMS), k=5, seed=1).mix == Mix()
