"""`giftwise seed` and `giftwise import`: fill a catalog with generated data, or a host's database with CSV files."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from giftwise.cli.schema import ensure_schema
from giftwise.cli.screen import console, progress
from giftwise.cli.servers import equipped
from giftwise.seeding.csvs import ImportReport, import_csv
from giftwise.seeding.marketplace import seed_marketplace
from giftwise.seeding.world import SCALES
from giftwise.seeding.world import seed as seed_world
from giftwise.settings import get_settings


class ScaleName(StrEnum):
    """How much to generate."""

    DEMO = "demo"
    S = "S"
    L = "L"


class CatalogName(StrEnum):
    """Which catalog to fill."""

    PRESENTS = "presents"
    BUSINESSES = "businesses"


Replace = Annotated[bool, typer.Option("--replace", help="Throw away what the tables hold now, whoever put it there.")]


def seed(
    catalog: Annotated[
        CatalogName, typer.Option(help="presents: a pull host's database; businesses: what a push host would send.")
    ] = CatalogName.PRESENTS,
    scale: Annotated[
        ScaleName, typer.Option(help="Of presents. demo: seconds; S: 16k public presents; L: 100k.")
    ] = ScaleName.DEMO,
    number: Annotated[int, typer.Option("--seed", help="The same number makes the same data.")] = 7,
    replace: Replace = False,
) -> None:
    """Generate a believable host: presents in the database of MAIN_DATABASE_URL, or businesses in our own."""
    if catalog is CatalogName.BUSINESSES:
        _seed_businesses(number, replace)
    else:
        _seed_presents(scale, number, replace)


def _seed_presents(scale: ScaleName, number: int, replace: bool) -> None:
    with equipped(get_settings()) as ready, progress(f"seeding {scale.value}") as report:
        done = asyncio.run(
            seed_world(ready.host_owner_url, SCALES[scale.value], seed=number, replace=replace, progress=report)
        )
    console.print(
        f"{done.scale.public:,} public and {done.scale.private:,} private presents, {done.scale.users:,} users, "
        f"{done.scale.likes:,} likes, {done.scale.clicks:,} clicks in {done.seconds:.1f} s"
    )


def _seed_businesses(number: int, replace: bool) -> None:
    with equipped(get_settings()) as ready:
        ensure_schema(ready.settings)
        with progress("seeding businesses") as report:
            done = asyncio.run(
                seed_marketplace(
                    str(ready.settings.recommendations_db_url), seed=number, replace=replace, progress=report
                )
            )
    kinds = ", ".join(f"{count:,} {kind}s" for kind, count in done.kinds.items())
    console.print(
        f"{done.businesses:,} businesses, {done.users:,} users, {kinds} ({done.matching:.0%} of them match the user's "
        f"interests) in {done.seconds:.1f} s"
    )


def import_(
    items: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="CSV of items: id, title, ...")],
    interactions: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="CSV: user_id, item_id, kind, occurred_at")
    ],
    users: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV of users: id, gender, age, ...")
    ] = None,
    replace: Replace = False,
) -> None:
    """Load CSV files (plain or .gz) into the host database of MAIN_DATABASE_URL."""
    with equipped(get_settings()) as ready, progress("importing") as report:
        done = asyncio.run(
            import_csv(
                ready.host_owner_url,
                items=items,
                users=users,
                interactions=interactions,
                replace=replace,
                progress=report,
            )
        )
    show_import(done)


def show_import(done: ImportReport) -> None:
    """Say what was loaded and which lines were not."""
    events = f"{done.likes:,} likes, {done.clicks:,} clicks, {done.purchases:,} purchases"
    console.print(f"{done.items:,} items, {done.users:,} users, {events} in {done.seconds:.1f} s")
    for rejection in done.rejected:
        console.print(f"[yellow]left out[/yellow] {escape(str(rejection))}")
