"""The request path of businesses: a question in, a short list of what to show out, never older than the database.

The user's row, their interactions and the rows of what is shown are read at every answer: each is one indexed query. A
kept list is found by all that it was made of, so a cached answer is one that would be made the same now: what is told
to one process counts in the next answer of every other, with Redis or without.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from giftwise.cache.answers import Answers
from giftwise.cache.flight import SingleFlight
from giftwise.catalog.model import Model
from giftwise.catalog.presents import Card, read_cards
from giftwise.catalog.values import Place
from giftwise.catalog.watch import ModelWatcher, Snapshot
from giftwise.db.main import MainDatabase
from giftwise.errors import MainDatabaseUnavailable, MappingError, ModelNotReady, NotFound
from giftwise.fields import shown_id
from giftwise.interactions.history import EMPTY, History, history_of_model, read_history
from giftwise.interactions.newest import Deed, read_newest
from giftwise.people.demographics import Segment
from giftwise.recommend.customers import STRANGER, Customer, read_customer
from giftwise.recommend.filters import allowed
from giftwise.recommend.kept import KeptList, pack, unpack
from giftwise.recommend.ladder import Rung, climb
from giftwise.recommend.market import MarketParams, in_one_scale, market_rungs
from giftwise.recommend.recommender import KEPT_PLACES, name_of
from giftwise.recommend.request import Filters

SPARE: Final = 10  # places beyond those wanted whose rows are read at once: some may have gone since

Source = Literal["cache", "database"]


@dataclass(frozen=True, slots=True)
class MarketQuery:
    """A question for one user's businesses; `here` is where the user is now, None = as their row says."""

    user_id: str
    here: Place | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One business of a list."""

    id: int | str
    score: float
    rung: str
    card: Card


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A list, best first; its scores fall and are comparable within it."""

    source: Source
    places: list[Suggestion]
    generation: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class _Facts:
    """All of one user that a list is made of, and whether it is as of now."""

    customer: Customer
    history: History
    live: bool


class Marketplace:
    """Answers questions about a catalog of businesses."""

    def __init__(
        self,
        watcher: ModelWatcher,
        main: MainDatabase,
        answers: Answers,
        lifetime: int,
        *,
        catalog: str,
        params: MarketParams | None = None,
    ) -> None:
        """`lifetime` is for how many seconds a list is kept."""
        self.catalog = catalog
        self.watcher = watcher
        self.main = main
        self.answers = answers
        self.lifetime = lifetime
        self.params = params or MarketParams()
        self._flights: SingleFlight[tuple[str, str, bytes], KeptList] = SingleFlight()

    async def recommend(self, query: MarketQuery, most: int, *, use_cache: bool = True) -> Suggestions:
        """Up to `most` businesses for a user. NotFound for an unknown one, ModelNotReady before there is any model.

        While the database is away the list is what the model knows, for anyone.
        """
        snapshot = self.watcher.current()
        facts = await self._facts(snapshot.model, query.user_id)
        name = _name(snapshot, query, facts)
        found = await self.answers.find(self.catalog, query.user_id, name)
        kept = unpack(found.value) if found.value and use_cache else None
        source: Source = "database" if kept is None else "cache"
        if kept is None:

            async def compute() -> KeptList:
                made = self._rank(snapshot, query, facts)
                if facts.live and found.reached:
                    await self.answers.keep(
                        self.catalog, query.user_id, name, pack(made), epoch=found.epoch, ttl=self.lifetime
                    )
                return made

            kept = await self._flights.run((query.user_id, name, found.epoch), compute)
        rungs = self._rungs(snapshot.model, facts, query)
        shown = await self._shown(snapshot.model, kept, [rung.name for rung in rungs], most)
        return Suggestions(source, shown, snapshot.model.generation, snapshot.model.age_seconds)

    async def newest(self, user: str, limit: int) -> tuple[list[Deed], int]:
        """A user's newest deeds, newest first, and how many there are; ids are spelt as in lists.

        Raises MainDatabaseUnavailable, MappingError.
        """
        deeds, count = await read_newest(self.main, user, limit)
        with suppress(ModelNotReady):  # then nobody knows of an id that is no number
            if not self.watcher.current().model.facts.get("ids_are_numbers", True):
                return deeds, count
        return [replace(deed, item=shown_id(str(deed.item))) for deed in deeds], count

    async def _facts(self, model: Model, user: str) -> _Facts:
        try:
            customer, history = await asyncio.gather(
                read_customer(self.main, user), read_history(self.main, model, user)
            )
        except (MainDatabaseUnavailable, MappingError):
            return _Facts(STRANGER, history_of_model(model, user), live=False)
        if customer is None:
            raise NotFound(f"there is no user {user!r}")
        return _Facts(customer, history, live=True)

    def _rungs(self, model: Model, facts: _Facts, query: MarketQuery) -> list[Rung]:
        return market_rungs(model, facts.history, facts.customer, query.here, self.params)

    def _rank(self, snapshot: Snapshot, query: MarketQuery, facts: _Facts) -> KeptList:
        """Filter first, then climb."""
        free = allowed(snapshot.model, snapshot.available, query.filters)
        free[facts.history.settled] = False
        ranked = climb(self._rungs(snapshot.model, facts, query), free, KEPT_PLACES)
        return KeptList.of(in_one_scale(ranked), Segment(), EMPTY)

    async def _shown(self, model: Model, kept: KeptList, names: Sequence[str], most: int) -> list[Suggestion]:
        """The first places of a list that are still there, with what their rows say now."""
        ranked, shown = kept.ranked, list[Suggestion]()
        for start in range(0, len(ranked.places), most + SPARE):
            part = slice(start, start + most + SPARE)
            places, scores, rungs = ranked.places[part], ranked.scores[part].tolist(), ranked.rungs[part].tolist()
            cards = await self._cards(model, places)
            ids = model.answer_ids(places)
            for at, card in enumerate(cards):
                if card is not None:
                    shown.append(Suggestion(ids[at], round(scores[at], 6), names[rungs[at]], card))
            if len(shown) >= most:
                break
        return shown[:most]

    async def _cards(self, model: Model, places: NDArray[np.int32]) -> list[Card | None]:
        """What to show of each item, None where it is gone; as it was learned, while nobody can say."""
        ids = model.id_kind.answer(model["ids"][places])
        try:
            cards = await read_cards(self.main, model.id_kind, ids)
        except (MainDatabaseUnavailable, MappingError):
            return [_learned_card(model, place) for place in places.tolist()]
        return [cards.get(one) for one in ids]


def _learned_card(model: Model, place: int) -> Card:
    card = model.card(place)
    lat, lon = float(model["lat"][place]), float(model["lon"][place])
    return Card(card["title"], tuple(card["categories"]), None if np.isnan(lat) else (lat, lon))


def _name(snapshot: Snapshot, query: MarketQuery, facts: _Facts) -> str:
    """A short name of all that a list is made of: equal names are equal lists."""
    whole = msgspec.json.encode((name_of(snapshot), query, facts.customer, facts.history.digest().hex()))
    return hashlib.blake2b(whole, digest_size=16).hexdigest()
