"""The generated marketplace in memory: counts and a seed in; businesses, users and what they did out."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WORDS: Final = Path(__file__).with_name("words") / "marketplace.toml"
KINDS: Final = {"view": 0.60, "like": 0.20, "save": 0.10, "share": 0.07, "purchase": 0.03}
EMAILS: Final = "@marketplace.example"  # every generated user's; by it generated data is known

Location = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class MarketScale:
    """How much of everything there is, and how alike people of one taste are; shares are from 0 to 1."""

    businesses: int = 100
    users: int = 200
    days: int = 30  # that interactions look back on
    interactions: int = 4_000  # fewer where the people run out of businesses
    matching: float = 0.70  # of the interactions are with a business that shares a word with the user's interests
    two_tastes: float = 0.20  # of the users belong to two segments
    crossing: float = 0.10  # of the businesses have a second category
    idle: float = 0.10  # of the users have told their interests and done nothing
    activity_spread: float = 0.6  # standard deviation of the logarithm of a user's activity
    no_location: float = 0.10  # of users and businesses have told no location
    scatter_km: float = 5.0  # standard deviation of the distance from a city's centre, in each direction


@dataclass(frozen=True, slots=True)
class Business:
    """A business as a host would sync it; `categories[0]` is its segment."""

    name: str
    description: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    location: Location
    popularity_score: float  # 0 to 100
    rating: float  # 1 to 5
    rating_count: int


@dataclass(frozen=True, slots=True)
class Customer:
    """A user as a host would sync them; `interests[0]` is their segment."""

    username: str
    email: str
    interests: tuple[str, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Deed:
    """One interaction; user and business by position."""

    user: int
    business: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Market:
    """All of it; deeds in order of time, no two of one user, business and kind."""

    businesses: tuple[Business, ...]
    customers: tuple[Customer, ...]
    deeds: tuple[Deed, ...]


def make_market(scale: MarketScale, *, seed: int, now: datetime) -> Market:
    """Draw a marketplace; the same scale, seed and `now` give the same one.

    Kinds and the share that matches are met exactly, unless people run out of businesses they have not yet met so.
    """
    # One stream of chance per step: a change in how people act leaves the businesses as they were.
    for_businesses, for_customers, for_deeds = np.random.default_rng(seed).spawn(3)
    appeal = _appeal(for_businesses, scale.businesses)
    businesses = _businesses(for_businesses, scale, appeal)
    customers = _customers(for_customers, scale)
    return Market(businesses, customers, _deeds(for_deeds, scale, businesses, customers, appeal, now=now))


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    with WORDS.open("rb") as file:
        return tomllib.load(file)


def _appeal(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """[count] how often each is chosen against others of its segment: a flat Zipf law in random order."""
    return rng.permutation((np.arange(count) + 5.0) ** -0.6)


def _businesses(rng: np.random.Generator, scale: MarketScale, appeal: NDArray[np.float64]) -> tuple[Business, ...]:
    words = _words()
    segments = list(words["segments"])
    best = float(appeal.max())
    made = []
    for place in range(scale.businesses):
        segment = segments[place % len(segments)]  # equally many of each
        about = words["segments"][segment]
        categories = [segment]
        if rng.random() < scale.crossing:
            categories.append(str(rng.choice([other for other in segments if other != segment])))
        first = words["names"]["first"][place // len(segments) % len(words["names"]["first"])]
        made.append(
            Business(
                name=f"{first} {rng.choice(about['kinds'])}",
                description=about["sentence"],
                categories=tuple(categories),
                tags=tuple(str(tag) for tag in rng.choice(about["tags"], 3, replace=False)),
                location=_location(rng, scale),
                popularity_score=round(100.0 * float(appeal[place]) / best, 1),
                rating=round(1.0 + 4.0 * float(rng.beta(8.0, 2.0)), 1),
                rating_count=int(rng.lognormal(3.0, 1.0)),
            )
        )
    return tuple(made)


def _customers(rng: np.random.Generator, scale: MarketScale) -> tuple[Customer, ...]:
    words = _words()
    segments, people = list(words["segments"]), words["names"]["people"]
    made = []
    for place in range(scale.users):
        tastes = list(rng.choice(segments, 2, replace=False))[: 2 if rng.random() < scale.two_tastes else 1]
        tag = str(rng.choice(words["segments"][str(tastes[0])]["tags"]))
        name = f"{people[place % len(people)]}{place + 1}"
        interests = (*(str(taste) for taste in tastes), tag)
        made.append(Customer(name, name + EMAILS, interests, _location(rng, scale)))
    return tuple(made)


def _location(rng: np.random.Generator, scale: MarketScale) -> Location:
    cities = list(_words()["cities"].values())
    city = cities[int(rng.choice(len(cities), p=[city["share"] for city in cities]))]
    north, east = rng.normal(0.0, scale.scatter_km, 2)
    if rng.random() < scale.no_location:
        return None
    degree = 111.2  # kilometres of a degree of latitude
    return (
        round(float(city["lat"] + north / degree), 5),
        round(float(city["lon"] + east / (degree * np.cos(np.radians(city["lat"])))), 5),
    )


def _deeds(
    rng: np.random.Generator,
    scale: MarketScale,
    businesses: tuple[Business, ...],
    customers: tuple[Customer, ...],
    appeal: NDArray[np.float64],
    *,
    now: datetime,
) -> tuple[Deed, ...]:
    """Each deed's kind and whether it matches are dealt from a shuffled deck, so that the shares are exact."""
    about = [{*business.categories, *business.tags} for business in businesses]
    matches = np.array([[bool(words & set(customer.interests)) for words in about] for customer in customers])
    activity = rng.lognormal(0.0, scale.activity_spread, scale.users) * (rng.random(scale.users) >= scale.idle)
    share = activity / activity.sum()
    kinds = rng.permutation(np.repeat(list(KINDS), _shares(np.array(list(KINDS.values())), scale.interactions)))
    matching = rng.permutation(np.arange(scale.interactions) < round(scale.matching * scale.interactions))
    seconds = np.sort(rng.integers(0, scale.days * 86_400, scale.interactions))
    start = now - timedelta(days=scale.days)
    done: set[tuple[int, int, str]] = set()
    deeds: list[Deed] = []
    for place, kind in enumerate(kinds.tolist()):
        for user in rng.choice(scale.users, 20, p=share).tolist():  # the next one, where this one has met them all
            fits = matches[user] if matching[place] else ~matches[user]
            free = [business for business in np.flatnonzero(fits).tolist() if (user, business, kind) not in done]
            if free:
                business = int(rng.choice(free, p=appeal[free] / appeal[free].sum()))
                done.add((user, business, kind))
                deeds.append(Deed(user, business, kind, start + timedelta(seconds=int(seconds[place]))))
                break
    return tuple(deeds)


def _shares(shares: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """`total` split into whole parts by shares; what rounding leaves goes to the first."""
    parts = np.floor(shares * total + 1e-9).astype(np.int64)
    parts[0] += total - int(parts.sum())
    return parts
