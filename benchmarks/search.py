"""A hundred judged searches over the data set online-retail in; NDCG@10 of our finder and of plain search out.

The queries and how they were judged: benchmarks/search_queries.toml. Hyperparameters were chosen on every other query,
beginning with the first; the rest is shown apart. Needs ../shared/data. Run: python -m benchmarks.search [--worst]
"""

import asyncio
import re
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from giftwise.catalog.model import Model
from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher
from giftwise.db import embedded
from giftwise.db.embedded import EmbeddedServers
from giftwise.db.migrate import migrate
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.products import ProductFinder
from giftwise.dialogue.quiz import Facts
from giftwise.evaluation.intervals import interval, resampled_means
from giftwise.ids import parse_all
from giftwise.jobs.worker import run_once
from giftwise.log import configure
from giftwise.seeding.csvs import import_csv
from giftwise.settings import Settings

DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "online-retail"
QUERIES: Final = Path(__file__).with_name("search_queries.toml")
K: Final = 10
SEED: Final = 7
JOBS: Final = ("popular_items", "item_texts", "user_similarities")
WORST: Final = 15
ANYBODY: Final = Facts(age=35, language="en")

# All words, and any of them; ts_rank on one tsvector of the title, as PostgreSQL's manual has it.
PLAIN: Final = {
    "plain, all words": "plainto_tsquery('english', :query)",
    "plain, any word": "CAST(replace(CAST(plainto_tsquery('english', :query) AS text), '&', '|') AS tsquery)",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One query and what each item of the catalog is worth for it: 0, 1 or 2, float64 [n]."""

    text: str
    gains: NDArray[np.float64]


async def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 where the data is not there."""
    if not DATA.is_dir():
        print(f"The data set is not here: {DATA} does not exist. Nothing was measured.", file=sys.stderr)
        return 1
    configure("warning")
    with (
        tempfile.TemporaryDirectory(prefix="giftwise-search-") as folder,
        await embedded.start(Path(folder)) as servers,
    ):
        settings = await prepare(servers, Path(folder))
        own = OwnDatabase(servers.own_url)
        watcher = ModelWatcher(ModelStore(own, settings.data_dir, "presents"), 60)
        await watcher.look()
        await measure(own, watcher, "--worst" in arguments)
        await own.close()
    return 0


async def prepare(servers: EmbeddedServers, folder: Path) -> Settings:
    """Import the data set, its times moved so that its last day is today, and learn."""
    await import_csv(
        servers.host_owner_url,
        items=DATA / "items.csv.gz",
        users=DATA / "users.csv.gz",
        interactions=DATA / "interactions.csv.gz",
    )
    host = await asyncpg.connect(servers.host_owner_url)
    for table in ("handpicked_purchases", "handpicked_presents"):
        await host.execute(f"UPDATE {table} SET created_at = created_at + (now() - timestamptz '2011-12-10')")
    await host.close()
    return await learn(servers, folder)


async def learn(servers: EmbeddedServers, folder: Path) -> Settings:
    """Learn all that a dialogue needs from the host that is there; the settings to serve it with."""
    await migrate(servers.own_url)
    settings = Settings(
        _env_file=None,
        main_database_url=servers.main_url,
        recommendations_database_url=servers.own_url,
        recommendations_redis_url=servers.redis_url,
        data_dir=folder,
    )
    for run in await run_once(settings, jobs=JOBS):
        if run.status != "succeeded":
            raise RuntimeError(f"{run.job}: {run.error}")
    return settings


async def measure(own: OwnDatabase, watcher: ModelWatcher, worst: bool) -> None:
    """Each way to search over each query, and how long ours takes."""
    model = watcher.current().model
    judged = read_queries(model)
    figures = {name: [ndcg(model, await plain(own, sql, one.text), one.gains) for one in judged]
               for name, sql in PLAIN.items()}  # fmt: skip
    finder = ProductFinder(own, watcher, currency="GBP")
    seconds, ours, shown = [], [], []
    for one in judged:
        started = time.perf_counter()
        gifts = await finder([one.text], ANYBODY, limit=K)
        seconds.append(time.perf_counter() - started)
        shown.append([gift.title for gift in gifts])
        ours.append(ndcg(model, [str(gift.id) for gift in gifts], one.gains))
    figures["ours"] = ours
    report(figures)
    print(f"a search takes {np.median(seconds) * 1000:.1f} ms (median), {np.quantile(seconds, 0.95) * 1000:.1f} (p95)")
    if worst:
        for place in np.argsort(ours)[:WORST]:
            print(f"{ours[place]:.2f} {judged[place].text}: {', '.join(shown[place][:5])}")


def read_queries(model: Model) -> list[Judged]:
    """The judged queries over this model's items, by their titles."""
    titles = [str(model.card(place)["title"]).lower() for place in range(len(model))]
    with QUERIES.open("rb") as file:
        return [Judged(one["text"], _gains(one, titles)) for one in tomllib.load(file)["query"]]


def _gains(query: dict[str, Any], titles: Sequence[str]) -> NDArray[np.float64]:
    best, good, never = (
        np.array([any(re.search(pattern, title) for pattern in query.get(key, ())) for title in titles])
        for key in ("best", "good", "never")
    )
    return np.where(never, 0.0, np.where(best, 2.0, np.where(good, 1.0, 0.0)))


async def plain(own: OwnDatabase, tsquery: str, query: str) -> list[str]:
    """The first K ids of plain full-text search."""
    sql = (
        f"SELECT item_id FROM (SELECT item_id, to_tsvector('english', title) AS words FROM item_texts) texts,"
        f" (SELECT {tsquery} AS query) asked WHERE words @@ query"
        f" ORDER BY ts_rank(words, query) DESC, item_id LIMIT {K}"
    )
    async with own.read() as connection:
        return [row[0] for row in await connection.execute(text(sql), {"query": query})]


def ndcg(model: Model, ids: Sequence[str], gains: NDArray[np.float64]) -> float:
    """NDCG@10 of a list of ids, with linear gains."""
    places = model.positions(parse_all(model.id_kind, list(ids)))[:K]
    discounts = 1 / np.log2(np.arange(2, K + 2))
    ideal = np.sort(gains)[::-1][:K]
    return float(gains[places] @ discounts[: len(places)] / (ideal @ discounts))


def report(figures: dict[str, list[float]]) -> None:
    """Means with 95 % intervals over the queries, and by how much ours is better, on all and on those not tuned on."""
    names = list(figures)
    table = np.array([figures[name] for name in names]).T
    columns = np.hstack([table, table[:, -1:] - table[:, :-1]])
    labels = [*names, *(f"ours - {name}" for name in names[:-1])]
    for part, rows in (("all queries", columns), ("queries not tuned on", columns[1::2])):
        print(f"NDCG@{K}, {part} ({len(rows)})")
        means = resampled_means(rows, SEED)
        for place, label in enumerate(labels):
            found = interval(rows[:, place], means[:, place])
            assert found is not None
            print(f"  {label:24} {found.mean:.3f}  [{found.low:.3f}, {found.high:.3f}]")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
