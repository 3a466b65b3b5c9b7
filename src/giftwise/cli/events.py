"""`giftwise events`: queued events that could not be applied, listed and applied again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from giftwise.cache.answers import Answers
from giftwise.cache.redis import CacheStore
from giftwise.cli.schema import ensure_schema
from giftwise.cli.screen import console, errors
from giftwise.cli.servers import equipped
from giftwise.db.own import OwnDatabase
from giftwise.interactions.parked import Parked, ParkingPlace
from giftwise.interactions.record import Recorder
from giftwise.settings import Settings, get_settings

BODY_SHOWN = 200  # characters of a body in the list; the table parked_events has it whole

app = typer.Typer(help="Queued events that could not be applied.", no_args_is_help=True)

Answer = TypeVar("Answer")


@app.command("parked")
def parked(
    limit: Annotated[int, typer.Option(min=1, help="How many at most, oldest first.")] = 50,
) -> None:
    """List the events that wait for a replay, each with its reason."""

    async def look(place: ParkingPlace, _: Recorder) -> tuple[list[Parked], int]:
        return await place.listing(limit), await place.count()

    waiting, count = _with_place(look)
    table = Table("id", "parked at", "tries", "source", "event_id", "reason", "body", box=None, header_style="bold")
    for one in waiting:
        body = one.body if len(one.body) <= BODY_SHOWN else f"{one.body[:BODY_SHOWN]}..."
        cells = (one.source, one.event_id or "-", one.error, body)
        table.add_row(
            str(one.id), f"{one.parked_at:%Y-%m-%d %H:%M:%S}", str(one.attempts), *(escape(cell) for cell in cells)
        )
    if waiting:
        console.print(table)
    console.print(f"{count:,} parked" if count else "nothing is parked")


@app.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids that `giftwise events parked` shows.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
) -> None:
    """Apply parked events once more, oldest first; exit code 1 where one fails again."""
    if bool(ids) is everything:
        errors.print("[red]name ids, or --all[/red]")
        raise typer.Exit(2)
    done = _with_place(lambda place, recorder: place.replay(recorder, None if everything else ids))
    outdated = f", {done.outdated:,} left out: synced again since" if done.outdated else ""
    console.print(f"{done.applied:,} applied, {done.failed:,} still parked{outdated}")
    if done.failed:
        raise typer.Exit(1)


def _with_place(do: Callable[[ParkingPlace, Recorder], Awaitable[Answer]]) -> Answer:
    with equipped(get_settings()) as ready:
        if ready.is_embedded:
            ensure_schema(ready.settings)
        return asyncio.run(_connected(ready.settings, do))


async def _connected(settings: Settings, do: Callable[[ParkingPlace, Recorder], Awaitable[Answer]]) -> Answer:
    own = OwnDatabase(str(settings.recommendations_db_url), pool_size=1)
    answers = Answers(CacheStore(str(settings.redis_connection_url), settings.redis_timeout_ms))
    try:
        return await do(ParkingPlace(own), Recorder(own, answers))
    finally:
        await answers.close()
        await answers.store.close()
        await own.close()
