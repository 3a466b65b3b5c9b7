"""Which catalogs this installation has: settings in, the database and mapping of each out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from giftwise.catalog import pushed
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import PUSHED_FILE, load_mapping
from giftwise.settings import Settings

PRESENTS: Final = "presents"
BUSINESSES: Final = pushed.CATALOG


@dataclass(frozen=True, slots=True)
class Source:
    """Where one catalog is read. Both are read alike: presents at the host, businesses where they are pushed to, or
    in the database of a host that shares it."""

    name: str
    url: str
    mapping: Path | None

    def open(self, settings: Settings, *, pool_size: int, application_name: str = "giftwise") -> MainDatabase:
        """A read-only pool over it; nothing is connected yet. MappingError where the mapping cannot be read."""
        return MainDatabase(
            self.url,
            load_mapping(self.mapping),
            pool_size=pool_size,
            statement_timeout_ms=settings.main_statement_timeout_ms,
            application_name=application_name,
        )


def presents_source(settings: Settings) -> Source | None:
    """The pulled catalog; None where no host's database is named."""
    return Source(PRESENTS, settings.db_url, settings.main_mapping) if settings.db_url is not None else None


def businesses_source(settings: Settings) -> Source:
    """The pushed catalog, which every installation has, if only empty. ValueError without our own database."""
    url = settings.businesses_db_url
    if url is None:
        raise ValueError("RECOMMENDATIONS_DATABASE_URL is needed")
    return Source(BUSINESSES, url, settings.businesses_mapping or PUSHED_FILE)


def sources(settings: Settings) -> tuple[Source, ...]:
    """Every catalog, the pulled one first."""
    presents = presents_source(settings)
    return (*((presents,) if presents is not None else ()), businesses_source(settings))
