"""A model: everything precomputed for one catalog, immutable, as named arrays that can be memory-mapped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.item import Items
from giftwise.ids import IdKind, are_numbers, positions

Arrays = Mapping[str, NDArray[Any]]

TRAITS: Final = ("lat", "lon", "popularity", "rating", "rating_count")


@dataclass(frozen=True, slots=True)
class RankedItems:
    """A precomputed list, best first: item positions, their scores, and how many interactions stand behind it."""

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    support: int


class TopicIndex:
    """The topics of a model both ways: of each item its words, of each word its items."""

    def __init__(self, at: NDArray[np.int64], codes: NDArray[np.int32], strengths: NDArray[np.float32]) -> None:
        """As in the model: of item i the words codes[at[i]:at[i + 1]]. Sorting a million words takes 0.1 s, once."""
        self.items = len(at) - 1
        self._at, self._codes, self._strengths = at, codes, strengths
        order = np.argsort(codes, kind="stable")
        owners = np.repeat(np.arange(self.items, dtype=np.int32), np.diff(at))
        self._holders, self._held = owners[order], strengths[order]
        self._starts = np.searchsorted(codes[order], np.arange(int(codes.max(initial=-1)) + 2))

    def of(self, places: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.float32]]:
        """The words of some items [p]: for each word the position in `places`, its code and its strength."""
        starts, lengths = self._at[places], self._at[places + 1] - self._at[places]
        row = np.repeat(np.arange(len(places)), lengths)
        index = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths - starts, lengths)
        return row, self._codes[index], self._strengths[index]

    def holders(self, code: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The items that have a word, and how strongly."""
        if code + 1 >= len(self._starts):
            return self._holders[:0], self._held[:0]
        part = slice(self._starts[code], self._starts[code + 1])
        return self._holders[part], self._held[part]


