"""A ranked list in, one page of ids with the whole list's true totals out."""

import math
from dataclasses import dataclass
from typing import Any

from giftwise.catalog.model import Model
from giftwise.recommend.ladder import Ranked, Rung
from giftwise.recommend.reasons import Reason
from giftwise.recommend.request import Page


@dataclass(frozen=True, slots=True)
class Detail:
    """One place of a page, as shown to people."""

    id: int | str
    score: float
    rung: str
    card: dict[str, Any]
    price: float | None
    category: str | None
    reasons: tuple[Reason, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of a list, and where it came from."""

    items: list[int] | list[str]
    page: Page
    total: int
    algorithm: str
    cache_hit: bool
    generation: int
    age_seconds: float
    details: list[Detail] | None = None

    @property
    def total_pages(self) -> int:
        """How many pages the list has at this limit."""
        return -(-self.total // self.page.limit)


def cut(ranked: Ranked, page: Page) -> Ranked:
    """The page's part of a list; empty past its end, with the list's totals."""
    part = slice(page.start, page.stop)
    return Ranked(ranked.places[part], ranked.scores[part], ranked.rungs[part], ranked.total)


def first_rung(rungs: list[Rung], ranked: Ranked, page: Ranked) -> str:
    """The name of the rung that filled the page's first place; of an empty page, the list's last (or first) rung."""
    if len(page.rungs):
        return rungs[int(page.rungs[0])].name
    return rungs[int(ranked.rungs[-1])].name if len(ranked.rungs) else rungs[0].name


def details(
    model: Model,
    items: list[int] | list[str],
    page: Ranked,
    rungs: list[Rung],
    reasons: list[tuple[Reason, ...]] | None,
) -> list[Detail]:
    """Every place of a page with all that a page shows of it; `items` are the ids of the same places."""
    prices = model["price"][page.places].tolist()
    categories = model["category"][page.places].tolist()
    return [
        Detail(
            id=items[at],
            score=round(float(page.scores[at]), 6),
            rung=rungs[int(page.rungs[at])].name,
            card=model.card(int(page.places[at])),
            price=None if math.isnan(prices[at]) else round(prices[at], 2),
            category=model.word("categories", categories[at]),
            reasons=reasons[at] if reasons is not None else None,
        )
        for at in range(len(items))
    ]
