"""Nothing in; where the search for hyperparameters looks, and what it may cost, out."""

from dataclasses import dataclass

from giftwise.evaluation.probe import Grid


@dataclass(frozen=True, slots=True)
class SearchParams:
    """Where the search looks, and what it costs."""

    users: int = 2500
    """How many users are judged."""
    cells: float = 1.2e8
    """Users x items at most: of large catalogs fewer users are judged."""
    least_users: int = 50
    """With fewer users to judge nothing is chosen: the defaults are safer than chance."""
    rank: int = 384
    """Rank while exponents and weights are chosen; how they compare hardly depends on it."""
    ranks: tuple[int, ...] = (64, 256, 512)
    """Ranks with which the highest one must compete."""
    highest_rank: int = 1024
    """The highest rank, as far as the catalog can afford it (GraphParams.max_products)."""
    fadings: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0)
    """Of histories (GraphParams.fading): from the start up as long as that pays, else down."""
    steps: tuple[float, ...] = (0.1, 0.05)
    """By how much the exponents a and b are varied, until nothing is gained, first widely, then finely."""
    highest_exponent: float = 0.8
    """a and b stay within 0 and this."""
    many_users: int = 500
    """With fewer users who chose something in the last tenth of the time, a tenth of everyone's choices is drawn."""
    caution: float = 0.25
    """Another exponent, half-life or weight must gain this much NDCG, relative, over the root of the users judged:
    half a percent with 2,500 users, 2.5 with 100. Less is chance, and chance does not carry over to the next month."""
    half_lives: tuple[float, ...] = (0, 60, 365)
    """Days to compare with the default half-life, where the times span more than least_days."""
    least_days: float = 30
    """Data of fewer days says nothing of forgetting."""
    kind_weights: tuple[tuple[float, ...], ...] = (
        (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0),
        (0.25, 0.5, 3.0, 3.0, 3.0, 5.0, -3.0),
        (1.0, 2.0, 3.0, 3.0, 3.0, 4.0, -3.0),
    )
    """Weights of event.Kind to compare with the defaults, where there are several kinds."""
    good_enough: float = 0.004
    """The smallest rank within this share of the best NDCG is taken: memory and minutes for nothing otherwise."""
    evidences: tuple[float, ...] = (0.0, 0.3, 0.6)
    """Powers of the rows' lengths to compare, on neighbours as they would be served."""
    neighbours: tuple[int, ...] = (50, 100, 200, 400)
    """K at which quality is shown; the served K is left as it was, since it bounds a server's memory."""
    first_part: float = 0.3
    """Share of the budget for the exponents; kinds and half-life end at second_part, the rest is for rank and shape."""
    second_part: float = 0.45
    """Share of the budget after which only rank and shape are looked for."""
    shape_part: float = 0.75
    """Share of the budget after which the start's exponents are no longer tried at full rank beside the found ones."""
    third_part: float = 0.85
    """Share of the budget after which the neighbours are no longer learned to be judged as served."""


SEARCH = SearchParams()
COARSE = Grid((), (0.4, 1.0), (0.2, 0.45, 0.7, 1.0), (0.0, 0.08, 0.16, 0.25, 0.4), (0.2,))
FINE = Grid((), (0.3, 0.5, 0.75, 1.0), (0.0, 0.15, 0.3, 0.45, 0.7, 1.0), (-0.05, 0.0, 0.05, 0.1), (0.0, 0.1, 0.2, 0.3))
