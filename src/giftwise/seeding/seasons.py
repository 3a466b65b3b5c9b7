"""When people look for presents: a day to end on in, moments that follow the year's feasts and growth out."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from giftwise.seeding.words import Season

DAY = 86_400
HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 10, 9, 8, 8, 8, 9, 10, 12, 13, 13, 10, 6], dtype=np.float64)
WEEKEND_LIFT = 1.15


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days from `first_day` (days since 1970, UTC) to the day of `now` (unix seconds): how busy, and in which season.

    A moment is also known by its *progress*: the share of all interactions that come before its day, 0..1.
    """

    now: int
    first_day: int
    busy: NDArray[np.float64]  # [days] cumulative share of interactions up to and including the day
    season: NDArray[np.int8]  # [days] position in the seasons, -1 = a plain day

    def draw(self, rng: np.random.Generator, since: NDArray[np.float64]) -> NDArray[np.int64]:
        """One moment (unix seconds) for each progress that it must not come before: [m] in, [m] out."""
        progress = since + rng.random(len(since)) * (1.0 - since)
        days = np.minimum(np.searchsorted(self.busy, progress), len(self.busy) - 1)
        hours = np.searchsorted(np.cumsum(HOURS) / HOURS.sum(), rng.random(len(since)))
        at = (self.first_day + days) * DAY + hours * 3600 + rng.integers(0, 3600, len(since))
        # The last day is not over yet: what would fall into the future is spread over the past 24 hours.
        return np.where(at > self.now, self.now - rng.integers(0, DAY, len(since)), at)

    def seasons(self, at: NDArray[np.int64]) -> NDArray[np.int8]:
        """The season of each moment, -1 for plain days and for moments outside the calendar."""
        days = at // DAY - self.first_day
        inside = (days >= 0) & (days < len(self.season))
        return np.where(inside, self.season[np.clip(days, 0, len(self.season) - 1)], -1).astype(np.int8)


def make_calendar(now: int, seasons: tuple[Season, ...], *, days: int = 730, growth: float = 0.9) -> Calendar:
    """The calendar of the last `days` days; the platform grows by a factor e^growth over them."""
    last_day = now // DAY
    first_day = last_day - days + 1
    dates = [date(1970, 1, 1) + timedelta(days=int(day)) for day in range(first_day, last_day + 1)]
    season = np.array([_season_of(day, seasons) for day in dates], dtype=np.int8)
    lifts = np.array([one.lift for one in seasons] + [1.0])  # position -1 is the plain day
    weekend = np.array([WEEKEND_LIFT if day.weekday() >= 5 else 1.0 for day in dates])
    busy = np.cumsum(np.exp(growth * np.arange(days) / days) * lifts[season] * weekend)
    return Calendar(now, first_day, busy / busy[-1], season)


def _season_of(day: date, seasons: tuple[Season, ...]) -> int:
    for position, season in enumerate(seasons):
        if season.month:
            feast = date(day.year, season.month, season.day)
            if feast < day:
                feast = date(day.year + 1, season.month, season.day)
            if (feast - day).days < season.days:
                return position
    return -1
