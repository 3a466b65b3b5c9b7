"""Generations: published whole, loaded as they were, refused when altered, forgotten when old."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from giftwise.catalog import blobs
from giftwise.catalog.manifest import Manifest
from giftwise.catalog.store import ModelStore, State
from giftwise.db.own import OwnDatabase
from giftwise.errors import BrokenModel
from giftwise.ids import IdKind
from tests.support.models import make_ids, make_model


@pytest.fixture
def store(own: OwnDatabase, tmp_path: Path) -> ModelStore:
    """The store of one host."""
    return ModelStore(own, tmp_path / "host")


async def publish(own: OwnDatabase, store: ModelStore, *, seed: int = 1, count: int = 50) -> int:
    async with own.begin() as connection:
        return await store.publish(connection, *make_model(count=count, seed=seed))


def files(tmp_path: Path, host: str = "host") -> set[str]:
    return {path.name for path in (tmp_path / host / "models" / "blobs").glob("*.npy")}


@pytest.mark.parametrize("kind", list(IdKind))
async def test_what_is_published_is_loaded(own: OwnDatabase, store: ModelStore, kind: IdKind) -> None:
    """Every array, its type and the facts come back equal, for integer, UUID and text ids."""
    arrays, facts = make_model(kind)
    async with own.begin() as connection:
        generation = await store.publish(connection, arrays, facts)
    model = await store.load(generation)
    assert model.generation == generation == 1
    assert model.facts == facts
    assert model.id_kind is kind
    for name, array in arrays.items():
        assert model[name].dtype == array.dtype
        np.testing.assert_array_equal(model[name], array)
    assert not model["neighbours"].flags.writeable
    assert 0 <= model.age_seconds < 60


async def test_an_empty_catalog_can_be_published(own: OwnDatabase, store: ModelStore) -> None:
    """A host without a single item yet is a model of nothing, not an error."""
    arrays, facts = make_model(count=0)
    arrays |= {"history_items": arrays["history_items"][:0], "history_kinds": arrays["history_kinds"][:0]}
    arrays["history_at"] = np.zeros(6, np.int64)
    async with own.begin() as connection:
        generation = await store.publish(connection, arrays, facts)
    assert len(await store.load(generation)) == 0


async def test_a_generation_is_visible_with_its_tables(own: OwnDatabase, store: ModelStore) -> None:
    """Until the caller commits, others see the old generation; a roll-back leaves no trace of the new one."""
    await publish(own, store)
    with pytest.raises(RuntimeError):
        async with own.begin() as connection:
            assert await store.publish(connection, *make_model(seed=2)) == 2
            assert await store.state() == State(1, 0)
            raise RuntimeError("killed between the files and the commit")
    assert await store.state() == State(1, 0)
    assert len(await store.load(1)) == 50
    assert await publish(own, store, seed=3) == 2


async def test_far_fewer_items_are_refused_at_publishing(own: OwnDatabase, store: ModelStore) -> None:
    """A generation that lost most of the catalog never serves, even where the caller forgot to check."""
    await publish(own, store, count=50)
    with pytest.raises(BrokenModel, match="only 20 items"):
        await publish(own, store, count=20)
    assert await store.state() == State(1, 0)


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
async def test_a_damaged_file_is_refused_and_fetched_again(
    own: OwnDatabase, store: ModelStore, tmp_path: Path, damage: str
) -> None:
    """A flipped byte, a cut file or a missing one never serves: the array comes from the database, once."""
    generation = await publish(own, store)
    whole = await store.load(generation)
    expected = np.array(whole["neighbours"])
    sha256 = next(
        path for path in (tmp_path / "host/models/blobs").glob("*.npy") if path.stat().st_size == 128 + expected.nbytes
    )
    data = bytearray(sha256.read_bytes())
    if damage == "remove":
        sha256.unlink()
    else:
        data[-1] ^= 0x10
        sha256.write_bytes(data if damage == "flip" else data[:-8])
    again = await ModelStore(own, tmp_path / "host").load(generation)
    np.testing.assert_array_equal(again["neighbours"], expected)
    assert sha256.read_bytes()[-8:] == expected.tobytes()[-8:]


async def test_damage_in_the_database_too_is_an_error(own: OwnDatabase, store: ModelStore, tmp_path: Path) -> None:
    """Where the database's copy is damaged as well, the generation is refused and no file is left."""
    generation = await publish(own, store)
    async with own.begin() as connection:
        await connection.execute(text("UPDATE model_blobs SET bytes = bytes || '\\x00'"))
    with pytest.raises(BrokenModel, match="checksum"):
        await ModelStore(own, tmp_path / "other").load(generation)
    assert files(tmp_path, "other") == set()


