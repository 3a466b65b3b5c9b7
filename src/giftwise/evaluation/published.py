"""Published splits in LightGCN's format, plain or .gz, in; interactions to learn from and the truth to judge by out."""

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giftwise.errors import GiftwiseError
from giftwise.evaluation.measures import Truth
from giftwise.evaluation.split import Split, truth_of
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

GZIP_MAGIC = b"\x1f\x8b"
RISING = 0.95  # share of the steps within lines that go to a higher number; from here on the lines were sorted
LARGEST = 2**31 - 1  # ids are positions, held as int32

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


class UnreadableSplit(GiftwiseError):
    """A file of a published split is absent or damaged, or a line is not numbers; the detail names file and line."""

    status = 422
    code = "unreadable_split"
    title = "The file of interactions cannot be read"


def read_split(train: Path, test: Path) -> Split:
    """Two files of lines `user item item ...`; users and items are numbers from 0, all of them the catalog.

    Every pair counts as a like. The items of a line are in the order in which they were chosen, unless nearly all lines
    rise: then they were sorted, and say nothing of when. A test pair that train has too is left out, as nobody is
    recommended what they have. Raises UnreadableSplit.
    """
    user, item = read_pairs(train)
    test_user, test_item = read_pairs(test)
    users = 1 + int(max(user.max(initial=-1), test_user.max(initial=-1)))
    items = 1 + int(max(item.max(initial=-1), test_item.max(initial=-1)))
    width = max(items, 1)
    known, first = np.unique(user * width + item, return_index=True)
    chosen = np.unique(test_user * width + test_item)
    taught = Interactions(
        user=(known // width).astype(np.int32),
        item=(known % width).astype(np.int32),
        kind=np.full(len(known), Kind.LIKE, dtype=np.int8),
        at=_order(user, item)[first],
        user_ids=np.arange(users),
        items=items,
        clock=False,
    )
    truth: Truth = truth_of(np.setdiff1d(chosen, known, assume_unique=True), width)
    return Split(taught, truth)


def _order(user: NDArray[np.int64], item: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each pair among all pairs of the file, 0 for all where the lines are sorted."""
    within = user[1:] == user[:-1]
    rising = item[1:] > item[:-1]
    if not within.any() or rising[within].mean() > RISING:
        return np.zeros(len(user), dtype=np.int64)
    return np.arange(len(user), dtype=np.int64)


def read_pairs(path: Path) -> Pairs:
    """Users and items of each pair of one file, aligned; a user with no items is allowed. Raises UnreadableSplit."""
    sizes: list[int] = []
    rows: list[NDArray[np.int64]] = []
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw).decode("ascii")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UnreadableSplit(f"{path.name}: {reason}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not (words := line.split()):
            continue
        row = _numbers(words)
        if row is None:
            raise UnreadableSplit(f"{path.name}, line {number}: expected numbers from 0, `user item item ...`")
        rows.append(row)
        sizes.append(len(row) - 1)
    if not rows:
        raise UnreadableSplit(f"{path.name}: no line has a user")
    user = np.repeat([row[0] for row in rows], sizes).astype(np.int64)
    return user, np.concatenate([row[1:] for row in rows])


def _numbers(words: list[str]) -> NDArray[np.int64] | None:
    try:
        row = np.array([int(word) for word in words], dtype=np.int64)
    except (ValueError, OverflowError):
        return None
    return row if row.min() >= 0 and row.max() <= LARGEST else None
