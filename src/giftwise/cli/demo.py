"""`giftwise demo`: seed, learn, serve and show real answers, in one command on a machine with nothing running."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.markup import escape

from giftwise.cli.data import show_import
from giftwise.cli.demo_push import fill_marketplace, show_push
from giftwise.cli.jobs import full_sync
from giftwise.cli.schema import ensure_schema
from giftwise.cli.screen import console, errors, progress
from giftwise.cli.serve import ensure_password
from giftwise.cli.servers import Equipped, equipped
from giftwise.log import configure
from giftwise.seeding.csvs import import_csv
from giftwise.seeding.world import SCALES
from giftwise.seeding.world import seed as seed_world
from giftwise.settings import Settings, get_settings

READY_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
SHOWN_LIKES: Final = 4
SHOWN_ANSWERS: Final = 5


@dataclass(frozen=True, slots=True)
class Guest:
    """Someone whose list the demo shows."""

    label: str
    user_id: int | str
    chose: tuple[str, ...]  # titles, newest first


@dataclass(frozen=True, slots=True)
class _Files:
    """One data set."""

    items: Path
    users: Path | None
    interactions: Path


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder with items, users and interactions as .csv or .csv.gz."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Show the answers and stop, instead of serving on.")] = False,
) -> None:
    """Do everything on embedded servers: data, learning, the API, and answers for three users and a push host."""
    os.environ.setdefault("LOG_LEVEL", "warning")  # the answers are what is to be seen here
    get_settings.cache_clear()
    settings = get_settings()
    configure(settings.log_level, debug=settings.debug)
    # Each data set has a folder of its own, so that a second start finds its data again.
    settings = settings.model_copy(
        update={"data_dir": settings.data_dir / (data.resolve().name if data else "generated")}
    )
    os.environ["DATA_DIR"] = str(settings.data_dir)
    files = _files(data) if data is not None else None
    try:
        _run(settings, files, once=once)
    except KeyboardInterrupt:
        console.print("\nstopped; the data is kept")


def _run(settings: Settings, files: _Files | None, *, once: bool) -> None:
    unset = {"main_database_url": None, "recommendations_database_url": None, "recommendations_redis_url": None}
    with equipped(settings.model_copy(update=unset)) as ready:
        console.print(f"[dim]PostgreSQL and Redis are running, their data in {settings.data_dir}[/dim]")
        ensure_schema(ready.settings)
        asyncio.run(_fill(ready, files))
        asyncio.run(fill_marketplace(str(ready.settings.recommendations_db_url)))
        if not full_sync(ready.settings, "learning"):
            raise typer.Exit(1)
        password = ensure_password(ready.settings, generate=True)
        if settings.basic_auth_password is None:
            console.print(f"user [bold]{settings.basic_auth_username}[/bold], password [bold]{password}[/bold]")
        _need_free_port(ready.settings)
        with _running("serve"), _running("worker"):
            site = _Site(ready.settings, password)
            site.wait_until_ready()
            for guest in asyncio.run(_guests(ready.host_owner_url)):
                _show(site, guest)
            show_push(site)
            console.print(f"\nThe API's pages: [bold]{site.base}/docs[/bold], [bold]/try[/bold]")
            console.print("[dim]Ctrl-C stops everything[/dim]")
            while not once:
                signal.pause()  # until Ctrl-C


async def _fill(ready: Equipped, files: _Files | None) -> None:
    connection = await asyncpg.connect(ready.host_owner_url)
    try:
        if await connection.fetchval("SELECT to_regclass('handpicked_presents') IS NOT NULL"):
            console.print("[dim]the host database has data already[/dim]")
            return
    finally:
        await connection.close()
    if files is None:
        with progress("seeding a shop") as report:
            await seed_world(ready.host_owner_url, SCALES["demo"], progress=report)
        return
    with progress("importing") as report:
        done = await import_csv(
            ready.host_owner_url,
            items=files.items,
            users=files.users,
            interactions=files.interactions,
            progress=report,
        )
    show_import(done)


def _need_free_port(settings: Settings) -> None:
    """Say so before anything answers in our place: another server on the port would be taken for ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            errors.print(f"[red]port {settings.port} is taken[/red]: name another, as in PORT=8001 make demo")
            raise typer.Exit(1) from None


