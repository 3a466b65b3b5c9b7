"""Everyone's interactions in; the heaviest neighbours of each item, by closed-form graph filtering, out.

With R the users x items matrix and Rn = Du^-a R Di^-b, a user's scores are r_u Di^-b F Di^o, where the filter
F = (1 - near) * (linear * Rn'Rn / s1^2 + (1 - linear) * V (S / s1)^p V') + near * Di^-b C Di^-b / c1 adds the plain
co-occurrence of items ("similar users", summed over all of them) to a low-pass part from the largest singular values S
and vectors V of Rn (s1 is the largest), and to what was chosen in close succession (C, algorithms/succession.py, c1 its
largest eigenvalue). The user's own Du^-a is one number per user and changes no ranking, so it is left out, and the
rest is a sum of rows of Di^-b F Di^o over the user's items. Only the heaviest entries of each row are
kept, and rows are evened out by length^g.
Sources: GF-CF (Shen et al., CIKM 2021), BSPM (Choi et al., SIGIR 2023), randomised SVD (Halko et al., 2011).
Learning only: it imports scipy, which the API never loads.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from giftwise.algorithms.decay import decayed_weights
from giftwise.algorithms.heaviest import heaviest
from giftwise.algorithms.spectrum import largest_singular
from giftwise.algorithms.succession import Succession
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.matrix import Interactions


@dataclass(frozen=True, slots=True)
class GraphParams:
    """The filter's shape and its cost."""

    neighbours: int = 200
    """How many neighbours an item keeps (K)."""
    user_exponent: float = 0.3
    """a: how much the taste of a busy user is divided among their items."""
    item_exponent: float = 0.4
    """b: how much a popular item is damped as evidence."""
    output_exponent: float = 0.15
    """o: how much a popular item gains as a recommendation."""
    linear: float = 0.4
    """Share of plain co-occurrence; the rest is the low-pass part."""
    near: float = 0.1
    """Share of what was chosen in close succession; linear and low-pass part share the rest."""
    steps: int = 10
    """How many moments of a user apart two choices may be to count as close."""
    rank: int = 512
    """How many singular values the low-pass part keeps; it is clipped to what the data has."""
    evidence: float = 0.3
    """g: rows are divided by their length to this power, so that an item that many are near says less about each."""
    fading: float = 0.25
    """How the rows are to be summed for a user: HistoryParams.fading, chosen together with the filter."""
    sigma_power: float = 0.5
    """p: 0 passes all kept frequencies alike, 2 damps as plain co-occurrence does."""
    power_steps: int = 3
    """Subspace iterations of the randomised SVD: more are more exact, each costs two passes over R."""
    kind_weights: tuple[float, ...] = WEIGHTS
    """Weight of each event.Kind; a pair's kinds add up, and pairs that end at or below 0 are left out."""
    half_life_days: float = 180.0
    """Days after which an interaction counts half, seen from the newest one; 0 never forgets."""
    max_per_user: int = 1000
    """Of each user, only this many of the heaviest pairs count: one crawler would cost its square."""
    max_products: float = 2e12
    """The rank is lowered until items * items * rank is at most this: large catalogs would cost minutes otherwise."""
    block: int = 256
    """Rows of the item x item filter that are dense at one time: memory is block * n * 4 bytes a copy."""
    seed: int = 7
    """Seed of the randomised SVD."""

    def as_json(self) -> dict[str, Any]:
        """Plain names, numbers and lists, as they are stored beside a model."""
        return asdict(self) | {"kind_weights": list(self.kind_weights)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The params of `as_json`; what is missing has its default, and names of other versions are passed over."""
        known = {name: stored[name] for name in (field.name for field in fields(cls)) if name in stored}
        if "kind_weights" in known:
            known["kind_weights"] = tuple(known["kind_weights"])
        return cls(**known)

    def affordable_rank(self, items: int) -> int:
        """The rank that a catalog of so many items is given."""
        return max(1, min(self.rank, int(self.max_products / max(items, 1) ** 2)))


DEFAULTS = GraphParams()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Of each of n items its heaviest neighbours, heaviest first, without itself."""

    items: NDArray[np.int32]  # [n, K], -1 pads
    weights: NDArray[np.float16]  # [n, K], 0 pads; the largest of all is 1
    fading: float  # GraphParams.fading


def item_neighbours(
    interactions: Interactions,
    params: GraphParams = DEFAULTS,
    progress: Callable[[float], None] | None = None,
) -> Neighbours:
    """The graph filter of `interactions`, K neighbours an item; `progress` is told the done share, 0..1.

    Items without interactions, and catalogs where nothing connects, get empty rows. Memory: a few
    times block * n floats beside V (n * rank floats). Deterministic by seed on one machine.
    """
    rows = _Filter(interactions, params)
    n = interactions.items
    items = np.full((n, params.neighbours), -1, dtype=np.int32)
    weights = np.zeros((n, params.neighbours), dtype=np.float32)
    for start in range(0, n, params.block):
        stop = min(start + params.block, n)
        items[start:stop], weights[start:stop] = heaviest(rows.block(start, stop), params.neighbours)
        if progress is not None:
            progress(stop / n)
    weights = damp_rows(weights, params.evidence)
    largest = weights.max(initial=0)
    return Neighbours(items, (weights / (largest or 1)).astype(np.float16), params.fading)


def damp_rows(weights: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """Rows [n, K] divided by their Euclidean length ** exponent: what K neighbours of a history item may add in all."""
    lengths = np.sqrt((weights * weights).sum(axis=1, keepdims=True))
    return np.asarray(weights * _power(lengths, -exponent), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Factors:
    """What the filters of one pair of exponents (a, b) share: computed once, it serves every p, o, blend and rank."""

    matrix: Any  # Rn, CSR float32 [users, items]
    transposed: Any  # Rn', CSR float32 [items, users]
    degrees: NDArray[np.float32]  # Di, the sum of each item's weights [items]
    before: NDArray[np.float32]  # Di^-b [items]
    sigma: NDArray[np.float32]  # [r], largest first
    vectors: NDArray[np.float32]  # [items, r]
    succession: Succession

    @property
    def top(self) -> np.float32:
        """s1, the largest singular value; 1 where there is none."""
        return np.float32(self.sigma[0]) if len(self.sigma) else np.float32(1)

    def passed(self, power: float) -> NDArray[np.float32]:
        """What the low-pass part lets through of each direction: (S / s1)^p, [r]."""
        return np.asarray((self.sigma / self.top) ** np.float32(power), dtype=np.float32)

    def after(self, exponent: float) -> NDArray[np.float32]:
        """Di^o [items]; 0 for items without interactions."""
        return _power(self.degrees, exponent)


def factorise(interactions: Interactions, params: GraphParams) -> Factors:
    """The factors of everyone's preferences; params.rank is clipped to what the catalog can afford and the data has."""
    raw = preference_matrix(interactions, params.kind_weights, params.half_life_days, params.max_per_user)
    users, items = raw.sum(axis=1), raw.sum(axis=0)
    before = _power(items, -params.item_exponent)
    matrix = _scaled(raw, _power(users, -params.user_exponent), before)
    rank = params.affordable_rank(raw.shape[1])
    sigma, vectors = largest_singular(matrix, rank, params.power_steps, params.seed)
    succession = Succession.of(raw, interactions, params.steps)
    degrees = np.asarray(items, dtype=np.float32)
    return Factors(matrix, matrix.T.tocsr(), degrees, before, sigma, vectors, succession)


class _Filter:
    """The item x item filter Di^-b F Di^o, given out in blocks of dense rows."""

    def __init__(self, interactions: Interactions, params: GraphParams) -> None:
        factors = factorise(interactions, params)
        self.before, self.after = factors.before, factors.after(params.output_exponent)
        self.matrix, self.transposed, self.vectors = factors.matrix, factors.transposed, factors.vectors
        rest = 1 - params.near
        self.passed = np.float32(rest * (1 - params.linear)) * factors.passed(params.sigma_power)
        self.linear = np.float32(rest * params.linear / factors.top**2)
        self.succession, self.near = None, np.float32(0)
        if params.near > 0:
            self.succession = factors.succession
            self.near = np.float32(params.near / factors.succession.largest(self.before))

    def block(self, start: int, stop: int) -> NDArray[np.float32]:
        """Rows `start` to `stop` of the filter, float32 [stop - start, n]; an item is no neighbour of itself (0)."""
        dense = (self.vectors[start:stop] * self.passed) @ self.vectors.T
        if self.linear > 0:
            _add(dense, self.transposed[start:stop] @ self.matrix, self.linear)
        if self.succession is not None:
            close = self.succession.rows(start, stop)
            close.data *= self.before[close.indices]
            _add(dense, close, self.near * self.before[start:stop, None])
        dense *= self.before[start:stop, None]
        dense *= self.after
        dense[np.arange(stop - start), np.arange(start, stop)] = 0
        return np.asarray(dense, dtype=np.float32)


def _add(dense: NDArray[np.float32], sparse: Any, factor: NDArray[np.float32] | np.float32) -> None:
    """dense += factor * sparse, in place; `factor` is one number, or one a row [rows, 1]."""
    place = np.repeat(np.arange(len(dense)), np.diff(sparse.indptr))
    by_entry = factor if np.ndim(factor) == 0 else np.ravel(factor)[place]
    dense[place, sparse.indices] += sparse.data * by_entry


def preference_matrix(
    interactions: Interactions, kind_weights: tuple[float, ...], half_life_days: float, max_per_user: int
) -> Any:
    """R: scipy CSR float32 [users, items], the kinds of a pair added up; pairs at or below 0 are left out."""
    weights = decayed_weights(
        interactions.kind,
        interactions.at,
        kind_weights=kind_weights,
        half_life_days=half_life_days,
        now=int(interactions.at.max(initial=0)),
    )
    shape = (interactions.users, interactions.items)
    weights = interactions.weighed(weights)
    matrix = csr_array((weights, (interactions.user, interactions.item)), shape=shape, dtype=np.float32)
    matrix.sum_duplicates()
    matrix.data[matrix.data < 0] = 0
    keep_heaviest(matrix, max_per_user)
    matrix.eliminate_zeros()
    return matrix


def keep_heaviest(matrix: Any, most: int) -> None:
    """Zero all but the `most` heaviest entries of each row, in place; of equals the first items stay."""
    for row in np.flatnonzero(np.diff(matrix.indptr) > most):
        data = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]
        data[np.argsort(-data, kind="stable")[most:]] = 0


def _power(degrees: NDArray[np.floating], exponent: float) -> NDArray[np.float32]:
    """degrees ** exponent, 0 where there is no degree."""
    return np.where(degrees > 0, np.maximum(degrees, 1e-12) ** exponent, 0).astype(np.float32)


def _scaled(matrix: Any, by_row: NDArray[np.float32], by_column: NDArray[np.float32]) -> Any:
    """The matrix with its rows and columns multiplied, as a copy."""
    scaled = matrix.copy()
    scaled.data *= np.repeat(by_row, np.diff(matrix.indptr)) * by_column[matrix.indices]
    return scaled
