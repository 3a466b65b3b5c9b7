"""`giftwise evaluate`: how well the ranking foresees what people choose, on files or on the host's live data."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from giftwise.catalog.presents import read_items
from giftwise.cli.screen import Report as Told
from giftwise.cli.screen import console, errors, progress
from giftwise.cli.servers import equipped
from giftwise.db import embedded
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.interactions.bulk import read_interactions
from giftwise.interactions.matrix import Interactions
from giftwise.people.users import read_crowd
from giftwise.seeding.csvs import import_csv
from giftwise.settings import get_settings

if TYPE_CHECKING:
    from giftwise.evaluation.plan import Plan
    from giftwise.evaluation.report import Report
    from giftwise.evaluation.shop import Facts

USAGE_FAULT: Final = 2
READING: Final = 5.0  # percent of the bar that reading the data takes


class Way(StrEnum):
    """How what is learned from is parted from what is judged."""

    TIME = "time"
    LAST = "last"


class CatalogName(StrEnum):
    """Catalogs with live interactions."""

    PRESENTS = "presents"


def _file(words: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, help=words)


def evaluate(
    *,
    train: Annotated[Path | None, _file("Lines of `user item item ...`.")] = None,
    test: Annotated[Path | None, _file("The same, to judge by.")] = None,
    items: Annotated[Path | None, _file("CSV of items: id, title, ...")] = None,
    users: Annotated[Path | None, _file("CSV of users: id, gender, ...")] = None,
    interactions: Annotated[Path | None, _file("CSV: user_id, item_id, kind, occurred_at")] = None,
    catalog: Annotated[
        CatalogName | None, typer.Option(help="Live data of the host's database instead of files.")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="Places of the lists that are judged.")] = 20,
    share: Annotated[
        float, typer.Option(min=0.05, max=0.99, help="Share of choices, first in time, learned from.")
    ] = 0.8,
    split: Annotated[Way, typer.Option(help="time: judge what came later; last: each user's last choice.")] = Way.TIME,
    baselines: Annotated[bool, typer.Option("--baselines", help="Also ItemKNN, UserKNN, ALS, BPR, tuned.")] = False,
    budget: Annotated[
        float, typer.Option(min=0, help="Seconds for each algorithm's choice of hyperparameters.")
    ] = 240.0,
    seed: Annotated[int, typer.Option(help="Of every draw: the same number gives the same report.")] = 7,
    picture: Annotated[Path | None, typer.Option(dir_okay=False, help="Also draw it, as SVG, into this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON and nothing else.")] = False,
) -> None:
    """Learn from one part of the data, judge on the rest: files of a published split, CSV files, or --catalog."""
    # Here, and not above: the other commands, of which one serves, have no use for what learning loads.
    from giftwise.cli.figures import show
    from giftwise.evaluation.picture import draw
    from giftwise.evaluation.plan import Plan, evaluate_published

    plan = Plan(k=k, share=share, way=split.value, baselines=baselines, budget=budget, seed=seed)
    with _progress(quiet=as_json) as told:
        if train is not None and test is not None and not (items or users or interactions or catalog):
            report = evaluate_published(train, test, plan, told)
        elif items is not None and interactions is not None and not (train or test or catalog):
            with _imported(items, users, interactions, told) as url:
                report = _evaluate_host(url, None, plan, told)
        elif catalog is not None and not (train or test or items or users or interactions):
            with equipped(get_settings()) as ready:
                url = ready.settings.db_url or ready.host_owner_url  # which says that there is none
                report = _evaluate_host(url, ready.settings.main_mapping, plan, told)
        else:
            errors.print("give --train and --test, or --items and --interactions (and --users), or --catalog")
            raise typer.Exit(USAGE_FAULT)
    if picture is not None:
        picture.write_text(draw(report, f"How well each way to rank foresees the next choices ({k} places)"), "utf-8")
    if as_json:
        typer.echo(json.dumps(report.as_json(), allow_nan=False))
    else:
        show(report)
        if picture is not None:
            console.print(f"[dim]drawn in {picture}[/dim]")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Told]:
    if quiet:
        yield lambda step, percent: None
    else:
        with progress("evaluating") as told:
            yield told


@contextmanager
def _imported(items: Path, users: Path | None, interactions: Path, told: Told) -> Iterator[str]:
    """The files in a host database of their own, read as any host's is: what is judged is what would be served."""
    told("importing", 0)
    with (
        TemporaryDirectory(prefix="giftwise-", ignore_cleanup_errors=True) as folder,
        asyncio.run(embedded.start(Path(folder))) as servers,
    ):
        done = asyncio.run(import_csv(servers.host_owner_url, items=items, users=users, interactions=interactions))
        for rejection in done.rejected:
            lines = ", ".join(map(str, rejection.lines))
            words = f"{rejection.file}: {rejection.count:,} rows with {rejection.reason}, first in lines {lines}"
            errors.print(f"[yellow]left out[/yellow] {escape(words)}")
        yield servers.main_url


def _evaluate_host(url: str, mapping: Path | None, plan: "Plan", told: Told) -> "Report":
    from giftwise.evaluation.plan import evaluate_world

    told("reading the host", 0)
    interactions, facts = asyncio.run(_read(url, mapping))
    rest = (100 - READING) / 100
    return evaluate_world(interactions, facts, plan, lambda step, percent: told(step, READING + percent * rest))


async def _read(url: str, mapping: Path | None) -> tuple[Interactions, "Facts"]:
    from giftwise.evaluation.shop import Facts

    main = MainDatabase(url, load_mapping(mapping), pool_size=1, application_name="giftwise-evaluate")
    try:
        items = await read_items(main)
        interactions = await read_interactions(main, items)
        return interactions, Facts(items, await read_crowd(main, interactions.user_ids), 0)
    finally:
        await main.close()
