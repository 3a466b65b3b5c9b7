"""`giftwise check`: every setting, and one clear line for each connection."""

import asyncio
from collections.abc import Awaitable, Callable

import typer
from rich.markup import escape
from rich.table import Table

from giftwise.cache.redis import CacheStore
from giftwise.catalog.arrivals import can_arrive
from giftwise.catalog.sources import Source, businesses_source, presents_source
from giftwise.cli.screen import console
from giftwise.cli.servers import equipped
from giftwise.db.migrate import is_current
from giftwise.db.schema import HostSchema
from giftwise.db.totals import Totals
from giftwise.errors import GiftwiseError
from giftwise.interactions.rabbit import RabbitQueue
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
        console.print(f"catalogs: {ready.catalogs}")
        good = asyncio.run(_connections(ready.settings))
    raise typer.Exit(0 if good else 1)


async def _connections(settings: Settings) -> bool:
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        *([("main database", _main)] if settings.main_database_url is not None else []),
        ("recommendations database", _own),
        *([("businesses' database", _businesses)] if settings.businesses_database_url is not None else []),
        ("redis", _redis),
        *([("rabbitmq", _rabbitmq)] if settings.rabbitmq_url is not None else []),
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
    presents = presents_source(settings)
    assert presents is not None
    totals, schema = await _look(settings, presents)
    return (
        f"{totals.total_items:,} public items, {totals.total_likes:,} likes, {totals.total_clicks:,} clicks, "
        f"item ids {schema.item_id.type}{_notes(schema)}"
    )


async def _businesses(settings: Settings) -> str:
    totals, schema = await _look(settings, businesses_source(settings))
    freshness = "" if can_arrive(schema) else "\n        note: items.updated_at is not mapped; new ones wait for a job"
    return (
        f"{totals.total_items:,} businesses, {totals.active_users:,} users with interactions, "
        f"ids {schema.item_id.type}{freshness}{_notes(schema)}"
    )


async def _look(settings: Settings, source: Source) -> tuple[Totals, HostSchema]:
    main = source.open(settings, pool_size=1)
    try:
        return await main.totals(), await main.schema()
    finally:
        await main.close()


def _notes(schema: HostSchema) -> str:
    return "".join(f"\n        note: {note}" for note in schema.notes)


async def _own(settings: Settings) -> str:
    if await is_current(str(settings.recommendations_db_url)):
        pushed = "" if settings.businesses_database_url is not None else f"; pushed: {await _businesses(settings)}"
        return f"the schema is up to date{pushed}"
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


async def _rabbitmq(settings: Settings) -> str:
    queue = RabbitQueue(str(settings.rabbitmq_connection_url), settings.events_queue, settings.events_batch)
    try:
        lag = await queue.lag()
    finally:
        await queue.close()
    return f"{lag.waiting:,} events wait in {settings.events_queue}"
