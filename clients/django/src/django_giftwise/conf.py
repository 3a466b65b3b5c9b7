"""`settings.GIFTWISE` in, one checked Config out."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from typing import Any, Final, Literal, get_args
from urllib.parse import unquote, urlsplit, urlunsplit

from django.conf import settings

from django_giftwise.errors import Misconfigured

Delivery = Literal["background", "celery", "tasks"]


@dataclass(frozen=True, slots=True)
class Config:
    """The knobs, by the upper-case name of each field in `settings.GIFTWISE`; times are in seconds."""

    url: str = ""  # of the engine; may carry the credentials: http://user:password@host:8000
    username: str = "giftwise"  # of HTTP Basic, where the URL carries none
    password: str = field(default="", repr=False)  # of HTTP Basic, where the URL carries none
    enabled: bool = True  # False: nothing is sent, every answer is empty
    connect_timeout: float = 0.2  # for a connection
    timeout: float = 1.0  # for a whole call of a page: name look-up, retries and body included
    bulk_timeout: float = 30.0  # for a bulk call of the background, a task or giftwise_sync
    retries: int = 1  # further attempts of a call that may be repeated, within its timeout
    breaker_failures: int = 2  # failed attempts in a row that open the breaker; one timeout is enough
    breaker_seconds: float = 5.0  # between two looks whether the engine is back, while the breaker is open
    delivery: Delivery = "background"  # how saved objects travel: a thread of this process, Celery, or django.tasks
    queue_size: int = 10_000  # changes that wait in this process; what comes on top is left to giftwise_sync
    batch_size: int = 500  # changes in one bulk call of the background
    shutdown_seconds: float = 2.0  # that a process waits at its end for the changes that are still here
    raise_errors: bool = False  # raise into the host; unset it follows settings.DEBUG

    @property
    def base_url(self) -> str:
        """The URL without its credentials: what may stand in a log."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    @property
    def credentials(self) -> tuple[str, str]:
        """User name and password; those in the URL win."""
        parts = urlsplit(self.url)
        if parts.username is None:
            return self.username, self.password
        return unquote(parts.username), unquote(parts.password or "")


_KNOWN: Final = {item.name.upper(): item for item in fields(Config)}
_POSITIVE: Final = ("connect_timeout", "timeout", "bulk_timeout", "breaker_seconds", "queue_size", "batch_size")


def read(given: Mapping[str, Any], *, debug: bool) -> tuple[Config, list[str]]:
    """The configuration, and a sentence for every fault in it; a faulty value is replaced by its default."""
    faults = [f"{name} is not a setting of GIFTWISE" for name in given if name not in _KNOWN]
    values: dict[str, Any] = {}
    for name, item in _KNOWN.items():
        if name not in given:
            continue
        value, default = given[name], item.default
        assert default is not MISSING
        fits = isinstance(value, (int, float) if isinstance(default, float) else type(default))
        if not fits or (isinstance(value, bool) and not isinstance(default, bool)):
            faults.append(f"{name} is {type(default).__name__}, not {type(value).__name__}")
        elif item.name in _POSITIVE and value <= 0:
            faults.append(f"{name} is above 0, not {value}")
        else:
            values[item.name] = value
    config = Config(**{"raise_errors": debug, **values})
    if config.enabled and urlsplit(config.url).scheme not in ("http", "https"):
        faults.append("URL is the engine's address, such as http://user:password@localhost:8000")
    if config.delivery not in get_args(Delivery):
        faults.append(f"DELIVERY is one of {', '.join(get_args(Delivery))}, not {config.delivery!r}")
    return config, faults


@lru_cache(maxsize=1)
def get_config() -> Config:
    """The process's configuration; Misconfigured without an address."""
    config, faults = read(getattr(settings, "GIFTWISE", {}), debug=settings.DEBUG)
    if faults:
        raise Misconfigured("settings.GIFTWISE: " + "; ".join(faults))
    return config


def raises_errors() -> bool:
    """Whether errors are raised into the host; wrong settings decide by DEBUG alone."""
    try:
        return get_config().raise_errors
    except Misconfigured:
        return bool(settings.DEBUG)
