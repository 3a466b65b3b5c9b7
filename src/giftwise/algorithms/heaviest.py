"""Dense rows of weights in; the K heaviest entries of each row, heaviest first, out."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_FROM = 8
"""Rows longer than this many times K are cut by a sampled threshold first."""

SAMPLE = 8
"""Every how many columns one is sampled."""


def heaviest(block: NDArray[np.float32], most: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Columns int32 [rows, most] (-1 pads) and weights float32 [rows, most] (0 pads) of the positive entries.

    Of a long row, a sample of its columns gives a threshold that somewhat more than `most` entries pass, so that the
    costly selection sees hundreds of entries and not the whole catalog. A row where fewer pass is selected in full.
    """
    rows, columns = block.shape
    items = np.full((rows, most), -1, dtype=np.int32)
    weights = np.zeros((rows, most), dtype=np.float32)
    kept = min(most, columns)
    if rows == 0 or kept == 0:
        return items, weights
    if columns <= SAMPLE_FROM * most:
        items[:, :kept], weights[:, :kept] = _select(block, kept)
    else:
        passing = block > _thresholds(block, most)[:, None]
        few = np.flatnonzero(np.count_nonzero(passing, axis=1) < most)
        passing[few] = False
        items[:], weights[:] = _select_passing(block, passing, most)
        items[few], weights[few] = _select(block[few], most)
    empty = weights <= 0
    items[empty], weights[empty] = -1, 0
    return items, weights


def _thresholds(block: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """A positive threshold per row that about twice `most` entries exceed, from a sample of the columns."""
    sample = block[:, ::SAMPLE]
    nth = min(sample.shape[1] - 1, 2 * most // SAMPLE + 8)
    found = -np.partition(-sample, nth, axis=1)[:, nth]
    return np.asarray(np.maximum(found, 0), dtype=np.float32)


def _select(block: NDArray[np.float32], most: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The `most` heaviest of each row, heaviest first; of equals the first column."""
    if most < block.shape[1]:
        part = np.sort(np.argpartition(-block, most - 1, axis=1)[:, :most], axis=1)
    else:
        part = np.broadcast_to(np.arange(block.shape[1]), block.shape)
    values = np.take_along_axis(block, part, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1), np.take_along_axis(values, order, axis=1)


def _select_passing(
    block: NDArray[np.float32], passing: NDArray[np.bool_], most: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The same over the entries that pass, moved together into narrow rows; rows that pass none get zeros."""
    flat = np.flatnonzero(passing)
    row = (flat // block.shape[1]).astype(np.int32)
    counts = np.bincount(row, minlength=len(block))
    slot = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = max(most, int(counts.max(initial=0)))
    values = np.zeros((len(block), width), dtype=np.float32)
    columns = np.zeros((len(block), width), dtype=np.intp)
    values[row, slot] = block.ravel()[flat]
    columns[row, slot] = flat % block.shape[1]
    picked, weights = _select(values, most)
    return np.take_along_axis(columns, picked, axis=1), weights
