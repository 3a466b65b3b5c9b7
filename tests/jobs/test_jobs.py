"""Each job on a small seeded host: what it writes, what it leaves alone, and what a failure leaves behind."""

import asyncio
import json
import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg
import numpy as np
import pytest
import redis.asyncio
from pydantic import SecretStr
from sqlalchemy import insert, text

from giftwise.algorithms.graph import GraphParams
from giftwise.algorithms.mix import Mix
from giftwise.algorithms.profiles import facts_of_model, user_profiles
from giftwise.catalog.presents import read_items
from giftwise.catalog.store import ModelStore
from giftwise.db.main import MainDatabase
from giftwise.db.mapping import load_mapping
from giftwise.db.own import OwnDatabase
from giftwise.db.tables import interactions
from giftwise.interactions.bulk import read_interactions
from giftwise.jobs import execute, runs
from giftwise.jobs.schedule import JOB_NAMES
from giftwise.people.recipients import create_recipient
from giftwise.settings import Settings
from tests.jobs.conftest import Learn
from tests.support.proxy import Proxy


async def rows(own: OwnDatabase, query: str, **values: object) -> list[Any]:
    async with own.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def test_the_full_sync_fills_every_table(own: OwnDatabase, store: ModelStore, learn: Learn) -> None:
    """After all jobs every table has rows, the model has neighbours and text, and every run succeeded."""
    for job in JOB_NAMES:
        run = await learn(job)
        assert (run.status, run.error, run.percent) == ("succeeded", None, 100.0)
    for table in ("popular_items", "user_similarities", "item_similarities", "user_profiles", "evaluations", "choices"):
        assert (await rows(own, f"SELECT count(*) FROM {table}"))[0][0] > 0
    model = await store.load((await store.state()).generation)
    assert (model["neighbours"] >= 0).any()
    assert np.linalg.norm(model["text"], axis=1).max() == pytest.approx(1, abs=1e-3)
    assert len(model["history_users"]) > 50


async def test_popular_rows_are_the_model_s_lists(own: OwnDatabase, store: ModelStore, learn: Learn) -> None:
    """What the table says of a segment is what the model serves, in its order; categories are cut from it."""
    await learn("popular_items")
    model = await store.load(1)
    ranked = model.popular("any|f|any")
    assert ranked is not None
    everything = "SELECT item_id FROM popular_items WHERE geo_id IS NULL AND gender = 'f' AND age_group = 'any'"
    found = await rows(own, f"{everything} AND category IS NULL ORDER BY place")
    assert [row[0] for row in found] == [str(value) for value in model.answer_ids(ranked.items)][:200]
    category = model.facts["words"]["categories"][0]
    found = await rows(own, f"{everything} AND category = :category ORDER BY place", category=category)
    chosen = ranked.items[model["category"][ranked.items] == 0]
    assert [row[0] for row in found] == [str(value) for value in model.answer_ids(chosen)][:100]


async def test_popular_items_keep_what_was_learned(
    host_url: str, own: OwnDatabase, store: ModelStore, learn: Learn
) -> None:
    """A refresh of the popular lists takes new items in and leaves the old ones their neighbours."""
    await learn("user_similarities")
    before = await store.load(1)
    host = await asyncpg.connect(host_url)
    await host.execute("INSERT INTO handpicked_presents (id, title, status) VALUES (-5, 'a new one', 'in_stock')")
    await host.close()
    await learn("popular_items")
    after = await store.load(2)
    assert len(after) == len(before) + 1
    assert (after["neighbours"][0] == -1).all()
    for place in range(len(before)):
        now = after["neighbours"][place + 1]
        np.testing.assert_array_equal(now[now >= 0] - 1, before["neighbours"][place][before["neighbours"][place] >= 0])


