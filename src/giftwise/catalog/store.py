"""Generations of one catalog's model: arrays and facts in, published whole in one transaction, mapped models out.

The arrays are files named by their content under `<root>/models/blobs`; our database holds a copy, so that a host
without a worker can fetch them, and the row that says which generation serves. What an API process reads and what the
jobs write therefore become visible in the same commit.
"""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Text, any_, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.catalog.blobs import BlobFolder, BlobRef
from giftwise.catalog.check import FEWEST_SHARE, check_model
from giftwise.catalog.manifest import Manifest
from giftwise.catalog.model import Arrays, Model
from giftwise.db.own import OwnDatabase, copy
from giftwise.db.tables import catalog_state, generations, model_blobs, unavailable_items
from giftwise.errors import BrokenModel
from giftwise.ids import IdKind

KEPT_GENERATIONS: Final = 3
LOCK_POLL_SECONDS: Final = 0.05
# Held by whoever adds or removes blobs, so that none is collected between "it is there" and the commit that needs it.
BLOBS_LOCK: Final = 0x67696674_626C6F62  # "giftblob"

_REFERENCED = "SELECT part.value->>'sha256' FROM generations, jsonb_each(manifest->'arrays') AS part"


@dataclass(frozen=True, slots=True)
class State:
    """What every API process polls: the generation that serves (0 = none yet) and a number per stock change."""

    generation: int
    stock_version: int


