"""A catalog's interactions in; the graph filter's hyperparameters that foresee its own latest choices best, out.

Everything is tried on a split inside the interactions that are given (split.validation_split): whoever evaluates hands
in the training data alone, so nothing that is judged in the end can be known here.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from giftwise.algorithms.graph import DEFAULTS, Factors, GraphParams, factorise, item_neighbours
from giftwise.evaluation.probe import Trial, try_all
from giftwise.evaluation.search import COARSE, FINE, SEARCH, SearchParams
from giftwise.evaluation.served import Cut, try_cuts
from giftwise.evaluation.split import VALIDATION, Split, Way, hold_out, sample_users, validation_split
from giftwise.interactions.matrix import Interactions

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and on what grounds."""

    params: GraphParams
    ndcg: float  # mean NDCG@20 of params on the validation split, as served where time allowed; 0: nothing tried
    default_ndcg: float  # the same of the first thing tried: the defaults, at the search's rank
    users: int  # who were judged
    held_out: int  # choices held out of the training data
    trials: tuple[Trial, ...]  # the best of each factorisation, in the order tried
    full_ndcg: float  # of the filter with params, uncut and with rows as they are: what the cuts are compared with
    cuts: tuple[Cut, ...]  # quality and bytes by K of the same filter; empty where time was short
    seconds: float
    finished: bool  # False where the budget ended the search early

    def as_json(self) -> dict[str, Any]:
        """Plain dicts and numbers, as they are stored with a model; GraphParams.from_json reads `params` back."""
        return {
            "params": self.params.as_json(),
            "ndcg": round(self.ndcg, 5),
            "default_ndcg": round(self.default_ndcg, 5),
            "users": self.users,
            "held_out": self.held_out,
            "trials": [{"params": trial.params.as_json(), "ndcg": round(trial.ndcg, 5)} for trial in self.trials],
            "full_ndcg": round(self.full_ndcg, 5),
            "cuts": [asdict(cut) for cut in self.cuts],
            "seconds": round(self.seconds, 1),
            "finished": self.finished,
        }


def choose(
    interactions: Interactions,
    budget_seconds: float = 240,
    seed: int = 7,
    *,
    way: Way = "time",
    start: GraphParams = DEFAULTS,
    search: SearchParams = SEARCH,
    progress: Callable[[float], None] | None = None,
) -> Choice:
    """The best hyperparameters found within about `budget_seconds`, looking first near `start`.

    The same interactions and seed give the same choice on one machine, unless the budget ends the search early. The
    budget is looked at between factorisations, so it is overrun by at most one of them. `progress` is told 0..1.
    """
    began = time.monotonic()
    most = int(min(search.users, search.cells / max(interactions.items, 1)))
    split, in_time = _inner_split(interactions, search, seed, way)
    split = sample_users(split, max(most, search.least_users), seed)
    hunt = _Hunt(split, in_time, search, began, budget_seconds, progress or (lambda done: None))
    if len(split.truth) >= search.least_users:
        hunt.run(start)
    best = hunt.best or Trial(start, 0.0)
    return Choice(
        params=best.params,
        ndcg=best.ndcg,
        default_ndcg=hunt.trials[0].ndcg if hunt.trials else 0.0,
        users=len(split.truth),
        held_out=len(interactions) - len(split.train),
        trials=tuple(hunt.trials),
        full_ndcg=hunt.full_ndcg,
        cuts=hunt.cuts,
        seconds=time.monotonic() - began,
        finished=hunt.finished,
    )


def _inner_split(interactions: Interactions, search: SearchParams, seed: int, way: Way) -> tuple[Split, bool]:
    """The split to judge on, and whether it is one in time: few judges mislead more than a draw does."""
    latest = validation_split(interactions, seed, way)
    if way == "last" or not interactions.clock or len(latest.truth) >= search.many_users:
        return latest, interactions.clock
    drawn = hold_out(interactions, VALIDATION, seed)
    return (drawn, False) if len(drawn.truth) > len(latest.truth) else (latest, True)


