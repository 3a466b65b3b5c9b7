"""One API process's parts, put together: settings in, everything that routes call out."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from giftwise import telemetry
from giftwise.cache.answers import Answers
from giftwise.cache.profiles import ProfileCache
from giftwise.cache.redis import CacheStore
from giftwise.cache.sessions import SessionCache
from giftwise.catalog.arrivals import Arrivals
from giftwise.catalog.sources import Source, businesses_source, presents_source
from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher, Snapshot
from giftwise.db.main import MainDatabase
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.brain import open_brain
from giftwise.dialogue.dialogue import Dialogue
from giftwise.dialogue.products import ProductFinder
from giftwise.dialogue.recipients import RecipientDesk
from giftwise.dialogue.store import SessionStore
from giftwise.dialogue.tracks import Tracks
from giftwise.errors import GiftwiseError, NoPresents
from giftwise.interactions.record import Recorder
from giftwise.recommend.marketplace import Marketplace
from giftwise.recommend.people import People
from giftwise.recommend.profiles import ProfileDesk
from giftwise.recommend.recommender import Lifetimes, Recommender
from giftwise.settings import Settings


@dataclass(frozen=True, slots=True)
class Pulled:
    """What answers for presents: the host's database, the watched model, lists, profiles and the dialogue."""

    main: MainDatabase
    watcher: ModelWatcher
    presents: Recommender
    profiles: ProfileDesk
    dialogue: Dialogue


@dataclass(frozen=True, slots=True)
class Engine:
    """Connections, the watched models, and what answers questions with them."""

    settings: Settings
    own: OwnDatabase
    cache: CacheStore
    answers: Answers
    recorder: Recorder
    businesses: Marketplace
    recipients: RecipientDesk
    pulled: Pulled | None

    @property
    def main(self) -> MainDatabase:
        """The host's database; NoPresents where there is none."""
        return self._pulled().main

    @property
    def watcher(self) -> ModelWatcher:
        """The presents' model; NoPresents."""
        return self._pulled().watcher

    @property
    def presents(self) -> Recommender:
        """Lists of presents; NoPresents."""
        return self._pulled().presents

    @property
    def profiles(self) -> ProfileDesk:
        """Profiles of the presents' users; NoPresents."""
        return self._pulled().profiles

    @property
    def dialogue(self) -> Dialogue:
        """The way from a quiz to presents; NoPresents."""
        return self._pulled().dialogue

    @property
    def leading(self) -> ModelWatcher:
        """The model by which this server is judged ready: the presents', where there are any."""
        return self.pulled.watcher if self.pulled is not None else self.businesses.watcher

    async def start(self) -> None:
        """Look for models once and keep looking; nothing here needs a server to be up."""
        for main, watcher in self._catalogs():
            watcher.on_change(_report)
            await watcher.start()
            with suppress(GiftwiseError):  # so that the first request does not pay for looking at the host's schema
                await main.schema()

    async def close(self) -> None:
        """Give every connection back."""
        for _, watcher in self._catalogs():
            await watcher.stop()
        await self.answers.close()
        databases = [main.close() for main, _ in self._catalogs()]
        await asyncio.gather(*databases, self.own.close(), self.cache.close())

    def _catalogs(self) -> list[tuple[MainDatabase, ModelWatcher]]:
        presents = [] if self.pulled is None else [(self.pulled.main, self.pulled.watcher)]
        return [*presents, (self.businesses.main, self.businesses.watcher)]

    def _pulled(self) -> Pulled:
        if self.pulled is None:
            raise NoPresents("MAIN_DATABASE_URL is not set: this server has businesses alone, at /recommend")
        return self.pulled


def build(settings: Settings) -> Engine:
    """Put the parts together. ValueError where a URL is missing; `giftwise serve` fills them in beforehand."""
    own_url, redis_url = settings.recommendations_db_url, settings.redis_connection_url
    if own_url is None or redis_url is None:
        raise ValueError("RECOMMENDATIONS_DATABASE_URL and RECOMMENDATIONS_REDIS_URL are both needed")
    own = OwnDatabase(own_url, pool_size=settings.own_pool_size)
    cache = CacheStore(redis_url, settings.redis_timeout_ms)
    answers = Answers(cache)
    presents = presents_source(settings)
    sessions = SessionStore(own, SessionCache(cache))
    pulled = (
        None
        if presents is None
        else _pull(settings, presents, own=own, answers=answers, profile_cache=ProfileCache(cache), sessions=sessions)
    )
    return Engine(
        settings,
        own,
        cache,
        answers,
        recorder=Recorder(own, answers),
        businesses=_market(settings, own, answers),
        recipients=RecipientDesk(own, sessions),
        pulled=pulled,
    )


def _pull(
    settings: Settings,
    source: Source,
    *,
    own: OwnDatabase,
    answers: Answers,
    profile_cache: ProfileCache,
    sessions: SessionStore,
) -> Pulled:
    main = source.open(settings, pool_size=settings.main_pool_size)
    watcher = ModelWatcher(ModelStore(own, settings.data_dir, source.name), settings.model_poll_seconds)
    people = People(main, own, profile_cache, settings.cache_ttl_user_profile)
    lifetimes = Lifetimes(settings.cache_ttl_popular, settings.cache_ttl_personalized)
    presents = Recommender(watcher, main, people, answers, lifetimes, catalog=source.name)
    desk = ProfileDesk(presents, own, profile_cache, settings.cache_ttl_user_profile)
    finder = ProductFinder(own, watcher, currency=settings.default_currency)
    dialogue = Dialogue(own, sessions, Tracks(open_brain(settings), finder), finder)
    return Pulled(main, watcher, presents, desk, dialogue)


def _market(settings: Settings, own: OwnDatabase, answers: Answers) -> Marketplace:
    source = businesses_source(settings)
    main = source.open(settings, pool_size=settings.main_pool_size)
    store = ModelStore(own, settings.data_dir, source.name)
    watcher = ModelWatcher(store, settings.model_poll_seconds, Arrivals(main))
    return Marketplace(watcher, main, answers, settings.cache_ttl_personalized, catalog=source.name)


def _report(snapshot: Snapshot) -> None:
    model = snapshot.model
    telemetry.model_generation.labels(model.catalog).set(model.generation)
    telemetry.model_made_at.labels(model.catalog).set(model.made_at.timestamp())