@pytest.mark.parametrize("job", ["popular_items", "user_similarities"])
async def test_a_failure_half_way_leaves_the_old_table_and_generation(
    own: OwnDatabase, store: ModelStore, learn: Learn, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    """A run that breaks after it has replaced rows changes nothing that anyone sees; the next run completes."""
    await learn(job)
    table = "popular_items" if job == "popular_items" else "user_similarities"
    before = await rows(own, f"SELECT count(*), min(updated_at) FROM {table}")

    async def broken(*_: object) -> int:
        raise RuntimeError("the disk of postgresql://someone:hunter2@db/x is full")

    with monkeypatch.context() as patch:
        patch.setattr(ModelStore, "publish", broken)
        run = await learn(job)
    assert (run.status, run.error) == ("failed", "RuntimeError: the disk of postgresql://someone:***@db/x is full")
    assert await rows(own, f"SELECT count(*), min(updated_at) FROM {table}") == before
    assert (await store.state()).generation == 1
    assert (await learn(job)).status == "succeeded"
    assert (await store.state()).generation == 2


async def test_a_host_that_lost_its_items_is_not_learned(
    host_url: str, own: OwnDatabase, store: ModelStore, learn: Learn
) -> None:
    """When most items vanish from the host (a bad import), the serving generation and the popular list stay."""
    await learn("popular_items")
    host = await asyncpg.connect(host_url)
    await host.execute("DELETE FROM handpicked_presents WHERE user_id IS NULL AND id % 4 > 0")
    await host.close()
    run = await learn("popular_items")
    assert run.status == "failed"
    assert "BrokenModel" in str(run.error)
    assert (await store.state()).generation == 1
    assert (await rows(own, "SELECT count(*) FROM popular_items"))[0][0] > 0


async def test_a_database_that_comes_back_is_waited_for(
    host_url: str, own: OwnDatabase, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A main database that is away when a run begins and back a moment later costs a retry, not the run."""
    monkeypatch.setattr(execute, "FIRST_WAIT_SECONDS", 0.2)
    async with Proxy(host_url) as door:
        await door.shut()
        behind = settings.model_copy(update={"main_database_url": SecretStr(door.url)})
        run = await runs.ask(own, "user_profiles", "cli")
        async with asyncio.TaskGroup() as group:
            group.create_task(execute.execute(behind, [run.id]))
            await asyncio.sleep(0.3)
            assert (await runs.get(own, run.id)).status == "running"
            await door.open()
    assert (await runs.get(own, run.id)).status == "succeeded"


async def test_profiles_are_those_of_the_algorithm(
    host_url: str, own: OwnDatabase, store: ModelStore, learn: Learn
) -> None:
    """A row of user_profiles says what the algorithm computes for that user alone."""
    await learn("popular_items")
    await learn("user_profiles")
    main = MainDatabase(host_url, load_mapping())
    interactions = await read_interactions(main, await read_items(main))
    await main.close()
    profiles = user_profiles(interactions, facts_of_model(await store.load(1)))
    for place in (0, 17, len(profiles) - 1):
        wanted = profiles.of(place)
        names = ("preferred_categories", "preferred_platforms", "buying_patterns_target_ages",
                 "buying_patterns_relationships", "buying_patterns_gender_targets", "avg_price",
                 "price_range_min", "price_range_max", "interaction_count")  # fmt: skip
        query = f"SELECT {', '.join(names)}, last_interaction_at FROM user_profiles WHERE user_id = :user"
        (row,) = await rows(own, query, user=str(interactions.user_ids[place]))
        for name, value in zip(names, row, strict=False):
            assert value == pytest.approx(getattr(wanted, name), rel=1e-4, abs=1e-4)
        assert wanted.last_interaction_at is not None
        assert row[-1] == datetime.fromtimestamp(wanted.last_interaction_at, UTC)


async def test_the_host_s_demographics_win_at_the_sync(host_url: str, own: OwnDatabase, learn: Learn) -> None:
    """Where the host's own row has a value, what was PUT is dropped; where it has none, what was PUT stays."""
    host = await asyncpg.connect(host_url)
    await host.execute("UPDATE users SET gender = 'f', birthday = NULL, locale = NULL, geo_id = NULL WHERE id = 1")
    await host.execute("UPDATE users SET gender = 'f', birthday = '1990-01-01', locale = 'en', geo_id = 2 WHERE id = 2")
    await host.close()
    async with own.begin() as connection:
        for user in ("1", "2", "999999"):
            await connection.execute(
                text(
                    "INSERT INTO user_demographics (user_id, gender, age_group, locale, geo_id)"
                    " VALUES (:user, 'm', '18-24', 'ru', 213)"
                ),
                {"user": user},
            )
    await learn("user_profiles")
    left = await rows(own, "SELECT user_id, gender, age_group, locale, geo_id FROM user_demographics ORDER BY 1")
    assert left == [("1", None, "18-24", "ru", 213), ("999999", "m", "18-24", "ru", 213)]


async def test_an_evaluation_is_kept_as_json(own: OwnDatabase, learn: Learn) -> None:
    """The report's figures can be read back by name."""
    await learn("evaluation")
    ((report,),) = await rows(own, "SELECT report FROM evaluations WHERE catalog = 'presents'")
    assert 0 <= report["figures"]["collaborative"]["all"]["recall"] <= 1
    assert json.dumps(report)


async def test_cleanup_removes_what_is_old_and_keeps_the_newest(own: OwnDatabase, learn: Learn) -> None:
    """Old runs, reports and log lines go; the newest run of a job and the newest report stay, however old."""
    await learn("popular_items")
    async with own.begin() as connection:
        for statement in (
            "INSERT INTO job_runs (id, job, status, asked_by, created_at, finished_at) SELECT i::text, 'evaluation',"
            " 'failed', 'api', now() - i * interval '30 days', now() - i * interval '30 days'"
            " FROM generate_series(1, 3) i",
            "INSERT INTO evaluations SELECT 'presents', now() - i * interval '100 days', '{}'"
            " FROM generate_series(1, 3) i",
            "INSERT INTO giftwise_queue_log (created, job_id, status, priority, entrypoint)"
            " SELECT now() - interval '9 days', -1, 'successful', 0, 'run'",
            "INSERT INTO model_blobs VALUES ('orphan', 0, 'x')",
        ):
            await connection.execute(text(statement))
    run = await learn("cleanup")
    assert (run.status, run.rows) == ("succeeded", 2 + 2 + 1 + 1)
    assert await rows(own, "SELECT id FROM job_runs WHERE job = 'evaluation'") == [("1",)]
    assert await rows(own, "SELECT count(*) FROM evaluations") == [(1,)]
    assert await rows(own, "SELECT count(*) FROM giftwise_queue_log WHERE job_id = -1") == [(0,)]
    assert await rows(own, "SELECT count(*) FROM model_blobs WHERE sha256 = 'orphan'") == [(0,)]


async def test_learning_uses_what_tuning_chose(own: OwnDatabase, store: ModelStore, learn: Learn) -> None:
    """A choice is kept, stands with the model that was learned by it, and the defaults serve before the first."""
    await learn("user_similarities")
    before = await store.load((await store.state()).generation)
    assert before.facts["choice"] is None
    assert Mix.of_json(before.facts["mix"]) == Mix()
    await learn("tuning")
    await learn("user_similarities")
    after = await store.load((await store.state()).generation)
    kept = (await rows(own, "SELECT choice FROM choices"))[0][0]
    assert after.facts["choice"] == kept
    assert after.facts["mix"] == kept["mix"]
    assert GraphParams.from_json(kept["graph"]["params"]).neighbours == GraphParams().neighbours


async def test_cleanup_ends_old_dialogues_and_drops_copies_of_erased_ones(
    own: OwnDatabase, learn: Learn, redis_db: str
) -> None:
    """A session past its time goes, with what an anonymous one left; a copy in Redis that has no row goes too."""
    kept, ended, erased = (str(uuid.uuid4()) for _ in range(3))
    async with own.begin() as connection:
        for session, days in ((kept, 1), (ended, -1)):
            values = {"id": session, "days": days}
            await connection.execute(
                text(
                    "INSERT INTO dialogue_sessions (session_id, state, expires_at)"
                    " VALUES (:id, '{}', now() + :days * interval '1 day')"
                ),
                values,
            )
            await connection.execute(
                text(
                    "INSERT INTO interactions (session_id, action_type, target_type)"
                    " VALUES (:id, 'select_track', 'navigation')"
                ),
                {"id": session},
            )
    async with redis.asyncio.Redis.from_url(redis_db) as client:
        for session in (kept, ended, erased, "a-host-s-own"):
            await client.set(f"rec_session:{session}", b"{}")
        run = await learn("cleanup")
        assert run.status == "succeeded"
        left = set(await client.keys("rec_session:*"))
    assert left == {f"rec_session:{kept}".encode(), b"rec_session:a-host-s-own"}
    assert await rows(own, "SELECT session_id::text FROM dialogue_sessions") == [(kept,)]
    assert await rows(own, "SELECT session_id::text FROM interactions") == [(kept,)]


async def test_a_gift_trains_neighbours_and_not_the_giver(own: OwnDatabase, store: ModelStore, learn: Learn) -> None:
    """Items chosen together for recipients become neighbours; what is learned of the giver stays as it was."""
    await learn("user_similarities")
    before = await store.load((await store.state()).generation)
    giver = before.id_kind.answer(before["history_users"])[0]
    pair = [str(value) for value in before.answer_ids(np.array([0, len(before) - 1]))]
    profiles = "SELECT user_id, preferred_categories, interaction_count FROM user_profiles ORDER BY user_id"
    await learn("user_profiles")
    profiled = await rows(own, profiles)
    similar = (
        "SELECT coalesce(sum(similarity_score), 0) FROM item_similarities"
        " WHERE item_id = :one AND similar_item_id = :other"
    )
    asked = {"one": pair[0], "other": pair[1]}
    known = (await rows(own, similar, **asked))[0][0]
    async with own.begin() as connection:
        for _ in range(20):
            one = await create_recipient(connection, str(giver), {"name": "Anna"})
            for item in pair:
                await connection.execute(
                    insert(interactions).values(
                        recipient_id=one.id, action_type="purchase", target_type="product", target_id=item
                    )
                )
    await learn("user_similarities")
    await learn("user_profiles")
    assert (await rows(own, similar, **asked))[0][0] > known
    after = await store.load((await store.state()).generation)
    for name in ("history_users", "history_at", "history_items", "history_kinds", "popular_items"):
        assert np.array_equal(after[name], before[name]), name
    assert await rows(own, profiles) == profiled
