"""Interactions in; what may be learned from, and what was chosen afterwards, out."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from giftwise.evaluation.measures import Truth
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

CHOICES = (Kind.LIKE, Kind.SAVE, Kind.SHARE, Kind.PURCHASE)
"""Kinds that count as a choice when a ranking is judged; views and clicks only teach."""

Way = Literal["time", "last"]
"""Judged is what was chosen after a moment, or each user's last choice: what a request made just before it was for."""

VALIDATION = 0.1
"""Share of the choices in the training data that are held out of it to choose hyperparameters by."""

LEAST_JUDGED = 50
"""Users with a history that the last tenth in time must have; with fewer, a tenth of each user's is taken."""


@dataclass(frozen=True, slots=True)
class Split:
    """The part to learn from, and what its users chose later among items new to them."""

    train: Interactions
    truth: Truth


def temporal_split(interactions: Interactions, cut: int, choices: tuple[Kind, ...] = CHOICES) -> Split:
    """Train: before `cut` (unix seconds). Truth: items chosen from then on with which the user had done nothing."""
    before = interactions.at < cut
    later = ~before & np.isin(interactions.kind, choices)
    return _split(interactions, before, later)


def cut_at(interactions: Interactions, share: float, choices: tuple[Kind, ...] = CHOICES) -> int:
    """The time (unix seconds) before which `share` of all choices were made; 0 where there is none."""
    times = interactions.at[np.isin(interactions.kind, choices)]
    return int(np.quantile(times, share, method="nearest")) if len(times) else 0


def leave_last_out(interactions: Interactions, choices: tuple[Kind, ...] = CHOICES) -> Split:
    """Truth: each user's latest choice (of equally late ones the last item). Train: what was done before its time.

    Only users with a choice are split; another kind of interaction with that item is taken out of train too.
    """
    chosen = np.flatnonzero(np.isin(interactions.kind, choices))
    order = chosen[np.lexsort((interactions.item[chosen], interactions.at[chosen], interactions.user[chosen]))]
    user = interactions.user[order]
    last = order[np.flatnonzero(np.r_[user[1:] != user[:-1], True])] if len(order) else order
    until = np.full(interactions.users, np.iinfo(np.int64).max)
    until[interactions.user[last]] = interactions.at[last]
    item_of = np.full(interactions.users, -1, dtype=np.int64)
    item_of[interactions.user[last]] = interactions.item[last]
    before = (interactions.at <= until[interactions.user]) & (interactions.item != item_of[interactions.user])
    later = np.zeros(len(interactions), dtype=np.bool_)
    later[last] = True
    return _split(interactions, before, later)


def hold_out(interactions: Interactions, share: float, seed: int, choices: tuple[Kind, ...] = CHOICES) -> Split:
    """Truth: of each user that share of their chosen items, the latest; a user's only item always stays in train.

    What was chosen at one moment is drawn from by seed: all of it where there are no times. Whatever else was done to a
    held-out item is taken out of train too.
    """
    width = max(interactions.items, 1)
    pairs = interactions.user.astype(np.int64) * width + interactions.item
    rows = np.flatnonzero(np.isin(interactions.kind, choices))
    rows = rows[np.lexsort((-interactions.at[rows], pairs[rows]))]
    chosen, first = np.unique(pairs[rows], return_index=True)
    user, at = chosen // width, interactions.at[rows][first]
    order = np.lexsort((np.random.default_rng(seed).random(len(chosen)), -at, user))
    starts, sizes = np.unique(user, return_index=True, return_counts=True)[1:]
    nth = np.arange(len(chosen)) - np.repeat(starts, sizes)
    drawn = chosen[order][nth < np.repeat(np.minimum(np.ceil(sizes * share), sizes - 1), sizes)]
    later = np.isin(pairs, drawn)
    return _split(interactions, ~later, later & np.isin(interactions.kind, choices))


def validation_split(train: Interactions, seed: int, way: Way = "time") -> Split:
    """The inner split on which everything is chosen, made in the way that the outer one is.

    By time it is the last tenth, or that of each user where users' times cannot be compared or too few are in it.

    It is given the training data alone, so that no choice can know what is judged in the end.
    """
    if way == "last":
        return leave_last_out(train)
    if not train.clock:
        return hold_out(train, VALIDATION, seed)
    cut = cut_at(train, 1 - VALIDATION)
    split = temporal_split(train, cut)
    known = np.isin(split.truth.users, split.train.user)
    split = replace(split, truth=split.truth.take(np.flatnonzero(known)))
    return split if len(split.truth) >= LEAST_JUDGED else hold_out(train, VALIDATION, seed)


def sample_users(split: Split, most: int, seed: int) -> Split:
    """The same split with at most `most` users to judge, drawn by seed."""
    if len(split.truth) <= most:
        return split
    rows = np.sort(np.random.default_rng(seed).choice(len(split.truth), most, replace=False))
    return replace(split, truth=split.truth.take(rows))


def _split(interactions: Interactions, before: NDArray[np.bool_], later: NDArray[np.bool_]) -> Split:
    train = replace(
        interactions,
        user=interactions.user[before],
        item=interactions.item[before],
        kind=interactions.kind[before],
        at=interactions.at[before],
        factor=None if interactions.factor is None else interactions.factor[before],
    )
    width = max(interactions.items, 1)
    known = train.user.astype(np.int64) * width + train.item
    chosen = np.unique(interactions.user[later].astype(np.int64) * width + interactions.item[later])
    return Split(train, truth_of(chosen[~np.isin(chosen, known)], width))


def truth_of(pairs: NDArray[np.int64], width: int) -> Truth:
    """The truth of sorted, distinct pairs, each user * width + item."""
    users, starts = np.unique(pairs // width, return_index=True)
    at = np.append(starts, len(pairs)).astype(np.int64)
    return Truth(users.astype(np.int32), at, (pairs % width).astype(np.int32))
