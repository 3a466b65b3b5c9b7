"""A ranking in, a ranking with less of the same out."""

import numpy as np
from numpy.typing import NDArray


def cap_per_group(order: NDArray[np.int32], groups: NDArray[np.int16], most: int) -> NDArray[np.int32]:
    """The ranking `order` [m] of item places with at most `most` (>= 1) items of each group, order kept: [m'].

    `groups` [n] is each item's group (its category's code); items of group -1 are not limited.
    """
    if most < 1:
        raise ValueError("most is at least 1")
    group = groups[order]
    by_group = np.argsort(group, kind="stable")  # int16: a radix sort, linear
    in_order = group[by_group]
    starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]]) if len(order) else np.empty(0, np.intp)
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    kept = np.empty(len(order), dtype=np.bool_)
    kept[by_group] = (nth < most) | (in_order < 0)
    return order[kept]
