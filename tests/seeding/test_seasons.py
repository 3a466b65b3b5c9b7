"""The calendar: which days belong to which feast, and moments that follow it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from giftwise.seeding.seasons import make_calendar
from giftwise.seeding.words import load_world


def moment(text: str) -> int:
    """Unix seconds of an ISO moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("day", "season"),
    [
        ("2025-12-31", "new_year"),
        ("2025-12-02", "new_year"),
        ("2025-12-01", None),
        ("2026-01-01", None),
        ("2026-01-02", "christmas"),
        ("2026-01-07", "christmas"),
        ("2026-02-23", "defenders_day"),
        ("2026-03-08", "womens_day"),
        ("2026-03-09", None),
        ("2023-03-08", None),
    ],
)
def test_feasts_have_their_days(day: str, season: str | None) -> None:
    """A season ends on its feast and lasts its days; days before the calendar have none."""
    seasons = load_world().seasons
    calendar = make_calendar(moment("2026-03-20T12:00"), seasons)
    found = calendar.seasons(np.array([moment(f"{day}T10:00")]))[0]
    assert (seasons[found].name if found >= 0 else None) == season


def test_moments_come_after_joining_and_never_in_the_future() -> None:
    """Who joined half-way does nothing before, and nobody acts after now."""
    now = moment("2026-12-31T00:30")
    calendar = make_calendar(now, load_world().seasons)
    since = np.full(10_000, 0.5)
    at = calendar.draw(np.random.default_rng(1), since)
    joined = calendar.first_day + int(np.searchsorted(calendar.busy, 0.5))
    assert at.min() // 86_400 >= joined
    assert at.max() <= now
