"""Gifts behind ideas: search queries and what is known of the recipient in, products that can be given out."""

import math
from collections import OrderedDict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from giftwise.algorithms.gifts import (
    Found,
    GiftParams,
    Wish,
    affordable,
    choose,
    standing_among,
    suitability,
    taste,
    together,
    widen,
)
from giftwise.cache.batches import Batches
from giftwise.catalog.model import Model
from giftwise.catalog.search import plain_query, search_texts
from giftwise.catalog.watch import ModelWatcher, Snapshot
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.gates import Gates
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gift
from giftwise.ids import parse_all
from giftwise.people.demographics import Segment
from giftwise.recommend.popular import steps

KEPT_SEARCHES: Final = 2_000  # of this process, the newest: at most 5 kB each
KEPT_SECONDS: Final = 300.0  # the mirror itself is a quarter of an hour behind
KEPT_TEXTS: Final = 3_000  # items as they are shown, the newest; about 1 kB each
KEPT_SEGMENTS: Final = 64  # groups of people
MOST_QUERIES: Final = 12  # of one idea; more are not looked at
ENOUGH: Final = 15  # gifts; for more than so many nobody looks further down the list
LOOKED_AT: Final = 4  # times the limit, where deadline, age, relationship or dislikes close the door to the best
# How relationships are called where items say whom they suit.
RELATIONS: Final = {"friend": "friend", "best_friend": "friend", "relative": "family", "child": "family",
                    "partner": "family", "colleague": "colleague"}  # fmt: skip

_ROWS: Final = text(
    "SELECT item_id, title, description, category, price, currency, image_url, url, merchant, delivery_days,"
    " is_customizable FROM item_texts WHERE catalog = :catalog AND item_id = ANY(CAST(:ids AS text[]))"
)


class ProductFinder:
    """Finds products by words (Find) and tells of single ones (Shelf).

    What answers a query, and an item's texts, are asked of the database once in five minutes and kept; whom it is for,
    prices, stock and taste are worked out anew for each call, from the model in memory. Raises ModelNotReady,
    OwnDatabaseUnavailable.
    """

    def __init__(
        self, own: OwnDatabase, watcher: ModelWatcher, *, currency: str, params: GiftParams | None = None
    ) -> None:
        """`currency` is what prices are in where an item names none."""
        self._own = own
        self._watcher = watcher
        self._currency = currency
        self._params = params or GiftParams()
        self._of: _OfModel | None = None

    async def __call__(
        self,
        queries: Sequence[str],
        facts: Facts,
        *,
        limit: int,
        price_factor: float = 1.1,
        liked: Sequence[str] = (),
        disliked: Sequence[str] = (),
    ) -> list[Gift]:
        """At most `limit` products that answer any of the queries, best first.

        In stock, public, never what the recipient has or what may not be given to them (dialogue/gates.py), never
        dearer than price_factor x the budget nor, as far as the host says, later than the deadline. What costs more
        than the budget says so.
        """
        snapshot, kept = self._current()
        model = snapshot.model
        asked = list(dict.fromkeys(plain for query in queries if (plain := plain_query(query))))[:MOST_QUERIES]
        answers = await kept.searches.get(asked)
        found = together([answers[query] for query in asked if len(answers[query][0])])
        found = self._ranked(snapshot, kept, found, facts, price_factor=price_factor, liked=liked, disliked=disliked)
        places = choose(model, found, limit, self._params)[: limit * LOOKED_AT]
        gates, gifts = _gates(facts), list[Gift]()
        for start in range(0, len(places), limit):
            part = await self._gifts(model, kept, places[start : start + limit], facts.budget)
            gifts += [gift for gift in part if _in_time(gift, facts.deadline_days) and gates.lets(gift)]
            if len(gifts) >= min(limit, ENOUGH):
                break
        return gifts[:limit]

    async def gifts(self, ids: Sequence[str]) -> dict[str, Gift]:
        """Those of the items that are public and in stock, by their ids as text."""
        snapshot, kept = self._current()
        places = _known(snapshot.model, ids)
        places = places[snapshot.available[places]]
        return {str(gift.id): gift for gift in await self._gifts(snapshot.model, kept, places, None)}

    def _current(self) -> tuple[Snapshot, "_OfModel"]:
        """The model to answer from, and what is kept of it; what was kept of another one is forgotten."""
        snapshot = self._watcher.current()
        if self._of is None or self._of.model is not snapshot.model:
            self._of = _OfModel(self._own, snapshot.model, self._params)
        return snapshot, self._of

    def _ranked(
        self,
        snapshot: Snapshot,
        kept: "_OfModel",
        found: Found,
        facts: Facts,
        *,
        price_factor: float,
        liked: Collection[str],
        disliked: Collection[str],
    ) -> Found:
        """What of it may be given, by how well it would do for this recipient, best first."""
        model, params = snapshot.model, self._params
        places, scores = found
        most = None if facts.budget is None else facts.budget * price_factor
        allowed = snapshot.available[places] & affordable(model, places, most)
        unwanted = _known(model, [*facts.owned, *disliked])
        if len(unwanted):
            allowed &= ~np.isin(places, unwanted)
        places, scores = places[allowed], scores[allowed]
        if not len(places):
            return places, scores
        best = scores[0]
        total = scores + kept.standing(facts.segment)[places] * np.float32(params.popularity * best)
        if liked or disliked:
            near = taste(model, _known(model, liked), _known(model, disliked))
            total = np.maximum(total + near[places] * np.float32(params.taste * best), 0)
        wish = Wish(facts.gender, facts.segment.age, RELATIONS.get(facts.relationship), facts.budget)
        total = np.asarray(total * suitability(model, places, wish, params), dtype=np.float32)
        order = np.lexsort((places, -total))
        return places[order], total[order]

    async def _gifts(self, model: Model, kept: "_OfModel", places: NDArray[np.int32], budget: int | None) -> list[Gift]:
        """The items as they are shown, in this order; one that the mirror has lost meanwhile is left out."""
        ids: Sequence[int | str] = model.answer_ids(places)
        texts = await kept.texts.get(str(one) for one in ids)
        gifts = []
        for item, price in zip(ids, model["price"][places].tolist(), strict=True):
            told = texts.get(str(item))
            if told is None or told.title is None:
                continue
            gifts.append(
                Gift.model_construct(  # every value comes from a typed column: there is nothing left to check
                    id=item,
                    gift_id=item,
                    title=told.title,
                    description=told.description,
                    price=None if math.isnan(price) else round(price, 2),
                    currency=told.currency or self._currency,
                    image_url=told.image_url,
                    product_url=told.url,
                    merchant=told.merchant,
                    category=told.category,
                    delivery_days=told.delivery_days,
                    is_customizable=told.is_customizable,
                    budget_relaxed=budget is not None and price > budget,
                )
            )
        return gifts


