"""`giftwise`: one command with a verb for each thing that an engineer does."""

import signal
import sys
from typing import Final

import typer
from pydantic import ValidationError

from giftwise import __version__
from giftwise.cli import check, data, demo, evaluate, events, jobs, schema, serve
from giftwise.cli.screen import errors
from giftwise.errors import GiftwiseError
from giftwise.log import configure
from giftwise.settings import get_settings

SETTINGS_FAULT: Final = 2

app = typer.Typer(
    help="A self-hosted recommendation engine for gift platforms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(jobs.worker)
app.command("refresh")(jobs.refresh)
app.command("seed")(data.seed)
app.command("import")(data.import_)
app.command("migrate")(schema.migrate)
app.command("check")(check.check)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(events.app, name="events")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"giftwise {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Set up logs before any verb runs."""
    settings = get_settings()
    configure(settings.log_level, debug=settings.debug)


def run() -> None:
    """The entry point: what went wrong is said in one line, and a bug keeps its traceback."""
    # Both end a command in order, embedded servers included; a shell may have us started with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        app()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(str(part) for part in fault["loc"]).upper()
            errors.print(f"[red]{name}[/red]: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(SETTINGS_FAULT)
    except GiftwiseError as error:
        errors.print(f"[red]{error.title}:[/red] {error}")
        sys.exit(1)
