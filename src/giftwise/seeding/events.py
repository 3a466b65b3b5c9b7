"""What people do in the generated world: people and presents in, likes and clicks as aligned arrays out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.errors import GiftwiseError
from giftwise.seeding.crowd import People
from giftwise.seeding.presents import NOBODY, Presents
from giftwise.seeding.seasons import DAY, Calendar
from giftwise.seeding.words import MOTIFS, World

ANONYMOUS: Final = -1
CANDIDATES: Final = 4  # presents looked at for each one chosen
BLOCK: Final = 200_000  # choices made at once: about 60 MB of arrays
MOST_ROUNDS: Final = 40


class WorldTooSmall(GiftwiseError):
    """There are too few people and presents for so many different likes."""

    status = 422
    code = "world_too_small"
    title = "The scale asks for more likes than its people can give"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How people choose. Shares are of interactions; factors multiply the chance of a candidate that does not fit."""

    private: float = 0.12  # share that falls on presents which others added for themselves
    fashion: float = 0.12  # share that follows the general appeal instead of a taste
    visit: float = 3.0  # choices that a visit holds on average; a person comes with one wish at a time
    strays: float = 0.3  # share of a visit's choices that have nothing to do with its wish
    pace: int = 100  # seconds between two choices of a visit
    first_motif: float = 0.5  # share within a taste that follows its favourite motif
    second_motif: float = 0.25  # share within a taste that follows the second one
    clicked_first: float = 0.75  # share of likes that come minutes after a click
    anonymous: float = 0.15  # share of the other clicks that come from visitors who did not sign in
    other_gender: float = 0.25  # factor of a present for the other gender
    other_age: float = 0.45  # factor of a present for another age
    other_language: float = 0.6  # factor of a title in another language
    other_region: float = 0.1  # factor of a present that is sold elsewhere
    out_of_season: float = 0.25  # factor of a present for a feast that is not near
    in_season: float = 5.0  # factor of a present for the feast that is near
    season_gender: float = 2.0  # factor of a present for those whom the near feast is about
    trending_days: int = 45  # how long the present fashion has lasted
    trending: float = 4.0  # factor of a present in fashion, in those days
    not_yet: float = 0.4  # factor of the same before them
    unborn: float = 0.02  # factor of a present that was added later: if chosen still, then after that
    price_width: float = 1.1  # standard deviations by which a price may differ from what one spends


@dataclass(frozen=True, slots=True)
class Events:
    """m interactions in order of time, aligned."""

    user: NDArray[np.int32]  # [m] position in People, or ANONYMOUS
    item: NDArray[np.int32]  # [m] position in Presents
    at: NDArray[np.int64]  # [m] unix seconds

    def __len__(self) -> int:
        return len(self.user)


class Shelf:
    """Some of the presents, drawn by appeal from one cluster or from all; an empty cluster means all."""

    def __init__(self, presents: Presents, chosen: NDArray[np.int64]) -> None:
        order = chosen[np.argsort(presents.cluster[chosen], kind="stable")]
        cluster = presents.cluster[order]
        clusters = np.arange(int(cluster.max(initial=0)) + 2)
        total = np.concatenate([[0.0], np.cumsum(presents.appeal[order])])
        self.items = order
        self.total = total
        self.edges = total[np.searchsorted(cluster, clusters)]  # cluster c lies between edges c and c + 1

    def draw(self, rng: np.random.Generator, cluster: NDArray[np.int32], candidates: int) -> NDArray[np.int64]:
        """Candidates for each cluster (-1 = any): [m] in, positions in Presents [m, candidates] out."""
        wanted = np.clip(cluster, 0, len(self.edges) - 2)
        low, high = self.edges[wanted], self.edges[wanted + 1]
        everything = (cluster != wanted) | (high <= low)
        low, high = np.where(everything, 0.0, low), np.where(everything, self.total[-1], high)
        at = low[:, None] + rng.random((len(cluster), candidates)) * (high - low)[:, None]
        found = np.searchsorted(self.total, at, side="right") - 1
        items: NDArray[np.int64] = self.items[np.minimum(found, len(self.items) - 1)]
        return items