def _files(folder: Path) -> _Files:
    """The CSV files of a data folder, plain or .gz; users may be missing."""
    found = {}
    for name in ("items", "users", "interactions"):
        kinds = (folder / f"{name}.csv", folder / f"{name}.csv.gz")
        found[name] = next((file for file in kinds if file.exists()), None)
    items, interactions = found["items"], found["interactions"]
    if items is None or interactions is None:
        missing = "items" if items is None else "interactions"
        errors.print(f"[red]{folder} has no {missing}.csv or {missing}.csv.gz[/red]")
        raise typer.Exit(2)
    return _Files(items, found["users"], interactions)


async def _guests(url: str) -> list[Guest]:
    """A new user, one with one or two choices, and one with a dozen or so."""
    connection = await asyncpg.connect(url)
    try:
        chosen = """
            SELECT user_id, array_agg(title ORDER BY created_at DESC) AS titles
            FROM (
                SELECT e.user_id, p.title, max(e.created_at) AS created_at
                FROM (SELECT user_id, handpicked_present_id, created_at FROM handpicked_likes
                      UNION ALL SELECT user_id, handpicked_present_id, created_at FROM handpicked_purchases) AS e
                JOIN handpicked_presents p ON p.id = e.handpicked_present_id AND p.user_id IS NULL
                GROUP BY e.user_id, p.id, p.title) AS choices
            GROUP BY user_id HAVING count(*) BETWEEN $1 AND $2
              AND ($2 > 2 OR NOT EXISTS (SELECT FROM handpicked_present_clicks c WHERE c.user_id = choices.user_id))
            ORDER BY user_id LIMIT 1
        """
        new = await connection.fetchval(
            "SELECT id FROM users u WHERE NOT EXISTS (SELECT FROM handpicked_likes WHERE user_id = u.id)"
            " AND NOT EXISTS (SELECT FROM handpicked_present_clicks WHERE user_id = u.id)"
            " AND NOT EXISTS (SELECT FROM handpicked_purchases WHERE user_id = u.id) ORDER BY id LIMIT 1"
        )
        light = await connection.fetchrow(chosen, 1, 2)
        experienced = await connection.fetchrow(chosen, 12, 30)
    finally:
        await connection.close()
    guests = [Guest("a new user", "newcomer" if new is None else new, ())]
    for label, row in (("a light user", light), ("an experienced user", experienced)):
        if row is not None:
            guests.append(Guest(label, row["user_id"], tuple(row["titles"][:SHOWN_LIKES])))
    return guests


class _Site:
    """The running API, asked over HTTP as any host would."""

    def __init__(self, settings: Settings, password: str) -> None:
        self.base = f"http://{settings.host}:{settings.port}"
        credentials = f"{settings.basic_auth_username}:{password}".encode()
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(credentials).decode(),
            "Content-Type": "application/json",
        }

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST a body, or GET without one; the answer's JSON."""
        request = urllib.request.Request(  # noqa: S310 - our own server's http:// address
            self.base + path, data=json.dumps(body).encode() if body is not None else None, headers=self.headers
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            found: dict[str, Any] = json.load(answer)
            return found

    def wait_until_ready(self) -> None:
        """Until the model serves; a server that cannot start is an error here, not a hang."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                if self.ask("/health")["status"] == "healthy":
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                pass
            if time.monotonic() > deadline:
                errors.print(f"[red]{self.base} did not come up within {READY_SECONDS:.0f} s[/red]; is the port free?")
                raise typer.Exit(1)
            time.sleep(0.1)


def _show(site: _Site, guest: Guest) -> None:
    body = {"user_id": guest.user_id, "pagination": {"limit": SHOWN_ANSWERS}, "include": ["details", "reasons"]}
    answer = site.ask("/personalized", body)
    total, spent = answer["pagination"]["total_count"], answer["computation_time_ms"]
    console.print(
        f"\n[bold]{guest.label}[/bold] (user {guest.user_id}): [cyan]{answer['algorithm_used']}[/cyan],"
        f" {len(answer['items'])} of {total:,} in {spent:.1f} ms"
    )
    for title in guest.chose:
        console.print(f"   [dim]chose[/dim] {escape(title)}", no_wrap=True, overflow="ellipsis")
    for place, result in enumerate(answer["results"], 1):
        price = f"{result['price']:,.2f} {result['currency']}" if result["price"] is not None else ""
        console.print(f"   {place}. {escape(str(result.get('title')))}  [green]{price}[/green]", no_wrap=True)
        console.print(f"      [dim]{escape(result['reasons'][0]['text'])}[/dim]", no_wrap=True, overflow="ellipsis")


@contextmanager
def _running(verb: str) -> Iterator[None]:
    """A child process of this command, stopped in order when the block ends."""
    child = subprocess.Popen([sys.executable, "-m", "giftwise", verb], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
