"""Interactions in; what others would rank with (ItemKNN, UserKNN, ALS, BPR), each tunable, out.

ALS and BPR come from the library `implicit`, a development dependency: where it is absent they are left out.
"""

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix

from giftwise.algorithms.decay import decayed_weights
from giftwise.algorithms.heaviest import heaviest
from giftwise.evaluation.ranking import Ranker, View
from giftwise.evaluation.tuning import Params, Tunable
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.matrix import Interactions

SIMILAR_USERS = 20
"""Of a user so many most similar ones are asked, as is usual; it is not tuned."""
WAYS = ("ones", "kinds", "recent")
"""What a pair weighs: 1; its kinds' weights added up; the same, each halved by RECENT_DAYS of age."""
RECENT_DAYS = 60.0
BLOCK = 512
"""Rows that are dense at one time."""


def baselines(train: Interactions) -> list[Tunable]:
    """All that this installation can run, the usual hyperparameters of each first; ways to weigh where they differ."""
    ways = (
        WAYS[:1] + WAYS[1:2] * bool(np.ptp(train.kind)) + WAYS[2:] * bool(np.ptp(train.at)) if len(train) else WAYS[:1]
    )
    found = [
        Tunable(
            "ItemKNN",
            _grid(neighbours=(50, 10, 20, 100, 200), shrink=(10.0, 0.0, 100.0, 300.0, 1000.0), weights=ways),
            item_knn,
        ),
        Tunable("UserKNN", _grid(shrink=(10.0, 0.0, 100.0, 1000.0), idf=(False, True), weights=ways), user_knn),
    ]
    if importlib.util.find_spec("implicit") is not None:
        als = _grid(
            factors=(64, 16, 32, 128), regularization=(0.1, 0.01, 1.0, 10.0), alpha=(1.0, 0.2, 5.0, 25.0), weights=ways
        )
        bpr = _grid(
            factors=(64, 16, 32, 128),
            learning_rate=(0.05, 0.01, 0.1),
            regularization=(0.01, 0.001, 0.1),
            iterations=(100, 300),
        )
        found += [Tunable("ALS", als, als_factors), Tunable("BPR", bpr, bpr_factors)]
    return found


def item_knn(train: Interactions, params: Params) -> Ranker:
    """Cosine of items by who has them, `shrink` added to its denominator, the heaviest `neighbours` of each kept.

    Source: Deshpande and Karypis, "Item-based top-N recommendation algorithms" (2004).
    """
    matrix = _matrix(train, weights=params["weights"])
    columns = matrix.T.tocsr()
    length = _lengths(columns)
    row, column, weight = [], [], []
    for start in range(0, train.items, BLOCK):
        stop = min(start + BLOCK, train.items)
        alike = (columns[start:stop] @ matrix).toarray()
        alike /= np.maximum(length[start:stop, None] * length + np.float32(params["shrink"]), 1e-9)
        alike[np.arange(stop - start), np.arange(start, stop)] = 0
        places, weights = heaviest(alike, params["neighbours"])
        at, slot = np.nonzero(places >= 0)
        row.append(at + start)
        column.append(places[at, slot])
        weight.append(weights[at, slot])
    shape = (train.items, train.items)
    similar = csr_array((_joined(weight), (_joined(row), _joined(column))), shape=shape, dtype=np.float32)
    return _by_scores(matrix, lambda users: (matrix[users] @ similar).toarray(), train)