@dataclass(frozen=True, slots=True)
class Chooser:
    """Makes people choose presents, as their tastes, their purse and the season suggest."""

    world: World
    people: People
    presents: Presents
    calendar: Calendar
    behaviour: Behaviour

    def choose(self, rng: np.random.Generator, shelf: Shelf, count: int) -> Events:
        """`count` choices from one shelf, unordered; the same person may choose the same present twice."""
        blocks = [self._block(rng, shelf, min(BLOCK, count - start)) for start in range(0, count, BLOCK)]
        return _joined(blocks)

    def _block(self, rng: np.random.Generator, shelf: Shelf, count: int) -> Events:
        user, at, clusters = self._visits(rng, count)
        candidates = shelf.draw(rng, clusters, CANDIDATES)
        chances = np.cumsum(self._fit(user, at, candidates), axis=1)
        place = (rng.random((count, 1), dtype=np.float32) * chances[:, -1:] > chances).sum(axis=1)
        item = candidates[np.arange(count), np.minimum(place, CANDIDATES - 1)].astype(np.int32)
        created = self.presents.created[item]
        later = created + (rng.random(count) * (self.calendar.now - created)).astype(np.int64)
        return Events(user, item, np.where(at < created, later, at))

    def _visits(
        self, rng: np.random.Generator, count: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
        """Who chooses, when, and from which cluster: `count` choices, visit after visit."""
        rules = self.behaviour
        begins = rng.random(count) < 1 / rules.visit
        begins[0] = True
        visit, first = np.cumsum(begins) - 1, np.flatnonzero(begins)
        who = np.searchsorted(self.people.activity, rng.random(len(first))).astype(np.int32)
        arrived = self.calendar.draw(rng, self.people.joined[who])
        wish, user = self._clusters(rng, who), who[visit]
        # Backwards from the moment drawn, so that nothing lies in the future.
        before = (np.append(first[1:], count)[visit] - 1 - np.arange(count)) * rules.pace
        strays = rng.random(count) < rules.strays
        return user, arrived[visit] - before, np.where(strays, self._clusters(rng, user), wish[visit]).astype(np.int32)

    def _clusters(self, rng: np.random.Generator, user: NDArray[np.int32]) -> NDArray[np.int32]:
        """Which cluster each choice starts from, -1 where it follows fashion."""
        people, behaviour = self.people, self.behaviour
        count = len(user)
        slot = (rng.random((count, 1)) > people.taste_shares[user, :-1]).sum(axis=1)
        luck = rng.random(count)
        favourites = people.motifs[user, slot]
        motif = np.where(luck < behaviour.first_motif, favourites[:, 0], favourites[:, 1])
        anything = luck >= behaviour.first_motif + behaviour.second_motif
        motif = np.where(anything, rng.integers(0, MOTIFS, count), motif)
        cluster = people.tastes[user, slot].astype(np.int32) * MOTIFS + motif
        return np.where(rng.random(count) < behaviour.fashion, -1, cluster).astype(np.int32)

    def _fit(
        self, user: NDArray[np.int32], at: NDArray[np.int64], candidates: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """How well each candidate suits its person and moment: [m, candidates], above 0."""
        people, presents, rules = self.people, self.presents, self.behaviour
        season = self.calendar.seasons(at)[:, None]
        leans = np.array([one.leans for one in self.world.seasons] + [-1], dtype=np.int8)[season]
        gender, age = presents.target_gender[candidates], presents.target_age[candidates]
        geo, occasion = presents.geo[candidates], presents.occasion[candidates]
        trend = np.where(at > self.calendar.now - rules.trending_days * DAY, rules.trending, rules.not_yet)[:, None]
        seasonal = np.array([one.month > 0 for one in self.world.seasons] + [False])[occasion]
        purse = (presents.relative_price[candidates] - people.spending[user][:, None]) / rules.price_width
        fit: NDArray[np.float32] = np.exp(-0.5 * purse**2, dtype=np.float32) + np.float32(1e-4)
        for unlike, factor in (
            ((gender >= 0) & (gender != people.gender[user][:, None]), rules.other_gender),
            ((age >= 0) & (age != people.age[user][:, None]), rules.other_age),
            (presents.language[candidates] != people.locale[user][:, None], rules.other_language),
            ((geo >= 0) & (geo != people.geo[user][:, None]), rules.other_region),
            (seasonal & (occasion != season), rules.out_of_season),
            (seasonal & (occasion == season), rules.in_season),
            ((leans >= 0) & (gender == leans), rules.season_gender),
            (presents.created[candidates] > at[:, None], rules.unborn),
        ):
            np.multiply(fit, np.float32(factor), out=fit, where=unlike)
        np.multiply(fit, trend.astype(np.float32), out=fit, where=presents.trending[candidates])
        return fit


def make_likes(rng: np.random.Generator, chooser: Chooser, count: int) -> Events:
    """`count` likes, each of a different pair of person and present. Raises WorldTooSmall where there are too few."""
    return _ordered(_joined([_unique(rng, chooser, shelf, part) for shelf, part in _shelves(chooser, count)]))


def make_clicks(rng: np.random.Generator, chooser: Chooser, likes: Events, count: int) -> Events:
    """`count` clicks: those that led to likes, those of people who only looked, and those of anonymous visitors."""
    rules = chooser.behaviour
    led = rng.permutation(len(likes))[: min(int(len(likes) * rules.clicked_first), count)]
    before = rng.lognormal(4.0, 1.2, len(led)).astype(np.int64)  # a minute, as a rule
    at = np.maximum(likes.at[led] - before, chooser.presents.created[likes.item[led]])
    parts = [Events(likes.user[led], likes.item[led], at)]
    for shelf, part in _shelves(chooser, count - len(led)):
        looked = chooser.choose(rng, shelf, part)
        signed_in = rng.random(part) >= rules.anonymous
        parts.append(Events(np.where(signed_in, looked.user, ANONYMOUS).astype(np.int32), looked.item, looked.at))
    return _ordered(_joined(parts))


def _shelves(chooser: Chooser, count: int) -> list[tuple[Shelf, int]]:
    """The public and the private presents, with how many of `count` interactions fall on each."""
    owner = chooser.presents.owner
    public, private = np.flatnonzero(owner == NOBODY), np.flatnonzero(owner != NOBODY)
    on_private = int(count * chooser.behaviour.private) if len(private) else 0
    parts = ((public, count - on_private), (private, on_private))
    return [(Shelf(chooser.presents, chosen), part) for chosen, part in parts if part]


def _unique(rng: np.random.Generator, chooser: Chooser, shelf: Shelf, count: int) -> Events:
    """Choose until there are `count` different pairs, none of a person and that person's own present."""
    found = _joined([])
    for _ in range(MOST_ROUNDS):
        missing = count - len(found)
        more = _joined([found, chooser.choose(rng, shelf, missing + missing // 8 + 64)])
        foreign = np.flatnonzero(chooser.presents.owner[more.item] != more.user)
        pairs = more.user[foreign].astype(np.int64) * len(chooser.presents) + more.item[foreign]
        kept = foreign[np.sort(np.unique(pairs, return_index=True)[1])][:count]
        found = Events(more.user[kept], more.item[kept], more.at[kept])
        if len(found) == count:
            return found
    raise WorldTooSmall(
        f"only {len(found):,} different likes of {count:,} were found among {len(chooser.people):,} people"
    )


def _joined(parts: list[Events]) -> Events:
    return Events(
        np.concatenate([part.user for part in parts] or [np.empty(0, np.int32)]),
        np.concatenate([part.item for part in parts] or [np.empty(0, np.int32)]),
        np.concatenate([part.at for part in parts] or [np.empty(0, np.int64)]),
    )


def _ordered(events: Events) -> Events:
    order = np.argsort(events.at, kind="stable")
    return Events(events.user[order], events.item[order], events.at[order])
