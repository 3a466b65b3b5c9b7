"""The request path: a question in, one page out; cache, history, ladder and page in this order."""

import asyncio
from dataclasses import dataclass
from typing import Final

import numpy as np

from giftwise.algorithms.diversity import cap_per_group
from giftwise.cache.answers import Answers, Found
from giftwise.cache.flight import SingleFlight
from giftwise.catalog.model import Model
from giftwise.catalog.watch import ModelWatcher, Snapshot
from giftwise.db.main import MainDatabase
from giftwise.errors import MainDatabaseUnavailable, MappingError
from giftwise.interactions.history import EMPTY, History, history_of_model, read_history
from giftwise.people.demographics import Segment
from giftwise.recommend.filters import allowed
from giftwise.recommend.kept import KeptList, pack, unpack
from giftwise.recommend.ladder import Ranked, Rung
from giftwise.recommend.page import Answer, cut, details, first_rung
from giftwise.recommend.people import People
from giftwise.recommend.personalized import LadderParams, personal_rungs, vary
from giftwise.recommend.popular import popular_rungs
from giftwise.recommend.reasons import Language, Speaker, explain
from giftwise.recommend.request import Filters, Page, PersonalQuery, PopularQuery, digest

KEPT_PLACES: Final = 1_000  # of each list; about 9 kB. Deeper pages are ranked again from the kept facts


@dataclass(frozen=True, slots=True)
class Include:
    """What a caller wants beside the ids."""

    details: bool = False
    reasons: bool = False
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that lists are kept."""

    popular: int
    personalized: int


class Recommender:
    """Answers questions about one catalog."""

    def __init__(
        self,
        watcher: ModelWatcher,
        main: MainDatabase,
        people: People,
        answers: Answers,
        lifetimes: Lifetimes,
        *,
        catalog: str = "presents",
        params: LadderParams | None = None,
    ) -> None:
        self.catalog = catalog
        self.watcher = watcher
        self.main = main
        self.people = people
        self.answers = answers
        self.lifetimes = lifetimes
        self.params = params or LadderParams()
        self._flights: SingleFlight[tuple[str, str, bytes], KeptList] = SingleFlight()

    async def popular(self, query: PopularQuery, page: Page, include: Include) -> Answer:
        """What is popular among people like these. Raises ModelNotReady before the first generation."""
        snapshot = self.watcher.current()
        name = digest(query, name_of(snapshot))
        found = await self.answers.find_popular(self.catalog, name)
        kept = unpack(found.value) if found.value else None
        hit = kept is not None
        if kept is None:

            async def compute() -> KeptList:
                rungs = popular_rungs(snapshot.model, query.segment)
                ranked = self._rank(snapshot, rungs, query.filters, EMPTY, KEPT_PLACES)
                made = KeptList.of(ranked, query.segment, EMPTY)
                await self.answers.keep_popular(self.catalog, name, pack(made), self.lifetimes.popular)
                return made

            kept = await self._flights.run(("popular", name, b""), compute)
        rungs = popular_rungs(snapshot.model, query.segment)
        return self._answer(snapshot, kept, rungs, filters=query.filters, page=page, include=include, hit=hit)

    async def personalized(self, query: PersonalQuery, page: Page, include: Include) -> Answer:
        """One user's own list. Raises ModelNotReady before the first generation."""
        snapshot = self.watcher.current()
        name = digest(query, name_of(snapshot))
        found = await self.answers.find(self.catalog, query.user_id, name)
        kept = unpack(found.value) if found.value else None
        if kept is not None and not found.fresh and await self._outdated(snapshot.model, query.user_id, kept):
            kept = None
        hit = kept is not None
        if kept is None:
            # The epoch is part of the flight: who asks after a forgetting never joins a computation from before it.
            flight = (query.user_id, name, found.epoch)
            kept = await self._flights.run(flight, lambda: self._compute(snapshot, query, name, found))
        rungs = personal_rungs(snapshot.model, kept.history, kept.segment, self.params)
        return self._answer(snapshot, kept, rungs, filters=query.filters, page=page, include=include, hit=hit)

    async def _compute(self, snapshot: Snapshot, query: PersonalQuery, name: str, found: Found) -> KeptList:
        model = snapshot.model
        (history, live), known = await asyncio.gather(
            self._history(model, query.user_id), self.people.demographics(query.user_id, found.demographics)
        )
        segment = Segment(geo=query.geo)
        if known is not None:
            segment = Segment(known.gender, known.age_group, query.geo if query.geo is not None else known.geo_id)
        rungs = personal_rungs(model, history, segment, self.params)
        kept = KeptList.of(self._rank(snapshot, rungs, query.filters, history, KEPT_PLACES), segment, history)
        if live and found.reached:
            await self.answers.keep(
                self.catalog, query.user_id, name, pack(kept), epoch=found.epoch, ttl=self.lifetimes.personalized
            )
        return kept

    async def _history(self, model: Model, user: str) -> tuple[History, bool]:
        """What the user did, and whether it is as of now rather than as of the model's learning."""
        try:
            return await read_history(self.main, model, user), True
        except (MainDatabaseUnavailable, MappingError):
            return history_of_model(model, user), False

    async def _outdated(self, model: Model, user: str, kept: KeptList) -> bool:
        """Whether the user did something since the list was made; asked only while the live tail is behind."""
        try:
            history = await read_history(self.main, model, user)
        except (MainDatabaseUnavailable, MappingError):
            return False  # an old list is better than none, and nobody can say that it is wrong
        return history.digest() != kept.history.digest()

    def _rank(self, snapshot: Snapshot, rungs: list[Rung], filters: Filters, history: History, want: int) -> Ranked:
        """Filter first, then climb: no filter ever works on a list that was cut before."""
        model, params = snapshot.model, self.params.variety
        free = allowed(model, snapshot.available, filters)
        free[history.settled] = False
        if filters.max_per_category is None:
            return vary(model, rungs, free, want, params)
        # A cap per category depends on the order, so the whole order is needed before the list's length is known.
        whole = vary(model, rungs, free, len(model), params)
        kept = np.isin(whole.places, cap_per_group(whole.places, model["category"], filters.max_per_category))
        total = int(np.count_nonzero(kept))
        return Ranked(whole.places[kept][:want], whole.scores[kept][:want], whole.rungs[kept][:want], total)

    def _answer(
        self,
        snapshot: Snapshot,
        kept: KeptList,
        rungs: list[Rung],
        *,
        filters: Filters,
        page: Page,
        include: Include,
        hit: bool,
    ) -> Answer:
        model, ranked, history = snapshot.model, kept.ranked, kept.history
        if len(ranked.places) < min(page.stop, ranked.total) and page.start < ranked.total:
            ranked = self._rank(snapshot, rungs, filters, history, page.stop)
        part = cut(ranked, page)
        items = model.answer_ids(part.places)
        wanted = None
        if include.details or include.reasons:
            reasons = None
            if include.reasons:
                speaker = Speaker(include.language)
                reasons = explain(model, part, rungs, history, params=self.params, speaker=speaker)
            wanted = details(model, items, part, rungs, reasons)
        return Answer(
            items=items,
            page=page,
            total=ranked.total,
            algorithm=first_rung(rungs, ranked, part),
            cache_hit=hit,
            generation=model.generation,
            age_seconds=model.age_seconds,
            details=wanted,
        )


def name_of(snapshot: Snapshot) -> str:
    """The snapshot's version with the model's birth: generations count from 1 again in a new database, whose lists
    must not be mistaken for those that an old one left in Redis."""
    return f"{snapshot.version}@{snapshot.model.made_at.timestamp():.6f}"
