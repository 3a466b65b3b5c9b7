"""What one user did, live from the host's database: an id in, the user's history over a model's items out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Model
from giftwise.catalog.presents import item_id_kind
from giftwise.db.main import MainDatabase
from giftwise.db.schema import HostSchema, HostSource
from giftwise.ids import IdKind
from giftwise.interactions.event import SETTLED, WEIGHTS, Kind
from giftwise.interactions.recency import HistoryParams, recency
from giftwise.interactions.source import factor_of, is_passing, is_settled, number_of
from giftwise.people.users import user_id_kind

NEWEST_PASSING: Final = 500  # of clicks and the like, so many newest are read; what settles an item is read in full

USUAL: Final = HistoryParams()
_WEIGHTS: Final = np.array(WEIGHTS, dtype=np.float32)
_SETTLED: Final = np.array([kind in SETTLED for kind in Kind])


@dataclass(frozen=True)
class History:
    """h interactions of one user with items of one model, newest first; a (place, kind) appears once."""

    places: NDArray[np.int32]  # [h] positions in the model
    kinds: NDArray[np.int8]  # [h] numbers of event.Kind
    at: NDArray[np.int64]  # [h] unix seconds, 0 = unknown
    factor: NDArray[np.float32] | None = None  # [h] what the host says that each counts; None: each counts once

    @property
    def count(self) -> int:
        """How many different things the user did: distinct (item, kind)."""
        return len(self.places)

    @cached_property
    def settled(self) -> NDArray[np.int32]:
        """Positions, sorted, of what was liked, bought or disliked and is not to be recommended again."""
        return np.unique(self.places[_SETTLED[self.kinds]])

    def weights(self, params: HistoryParams = USUAL) -> NDArray[np.float32]:
        """What each interaction says of the user's taste: float32 [h], its kind's weight by its recency."""
        shares = recency(np.zeros(len(self.at), np.int8), self.at, params)
        weights = np.asarray(_WEIGHTS[self.kinds] * shares, dtype=np.float32)
        return weights if self.factor is None else weights * self.factor

    def digest(self) -> bytes:
        """8 bytes that two histories over one generation share only if they are equal."""
        digest = hashlib.blake2b(digest_size=8)
        for array in (self.places, self.kinds, self.at, self.factor):
            if array is not None:
                digest.update(array.tobytes())
        return digest.digest()


EMPTY: Final = History(np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int64))


async def read_history(main: MainDatabase, model: Model, user_id: int | str) -> History:
    """One user's history now, in one round trip, served by the host's indexes on the user columns.

    Empty for an id that cannot exist. Raises MainDatabaseUnavailable; `history_of_model` is what is left then.
    """
    schema = await main.schema()
    kind = user_id_kind(schema)
    known = kind.parse(user_id) if kind is not None else None
    if known is None or not schema.interactions or item_id_kind(schema) is not model.id_kind:
        return EMPTY
    rows = await main.fetch(history_query(schema), known)
    return _history(model, *zip(*rows, strict=True)) if rows else EMPTY


def history_of_model(model: Model, user_id: int | str) -> History:
    """One user's history as it was when the model was learned, times unknown."""
    kind = IdKind(model.facts.get("user_id_kind", model.id_kind))
    known = kind.parse(user_id)
    places, kinds = model.history(kind.array([] if known is None else [known]))
    return History(np.asarray(places), np.asarray(kinds), np.zeros(len(places), np.int64))


@lru_cache(maxsize=8)
def history_query(schema: HostSchema) -> str:
    """SQL of everything that user $1 did: rows of (item, kind, unix seconds, factor)."""
    return " UNION ALL ".join(f"({query})" for source in schema.interactions for query in _source_queries(source))


def _source_queries(source: HostSource) -> list[str]:
    """What settles an item in full, the rest as far as it is new enough."""
    user = source["user"]
    query = (
        f"SELECT {source.value('item')}, {number_of(source)}, {source.seconds('at')}, {factor_of(source)}"
        f" FROM {source.source} WHERE {user.sql} = $1::{user.parameter} AND {source['item'].sql} IS NOT NULL"
    )
    # Sorted by the computed seconds, not the column: an index on the time alone would tempt the planner to walk
    # everybody's clicks from the newest back until it has found 500 of this user's.
    newest = f"ORDER BY 3 DESC LIMIT {NEWEST_PASSING}"
    if source.kind is not None:
        return [query if Kind.named(source.kind) in SETTLED else f"{query} {newest}"]
    return [f"{query} AND {is_settled(source)}", f"{query} AND {is_passing(source)} {newest}"]


def _history(
    model: Model, items: Sequence[Any], kinds: Sequence[int], at: Sequence[int], factors: Sequence[float | None]
) -> History:
    places = model.positions(model.id_kind.array(items))
    kind, when = np.asarray(kinds, np.int8), np.asarray(at, np.int64)
    order = np.lexsort((kind, places, -when))
    order = order[places[order] >= 0]
    _, first = np.unique(places[order].astype(np.int64) * len(Kind) + kind[order], return_index=True)
    order = order[np.sort(first)]
    weighed = any(factor is not None for factor in factors)
    factor = np.array([1.0 if value is None else value for value in factors], np.float32) if weighed else None
    return History(places[order], kind[order], when[order], None if factor is None else factor[order])