class _OfModel:
    """What is kept of one model: what answers queries, items' texts, and how popular every item is in a segment."""

    def __init__(self, own: OwnDatabase, model: Model, params: GiftParams) -> None:
        self.model = model
        self._own = own
        self._params = params
        self._standings: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self.searches: Batches[str, Found] = Batches(self._search, seconds=KEPT_SECONDS, most=KEPT_SEARCHES)
        self.texts: Batches[str, Any] = Batches(self._read_texts, seconds=KEPT_SECONDS, most=KEPT_TEXTS)

    def standing(self, segment: Segment) -> NDArray[np.float32]:
        """How popular every item is among these people, by the narrowest list that there is of them."""
        known = self._standings.get(segment.key)
        if known is None:
            listed = steps(self.model, segment)
            known = self._standings[segment.key] = standing_among(self.model, listed[0].ranked if listed else None)
            if len(self._standings) > KEPT_SEGMENTS:
                self._standings.popitem(last=False)
        return known

    async def _search(self, queries: Sequence[str]) -> dict[str, Found]:
        hits = await search_texts(self._own, self.model, queries)
        return {query: widen(self.model, hits[query], self._params) for query in queries}

    async def _read_texts(self, ids: Sequence[str]) -> dict[str, Any]:
        async with self._own.read() as connection:
            rows = await connection.execute(_ROWS, {"catalog": self.model.catalog, "ids": list(ids)})
            return {row.item_id: row for row in rows}


@lru_cache(maxsize=256)
def _gates(facts: Facts) -> Gates:
    """What is closed for these people; the same for all the searches of one step."""
    return Gates.of(facts)


def _known(model: Model, ids: Collection[str]) -> NDArray[np.int32]:
    """Where those of the items that the model has stand in it."""
    places = model.positions(parse_all(model.id_kind, list(ids)))
    return places[places >= 0]


def _in_time(gift: Gift, deadline_days: int | None) -> bool:
    """Whether it can be there by then; where the host does not say how long it takes, it may."""
    return deadline_days is None or gift.delivery_days is None or gift.delivery_days <= deadline_days
