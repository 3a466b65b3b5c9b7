"""Where a command finds its servers: settings in, the same settings with every URL filled in out."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from giftwise.db import embedded
from giftwise.errors import NoPresents
from giftwise.settings import Settings, get_settings


@dataclass(frozen=True, slots=True)
class Equipped:
    """Settings with every URL that is needed, and the one by which the host's database may be filled, if any."""

    settings: Settings
    owner_url: str | None
    is_embedded: bool

    @property
    def host_owner_url(self) -> str:
        """The URL by which the host's database may be filled; NoPresents where there is none."""
        if self.owner_url is None:
            raise NoPresents(
                "there are no presents: MAIN_DATABASE_URL is not set, and no embedded server stands for it"
            )
        return self.owner_url

    @property
    def catalogs(self) -> str:
        """Which catalogs are on, in words."""
        presents = "presents (pulled)" if self.settings.main_database_url is not None else "no presents"
        shared = self.settings.businesses_database_url is not None
        return f"{presents}, businesses ({'pulled' if shared else 'pushed'})"


@contextmanager
def equipped(settings: Settings) -> Iterator[Equipped]:
    """Start the embedded servers for those URLs that are not set, and stop them at the end.

    Where our own database is set and the host's is not, that one is not wanted: a push host has no presents; without
    any URL, EMBEDDED_PRESENTS says so. The URLs are put into the environment too, so that processes started from here
    find the same servers.
    """
    own, main = settings.recommendations_database_url, settings.main_database_url
    if own is not None and settings.recommendations_redis_url is not None:
        yield Equipped(settings, settings.db_url, False)
        return
    servers = asyncio.run(embedded.start(settings.data_dir))
    with servers:
        embedded_host = own is None and main is None and settings.embedded_presents
        found = {
            **({"main_database_url": SecretStr(servers.main_url)} if embedded_host else {}),
            "recommendations_database_url": own or SecretStr(servers.own_url),
            "recommendations_redis_url": settings.recommendations_redis_url or SecretStr(servers.redis_url),
        }
        os.environ.update({name.upper(): url.get_secret_value() for name, url in found.items()})
        get_settings.cache_clear()
        filled = settings.model_copy(update=found)
        owner = servers.host_owner_url if embedded_host else settings.db_url
        yield Equipped(filled, owner, True)
