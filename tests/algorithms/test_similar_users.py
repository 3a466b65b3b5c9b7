"""Similar users: cosines worked by hand, found despite the cap, best first."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from giftwise.algorithms.similar_users import SimilarUsers, SimilarUsersParams, similar_users
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

MakeInteractions = Callable[..., Interactions]


def of(found: SimilarUsers, user: int) -> dict[int, float]:
    """One user's similar users and scores, in order."""
    rows = found.user == user
    return dict(zip(found.similar[rows].tolist(), found.score[rows].tolist(), strict=True))


def test_the_cosine_of_idf_weighted_likes(make_interactions: MakeInteractions) -> None:
    """Users 0 and 1 like the same two; 2 shares one of its two with them; 3 is alone; 4 did nothing."""
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2), (3, 3)]
    found = similar_users(make_interactions([(u, i, Kind.LIKE, 0) for u, i in pairs], users=5))
    idf = np.log(6 / np.array([2, 3, 1]))
    cosine = idf[1] ** 2 / np.sqrt((idf[0] ** 2 + idf[1] ** 2) * (idf[1] ** 2 + idf[2] ** 2))
    zero = of(found, 0)
    assert list(zero) == [1, 2]
    np.testing.assert_allclose([*zero.values()], [1, cosine], rtol=1e-5)
    assert list(of(found, 2)) == [0, 1]
    assert of(found, 3) == of(found, 4) == {}


def test_keeps_the_best_and_no_more(clusters: Interactions) -> None:
    """At most max_similar rows a user, falling, never the user, the same as comparing everyone with everyone."""
    params = SimilarUsersParams(max_similar=5, item_cap=1000, candidates=40)
    found = similar_users(clusters, params)
    exact = similar_users(clusters, replace(params, max_similar=200, block=17))
    for user in range(0, clusters.users, 20):
        mine = of(found, user)
        assert len(mine) <= 5
        assert user not in mine
        assert [*mine.values()] == sorted(mine.values(), reverse=True)
        assert mine == dict([*of(exact, user).items()][:5])


def test_shares_taste(clusters: Interactions) -> None:
    """Most of the users found have the same taste of four."""
    found = similar_users(clusters, SimilarUsersParams(max_similar=5))
    assert (found.user % 4 == found.similar % 4).mean() > 0.8


def test_those_who_like_only_what_everyone_likes_are_found_too(make_interactions: MakeInteractions) -> None:
    """The cap bounds who is found through a popular item, not who may look: nobody is left without."""
    rows = [(user, 0, Kind.LIKE, 0) for user in range(50)] + [(user, 1 + user % 5, Kind.LIKE, 0) for user in range(40)]
    found = similar_users(make_interactions(rows, users=60), SimilarUsersParams(item_cap=5, max_similar=3))
    assert set(range(50)) <= set(found.user.tolist())


def test_no_interactions_no_rows(make_interactions: MakeInteractions) -> None:
    """Nothing in, nothing out."""
    for users in (0, 3):
        assert len(similar_users(make_interactions([], users=users)).user) == 0


def test_the_same_twice(clusters: Interactions) -> None:
    """Deterministic to the bit."""
    one, two = similar_users(clusters), similar_users(clusters)
    np.testing.assert_array_equal(one.similar, two.similar)
    np.testing.assert_array_equal(one.score, two.score)
