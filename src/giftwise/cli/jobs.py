"""`giftwise worker` and `giftwise refresh`: the jobs, on their schedule or now."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from giftwise.cli.schema import ensure_schema
from giftwise.cli.screen import console, errors, progress
from giftwise.cli.servers import equipped
from giftwise.db.migrate import is_current
from giftwise.jobs.schedule import JOB_NAMES, SYNC_JOBS, job_named
from giftwise.jobs.worker import run_once, run_worker
from giftwise.settings import Settings, get_settings


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do every job once, in order, and exit: the full sync.")] = False,
) -> None:
    """Run the jobs on their schedule, and follow the host live."""
    with equipped(get_settings()) as ready:
        _need_schema(ready.settings, ready.is_embedded)
        console.print(f"learning catalogs: {ready.catalogs}")
        if not once:
            asyncio.run(run_worker(ready.settings))
        elif not full_sync(ready.settings, "full sync"):
            raise typer.Exit(1)


def refresh(
    job: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(JOB_NAMES)}; the full sync where absent.")
    ] = None,
) -> None:
    """Do one job now, or all, and wait for the end."""
    names = SYNC_JOBS if job is None else (job_named(job).name,)
    with equipped(get_settings()) as ready:
        _need_schema(ready.settings, ready.is_embedded)
        if not full_sync(ready.settings, "refresh", names):
            raise typer.Exit(1)


def full_sync(settings: Settings, title: str, names: Sequence[str] = SYNC_JOBS) -> bool:
    """Do jobs in order under one progress bar, then say how each ended; whether all did well."""
    done = {name: place for place, name in enumerate(names)}
    with progress(title) as report:

        def listen(name: str, step: str, percent: float, rows: int) -> None:
            report(f"{name}: {step}", (done[name] * 100 + percent) / len(done))

        runs = asyncio.run(run_once(settings, listen, jobs=names))
    for run in runs:
        if run.status == "succeeded":
            console.print(f"[green]ok[/green]    {run.job}: {run.rows:,} rows in {run.seconds or 0:.1f} s")
        else:
            errors.print(f"[red]{run.status}[/red] {run.job} at {run.step}: {escape(run.error or '')}")
    return all(run.status == "succeeded" for run in runs)


def _need_schema(settings: Settings, is_embedded: bool) -> None:
    if is_embedded:
        ensure_schema(settings)
    elif not asyncio.run(is_current(str(settings.recommendations_db_url))):
        errors.print("[red]the recommendations database is not up to date[/red]: run `giftwise migrate` first")
        raise typer.Exit(1)
