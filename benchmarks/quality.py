"""Public data sets in; what is chosen on each, Recall@20 and NDCG@20 against popularity, and quality by K, out.

Hyperparameters are chosen on a split inside the training data. Reads ../shared/data (its README says what is there and
what others publish on the same splits). Run:
python benchmarks/quality.py [name ...]
"""

import gzip
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from giftwise.algorithms.graph import item_neighbours
from giftwise.algorithms.neighbours import NeighbourParams
from giftwise.evaluation.choose import choose
from giftwise.evaluation.measures import find_hits, ndcg, recall
from giftwise.evaluation.ranking import neighbour_scorer, popularity_scorer, rank_for
from giftwise.evaluation.split import Split, cut_at, leave_last_out, temporal_split, truth_of
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
K = 20
MOST_USERS = 10_000
ONE_VISIT = ("ml-100k",)
"""Users here do all they do in one sitting, so a cut in time would leave test users without a history."""
NAMES = ("gowalla", "amazon-book", "ml-100k", "online-retail")
SHOWN = ("user_exponent", "item_exponent", "output_exponent", "linear", "rank", "sigma_power", "evidence")
BUDGET_SECONDS = 240


def main(names: list[str]) -> int:
    """Measure the named data sets, all by default; 1 where the data is not there."""
    if not DATA.is_dir():
        print(f"The data sets are not here: {DATA} does not exist. Nothing was measured.", file=sys.stderr)
        return 1
    sizes = f"{'data':14} {'users':>7} {'items':>7} {'train':>8}"
    print(f"{sizes}   popularity      neighbours     choose s learn s  rank s")
    for name in names or NAMES:
        measure(name, published(name) if (DATA / name / "train.txt.gz").exists() else timed(name))
    return 0


def measure(name: str, split: Split) -> None:
    """Learn, rank through the online scorer, print one line."""
    train, truth = split.train, split.truth
    truth = truth.take(np.flatnonzero(np.isin(truth.users, train.user)))
    if len(truth) > MOST_USERS:
        truth = truth.take(np.sort(np.random.default_rng(7).choice(len(truth), MOST_USERS, replace=False)))
    choice = choose(train, BUDGET_SECONDS)
    params = choice.params
    started = time.perf_counter()
    found = item_neighbours(train, params)
    learned = time.perf_counter()
    figures = []
    online = NeighbourParams()
    for score in (popularity_scorer(train, params.kind_weights), neighbour_scorer(found, online)):
        hits = find_hits(rank_for(truth.users, train, params.kind_weights, score, K), truth)
        figures.append(f"{recall(hits, truth.sizes).mean():.4f}/{ndcg(hits, truth.sizes).mean():.4f}")
    seconds = f"{choice.seconds:9.1f} {learned - started:8.1f} {time.perf_counter() - learned:7.1f}"
    print(
        f"{name:14} {train.users:7} {train.items:7} {len(train):8}   {figures[0]}   {figures[1]} {seconds}", flush=True
    )
    print("  " + ", ".join(f"{shown} {getattr(params, shown):g}" for shown in SHOWN))
    print(f"  half-life {params.half_life_days:g} days, kinds {params.kind_weights}, {len(choice.trials)} trials")
    for cut in choice.cuts:
        print(f"  K {cut.neighbours:4}: on validation {cut.recall:.4f}/{cut.ndcg:.4f}, {cut.bytes / 1e6:.1f} MB")


def published(name: str) -> Split:
    """The published split: lines of `user item item ...`."""
    train_user, train_item = _pairs(DATA / name / "train.txt.gz")
    test_user, test_item = _pairs(DATA / name / "test.txt.gz")
    items = int(max(train_item.max(), test_item.max())) + 1
    users = int(max(train_user.max(), test_user.max())) + 1
    train = Interactions(
        train_user.astype(np.int32),
        train_item.astype(np.int32),
        np.full(len(train_user), Kind.LIKE, dtype=np.int8),
        np.zeros(len(train_user), dtype=np.int64),
        np.arange(users),
        items,
    )
    return Split(train, truth_of(np.unique(test_user * items + test_item), items))


def timed(name: str) -> Split:
    """A CSV of interactions: split in time at 80 % of the choices, or, where visits are short, by each user's last."""
    frame = pl.read_csv(DATA / name / "interactions.csv.gz", infer_schema_length=10_000, try_parse_dates=True)
    frame = (
        frame.group_by("user_id", "item_id", "kind")
        .agg(pl.col("occurred_at").max().dt.epoch("s").alias("at"))
        .sort("user_id", "item_id", "kind")
    )
    user_ids, user = np.unique(frame["user_id"].to_numpy().astype(str), return_inverse=True)
    item_ids, item = np.unique(frame["item_id"].to_numpy().astype(str), return_inverse=True)
    kinds = np.array([Kind.named(kind) for kind in frame["kind"].to_list()], dtype=np.int8)
    interactions = Interactions(
        user.astype(np.int32), item.astype(np.int32), kinds, frame["at"].to_numpy(), user_ids, len(item_ids)
    )
    if name in ONE_VISIT:
        return leave_last_out(interactions)
    return temporal_split(interactions, cut_at(interactions, 0.8))


def _pairs(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    with gzip.open(path, "rt") as lines:
        rows = [np.array(line.split(), dtype=np.int64) for line in lines]
    user = np.repeat([row[0] for row in rows], [len(row) - 1 for row in rows])
    return user, np.concatenate([row[1:] for row in rows])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
