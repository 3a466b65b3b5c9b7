"""A generation and what came since in; one model of both, as if it had been learned with them, out.

New items stand behind the learned ones, so no learned place moves: neighbours, popular lists and histories stay those
of the generation, and what came has none of them until the next one. Its category, words, place and ratings count at
once. Of changed items the facts are the new ones and the neighbours the old ones.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.item import NO_CODE, Items
from giftwise.catalog.model import TRAITS, Model, item_arrays
from giftwise.catalog.values import MASK_WORDS
from giftwise.ids import IdKind

PLAIN: Final = ("price", "created_at", "target_gender", "target_age", "geo", "in_stock")
CODES: Final = (("category", "categories"), ("platform", "platforms"))
MASKS: Final = ("suitable_for", "acquaintance_level")

Array = NDArray[Any]


def blank(catalog: str, nothing: Items) -> Model:
    """Generation 0: the model of no item at all, as old as can be, so that all processes have the same.

    `nothing` are zero items.
    """
    arrays, facts = item_arrays(nothing)
    arrays |= {
        "neighbours": np.full((0, 1), -1, np.int32),
        "neighbour_weights": np.zeros((0, 1), np.float16),
        "text": np.zeros((0, 1), np.float32),
        "popular_items": np.empty(0, np.int32),
        "popular_scores": np.empty(0, np.float32),
        "history_users": nothing.id_kind.array([]),
        "history_at": np.zeros(1, np.int64),
        "history_items": np.empty(0, np.int32),
        "history_kinds": np.empty(0, np.int8),
    }
    return Model(catalog, 0, datetime.fromtimestamp(0, UTC), arrays, {**facts, "segments": {}})


def overlaid(model: Model, items: Items) -> tuple[Model, NDArray[np.int32]]:
    """A learned (or blank) model with these items in it, and the place of each of them. `model` stays as it is.

    Costs a copy of all but the neighbours, which are most of it.
    """
    fresh, facts = item_arrays(items)
    places = model.positions(items.ids)
    new = places < 0
    arrived = int(np.count_nonzero(new))
    total = len(model) + arrived
    places[new] = np.arange(len(model), total, dtype=np.int32)
    words: dict[str, list[str]] = {name: list(known) for name, known in model.facts["words"].items()}
    for name, vocabulary in CODES:
        fresh[name] = _recoded(fresh[name], facts["words"][vocabulary], words.setdefault(vocabulary, []))
    for name in MASKS:
        fresh[name] = _remasked(fresh[name], facts["words"][name], words.setdefault(name, []))
    arrays: dict[str, Array] = dict(model.arrays)
    arrays["ids"] = np.concatenate([model["ids"], items.ids[new]])
    for name in (*PLAIN, *(name for name, _ in CODES), *MASKS, *(name for name in TRAITS if name in fresh)):
        before = model[name] if name in model else np.full(len(model), np.nan, np.float32)
        arrays[name] = _written(before, fresh[name], places, total)
    arrays["text"] = _written(model["text"], model["text"][:0], places[:0], total)
    # For each place, its row among those of the fresh items and, behind them, the model's own.
    rows = np.arange(total) + len(items)
    rows[places] = np.arange(len(items))
    arrays["cards_at"], (arrays["cards"],) = _gathered(rows, (fresh, model), "cards_at", ("cards",))
    if "topics" in fresh and "topics" in model:
        fresh["topics"] = _recoded(fresh["topics"], facts["words"]["topics"], words["topics"])
        names = ("topics", "topic_strengths")
        arrays["topics_at"], (arrays["topics"], arrays["topic_strengths"]) = _gathered(
            rows, (fresh, model), "topics_at", names
        )
    changed: dict[str, Any] = {"words": words}
    if items.id_kind is IdKind.TEXT:
        changed["ids_are_numbers"] = facts["ids_are_numbers"] and model.facts.get("ids_are_numbers", False)
    whole = {**model.facts, **changed}
    return Model(model.catalog, model.generation, model.made_at, arrays, whole, arrived=arrived), places


def _written(before: Array, values: Array, places: NDArray[np.int32], total: int) -> Array:
    """A longer copy of a column, with values at places; zeros where nothing is known."""
    grown = np.zeros((total, *before.shape[1:]), before.dtype)
    grown[: len(before)] = before
    grown[places] = values
    return grown


def _recoded(codes: Array, theirs: Sequence[str], ours: list[str]) -> Array:
    """Codes of one vocabulary in another, which grows by the words that it lacks."""
    known = {word: code for code, word in enumerate(ours)}
    table = np.full(len(theirs) + 1, NO_CODE, dtype=codes.dtype)  # the last cell is what -1 reads
    for code, word in enumerate(theirs):
        if word not in known and len(ours) <= np.iinfo(codes.dtype).max:
            known[word] = len(ours)
            ours.append(word)
        table[code] = known.get(word, NO_CODE)
    return np.asarray(table[codes])


def _remasked(masks: Array, theirs: Sequence[str], ours: list[str]) -> Array:
    """Masks over one vocabulary as masks over another, which grows while it has bits left."""
    found = np.zeros_like(masks)
    for bit, word in enumerate(theirs):
        if word not in ours and len(ours) < MASK_WORDS:
            ours.append(word)
        if word in ours:
            found |= (masks >> bit & 1) << ours.index(word)
    return found


def _gathered(
    rows: Array, sources: Sequence[Any], at: str, names: Sequence[str]
) -> tuple[NDArray[np.int64], list[Array]]:
    """Rows of unequal length, taken from several sources one behind the other: their offsets and contents."""
    base = np.cumsum([0, *(len(source[names[0]]) for source in sources)])
    starts = np.concatenate([source[at][:-1] + first for source, first in zip(sources, base, strict=False)])
    lengths = np.concatenate([np.diff(source[at]) for source in sources])[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    index = np.repeat(starts[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return offsets, [np.concatenate([source[name] for source in sources])[index] for name in names]