async def test_a_second_host_fetches_from_the_database(
    own: OwnDatabase, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host without a worker gets the same arrays, in parts, and later only what changed."""
    monkeypatch.setattr(blobs, "PART_BYTES", 256)
    generation = await publish(own, store)
    other = ModelStore(own, tmp_path / "other")
    model = await other.load(generation)
    np.testing.assert_array_equal(model["text"], make_model()[0]["text"])
    assert files(tmp_path, "other") == files(tmp_path)


async def test_two_processes_of_a_host_download_once(own: OwnDatabase, store: ModelStore, tmp_path: Path) -> None:
    """While one process holds the host's lock, the other waits and then finds the files there."""
    generation = await publish(own, store)
    first, second = (ModelStore(own, tmp_path / "other") for _ in range(2))
    folder = blobs.BlobFolder(tmp_path / "other/models/blobs")
    with folder.try_lock() as mine, folder.try_lock() as other:
        assert mine
        assert not other
    models = [await store.load(generation) for store in (first, second)]
    np.testing.assert_array_equal(models[0]["ids"], models[1]["ids"])


async def test_unchanged_arrays_are_stored_once(own: OwnDatabase, store: ModelStore, tmp_path: Path) -> None:
    """A generation that changes one array adds one file and one blob."""
    arrays, facts = make_model()
    for change in (1.0, 0.5):
        async with own.begin() as connection:
            await store.publish(connection, {**arrays, "popular_scores": np.full(50, change, np.float32)}, facts)
    assert len(files(tmp_path)) == len({array.tobytes() for array in arrays.values()}) + 1


async def test_old_generations_and_their_blobs_are_forgotten(
    own: OwnDatabase, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three generations are kept; blobs of older ones leave the database at once and the disk by the sweep."""
    mapped = None
    for seed in range(1, 6):
        generation = await publish(own, store, seed=seed)
        mapped = mapped or await store.load(generation)
    async with own.read() as connection:
        kept = (await connection.execute(text("SELECT generation FROM generations ORDER BY 1"))).scalars().all()
        stored = set((await connection.execute(text("SELECT DISTINCT sha256 || '.npy' FROM model_blobs"))).scalars())
    assert kept == [3, 4, 5]
    assert stored < files(tmp_path)
    assert await store.sweep() == 0  # young files may belong to a publisher that has not committed yet
    monkeypatch.setattr(blobs, "GRACE_SECONDS", -1.0)
    assert await store.sweep() > 0
    assert files(tmp_path) == stored
    assert mapped is not None
    np.testing.assert_array_equal(mapped["text"], make_model(seed=1)[0]["text"])  # readers keep what they mapped
    assert len(await store.load(5)) == 50


async def test_catalogs_share_blobs_and_not_generations(own: OwnDatabase, tmp_path: Path) -> None:
    """Two catalogs count their generations apart, and collecting one's blobs leaves the other's."""
    presents, businesses = (ModelStore(own, tmp_path / "host", name) for name in ("presents", "businesses"))
    await publish(own, businesses)
    for _ in range(5):
        generation = await publish(own, presents)
    assert (generation, (await businesses.state()).generation) == (5, 1)
    assert len(await ModelStore(own, tmp_path / "other", "businesses").load(1)) == 50


async def test_items_out_of_stock_are_unavailable_from_the_start(own: OwnDatabase, store: ModelStore) -> None:
    """What was sold out when learned is in the list of unavailable items, and a new generation replaces the list."""
    await publish(own, store)
    assert sorted((await store.unavailable(IdKind.INTEGER)).tolist()) == [7, 14, 21, 28, 35, 42, 49]
    async with own.begin() as connection:
        await store.set_unavailable(connection, gone=[1, 2], back=[7])
    assert sorted((await store.unavailable(IdKind.INTEGER)).tolist()) == [1, 2, 14, 21, 28, 35, 42, 49]
    assert await store.state() == State(1, 1)
    await publish(own, store, seed=2)
    assert 7 in (await store.unavailable(IdKind.INTEGER)).tolist()


@pytest.mark.parametrize("kind", list(IdKind))
async def test_unavailable_ids_come_back_in_their_kind(own: OwnDatabase, store: ModelStore, kind: IdKind) -> None:
    """Ids of every kind survive the way through text; more of them than a statement has parameters is fine."""
    ids = make_ids(kind, 40_000)
    async with own.begin() as connection:
        await store.publish(connection, *make_model(kind))
        await store.set_unavailable(connection, gone=kind.answer(ids), back=[])
    np.testing.assert_array_equal(np.sort(await store.unavailable(kind)), ids)


async def test_a_start_without_the_database_finds_the_last_generation(
    own: OwnDatabase, store: ModelStore, tmp_path: Path
) -> None:
    """What this host has loaded can be loaded again from its disk alone; what it has not, cannot."""
    assert await store.load_remembered() is None
    for seed in (1, 2):
        await store.load(await publish(own, store, seed=seed))
    await publish(own, store, seed=3)
    dead = ModelStore(OwnDatabase("postgresql://127.0.0.1:9/none"), tmp_path / "host")
    model = await dead.load_remembered()
    assert model is not None
    assert model.generation == 2


def test_threads_of_one_process_remember_the_same_generation(tmp_path: Path) -> None:
    """Who loads at the same time on one host does not take the other's half-written file away."""
    store = ModelStore(OwnDatabase("postgresql://127.0.0.1:9/none"), tmp_path / "host")
    manifest = Manifest(7, datetime.now(UTC), {}, {})
    with ThreadPoolExecutor(8) as threads:
        for remembered in [threads.submit(store._remember, manifest) for _ in range(400)]:
            remembered.result()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["7.json"]