@dataclass(slots=True)
class _Hunt:
    """One search: what was tried so far, and how much of the budget is left."""

    split: Split
    in_time: bool
    search: SearchParams
    began: float
    budget: float
    told: Callable[[float], None]
    best: Trial | None = None
    trials: list[Trial] = field(default_factory=list)
    full_ndcg: float = 0.0
    cuts: tuple[Cut, ...] = ()
    finished: bool = True
    kept: tuple[tuple[object, ...], Factors] | None = None

    def run(self, start: GraphParams) -> None:
        """Exponents, then forgetting and kinds, then rank and shape: each stage starts from the best so far."""
        first = self._try(replace(start, rank=min(self.search.rank, start.rank)))
        best = self._exponents(self._fading(first))
        for changed in self._weightings():
            if self._over(self.search.second_part):
                break
            varied = replace(best.params, **changed)
            found = self._try(varied)
            best = found if self._better(found, best) else best
        self.best = self._shape(best)
        moved = _exponents(best.params) != _exponents(first.params)
        if moved and not self._over(self.search.shape_part):
            # A low rank need not order exponents as a high one does, so the start has its chance there too.
            kept = first.params
            back = replace(
                best.params,
                user_exponent=kept.user_exponent,
                item_exponent=kept.item_exponent,
                output_exponent=kept.output_exponent,
            )
            other = self._shape(replace(best, params=back))
            self.best = max(self.best, other, key=_figure)
        self.full_ndcg = self.best.ndcg
        if not self._over(self.search.third_part):
            self.best = self._served(self.best)
        self.told(1)

    def _fading(self, best: Trial) -> Trial:
        """How fast a history fades; it says the most, so it is first."""
        start = best.params.fading
        fadings = sorted(self.search.fadings)
        climbed = self._climb(best, [fading for fading in fadings if fading > start])
        if climbed is not best:
            return climbed
        return self._climb(best, [fading for fading in reversed(fadings) if fading < start])

    def _climb(self, best: Trial, fadings: list[float]) -> Trial:
        """One fading after another, until one gains nothing."""
        for fading in fadings:
            if self._over(self.search.first_part):
                break
            found = self._try(replace(best.params, fading=fading))
            if not self._better(found, best):
                break
            best = found
        return best

    def _exponents(self, best: Trial) -> Trial:
        """Walk uphill in a and b, one step at a time."""
        tried = {_exponents(best.params)}
        for step in self.search.steps:
            improved = True
            while improved:
                improved = False
                for params in self._around(best.params, step):
                    if _exponents(params) in tried:
                        continue
                    if self._over(self.search.first_part):
                        return best
                    tried.add(_exponents(params))
                    found = self._try(params)
                    if self._better(found, best):
                        best, improved = found, True
                        break
        return best

    def _around(self, params: GraphParams, step: float) -> Iterator[GraphParams]:
        a, b, high = params.user_exponent, params.item_exponent, self.search.highest_exponent
        for left, right in ((a - step, b), (a, b - step), (a + step, b), (a, b + step)):
            if 0 <= left <= high and 0 <= right <= high:
                yield replace(params, user_exponent=round(left, 3), item_exponent=round(right, 3))

    def _weightings(self) -> Iterator[dict[str, Any]]:
        """Other half-lives and kinds' weights, where the data can tell them apart."""
        train = self.split.train
        if self.in_time and len(train) and np.ptp(train.at) > self.search.least_days * DAY:
            yield from ({"half_life_days": days} for days in self.search.half_lives)
        if len(np.unique(train.kind)) > 1:
            yield from ({"kind_weights": weights} for weights in self.search.kind_weights)

    def _better(self, found: Trial, best: Trial) -> bool:
        """Whether a trial gains more than chance would."""
        margin = self.search.caution / float(np.sqrt(len(self.split.truth)))
        return found.ndcg > best.ndcg * (1 + margin)

    def _shape(self, best: Trial) -> Trial:
        """The smallest rank that is nearly the best, and its sigma power, blend and output exponent."""
        params = replace(best.params, rank=self.search.highest_rank)
        factors = self._factors(params)
        have = len(factors.sigma)
        around = tuple(round(best.params.output_exponent + off, 3) for off in FINE.output_exponents)
        grid = replace(FINE, ranks=(have,), output_exponents=around)
        full = max(try_all(self.split, factors, params, grid), key=_figure)
        power = (full.params.sigma_power,)
        found = [full]
        for rank in (rank for rank in self.search.ranks if rank < have):
            lower = try_all(self.split, factors, params, replace(grid, ranks=(rank,), sigma_powers=power))
            found.append(max(lower, key=_figure))
        top = max(found, key=_figure).ndcg
        enough = [trial for trial in found if trial.ndcg >= top * (1 - self.search.good_enough)]
        chosen = min(enough, key=lambda trial: trial.params.rank)
        self.trials.append(chosen)
        return chosen

    def _served(self, best: Trial) -> Trial:
        """Learn the neighbours once, choose how rows are evened out, and see what cutting them costs."""
        sizes = sorted({*self.search.neighbours, best.params.neighbours})
        found = item_neighbours(self.split.train, replace(best.params, neighbours=sizes[-1], evidence=0))
        weights = best.params.kind_weights
        tried = try_cuts(self.split, found, weights, (best.params.neighbours,), self.search.evidences)
        top = max(tried, key=lambda cut: cut.ndcg)
        self.cuts = tuple(try_cuts(self.split, found, weights, sizes))
        return Trial(replace(best.params, evidence=top.evidence), top.ndcg)

    def _try(self, params: GraphParams) -> Trial:
        """The best coarse shape of one factorisation."""
        factors = self._factors(params)
        grid = replace(COARSE, ranks=(max(1, min(params.rank, len(factors.sigma))),), nears=(params.near,))
        best = max(try_all(self.split, factors, params, grid), key=_figure)
        best = replace(best, params=replace(best.params, rank=params.rank))
        self.trials.append(best)
        self.told(min(0.99, (time.monotonic() - self.began) / max(self.budget, 1e-9)))
        return best

    def _factors(self, params: GraphParams) -> Factors:
        """Those of params, kept while nothing that they depend on changes."""
        same = (
            params.user_exponent,
            params.item_exponent,
            params.rank,
            params.kind_weights,
            params.half_life_days,
        )
        if self.kept is None or self.kept[0] != same:
            self.kept = None  # before the next are made: two at a time would be twice the memory
            self.kept = same, factorise(self.split.train, params)
        return self.kept[1]

    def _over(self, share: float) -> bool:
        if time.monotonic() - self.began < self.budget * share:
            return False
        self.finished = False
        return True


def _figure(trial: Trial) -> float:
    return trial.ndcg


def _exponents(params: GraphParams) -> tuple[float, float]:
    return params.user_exponent, params.item_exponent