class Model:
    """One generation of one catalog: named arrays plus `facts` (small JSON: vocabularies, segments, figures).

    Arrays, n items, K neighbours, d text dimensions:
      ids [n] sorted; price f32 [n]; created_at i64 [n]; category, platform i16 [n]; suitable_for,
      acquaintance_level i64 [n] masks; target_gender i8 [n]; target_age i16 [n] mask; geo i64 [n]; in_stock bool [n]
      cards_at i64 [n+1], cards u8: JSON of each item between two offsets
      popular_items i32, popular_scores f32: the lists of all segments one after another; facts["segments"] maps a
        Segment.key to [start, stop, support]
      neighbours i32 [n, K] (-1 pads), neighbour_weights f16 [n, K]: of each item, heaviest first
      text f32 [n, d]: unit vectors of titles; all-zero rows where there is no text
      lat, lon, popularity, rating, rating_count f32 [n] (NaN = unknown), topics_at i64 [n+1], topics i32 (codes in the
        vocabulary "topics"), topic_strengths f32: only in catalogs whose items have traits
      history_users sorted [u], history_at i64 [u+1], history_items i32, history_kinds i8: who did what when learned
    """

    def __init__(
        self,
        catalog: str,
        generation: int,
        made_at: datetime,
        arrays: Arrays,
        facts: Mapping[str, Any],
        *,
        arrived: int = 0,
    ):
        """The last `arrived` items came after the learning: their ids are sorted among themselves."""
        self.catalog = catalog
        self.generation = generation
        self.made_at = made_at
        self.arrays = arrays
        self.facts = facts
        self._learned = len(arrays["ids"]) - arrived

    def __len__(self) -> int:
        return len(self.arrays["ids"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    @property
    def age_seconds(self) -> float:
        """Seconds since this generation was made."""
        return (datetime.now(UTC) - self.made_at).total_seconds()

    @cached_property
    def id_kind(self) -> IdKind:
        """The kind of the catalog's ids."""
        return IdKind(self.facts["id_kind"])

    @cached_property
    def words(self) -> dict[str, dict[str, int]]:
        """For each vocabulary (categories, platforms, suitable_for_words, ...): word -> code or bit."""
        return {name: {word: code for code, word in enumerate(words)} for name, words in self.facts["words"].items()}

    @cached_property
    def topics(self) -> TopicIndex:
        """What the items are about; only where "topics" is in the model."""
        return TopicIndex(self.arrays["topics_at"], self.arrays["topics"], self.arrays["topic_strengths"])

    def word(self, vocabulary: str, code: int) -> str | None:
        """The word of a code, None for -1."""
        return self.facts["words"][vocabulary][code] if code >= 0 else None

    def popular(self, segment_key: str) -> RankedItems | None:
        """The popularity list of a segment by its key; None where the segment was never seen."""
        place = self.facts["segments"].get(segment_key)
        if place is None:
            return None
        start, stop, support = place
        return RankedItems(self.arrays["popular_items"][start:stop], self.arrays["popular_scores"][start:stop], support)

    def positions(self, ids: NDArray[Any]) -> NDArray[np.int32]:
        """Where each id stands in this catalog, -1 where it is not there."""
        mine = self.arrays["ids"]
        found = positions(mine[: self._learned], ids)
        if self._learned == len(mine):
            return found
        late = positions(mine[self._learned :], ids)
        return np.where(late >= 0, late + np.int32(self._learned), found).astype(np.int32)

    def answer_ids(self, places: NDArray[np.int32]) -> list[int] | list[str]:
        """Item positions as the ids that hosts know; text ids that are all whole numbers are answered as numbers."""
        ids = self.id_kind.answer(self.arrays["ids"][places])
        return [int(value) for value in ids] if self.facts.get("ids_are_numbers") else ids

    def card(self, place: int) -> dict[str, Any]:
        """What a page shows of one item: title, currency, image_url, url."""
        start, stop = self.arrays["cards_at"][place : place + 2]
        card: dict[str, Any] = json.loads(self.arrays["cards"][start:stop].tobytes())
        return card

    def history(self, user_id: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Items and kinds of one user (an array of one id) when this was learned; empty for the unknown."""
        place = int(positions(self.arrays["history_users"], user_id)[0]) if user_id.size else -1
        if place < 0:
            return np.empty(0, np.int32), np.empty(0, np.int8)
        start, stop = self.arrays["history_at"][place : place + 2]
        return self.arrays["history_items"][start:stop], self.arrays["history_kinds"][start:stop]


def item_arrays(items: Items) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and facts of a model that come from the items alone."""
    lengths = np.fromiter((len(card) for card in items.cards), dtype=np.int64, count=len(items))
    arrays: dict[str, NDArray[Any]] = {
        "ids": items.ids,
        "price": items.price,
        "created_at": items.created_at,
        "category": items.category,
        "platform": items.platform,
        "suitable_for": items.suitable_for,
        "acquaintance_level": items.acquaintance_level,
        "target_gender": items.target_gender,
        "target_age": items.target_age,
        "geo": items.geo,
        "in_stock": items.in_stock,
        "cards_at": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "cards": np.frombuffer(b"".join(items.cards), dtype=np.uint8),
    }
    facts: dict[str, Any] = {
        "id_kind": items.id_kind.value,
        "words": {
            "categories": list(items.categories),
            "platforms": list(items.platforms),
            "suitable_for": list(items.suitable_for_words),
            "acquaintance_level": list(items.acquaintance_level_words),
        },
    }
    if items.id_kind is IdKind.TEXT:
        facts["ids_are_numbers"] = are_numbers(items.id_kind.answer(items.ids))
    if items.traits is not None:
        traits = items.traits
        arrays |= {name: getattr(traits, name) for name in TRAITS}
        arrays |= {
            "topics_at": traits.topics.at,
            "topics": traits.topics.code,
            "topic_strengths": traits.topics.strength,
        }
        facts["words"] |= {"topics": list(traits.topics.words)}
    return arrays, facts
