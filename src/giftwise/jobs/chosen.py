"""What was chosen for a catalog: the tuning job's choice in, the hyperparameters that learning uses out."""

import json
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.algorithms.graph import GraphParams
from giftwise.algorithms.mix import MARKET, Mix
from giftwise.catalog.item import Items
from giftwise.db.own import OwnDatabase, copy
from giftwise.db.tables import choices


@dataclass(frozen=True, slots=True)
class Chosen:
    """Hyperparameters of one catalog, and on what grounds (`facts`, JSON); the defaults where nothing was chosen."""

    graph: GraphParams
    mix: Mix
    facts: dict[str, Any] | None = None

    @classmethod
    def defaults(cls, items: Items) -> Self:
        """What a catalog of such items starts with."""
        return cls(GraphParams(), Mix() if items.traits is None else MARKET)


async def read_chosen(own: OwnDatabase, catalog: str, items: Items) -> Chosen:
    """The newest choice."""
    query = select(choices.c.choice).where(choices.c.catalog == catalog).order_by(choices.c.made_at.desc()).limit(1)
    async with own.read() as connection:
        kept = (await connection.execute(query)).scalar_one_or_none()
    if kept is None:
        return Chosen.defaults(items)
    return Chosen(GraphParams.from_json(kept["graph"]["params"]), Mix.of_json(kept["mix"]), kept)


async def keep_choice(connection: AsyncConnection, catalog: str, facts: dict[str, Any]) -> int:
    """Keep a choice in the caller's transaction; 1, its row."""
    return await copy(connection, "choices", ("catalog", "choice"), [(catalog, json.dumps(facts, allow_nan=False))])
