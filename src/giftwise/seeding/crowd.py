"""The people of the generated world: a count in, aligned arrays of who they are and what they like out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.people.demographics import AGE_GROUPS, GENDERS
from giftwise.seeding.seasons import DAY
from giftwise.seeding.words import MOTIFS, World

MEN: Final = GENDERS.index("m")
WOMEN: Final = GENDERS.index("f")
MOST_TASTES: Final = 3
AGE_SHARES: Final = (0.06, 0.20, 0.32, 0.22, 0.12, 0.08)
AGE_YEARS: Final = (13, 18, 25, 35, 45, 55, 80)  # bounds of the groups in years lived
# What a person of each age group spends, in standard deviations of a category's log price.
AGE_SPENDING: Final = (-0.7, -0.35, 0.05, 0.3, 0.25, -0.1)
TASTE_SHARES: Final = ((1.0, 0.0, 0.0), (0.65, 0.35, 0.0), (0.5, 0.3, 0.2))  # with one, two, three tastes
GEOS: Final = (-1, 213, 2, 54, 43, 65, 39, 47, 11, 35, 51)  # Yandex region numbers; -1 = not known
GEO_SHARES: Final = (0.15, 0.33, 0.14, 0.08, 0.06, 0.06, 0.05, 0.04, 0.03, 0.03, 0.03)
LOCALES: Final = ("en", "ru", None)  # the first two in the order of words.LANGUAGES


@dataclass(frozen=True, slots=True)
class Habits:
    """How people differ; each number is a share of them unless said otherwise."""

    women: float = 0.58  # of the users are women
    gender_unknown: float = 0.08  # have told no gender
    birthday_unknown: float = 0.20  # have told no birthday
    idle: float = 0.10  # signed up and never did anything
    activity_spread: float = 1.5  # standard deviation of the logarithm of a person's activity
    tastes: tuple[float, ...] = (0.3, 0.4, 0.3)  # have one, two, three tastes
    joined_before: float = 0.4  # were there before the first day of the calendar
    spending_spread: float = 0.7  # standard deviation of spending around that of the age group
    locales: tuple[float, ...] = (0.22, 0.68, 0.10)  # have each of LOCALES


@dataclass(frozen=True, slots=True)
class People:
    """n people, aligned. `gender` and `age` are the truth; the masks say whether the host was told."""

    gender: NDArray[np.int8]  # [n] code in GENDERS
    gender_known: NDArray[np.bool_]  # [n]
    age: NDArray[np.int8]  # [n] code in AGE_GROUPS
    birthday: NDArray[np.int64]  # [n] days since 1970
    birthday_known: NDArray[np.bool_]  # [n]
    locale: NDArray[np.int8]  # [n] position in LOCALES
    geo: NDArray[np.int32]  # [n] region, -1 = unknown
    spending: NDArray[np.float32]  # [n] in standard deviations of a category's log price
    tastes: NDArray[np.int8]  # [n, 3] positions in World.tastes
    taste_shares: NDArray[np.float32]  # [n, 3] cumulative: which of the three an interaction follows
    motifs: NDArray[np.int8]  # [n, 3, 2] the two favourite motifs within each taste
    activity: NDArray[np.float64]  # [n] cumulative share of all interactions
    joined: NDArray[np.float64]  # [n] progress (seasons.Calendar) before which nothing was done

    def __len__(self) -> int:
        return len(self.gender)


def make_people(rng: np.random.Generator, world: World, count: int, now: int, habits: Habits | None = None) -> People:
    """Draw people as of `now` (unix seconds); the same generator state gives the same people."""
    habits = habits or Habits()
    gender = np.where(rng.random(count) < habits.women, WOMEN, MEN).astype(np.int8)
    age = rng.choice(len(AGE_GROUPS), count, p=AGE_SHARES).astype(np.int8)
    tastes = _tastes(rng, world, gender, age)
    how_many = rng.choice(MOST_TASTES, count, p=habits.tastes)
    first = rng.integers(0, MOTIFS, (count, MOST_TASTES))
    second = (first + rng.integers(1, MOTIFS, (count, MOST_TASTES))) % MOTIFS
    activity = np.cumsum(rng.lognormal(0.0, habits.activity_spread, count) * (rng.random(count) >= habits.idle))
    return People(
        gender=gender,
        gender_known=rng.random(count) >= habits.gender_unknown,
        age=age,
        birthday=_birthdays(rng, age, now // DAY),
        birthday_known=rng.random(count) >= habits.birthday_unknown,
        locale=rng.choice(len(LOCALES), count, p=habits.locales).astype(np.int8),
        geo=rng.choice(GEOS, count, p=GEO_SHARES).astype(np.int32),
        spending=(np.array(AGE_SPENDING)[age] + rng.normal(0.0, habits.spending_spread, count)).astype(np.float32),
        tastes=tastes,
        taste_shares=np.cumsum(np.array(TASTE_SHARES, dtype=np.float32)[how_many], axis=1),
        motifs=np.stack([first, second], axis=2).astype(np.int8),
        activity=activity / activity[-1],
        joined=np.where(rng.random(count) < habits.joined_before, 0.0, rng.random(count) * 0.95),
    )


def _tastes(
    rng: np.random.Generator, world: World, gender: NDArray[np.int8], age: NDArray[np.int8]
) -> NDArray[np.int8]:
    """Three different tastes each, in order of importance, likelier where gender and age favour them.

    Adding Gumbel noise to log probabilities and keeping the highest draws without replacement.
    """
    by_gender = np.where(np.arange(2)[:, None] == WOMEN, world.women, 1.0 - world.women)
    likely = np.log(by_gender[:, None, :] * world.ages.T[None, :, :]).astype(np.float32)  # [2, 6, T]
    scores = likely[gender, age]
    scores -= np.log(rng.standard_exponential(scores.shape, dtype=np.float32))
    return np.argsort(-scores, axis=1)[:, :MOST_TASTES].astype(np.int8)


def _birthdays(rng: np.random.Generator, age: NDArray[np.int8], today: int) -> NDArray[np.int64]:
    """A birthday (days since 1970) that puts each person inside the age group today, a day from its bounds at least."""
    bounds = np.array(AGE_YEARS) * 365.2425
    lived = bounds[age] + 2 + rng.random(len(age)) * (bounds[age + 1] - bounds[age] - 4)
    return today - lived.astype(np.int64)
