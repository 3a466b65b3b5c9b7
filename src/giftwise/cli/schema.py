"""`giftwise migrate`: our own database's schema."""

import asyncio
from typing import Annotated

import typer

from giftwise.cli.screen import console
from giftwise.cli.servers import equipped
from giftwise.db import migrate as migrations
from giftwise.settings import Settings, get_settings


def migrate(
    sql: Annotated[bool, typer.Option("--sql", help="Print the schema for psql instead of applying it.")] = False,
) -> None:
    """Bring the recommendations database up to date."""
    if sql:
        typer.echo(migrations.migration_sql())
        return
    with equipped(get_settings()) as ready:
        applied = ensure_schema(ready.settings)
    for revision in applied:
        console.print(f"applied {revision}")
    if not applied:
        console.print("the recommendations database is up to date")


def ensure_schema(settings: Settings) -> list[str]:
    """Apply what is missing; the revisions applied."""
    return asyncio.run(migrations.migrate(str(settings.recommendations_db_url)))
