"""Algorithms that are to be compared in; each fitted, timed, and its ranked lists, out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.evaluation.footprint import measured
from giftwise.evaluation.ranking import WHOLE, Ranker, View

BATCH = 512
"""Users ranked between two tellings of progress."""

Progress = Callable[[str, float], None]
"""Called with a step's name and its percent (0..100)."""


def ignore_progress(step: str, percent: float) -> None:
    """For callers that watch nothing."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to rank: how it is called in the report, and how it is learned from the data it was made with."""

    name: str
    fit: Callable[[Callable[[float], None]], Ranker]
    """Learns, telling its done share (0..1), and returns what ranks. It never sees what is judged."""
    views: frozenset[str]
    """Names of the views that it is judged on."""


@dataclass(frozen=True, slots=True)
class Round:
    """A view of the world, and who is judged on it."""

    name: str
    users: NDArray[np.int32]
    against: str  # the contestant that the others are compared with
    view: View = WHOLE


@dataclass(frozen=True, slots=True)
class Cost:
    """What one algorithm took. The memory is the process's resident peak while it was fitted, data included."""

    fit_seconds: float
    rank_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One algorithm's lists by view: int32 [users, k], -1 pads."""

    name: str
    lists: dict[str, NDArray[np.int32]]
    cost: Cost


def hold(contestants: Sequence[Contestant], rounds: Sequence[Round], k: int, progress: Progress) -> list[Entry]:
    """Fit each contestant, then rank for the users of each round that it takes part in."""
    entries = []
    share = 100 / max(len(contestants), 1)
    for at, one in enumerate(contestants):
        start = at * share

        def fitting(done: float, name: str = one.name, start: float = start) -> None:
            progress(f"{name}: learning", start + done * share / 2)

        def ranking(done: float, name: str = one.name, start: float = start) -> None:
            progress(f"{name}: ranking", start + (1 + done) * share / 2)

        fitting(0.0)
        with measured() as fit:
            rank = one.fit(fitting)
        mine = [each for each in rounds if each.name in one.views and len(each.users)]
        with measured() as ranked:
            lists = {each.name: _ranked(rank, each, k, ranking) for each in mine}
        entries.append(Entry(one.name, lists, Cost(fit.seconds, ranked.seconds, fit.peak_mb)))
    return entries


def _ranked(rank: Ranker, each: Round, k: int, told: Callable[[float], None]) -> NDArray[np.int32]:
    lists = np.full((len(each.users), k), -1, dtype=np.int32)
    for start in range(0, len(each.users), BATCH):
        told(start / len(each.users))
        lists[start : start + BATCH] = rank(each.users[start : start + BATCH], k, each.view)
    return lists
