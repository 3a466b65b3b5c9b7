"""What runs read of the host: its database in; items, interactions and demographics, aligned with one another, out."""

from dataclasses import dataclass

from giftwise.catalog.item import Items
from giftwise.catalog.presents import read_items
from giftwise.db.main import MainDatabase
from giftwise.ids import IdKind
from giftwise.interactions.bulk import read_interactions
from giftwise.interactions.matrix import Crowd, Interactions
from giftwise.jobs.progress import Progress
from giftwise.people.users import read_crowd, user_id_kind


@dataclass(frozen=True, slots=True)
class World:
    """All that is learned from."""

    items: Items
    interactions: Interactions
    crowd: Crowd
    user_kind: IdKind
    read_at: float = 0.0  # when the reading began, unix seconds of the host's clock


class HostReader:
    """Reads the host once per process: the runs of a full sync learn from one and the same world."""

    def __init__(self, main: MainDatabase) -> None:
        self._main = main
        self._world: World | None = None

    async def world(self, progress: Progress, end: float) -> World:
        """The host's world, telling progress from 0 to `end` percent. MainDatabaseUnavailable, MappingError."""
        if self._world is None:
            self._world = await self._read(progress, end)
        progress("read", end)
        return self._world

    async def _read(self, progress: Progress, end: float) -> World:
        progress("reading items", 0)
        read_at = float((await self._main.fetch("SELECT extract(epoch FROM clock_timestamp())::float8"))[0][0])
        items = await read_items(self._main)
        progress("reading interactions", end * 0.3)
        interactions = await read_interactions(self._main, items)
        progress("reading users", end * 0.8)
        crowd = await read_crowd(self._main, interactions.user_ids)
        kind = user_id_kind(await self._main.schema()) or IdKind.INTEGER
        return World(items, interactions, crowd, kind, read_at)
