"""`giftwise check`: every setting, and one clear line for each connection."""

import asyncio
from collections.abc import Awaitable, Callable

import typer
from rich.markup import escape
from rich.table import Table

from giftwise.cache.redis import CacheStore
from giftwise.cli.screen import console
from giftwise.cli.servers import equipped
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.db.migrate import is_current
from giftwise.errors import GiftwiseError
from giftwise.settings import Settings, get_settings, shown

CHECK_TIMEOUT_MS = 3_000


def check() -> None:
    """Print the settings (secrets hidden) and try each connection; exit code 1 where one fails."""
    settings = get_settings()
    table = Table("setting", "value", "what it is", box=None, header_style="bold")
    for name, value in shown(settings).items():
        table.add_row(name.upper(), "-" if value is None else str(value), Settings.model_fields[name].description)
    console.print(table)
    console.print()
    with equipped(settings) as ready:
        if ready.is_embedded:
            console.print(f"[dim]URLs that are not set: embedded servers in {settings.data_dir}[/dim]")
        good = asyncio.run(_connections(ready.settings))
    raise typer.Exit(0 if good else 1)


async def _connections(settings: Settings) -> bool:
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("main database", _main),
        ("recommendations database", _own),
        ("redis", _redis),
    ]
    good = True
    for name, look in checks:
        try:
            console.print(f"[green]ok[/green]    {name}: {escape(await look(settings))}")
        except (GiftwiseError, OSError) as error:
            good = False
            console.print(f"[red]fails[/red] {name}: {escape(str(error))}")
    return good


async def _main(settings: Settings) -> str:
    main = MainDatabase(str(settings.db_url), load_mapping(settings.main_mapping), pool_size=1)
    try:
        schema = await main.schema()
        totals = await main.totals()
    finally:
        await main.close()
    notes = "".join(f"\n        note: {note}" for note in schema.notes)
    return (
        f"{totals.total_items:,} public items, {totals.total_likes:,} likes, {totals.total_clicks:,} clicks, "
        f"item ids {schema.item_id.type}{notes}"
    )


async def _own(settings: Settings) -> str:
    if await is_current(str(settings.recommendations_db_url)):
        return "the schema is up to date"
    raise GiftwiseError("its schema is not up to date: run `giftwise migrate`")


async def _redis(settings: Settings) -> str:
    store = CacheStore(str(settings.redis_connection_url), CHECK_TIMEOUT_MS)
    try:
        if not await store.ping():
            raise ConnectionError("does not answer; the engine works without it, only slower")
        facts = await store.ask(lambda client: client.info("server"))
    finally:
        await store.close()
    return f"version {(facts or {}).get('redis_version', 'unknown')}"
