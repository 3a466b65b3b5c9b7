"""`giftwise serve`: the API, in one process or several."""

import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.markup import escape

from giftwise.cli.schema import ensure_schema
from giftwise.cli.screen import console, errors
from giftwise.cli.servers import equipped
from giftwise.dialogue.brain import open_brain
from giftwise.settings import Settings, get_settings

APP = "giftwise.api.app:create_served_app"
KEPT_IN = "password"


def serve(
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer requests.")] = 1,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; PORT where absent.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST where absent.")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start anew when the code changes (development).")] = False,
) -> None:
    """Serve the API."""
    settings = get_settings()
    ensure_brain(settings)
    with equipped(settings) as ready:
        if ready.is_embedded:
            ensure_schema(ready.settings)
        made = ready.settings.basic_auth_password is None
        password = ensure_password(ready.settings, generate=ready.is_embedded)
        if made:  # in a log it would be a secret told
            shown = password if console.is_terminal else f"in {ready.settings.data_dir / KEPT_IN}"
            console.print(f"user [bold]{settings.basic_auth_username}[/bold], password [bold]{shown}[/bold]")
        console.print(f"serving catalogs: {ready.catalogs}")
        with _shared_metrics():
            # uvicorn ends in order at either signal and then raises it once more, for whom it may concern: nobody.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: None)
            uvicorn.run(
                APP,
                factory=True,
                host=host or settings.host,
                port=settings.port if port is None else port,
                workers=None if reload else workers,
                reload=reload,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=10,
            )


def ensure_brain(settings: Settings) -> None:
    """Say in one line, not from every process, what BRAIN=llm lacks."""
    try:
        open_brain(settings)
    except ValueError as error:
        errors.print(f"[red]{escape(str(error))}[/red]; or leave BRAIN unset.")
        raise typer.Exit(2) from None


def ensure_password(settings: Settings, *, generate: bool) -> str:
    """The password to serve with. On a laptop one is made, once; with real databases it must be set."""
    if settings.basic_auth_password is not None:
        return settings.basic_auth_password.get_secret_value()
    if not generate:
        errors.print("[red]BASIC_AUTH_PASSWORD is not set[/red]: there is no default; set one, then start again.")
        raise typer.Exit(2)
    password = kept_password(settings.data_dir / KEPT_IN)
    os.environ["BASIC_AUTH_PASSWORD"] = password
    get_settings.cache_clear()
    return password


def kept_password(file: Path) -> str:
    """The password of this data folder, made at first use and readable by its owner alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(12))
    return file.read_text().strip()


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A folder in which the processes of this server add up their metrics, for as long as it runs."""
    with tempfile.TemporaryDirectory(prefix="giftwise-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]