class ModelStore:
    """Publishes and loads the generations of one catalog. `root` is the data folder; it is made when first needed."""

    def __init__(
        self, own: OwnDatabase, root: Path, catalog: str = "presents", *, fewest_share: float = FEWEST_SHARE
    ) -> None:
        self.catalog = catalog
        self._own = own
        self._fewest_share = fewest_share
        self._blobs = BlobFolder(root / "models" / "blobs")
        self._manifests = root / "models" / catalog

    def check(self, arrays: Arrays, facts: Mapping[str, Any], previous: Model | None) -> None:
        """BrokenModel with the reason, unless these arrays may follow `previous`."""
        check_model(arrays, facts, len(previous) if previous else 0, fewest_share=self._fewest_share)

    async def publish(self, connection: AsyncConnection, arrays: Arrays, facts: Mapping[str, Any]) -> int:
        """Make a new generation within the caller's transaction, and return its number; it serves from the commit on.

        The files are on this disk, synced, before anything is written to the database; a crash in between leaves
        files that nobody names, which a later sweep removes. BrokenModel when the arrays fail their checks.
        """
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({BLOBS_LOCK})"))
        generation = await self._next_generation(connection)
        previous = await self._manifest(connection, generation - 1)
        items = previous.arrays["ids"].shape[0] if previous else 0
        await asyncio.to_thread(check_model, arrays, facts, items, fewest_share=self._fewest_share)
        refs = await asyncio.to_thread(lambda: {name: self._blobs.write(array) for name, array in arrays.items()})
        await self._store_blobs(connection, refs.values())
        manifest = Manifest(generation, datetime.now(UTC), refs, facts)
        await connection.execute(
            insert(generations).values(
                catalog=self.catalog, generation=generation, made_at=manifest.made_at, manifest=manifest.as_json()
            )
        )
        await self._seed_unavailable(connection, arrays, facts)
        await connection.execute(
            delete(generations).where(
                generations.c.catalog == self.catalog, generations.c.generation <= generation - KEPT_GENERATIONS
            )
        )
        await self.collect(connection)
        return generation

    async def load(self, generation: int, *, verify: bool = True) -> Model:
        """One generation, its arrays memory-mapped and shared by all processes of this host.

        What this host lacks, or holds truncated or altered, is fetched from the database once, by one process.
        BrokenModel where that does not help; OwnDatabaseUnavailable where the database is needed and away.
        """
        async with self._own.read() as connection:
            manifest = await self._manifest(connection, generation)
        if manifest is None:
            raise BrokenModel(f"generation {generation} of {self.catalog} is not there")
        model = await self._assemble(manifest, verify=verify)
        await asyncio.to_thread(self._remember, manifest)
        return model

    async def load_remembered(self) -> Model | None:
        """The newest generation that this host has loaded before, for a start without the database; None if none."""
        numbers = sorted((int(path.stem) for path in self._manifests.glob("*.json")), reverse=True)
        for generation in numbers:
            value = json.loads(self._manifest_path(generation).read_bytes())
            try:
                return await self._assemble(Manifest.of_json(generation, value), verify=True, fetch=False)
            except (BrokenModel, FileNotFoundError):
                continue
        return None

    async def state(self) -> State:
        """Which generation and stock serve now: one query by primary key."""
        query = select(catalog_state.c.generation, catalog_state.c.stock_version)
        async with self._own.read() as connection:
            row = (await connection.execute(query.where(catalog_state.c.catalog == self.catalog))).first()
        return State(row.generation, row.stock_version) if row else State(0, 0)

    async def unavailable(self, kind: IdKind) -> NDArray[np.generic]:
        """Ids of items that are sold out, deleted or private now, in the catalog's kind, in no order."""
        query = select(unavailable_items.c.item_id).where(unavailable_items.c.catalog == self.catalog)
        async with self._own.read() as connection:
            ids = (await connection.execute(query)).scalars().all()
        return kind.array([int(value) for value in ids] if kind is IdKind.INTEGER else ids)

    async def set_unavailable(
        self, connection: AsyncConnection, gone: Sequence[int] | Sequence[str], back: Sequence[int] | Sequence[str]
    ) -> None:
        """Record, in the caller's transaction, which items are gone and which are back since the last look."""
        if not (len(gone) or len(back)):
            return
        here = unavailable_items.c.catalog == self.catalog
        await connection.execute(
            delete(unavailable_items).where(here, unavailable_items.c.item_id == any_(_texts(back)))
        )
        added = select(literal(self.catalog), func.unnest(_texts(gone)))
        await connection.execute(
            upsert(unavailable_items).from_select(["catalog", "item_id"], added).on_conflict_do_nothing()
        )
        await connection.execute(
            update(catalog_state)
            .where(catalog_state.c.catalog == self.catalog)
            .values(stock_version=catalog_state.c.stock_version + 1, updated_at=text("now()"))
        )

    async def collect(self, connection: AsyncConnection) -> int:
        """Delete, in the caller's transaction, the blobs that no kept generation names; returns how many rows."""
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({BLOBS_LOCK})"))
        gone = await connection.execute(text(f"DELETE FROM model_blobs WHERE sha256 NOT IN ({_REFERENCED})"))
        return gone.rowcount

    async def sweep(self) -> int:
        """Unlink files of this host that no kept generation of any catalog names; returns how many."""
        async with self._own.read() as connection:
            kept = (await connection.execute(text(_REFERENCED))).scalars().all()
            rows = await connection.execute(
                select(generations.c.generation).where(generations.c.catalog == self.catalog)
            )
            numbers = set(rows.scalars())
        for path in self._manifests.glob("*.json"):
            if int(path.stem) not in numbers:
                path.unlink(missing_ok=True)
        return await asyncio.to_thread(self._blobs.sweep, kept)

    async def _next_generation(self, connection: AsyncConnection) -> int:
        bump = upsert(catalog_state).values(catalog=self.catalog, generation=1)
        bump = bump.on_conflict_do_update(
            index_elements=["catalog"],
            set_={"generation": catalog_state.c.generation + 1, "updated_at": text("now()")},
        )
        return int((await connection.execute(bump.returning(catalog_state.c.generation))).scalar_one())

    async def _manifest(self, connection: AsyncConnection, generation: int) -> Manifest | None:
        query = select(generations.c.manifest).where(
            generations.c.catalog == self.catalog, generations.c.generation == generation
        )
        value = (await connection.execute(query)).scalar_one_or_none()
        return Manifest.of_json(generation, value) if value else None

    async def _store_blobs(self, connection: AsyncConnection, refs: Iterable[BlobRef]) -> None:
        wanted = {ref.sha256 for ref in refs}
        query = select(model_blobs.c.sha256).where(
            model_blobs.c.part == 0, model_blobs.c.sha256 == any_(_texts(wanted))
        )
        missing = wanted - set((await connection.execute(query)).scalars())

        def rows() -> Iterator[tuple[str, int, bytes]]:
            for sha256 in missing:
                for part, data in enumerate(self._blobs.parts(sha256)):
                    yield sha256, part, data

        await copy(connection, "model_blobs", ("sha256", "part", "bytes"), rows())

    async def _seed_unavailable(self, connection: AsyncConnection, arrays: Arrays, facts: Mapping[str, Any]) -> None:
        """What was out of stock when learned is unavailable until a look at the host says otherwise."""
        await connection.execute(delete(unavailable_items).where(unavailable_items.c.catalog == self.catalog))
        out = IdKind(facts["id_kind"]).answer(arrays["ids"][~arrays["in_stock"]])
        await copy(
            connection, "unavailable_items", ("catalog", "item_id"), [(self.catalog, str(value)) for value in out]
        )

    async def _assemble(self, manifest: Manifest, *, verify: bool, fetch: bool = True) -> Model:
        arrays = {}
        for name, ref in manifest.arrays.items():
            try:
                arrays[name] = await asyncio.to_thread(self._blobs.open, ref, verify=verify)
            except (BrokenModel, FileNotFoundError):
                if not fetch:
                    raise
                arrays[name] = await self._fetch(ref)
        return Model(self.catalog, manifest.generation, manifest.made_at, arrays, manifest.facts)

    async def _fetch(self, ref: BlobRef) -> NDArray[Any]:
        while True:
            with self._blobs.try_lock() as mine:
                if mine:
                    return await self._fetch_locked(ref)
            await asyncio.sleep(LOCK_POLL_SECONDS)

    async def _fetch_locked(self, ref: BlobRef) -> NDArray[Any]:
        try:  # another process may have fetched it while this one waited for the lock
            return await asyncio.to_thread(self._blobs.open, ref, verify=True)
        except (BrokenModel, FileNotFoundError):
            self._blobs.remove(ref.sha256)
        query = select(model_blobs.c.bytes).where(model_blobs.c.sha256 == ref.sha256)
        with self._blobs.receiving(ref.sha256) as receive:
            async with self._own.read() as connection:
                part = 0
                while data := (await connection.execute(query.where(model_blobs.c.part == part))).scalar_one_or_none():
                    await asyncio.to_thread(receive, data)
                    part += 1
        return await asyncio.to_thread(self._blobs.open, ref, verify=True)

    def _manifest_path(self, generation: int) -> Path:
        return self._manifests / f"{generation}.json"

    def _remember(self, manifest: Manifest) -> None:
        """Keep the manifest of a generation that is known to be committed."""
        self._manifests.mkdir(parents=True, exist_ok=True)
        # Several processes may load at once, and several tasks of one.
        temporary = self._manifests / f"{manifest.generation}.{uuid4().hex}.part"
        temporary.write_text(json.dumps(manifest.as_json()))
        temporary.replace(self._manifest_path(manifest.generation))


def _texts(ids: Iterable[object]) -> Any:
    """Ids as one parameter of type text[], so that no number of them is too many."""
    return literal([str(value) for value in ids], ARRAY(Text))
