"""The one table of jobs: what each is for, how often it runs, and the code that does it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from giftwise.catalog.sources import BUSINESSES, PRESENTS
from giftwise.errors import NotFound
from giftwise.settings import Settings

if TYPE_CHECKING:
    from giftwise.jobs.context import Context

EVALUATION_MINUTES: Final = 24 * 60
TUNING_MINUTES: Final = 7 * 24 * 60  # tastes drift slowly, and it takes minutes of a core
EVERY_CATALOG: Final = (PRESENTS, BUSINESSES)


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work, done for each of its catalogs in turn.

    Its code is `run` in the module of the same name, imported only where it runs.
    """

    name: str
    sentence: str
    minutes: Callable[[Settings], int]  # between the starts of two scheduled runs
    in_sync: bool = True  # a full sync does it too
    catalogs: tuple[str, ...] = EVERY_CATALOG

    def work(self) -> "Callable[[Context], Awaitable[int]]":
        """The function that does it and returns how many rows it wrote. Loads scipy and polars: not for the API."""
        run: Callable[[Context], Awaitable[int]] = import_module(f"giftwise.jobs.{self.name}").run
        return run


# In the order in which a first start and a full sync do them: the popular lists let everyone be answered early.
JOBS: Final = (
    Job(
        "popular_items",
        "Counts what is popular in every segment and publishes a generation with fresh items.",
        lambda settings: settings.popular_items_refresh_minutes,
    ),
    Job(
        "item_texts",
        "Mirrors the texts of the public items, by which the gift dialogue searches.",
        lambda settings: settings.item_texts_refresh_minutes,
        catalogs=(PRESENTS,),
    ),
    Job(
        "user_similarities",
        "Learns item neighbours, title vectors and similar users, and publishes a generation with them.",
        lambda settings: settings.user_similarities_refresh_minutes,
    ),
    Job(
        "user_profiles",
        "Computes every user's profile and lets the host's demographics win over what was PUT.",
        lambda settings: settings.user_profiles_refresh_minutes,
        catalogs=(PRESENTS,),
    ),
    Job(
        "evaluation",
        "Measures on the newest interactions how well the suggestions do, against plain popularity.",
        lambda _: EVALUATION_MINUTES,
    ),
    Job(
        "cleanup",
        "Removes old runs, old evaluations, the queue's log and files that no generation names.",
        lambda settings: settings.cleanup_hours * 60,
    ),
    Job(
        "tuning",
        "Chooses the hyperparameters that suit this catalog, on a split inside its own data; learning then uses them.",
        lambda _: TUNING_MINUTES,
        in_sync=False,
        catalogs=(PRESENTS,),
    ),
)
JOB_NAMES: Final = tuple(job.name for job in JOBS)
SYNC_JOBS: Final = tuple(job.name for job in JOBS if job.in_sync)
LEARNING_JOBS: Final = ("popular_items", "user_similarities")  # those that publish a generation
_BY_NAME: Final = {job.name: job for job in JOBS}


def job_named(name: str) -> Job:
    """The job of a name; NotFound for others."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise NotFound(f"there is no job {name!r}; there are {', '.join(_BY_NAME)}") from None
