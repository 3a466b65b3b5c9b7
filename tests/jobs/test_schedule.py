"""The table of jobs: complete, and honest about what is due."""

from datetime import UTC, datetime, timedelta
from inspect import iscoroutinefunction
from pathlib import Path

import pytest

from giftwise.errors import NotFound
from giftwise.jobs.runs import Run
from giftwise.jobs.schedule import JOBS, Job, job_named
from giftwise.jobs.worker import is_due
from tests.support.site import make_settings

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SETTINGS = make_settings("", "", "", Path("/nowhere"))


def run_of(status: str, minutes_ago: float) -> Run:
    at = NOW - timedelta(minutes=minutes_ago)
    return Run("1", "popular_items", status, "schedule", None, 0, 0, None, None, at, None, None)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_has_its_code(job: Job) -> None:
    """A job is a module of its own name with a coroutine `run`, a sentence and an interval."""
    assert iscoroutinefunction(job.work())
    assert job.sentence.endswith(".")
    assert job.minutes(SETTINGS) > 0
    assert job_named(job.name) is job


def test_the_contract_s_intervals() -> None:
    """Popular items and texts each 15 minutes, profiles 30, similarities hourly, clean-up 6 hours, tuning weekly."""
    minutes = {job.name: job.minutes(SETTINGS) for job in JOBS}
    assert minutes == {
        "popular_items": 15,
        "item_texts": 15,
        "user_similarities": 60,
        "user_profiles": 30,
        "evaluation": 1440,
        "cleanup": 360,
        "tuning": 10080,
    }


def test_an_unknown_job_is_not_found() -> None:
    """The error names those that exist."""
    with pytest.raises(NotFound, match="popular_items"):
        job_named("reboot")


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (run_of("lost", 1), True),
        (run_of("queued", 90), False),
        (run_of("running", 90), False),
        (run_of("succeeded", 14), False),
        (run_of("succeeded", 15), True),
        (run_of("succeeded", 14.6), True),
        (run_of("failed", 4), False),
        (run_of("failed", 5), True),
    ],
)
def test_what_is_due(last: Run | None, due: bool) -> None:
    """At once where a job never ran or was lost, soon after a failure, else by its interval; never twice at a time."""
    assert is_due(job_named("popular_items"), last, SETTINGS, NOW) is due
