"""A split in; how well each way to rank foresees what was chosen later, by how much is known of the user, out."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.graph import DEFAULTS, GraphParams
from giftwise.algorithms.mix import Mix
from giftwise.evaluation.contest import Contestant, Cost, Entry, Progress, Round, hold, ignore_progress
from giftwise.evaluation.figures import Figures, compare
from giftwise.evaluation.lineup import (
    CHANCE,
    COLD,
    COLLABORATIVE,
    CUT,
    NEW,
    NOW,
    POPULAR,
    SERVED,
    WARM,
    graph_learner,
    line_up,
)
from giftwise.evaluation.lists import holders
from giftwise.evaluation.measures import Truth
from giftwise.evaluation.ranking import View
from giftwise.evaluation.shop import Facts
from giftwise.evaluation.split import Split, cut_at, sample_users, temporal_split
from giftwise.interactions.matrix import Interactions

ALL = "all"
ACTIVITY = {"1-2": (1, 2), "3+": (3, None)}
"""Groups of users with a history, by the number of interactions in train as the ladder counts them."""
CUT_TO = 2
FEW = f"3+ cut to {CUT_TO}"
"""Users of 3+ of whom only the newest interactions are told: newcomers are few in most splits, these are many."""
NOBODY = "0"
NEW_ITEMS = "new items"
"""Among items that nobody had touched before the cut alone: what users with a history chose of them."""

LIVE = frozenset({POPULAR, COLLABORATIVE, SERVED})
"""Who is judged on live data: what is served, and what it is compared with."""

JUDGED = replace(DEFAULTS, rank=256)
"""The filter that is judged on live data: half of the usual rank, as the job runs often. Where
the data rewards a high rank, its figures are a floor of what is served; the report names the rank."""


@dataclass(frozen=True, slots=True)
class Report:
    """One offline evaluation: figures by algorithm, then by group; `all` are the users with a history."""

    k: int
    rank: int  # of the filter judged (GraphParams.rank); 0 where another one was
    train: int  # interactions learned from
    users: int  # users judged, those without a history included
    cold: int  # users without a history, judged apart as group 0
    cut: int  # unix seconds from which interactions judge; 0 where the split is not one in time
    seconds: float
    figures: dict[str, dict[str, Figures]]
    against: dict[str, str]  # of each group, whom the others' `lead` is over
    costs: dict[str, Cost]
    choice: dict[str, Any] | None = None  # the hyperparameters chosen on a split inside train, and the trials
    mix: dict[str, Any] | None = None  # the shares of the mixture, chosen on the same split
    tuned: dict[str, dict[str, Any]] | None = None  # the same of each baseline

    def as_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        report = asdict(self)
        for groups in report["figures"].values():
            for figures in groups.values():
                figures["intervals"] = {name: list(ends) for name, ends in figures["intervals"].items()}
        return report


def report_live(
    interactions: Interactions,
    *,
    share: float = 0.9,
    k: int = 20,
    most_users: int = 600,
    params: GraphParams = JUDGED,
    seed: int = 7,
    facts: Facts | None = None,
    mix: Mix | None = None,
) -> Report:
    """Learn from the first `share` of all choices in time, judge on the rest, for at most `most_users` users.

    With `facts` (whose `now` is replaced by the last moment learned from) the whole ladder, with the shares of `mix`,
    is judged too.
    """
    cut = cut_at(interactions, share)
    split = sample_users(temporal_split(interactions, cut), most_users, seed)
    facts = replace(facts, now=int(split.train.at.max(initial=0))) if facts is not None else None
    everyone = line_up(split.train, facts, graph_learner(params), lambda: mix or Mix())
    contestants = [one for one in everyone if one.name in LIVE]
    return replace(judge(split, contestants, k=k, cut=cut, seed=seed), rank=params.rank)


def judge(
    split: Split,
    contestants: Sequence[Contestant],
    *,
    k: int = 20,
    cut: int = 0,
    seed: int = 7,
    progress: Progress = ignore_progress,
) -> Report:
    """Fit every contestant on train, rank all items but the user's own, compare by groups of users.

    The contestants were made with train; the truth is read here alone, after each has ranked.
    """
    started = time.monotonic()
    train, truth = split.train, split.truth
    activity = np.bincount(train.user, minlength=train.users)[truth.users]
    warm, cold = np.flatnonzero(activity > 0), np.flatnonzero(activity == 0)
    many = np.flatnonzero(activity > CUT_TO)
    touched = np.unique(train.item)
    fresh = _only_new(truth.take(warm), touched)
    rounds = (
        Round(WARM, truth.users[warm], POPULAR),
        Round(CUT, truth.users[many], POPULAR, View(newest=CUT_TO)),
        Round(COLD, truth.users[cold], NOW if any(one.name == NOW for one in contestants) else POPULAR),
        Round(NEW, fresh.users, CHANCE, View(banned=touched)),
    )
    entries = hold(contestants, rounds, k, progress)
    progress("comparing", 100)
    held = holders(train)
    against: dict[str, str] = {}
    figures: dict[str, dict[str, Figures]] = {entry.name: {} for entry in entries}

    def compared(group: str, place: int, group_truth: Truth, rows: NDArray[np.intp] | slice = slice(None)) -> None:
        one = rounds[place]
        lists = {entry.name: entry.lists[one.name][rows] for entry in entries if one.name in entry.lists}
        if not lists:
            return  # nobody can speak of these users or items without facts
        against[group] = one.against
        for name, found in compare(lists, group_truth, held, one.against, seed).items():
            figures[name][group] = found

    compared(ALL, 0, truth.take(warm))
    for name, (low, high) in ACTIVITY.items():
        rows = np.flatnonzero((activity[warm] >= low) & (activity[warm] <= (high or np.inf)))
        compared(name, 0, truth.take(warm[rows]), rows)
    compared(FEW, 1, truth.take(many))
    compared(NOBODY, 2, truth.take(cold))
    compared(NEW_ITEMS, 3, fresh)
    seconds = round(time.monotonic() - started, 3)
    return Report(k, 0, len(train), len(truth), len(cold), cut, seconds, figures, against, _costs(entries))


def _only_new(truth: Truth, touched: NDArray[np.int32]) -> Truth:
    """Of each user only those chosen items that are not in `touched` (sorted); users left with none are out."""
    new = ~np.isin(truth.items, touched)
    row = np.repeat(np.arange(len(truth)), truth.sizes)[new]
    rows, sizes = np.unique(row, return_counts=True)
    return Truth(truth.users[rows], np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), truth.items[new])


def _costs(entries: Sequence[Entry]) -> dict[str, Cost]:
    return {entry.name: entry.cost for entry in entries}
