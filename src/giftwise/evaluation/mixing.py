"""The voices of a list (neighbours, content, what is popular now) in; how much of each is best for a catalog out.

Chosen on the split inside the training data that everything else is chosen on, once for users of one or two
interactions and once for the others: what two likes say is little, and how fast fashion turns differs by catalog.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.mix import Mix, Shares, mix_voices, spread_list, voices
from giftwise.algorithms.popularity import PopularityParams, segment_popularity
from giftwise.catalog.model import Model, RankedItems
from giftwise.evaluation.measures import Truth, find_hits, ndcg
from giftwise.evaluation.ranking import WHOLE, Past, Pasts, View, best_new
from giftwise.evaluation.shop import Facts, Learn, Shop, segment_of
from giftwise.evaluation.split import Way, sample_users, validation_split
from giftwise.interactions.matrix import Interactions
from giftwise.interactions.recency import HistoryParams

Floats = NDArray[np.float32]
STEPS = 5
"""Shares are tried in fifths: 21 mixtures."""
HALF_LIVES = (60.0, 7.0, 14.0, 30.0, 180.0, 0.0)
"""Days after which an interaction counts half in popularity; 0 never forgets; the usual first."""
JUDGED_USERS = 600
FEW = Mix().few_until
ALL: Shares = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mix, and what it reached on the inner split, beside what each voice reaches there alone."""

    mix: Mix
    few_ndcg: dict[str, float]
    many_ndcg: dict[str, float]
    users: int
    seconds: float


def choose_mix(train: Interactions, facts: Facts, learn: Learn, *, k: int, seed: int, way: Way = "time") -> Mixed:
    """The best half-life of popularity on its own, then the best shares; of equals the one nearest to the ladder's.

    `learn` is called with the inner training part; `facts.now` is not used: now is the last moment of that part.
    """
    started = time.monotonic()
    inner = sample_users(validation_split(train, seed, way), JUDGED_USERS, seed)
    facts = replace(facts, now=int(inner.train.at.max(initial=0)))
    activity = np.bincount(inner.train.user, minlength=train.users)[inner.truth.users]
    truth = inner.truth.take(np.flatnonzero(activity > FEW))
    if not len(truth):
        return Mixed(Mix(), {}, {}, 0, round(time.monotonic() - started, 3))
    model = Shop(inner.train, facts, learn).model(lambda share: None)
    pasts = Pasts(inner.train, params=HistoryParams(fading=model.facts["fading"]))
    half_life = max(HALF_LIVES, key=lambda days: _alone(pasts, Crowded(inner.train, facts, days), truth, len(model), k))
    popular = Crowded(inner.train, facts, half_life)
    found = [_best(pasts, model, popular, truth, view=view, k=k) for view in (View(newest=FEW), WHOLE)]
    (few, few_ndcg), (many, many_ndcg) = found
    seconds = round(time.monotonic() - started, 3)
    return Mixed(Mix(half_life, few, many), few_ndcg, many_ndcg, len(truth), seconds)


class Crowded:
    """What is popular among each user's own kind of people."""

    def __init__(self, train: Interactions, facts: Facts, half_life_days: float) -> None:
        params = PopularityParams(half_life_days=half_life_days)
        self.lists = segment_popularity(train, facts.crowd, facts.items, params, facts.now)
        self._crowd = facts.crowd

    def __call__(self, user: int) -> RankedItems:
        """The list of the nearest segment that has one."""
        steps = (place for step in segment_of(self._crowd, user).parents() for place in (step, step.anywhere()))
        return next(self.lists[step.key] for step in steps if step.key in self.lists)


def shares_for(mix: Mix, past: Past) -> Shares:
    """By how much is known of the user; popularity alone where that is nothing."""
    count = len(past.places)
    return mix.shares(count) if count else (0.0, 0.0, 1.0)


def _alone(pasts: Pasts, popular: Crowded, truth: Truth, items: int, k: int) -> float:
    lists = [best_new(spread_list(popular(past.user), items), past.taken, k) for past in pasts.of(truth.users)]
    return _ndcg(lists, truth, k)


def _best(
    pasts: Pasts, model: Model, popular: Crowded, truth: Truth, *, view: View, k: int
) -> tuple[Shares, dict[str, float]]:
    """The best shares, and what they and each voice alone reach."""
    tried = list(_mixtures())
    lists: list[list[NDArray[np.int32]]] = [[] for _ in tried]
    for past in pasts.of(truth.users, view):
        heard = voices(model, past.places, past.weights, popular(past.user), ALL)
        for at, shares in enumerate(tried):
            lists[at].append(best_new(mix_voices(heard, shares, len(model)), past.taken, k))
    figures = {shares: _ndcg(ranked, truth, k) for shares, ranked in zip(tried, lists, strict=True)}
    best = max(tried, key=lambda shares: figures[shares])
    alone = {"neighbours": (1.0, 0.0, 0.0), "content": (0.0, 1.0, 0.0), "popular": (0.0, 0.0, 1.0)}
    return best, {"mixed": figures[best], **{name: figures[shares] for name, shares in alone.items()}}


def _mixtures() -> Iterator[Shares]:
    """Those with most of the neighbours first."""
    for content, popular in product(range(STEPS + 1), repeat=2):
        if content + popular <= STEPS:
            yield ((STEPS - content - popular) / STEPS, content / STEPS, popular / STEPS)


def _ndcg(lists: list[NDArray[np.int32]], truth: Truth, k: int) -> float:
    ranked = np.full((len(lists), k), -1, dtype=np.int32)
    for row, best in enumerate(lists):
        ranked[row, : len(best)] = best
    return round(float(ndcg(find_hits(ranked, truth), truth.sizes).mean()), 5)
