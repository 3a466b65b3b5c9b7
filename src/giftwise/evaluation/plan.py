"""What to evaluate and how in; data split, everything that takes part learned and judged, and the report, out."""

from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from giftwise.algorithms.graph import DEFAULTS, Neighbours, item_neighbours
from giftwise.algorithms.mix import Mix
from giftwise.evaluation.baselines import baselines
from giftwise.evaluation.choose import Choice, choose
from giftwise.evaluation.contest import Contestant, Progress, ignore_progress
from giftwise.evaluation.lineup import WARM, Choose, graph_learner, line_up
from giftwise.evaluation.mixing import choose_mix
from giftwise.evaluation.published import read_split
from giftwise.evaluation.ranking import Ranker
from giftwise.evaluation.report import Report, judge
from giftwise.evaluation.shop import Facts, Learn, Told
from giftwise.evaluation.split import Split, Way, cut_at, leave_last_out, temporal_split
from giftwise.evaluation.tuning import Tunable, tune
from giftwise.interactions.matrix import Interactions

CHOOSING = 0.8  # share of the progress of learning that the choice is told as


@dataclass(frozen=True, slots=True)
class Plan:
    """How an evaluation is run."""

    k: int = 20
    """Places of the lists that are judged."""
    share: float = 0.8
    """Share of the choices, first in time, that is learned from."""
    way: Way = "time"
    """Judge what was chosen after that time, or each user's last choice."""
    baselines: bool = False
    """Whether ItemKNN, UserKNN, ALS and BPR take part."""
    budget: float = 240.0
    """Seconds that each algorithm may spend on choosing its hyperparameters."""
    seed: int = 7
    """Of every draw: inner splits, samples, resampling."""


@dataclass(slots=True)
class _Chosen:
    """What was chosen while the contestants were fitted."""

    graph: Choice | None = None
    mix: dict[str, Any] | None = None
    baselines: dict[str, dict[str, Any]] = field(default_factory=dict)


def evaluate_published(train: Path, test: Path, plan: Plan, progress: Progress = ignore_progress) -> Report:
    """Two files of a published split; all items ranked, train items removed. Raises UnreadableSplit."""
    progress("reading", 0)
    return _evaluate(read_split(train, test), None, 0, plan, progress)


def evaluate_world(
    interactions: Interactions, facts: Facts, plan: Plan, progress: Progress = ignore_progress
) -> Report:
    """A catalog's interactions with its items and users; `facts.now` is replaced by the time of the cut."""
    cut = cut_at(interactions, plan.share) if plan.way == "time" else 0
    split = temporal_split(interactions, cut) if plan.way == "time" else leave_last_out(interactions)
    now = int(split.train.at.max(initial=0))
    return _evaluate(split, replace(facts, now=now), cut, plan, progress)


def _evaluate(split: Split, facts: Facts | None, cut: int, plan: Plan, progress: Progress) -> Report:
    # From here to `judge`, only split.train is handed on: whatever is chosen or learned cannot know the truth.
    train, chosen = split.train, _Chosen()
    learn = _learner(plan, chosen)
    mix = _mixer(train, facts, plan, chosen) if facts is not None else None
    contestants = line_up(train, facts, learn, mix)
    if plan.baselines:
        contestants += [_tuned(one, train, plan, chosen.baselines) for one in baselines(train)]
    report = judge(split, contestants, k=plan.k, cut=cut, seed=plan.seed, progress=progress)
    return replace(
        report,
        choice=chosen.graph.as_json() if chosen.graph is not None else None,
        mix=chosen.mix,
        tuned=chosen.baselines,
    )


def _learner(plan: Plan, chosen: _Chosen) -> Learn:
    """Choose on a split inside train, then learn from all of it."""

    def learn(train: Interactions, told: Told) -> Neighbours:
        found = choose(train, plan.budget, plan.seed, way=plan.way, progress=lambda share: told(share * CHOOSING))
        chosen.graph = found
        return item_neighbours(train, found.params, lambda share: told(CHOOSING + share * (1 - CHOOSING)))

    return learn


def _mixer(train: Interactions, facts: Facts, plan: Plan, chosen: _Chosen) -> Choose:
    @cache  # two contestants use it
    def choose() -> Mix:
        params = chosen.graph.params if chosen.graph is not None else DEFAULTS
        found = choose_mix(train, facts, graph_learner(params), k=plan.k, seed=plan.seed, way=plan.way)
        chosen.mix = asdict(found)
        return found.mix

    return choose


def _tuned(one: Tunable, train: Interactions, plan: Plan, chosen: dict[str, dict[str, Any]]) -> Contestant:
    def fit(told: Told) -> Ranker:
        found = tune(one, train, budget=plan.budget, k=plan.k, seed=plan.seed, way=plan.way, told=told)
        chosen[one.name] = asdict(found)
        return one.fit(train, found.params)

    return Contestant(one.name, fit, frozenset({WARM}))
