"""The project's settings: a database that a test names, and an engine that a test starts."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

NOBODY = "http://host:secret@127.0.0.1:9"  # a port on which nobody listens


def database(url: str) -> dict[str, Any]:
    """A PostgreSQL URL as Django has it."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", parts.hostname or ""),
        "PORT": query.get("port", str(parts.port or "")),
    }


def set_up() -> None:
    """Configure Django once in this process; the database gets its name later."""
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "not yet named"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        GIFTWISE={"URL": NOBODY, "BREAKER_SECONDS": 0.3},
        INSTALLED_APPS=["django_giftwise", "tests.clients.shop"],
        LOGGING_CONFIG=None,
        ROOT_URLCONF="tests.clients.shop.urls",
        SECRET_KEY="of a test",
        USE_TZ=True,
    )
    django.setup()


def use_database(url: str) -> None:
    """Point the project at a database, in every thread."""
    connections.close_all()
    settings.DATABASES["default"].update(database(url))
    connections["default"].settings_dict.update(database(url))


def create_tables() -> None:
    """The project's tables, as `migrate` makes them."""
    call_command("migrate", run_syncdb=True, verbosity=0)


def empty_tables() -> None:
    """Without their rows."""
    call_command("flush", interactive=False, verbosity=0)
