"""A split never lets the future teach: what is judged came later, and was new to the user."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giftwise.evaluation.split import Split, cut_at, leave_last_out, temporal_split
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

Row = tuple[int, int, Kind, int]
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.sampled_from(Kind), st.integers(0, 9)),
    unique_by=lambda row: row[:3],
)


def interactions(rows: Sequence[Row]) -> Interactions:
    """Interactions of four users and five items from rows of (user, item, kind, at)."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    user, item, kind = table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2].astype(np.int8)
    return Interactions(user, item, kind, table[:, 3], np.arange(4), 5)


def chosen(split: Split) -> set[tuple[int, int]]:
    """The truth as pairs of user and item."""
    return set(zip(np.repeat(split.truth.users, split.truth.sizes).tolist(), split.truth.items.tolist(), strict=True))


def test_the_cut_divides_in_time() -> None:
    """Before 5 teaches; from 5 on, likes of new items judge; clicks and known items do not."""
    rows = [(0, 0, Kind.LIKE, 1), (0, 1, Kind.LIKE, 5), (0, 0, Kind.PURCHASE, 6), (1, 2, Kind.CLICK, 7)]
    split = temporal_split(interactions(rows), 5)
    assert split.train.at.tolist() == [1]
    assert chosen(split) == {(0, 1)}


def test_the_cut_leaves_a_share_of_choices() -> None:
    """Of ten likes at 0..9, nine tenths lie before 8 or 9; a click does not move it."""
    rows = [(0, item, Kind.LIKE, item) for item in range(5)] + [(1, item, Kind.LIKE, 5 + item) for item in range(5)]
    assert cut_at(interactions([*rows, (2, 0, Kind.CLICK, 99)]), 0.9) == 8
    assert cut_at(interactions([]), 0.9) == 0


def test_the_last_choice_is_left_out() -> None:
    """User 0's last like judges, the click on its item does not teach; user 1, without a choice, only teaches."""
    rows = [(0, 0, Kind.LIKE, 1), (0, 1, Kind.CLICK, 2), (0, 1, Kind.LIKE, 3), (1, 2, Kind.CLICK, 9)]
    split = leave_last_out(interactions(rows))
    assert chosen(split) == {(0, 1)}
    assert sorted(zip(split.train.user.tolist(), split.train.item.tolist(), strict=True)) == [(0, 0), (1, 2)]


@given(ROWS, st.integers(0, 10))
def test_nothing_judged_was_taught(rows: list[Row], cut: int) -> None:
    """Whatever the data: no pair stands on both sides, and each judged user's past is older than what is judged."""
    data = interactions(rows)
    for split in (temporal_split(data, cut), leave_last_out(data)):
        taught = set(zip(split.train.user.tolist(), split.train.item.tolist(), strict=True))
        assert not taught & chosen(split)
    assert (temporal_split(data, cut).train.at < cut).all()
    last = leave_last_out(data)
    assert (last.truth.sizes == 1).all()
