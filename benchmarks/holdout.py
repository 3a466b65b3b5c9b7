"""One like held out of 2,000 users of a generated host: do the lists over HTTP find it again, and does a tuned ItemKNN?

It seeds a host in a folder of its own, takes the newest like (and all else that the user did to that gift) from each of
the users, tunes and learns, serves, asks /personalized for each, and ranks for the same users by an ItemKNN
that is tuned on a split inside the same interactions:
    make holdout                 # S, some minutes;  make holdout ARGS="--scale demo" takes seconds
"""

import argparse
import asyncio
import base64
import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.presents import read_items
from giftwise.db import embedded
from giftwise.db.embedded import EmbeddedServers
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.db.migrate import migrate
from giftwise.evaluation.baselines import baselines
from giftwise.evaluation.ranking import WHOLE
from giftwise.evaluation.tuning import tune
from giftwise.ids import positions
from giftwise.interactions.bulk import read_interactions
from giftwise.jobs.schedule import SYNC_JOBS
from giftwise.jobs.worker import run_once
from giftwise.log import configure
from giftwise.seeding.world import SCALES, seed
from giftwise.settings import Settings

K = 20
PASSWORD = "holdout"
GROUPS = (("1-2 likes", 1, 2), ("3-24 likes", 3, 24), ("25+ likes", 25, 10**9), ("everyone", 1, 10**9))
Held = list[tuple[int, int, int]]  # user, item, likes left


def main() -> None:
    """Do it all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="S")
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--port", type=int, default=8077)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--budget", type=int, default=120, help="seconds to tune each of the two")
    options = parser.parse_args()
    configure("warning")
    folder = Path(".holdout") / options.scale
    with asyncio.run(embedded.start(folder)) as servers:
        settings = Settings(
            _env_file=None,
            main_database_url=servers.main_url,
            recommendations_database_url=servers.own_url,
            recommendations_redis_url=servers.redis_url,
            basic_auth_password=PASSWORD,
            data_dir=folder,
            port=options.port,
            cache_ttl_personalized=0,
            tuning_budget_seconds=options.budget,
        )
        held = asyncio.run(_prepare(servers, settings, options))
        ours = _over_http(settings, held)
        theirs = asyncio.run(_item_knn(settings, held, options))
    _print(held, {"giftwise over HTTP": ours, "ItemKNN, tuned": theirs})


async def _prepare(servers: EmbeddedServers, settings: Settings, options: argparse.Namespace) -> Held:
    print(f"seeding {options.scale}", flush=True)
    await seed(servers.host_owner_url, SCALES[options.scale], seed=7, replace=True)
    connection = await asyncpg.connect(servers.host_owner_url)
    try:
        held = await _hold_out(connection, options.users, options.seed)
    finally:
        await connection.close()
    await migrate(servers.own_url)
    started = time.monotonic()
    runs = await run_once(settings, jobs=("tuning", *SYNC_JOBS))
    for run in runs:
        print(f"{run.job}: {run.status} in {run.seconds or 0:.1f} s {run.error or ''}", flush=True)
    if {run.status for run in runs} != {"succeeded"}:
        raise SystemExit("learning failed")
    print(f"learned in {time.monotonic() - started:.0f} s")
    return held


async def _hold_out(connection: asyncpg.Connection, users: int, number: int) -> Held:
    """Take the newest like on a public gift in stock from each of some users who have another one."""
    rows = await connection.fetch(
        """SELECT l.user_id, array_agg(l.handpicked_present_id ORDER BY l.created_at, l.id) AS items
           FROM handpicked_likes l JOIN handpicked_presents p ON p.id = l.handpicked_present_id
           WHERE p.user_id IS NULL AND p.status = 'in_stock' GROUP BY 1 HAVING count(*) >= 2 ORDER BY 1"""
    )
    dice = np.random.default_rng(number)
    chosen = dice.choice(len(rows), min(users, len(rows)), replace=False)
    held = [(rows[at]["user_id"], rows[at]["items"][-1], len(rows[at]["items"]) - 1) for at in chosen.tolist()]
    people, items = [user for user, _, _ in held], [item for _, item, _ in held]
    for table in ("handpicked_likes", "handpicked_present_clicks"):
        await connection.execute(
            f"DELETE FROM {table} AS e USING unnest($1::bigint[], $2::bigint[]) AS gone (who, what)"
            " WHERE e.user_id = gone.who AND e.handpicked_present_id = gone.what",
            people,
            items,
        )
    return held


def _over_http(settings: Settings, held: Held) -> NDArray[np.int64]:
    """The place of each held-out gift on the user's first page, K where it is not there."""
    environment = {
        "MAIN_DATABASE_URL": str(settings.db_url),
        "RECOMMENDATIONS_DATABASE_URL": str(settings.recommendations_db_url),
        "RECOMMENDATIONS_REDIS_URL": str(settings.redis_connection_url),
        "BASIC_AUTH_PASSWORD": PASSWORD,
        "DATA_DIR": str(settings.data_dir),
        "LOG_LEVEL": "warning",
        "CACHE_TTL_PERSONALIZED": "0",
    }
    command = [sys.executable, "-m", "giftwise", "serve", "--port", str(settings.port)]
    server = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        connection = _connect(settings)
        return np.array([_place_of(connection, user, item) for user, item, _ in held])
    finally:
        server.terminate()
        server.wait(20)


