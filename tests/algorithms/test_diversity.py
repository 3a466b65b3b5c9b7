"""At most so many of one group, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giftwise.algorithms.diversity import cap_per_group

GROUPS = np.array([0, 0, 0, 1, 1, -1, -1], dtype=np.int16)


def test_keeps_the_first_of_each_group_in_order() -> None:
    """One of each group: the best ranked; what has no group is not limited."""
    order = np.array([2, 6, 4, 0, 5, 3, 1], dtype=np.int32)
    assert cap_per_group(order, GROUPS, 1).tolist() == [2, 6, 4, 5]
    assert cap_per_group(order, GROUPS, 2).tolist() == [2, 6, 4, 0, 5, 3]


def test_an_empty_ranking_stays_empty() -> None:
    """Nothing in, nothing out."""
    assert cap_per_group(np.empty(0, np.int32), GROUPS, 1).tolist() == []


def test_fewer_than_one_is_refused() -> None:
    """0 would be an empty page by mistake."""
    with pytest.raises(ValueError, match="at least 1"):
        cap_per_group(np.array([0], np.int32), GROUPS, 0)


@given(st.lists(st.integers(0, 6), unique=True), st.integers(1, 8))
def test_agrees_with_counting_one_by_one(ranking: list[int], most: int) -> None:
    """The vectorised cut is the plain loop."""
    expected, seen = [], dict.fromkeys(range(-1, 2), 0)
    for place in ranking:
        group = int(GROUPS[place])
        seen[group] += 1
        if group < 0 or seen[group] <= most:
            expected.append(place)
    assert cap_per_group(np.array(ranking, dtype=np.int32), GROUPS, most).tolist() == expected
