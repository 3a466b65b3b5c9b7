"""Where a command finds its servers: settings in, the same settings with every URL filled in out."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from giftwise.db import embedded
from giftwise.settings import Settings, get_settings


@dataclass(frozen=True, slots=True)
class Equipped:
    """Settings with every URL, and the URL by which the host's database may be filled."""

    settings: Settings
    host_owner_url: str
    is_embedded: bool


@contextmanager
def equipped(settings: Settings) -> Iterator[Equipped]:
    """Start the embedded servers for those URLs that are not set, and stop them at the end.

    The URLs are put into the environment too, so that processes started from here find the same servers.
    """
    given = (settings.main_database_url, settings.recommendations_database_url, settings.recommendations_redis_url)
    if all(given):
        yield Equipped(settings, str(settings.db_url), False)
        return
    servers = asyncio.run(embedded.start(settings.data_dir))
    with servers:
        found = {
            "main_database_url": settings.main_database_url or SecretStr(servers.main_url),
            "recommendations_database_url": settings.recommendations_database_url or SecretStr(servers.own_url),
            "recommendations_redis_url": settings.recommendations_redis_url or SecretStr(servers.redis_url),
        }
        os.environ.update({name.upper(): url.get_secret_value() for name, url in found.items()})
        get_settings.cache_clear()
        filled = settings.model_copy(update=found)
        owner = servers.host_owner_url if settings.main_database_url is None else str(settings.db_url)
        yield Equipped(filled, owner, True)