def user_knn(train: Interactions, params: Params) -> Ranker:
    """Items of the SIMILAR_USERS most similar users, each by their cosine; `idf` damps popular items in it.

    Source: Herlocker et al., "An algorithmic framework for performing collaborative filtering" (1999).
    """
    matrix = _matrix(train, weights=params["weights"])
    taste = matrix.copy()
    if params["idf"]:
        held = np.bincount(matrix.indices, minlength=train.items)
        taste.data = taste.data * np.log((1 + train.users) / np.maximum(held, 1)).astype(np.float32)[matrix.indices]
    length = _lengths(taste)
    turned = taste.T.tocsr()

    def scores(users: NDArray[np.int32]) -> NDArray[np.float32]:
        alike = (taste[users] @ turned).toarray()
        alike /= np.maximum(length[users][:, None] * length + np.float32(params["shrink"]), 1e-9)
        alike[np.arange(len(users)), users] = 0
        people, weights = heaviest(alike, SIMILAR_USERS)
        at, slot = np.nonzero(people >= 0)
        asked = csr_array((weights[at, slot], (at, people[at, slot])), shape=alike.shape, dtype=np.float32)
        return np.asarray((asked @ matrix).toarray())

    return _by_scores(matrix, scores, train)


def als_factors(train: Interactions, params: Params) -> Ranker:
    """Factors by alternating least squares, confidence 1 + alpha * weight (Hu, Koren, Volinsky, 2008)."""
    from implicit.cpu.als import AlternatingLeastSquares

    shape = {name: value for name, value in params.items() if name != "weights"}
    make = partial(AlternatingLeastSquares, **shape, iterations=15, random_state=7, num_threads=1)
    return _by_factors(make, train, params["weights"])


def bpr_factors(train: Interactions, params: Params) -> Ranker:
    """Factors by Bayesian personalised ranking (Rendle et al., 2009); one thread, as more would not be repeatable."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    return _by_factors(partial(BayesianPersonalizedRanking, **params, random_state=7, num_threads=1), train, "ones")


def _by_factors(make: Callable[[], Any], train: Interactions, weights: str) -> Ranker:
    from threadpoolctl import threadpool_limits

    matrix = csr_matrix(_matrix(train, weights=weights))
    own = csr_matrix(_own(train))
    with threadpool_limits(1, "blas"):
        model = make()
        model.fit(matrix, show_progress=False)

    def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
        with threadpool_limits(1, "blas"):
            places, scores = model.recommend(users, own[users], N=k, filter_already_liked_items=True)
        ranked = np.full((len(users), k), -1, dtype=np.int32)
        ranked[:, : places.shape[1]] = np.where(scores > np.finfo(np.float32).min, places, -1)
        ranked[np.diff(matrix.indptr)[users] == 0] = -1  # it has learned nothing of them
        return ranked

    return rank


def _by_scores(matrix: Any, scores: Callable[[NDArray[np.int32]], NDArray[np.float32]], train: Interactions) -> Ranker:
    """The k best positive scores of items that a user did nothing to."""
    own = _own(train)

    def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
        ranked = np.full((len(users), k), -1, dtype=np.int32)
        for start in range(0, len(users), BLOCK):
            part = users[start : start + BLOCK]
            block = scores(part)
            row, column = own[part].nonzero()
            block[row, column] = 0
            ranked[start : start + BLOCK] = heaviest(block, k)[0]
        return ranked

    return rank


def _matrix(train: Interactions, *, weights: str) -> Any:
    """CSR float32 [users, items] of pairs with a positive weight, weighed in one of WAYS."""
    values = decayed_weights(
        train.kind,
        train.at,
        kind_weights=WEIGHTS,
        half_life_days=RECENT_DAYS if weights == "recent" else 0.0,
        now=int(train.at.max(initial=0)),
    )
    matrix = csr_array((values, (train.user, train.item)), shape=(train.users, train.items))
    matrix.sum_duplicates()
    matrix.data = np.maximum(matrix.data, 0)
    matrix.eliminate_zeros()
    if weights == "ones":
        matrix.data[:] = 1
    return matrix


def _own(train: Interactions) -> Any:
    """CSR of all pairs, whatever they weigh: what is never recommended."""
    return csr_array((np.ones(len(train), np.float32), (train.user, train.item)), shape=(train.users, train.items))


def _lengths(rows: Any) -> NDArray[np.float32]:
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float32))


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _grid(**choices: tuple[Any, ...]) -> list[Params]:
    return list(_combinations(choices))


def _combinations(choices: dict[str, tuple[Any, ...]]) -> Iterator[Params]:
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))
