"""One API process's parts, put together: settings in, everything that routes call out."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from giftwise import telemetry
from giftwise.cache.answers import Answers
from giftwise.cache.profiles import ProfileCache
from giftwise.cache.redis import CacheStore
from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher, Snapshot
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.db.own import OwnDatabase
from giftwise.errors import GiftwiseError
from giftwise.interactions.record import Recorder
from giftwise.recommend.people import People
from giftwise.recommend.profiles import ProfileDesk
from giftwise.recommend.recommender import Lifetimes, Recommender
from giftwise.settings import Settings


@dataclass(frozen=True, slots=True)
class Engine:
    """Connections, the watched model, and what answers questions with them."""

    settings: Settings
    main: MainDatabase
    own: OwnDatabase
    cache: CacheStore
    answers: Answers
    watcher: ModelWatcher
    presents: Recommender
    profiles: ProfileDesk
    recorder: Recorder

    async def start(self) -> None:
        """Look for a model once and keep looking; nothing here needs a server to be up."""
        self.watcher.on_change(_report)
        await self.watcher.start()
        with suppress(GiftwiseError):  # so that the first request does not pay for looking at the host's schema
            await self.main.schema()

    async def close(self) -> None:
        """Give every connection back."""
        await self.watcher.stop()
        await self.answers.close()
        await asyncio.gather(self.main.close(), self.own.close(), self.cache.close())


def build(settings: Settings) -> Engine:
    """Put the parts together. ValueError where a URL is missing; `giftwise serve` fills them in beforehand."""
    urls = (settings.db_url, settings.recommendations_db_url, settings.redis_connection_url)
    if None in urls:
        raise ValueError("MAIN_DATABASE_URL, RECOMMENDATIONS_DATABASE_URL and RECOMMENDATIONS_REDIS_URL are all needed")
    main_url, own_url, redis_url = (str(url) for url in urls)
    main = MainDatabase(
        main_url,
        load_mapping(settings.main_mapping),
        pool_size=settings.main_pool_size,
        statement_timeout_ms=settings.main_statement_timeout_ms,
    )
    own = OwnDatabase(own_url, pool_size=settings.own_pool_size)
    cache = CacheStore(redis_url, settings.redis_timeout_ms)
    answers, profile_cache = Answers(cache), ProfileCache(cache)
    watcher = ModelWatcher(ModelStore(own, settings.data_dir, "presents"), settings.model_poll_seconds)
    people = People(main, own, profile_cache, settings.cache_ttl_user_profile)
    lifetimes = Lifetimes(settings.cache_ttl_popular, settings.cache_ttl_personalized)
    presents = Recommender(watcher, main, people, answers, lifetimes)
    profiles = ProfileDesk(presents, own, profile_cache, settings.cache_ttl_user_profile)
    return Engine(settings, main, own, cache, answers, watcher, presents, profiles, Recorder(own, answers))


def _report(snapshot: Snapshot) -> None:
    model = snapshot.model
    telemetry.model_generation.labels(model.catalog).set(model.generation)
    telemetry.model_made_at.labels(model.catalog).set(model.made_at.timestamp())