def _connect(settings: Settings) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=20)
    for _ in range(300):
        try:
            connection.request("GET", "/health")
            if connection.getresponse().read() and connection.sock is not None:
                return connection
        except OSError:
            connection.close()
        time.sleep(0.1)
    raise SystemExit("the API did not come up")


def _place_of(connection: http.client.HTTPConnection, user: int, item: int) -> int:
    credentials = base64.b64encode(f"giftwise:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    connection.request("POST", "/personalized", json.dumps({"user_id": user, "pagination": {"limit": K}}), headers)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer["items"].index(item) if item in answer["items"] else K


async def _item_knn(settings: Settings, held: Held, options: argparse.Namespace) -> NDArray[np.int64]:
    """The same by ItemKNN, learned from what the host holds now."""
    database = MainDatabase(str(settings.db_url), load_mapping())
    try:
        items = await read_items(database)
        train = await read_interactions(database, items)
    finally:
        await database.close()
    one = next(tunable for tunable in baselines(train) if tunable.name == "ItemKNN")
    tuned = tune(one, train, budget=options.budget, k=K, seed=options.seed, way="last")
    print(f"ItemKNN tuned in {tuned.seconds:.0f} s, {tuned.trials} trials: {tuned.params}")
    users = positions(train.user_ids, np.array([user for user, _, _ in held], dtype=np.int64))
    wanted = positions(items.ids, np.array([item for _, item, _ in held], dtype=np.int64))
    ranked = one.fit(train, tuned.params)(users, K, WHOLE)
    hits = ranked == wanted[:, None]
    return np.where(hits.any(axis=1), hits.argmax(axis=1), K)


def _print(held: Held, places: dict[str, NDArray[np.int64]]) -> None:
    likes = np.array([left for _, _, left in held])
    print(f"\n{'':22} {'users':>6}  " + "  ".join(f"{name:>22}" for name in places) + "     ratio")
    for title, low, high in GROUPS:
        mine = (likes >= low) & (likes <= high)
        for measure in ("hit@20", "NDCG@20"):
            figures = [_measure(measure, found[mine]) for found in places.values()]
            cells = "  ".join(f"{figure:22.4f}" for figure in figures)
            print(f"{title:12} {measure:9} {int(mine.sum()):6}  {cells}  {figures[0] / max(figures[1], 1e-9):8.2f}")


def _measure(name: str, places: NDArray[np.int64]) -> float:
    found = places < K
    return float(found.mean() if name == "hit@20" else np.where(found, 1 / np.log2(places + 2), 0).mean())


if __name__ == "__main__":
    main()
