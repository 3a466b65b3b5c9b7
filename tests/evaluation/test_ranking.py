"""What is judged offline is what a request would compute: the same history, weighed the same, through the same code."""

import numpy as np

from giftwise.algorithms.mix import Mix
from giftwise.evaluation.lineup import POPULAR, graph_learner, line_up
from giftwise.evaluation.ranking import WHOLE, Pasts, View, list_ranker, ranker
from giftwise.interactions.event import Kind
from giftwise.interactions.history import History
from giftwise.interactions.matrix import Interactions
from giftwise.interactions.recency import DAY, HistoryParams
from tests.evaluation.world import PARAMS, circles, facts

# User 1 did four things to three items, user 0 nothing.
HALF = int(HistoryParams().half_life_days) * DAY
LATE = 10 * HALF
TRAIN = Interactions(
    np.array([1, 1, 1, 1], np.int32),
    np.array([5, 5, 2, 7], np.int32),
    np.array([Kind.CLICK, Kind.LIKE, Kind.PURCHASE, Kind.DISLIKE], np.int8),
    np.array([LATE - HALF, LATE - HALF, LATE, 0], np.int64),
    np.arange(2),
    8,
)


def test_a_past_is_the_history_of_a_request() -> None:
    """Newest first, kinds weighed, halved by a half-life before the user's own newest, never below a tenth."""
    (past,) = Pasts(TRAIN, params=HistoryParams(fading=0)).of(np.array([1], np.int32))
    assert past.places.tolist() == [2, 5, 5, 7]
    np.testing.assert_allclose(past.weights, [5, 0.5, 1.5, -0.3], rtol=1e-6)
    history = History(past.places, past.kinds, past.at)
    assert (past.weights == history.weights(HistoryParams(fading=0))).all()


def test_a_view_takes_away_what_is_known_but_not_what_is_taken() -> None:
    """With one interaction told, the others' items are still not to be ranked; banned ones neither."""
    nobody, past = Pasts(TRAIN).of(np.array([0, 1], np.int32), View(newest=1, banned=np.array([3], np.int32)))
    assert past.places.tolist() == [2]
    assert sorted(set(past.taken.tolist())) == [2, 3, 5, 7]
    assert (nobody.places.tolist(), nobody.taken.tolist()) == ([], [3])


def test_the_ladder_is_climbed_as_served() -> None:
    """With all shares on the neighbours that is the collaborative list; nobody gets what they have."""
    train, alone = circles(), Mix(few=(1.0, 0.0, 0.0), many=(1.0, 0.0, 0.0))
    users = np.arange(train.users, dtype=np.int32)
    stage = {one.name: one for one in line_up(train, facts(train), graph_learner(PARAMS), lambda: alone)}
    served = stage["served"].fit(lambda share: None)(users, 5, WHOLE)
    collaborative = stage["collaborative"].fit(lambda share: None)(users, 5, WHOLE)
    for user in users.tolist():
        own = train.item[train.user == user]
        assert not np.isin(served[user], own).any()
        found = collaborative[user][collaborative[user] >= 0]
        assert served[user][: len(found)].tolist() == found.tolist()


def test_demographics_lead_strangers_to_their_own_kind() -> None:
    """Women of a crowd like the first half of the catalog, men the second: so do strangers of unknown taste."""
    train = circles(strangers=2)
    gender = [user % 2 for user in range(train.users)]
    told = facts(train, gender=gender)
    stage = {one.name: one for one in line_up(train, told, graph_learner(PARAMS))}
    strangers = np.array([train.users - 2, train.users - 1], np.int32)
    ranked = stage["popular by demographics"].fit(lambda share: None)(strangers, 5, WHOLE)
    circle_of = {int(item): int(user) % 2 for user, item in zip(train.user, train.item, strict=True)}
    for stranger, row in zip(strangers.tolist(), ranked, strict=True):
        assert {circle_of[item] for item in row.tolist()} == {gender[stranger]}
    plain = stage[POPULAR].fit(lambda share: None)(strangers, 5, WHOLE)
    assert plain[0].tolist() == plain[1].tolist()


def test_one_list_for_all_is_what_scoring_each_user_gives() -> None:
    """Ties included: of equals the first place, whoever asks and however it is computed."""
    train = circles()
    pasts, counts = Pasts(train), np.arange(train.items, dtype=np.float32) // 7
    users = np.arange(train.users, dtype=np.int32)
    each = ranker(pasts, lambda places, weights: counts)(users, 9, WHOLE)
    assert (list_ranker(pasts, counts)(users, 9, WHOLE) == each).all()
