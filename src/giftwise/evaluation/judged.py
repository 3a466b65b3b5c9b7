"""A training part in; the histories that judged users are scored by, weighed as requests weigh them, out.

Learning only: it imports scipy, which the API never loads.
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from giftwise.algorithms.graph import keep_heaviest
from giftwise.algorithms.neighbours import DEFAULTS as ONLINE
from giftwise.evaluation.measures import Truth
from giftwise.interactions.matrix import Interactions
from giftwise.interactions.recency import HistoryParams, recency


def judged_histories(train: Interactions, truth: Truth, kind_weights: tuple[float, ...], fading: float) -> Any:
    """CSR float32 [judged users, items]: what each weighs, the weightiest only, as NeighbourParams.max_history says."""
    order = np.lexsort((-train.at, train.user))
    user, item = train.user[order], train.item[order]
    shares = recency(user, train.at[order], HistoryParams(fading=fading))
    weights = train.weighed(np.asarray(kind_weights, dtype=np.float32)[train.kind])[order] * shares
    matrix = csr_array((weights, (user, item)), shape=(train.users, train.items), dtype=np.float32)
    matrix.sum_duplicates()
    rows = matrix[truth.users]
    rows.data[rows.data < 0] = 0
    keep_heaviest(rows, ONLINE.max_history)
    rows.eliminate_zeros()
    return rows


def judged_seen(train: Interactions, truth: Truth) -> Any:
    """CSR [judged users, items] of all that each did something to, whatever it weighs: it is never ranked."""
    ones = np.ones(len(train), dtype=np.float32)
    return csr_array((ones, (train.user, train.item)), shape=(train.users, train.items))[truth.users]
