"""A host small enough to be learned in a second, for the tests of dialogues."""

import pytest

from giftwise.jobs.worker import run_once
from giftwise.seeding.world import Scale, seed
from giftwise.settings import Settings
from tests.conftest import MakeDatabase
from tests.support.site import make_settings

TINY = Scale("tiny", public=600, private=100, likes=3_000, clicks=4_000, users=300)


@pytest.fixture(scope="session")
async def gift_settings(
    make_database: MakeDatabase, migrated_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A host of generated presents, with popular lists and texts learned."""
    main_url, own_url = await make_database("gifts"), await make_database("gifts_own", migrated_template)
    await seed(main_url, TINY)
    folder = tmp_path_factory.mktemp("gifts")
    settings = make_settings(main_url, own_url, redis_url.replace("db=0", "db=11"), folder)
    assert {run.status for run in await run_once(settings, jobs=("popular_items", "item_texts"))} == {"succeeded"}
    return settings
