"""What suits this catalog: interactions in; hyperparameters, chosen on a split inside them and kept, out."""

import asyncio
from dataclasses import asdict
from typing import Any, Final

from giftwise.algorithms.graph import Neighbours, item_neighbours
from giftwise.evaluation.choose import Choice, choose
from giftwise.evaluation.mixing import Mixed, choose_mix
from giftwise.evaluation.shop import Facts, Told
from giftwise.interactions.matrix import Interactions
from giftwise.jobs.chosen import keep_choice
from giftwise.jobs.context import Context

SEED: Final = 7
WAY: Final = "last"  # a request is made just before a choice, by a user whose history is known up to then
PLACES: Final = 20  # of a list are judged


async def run(context: Context) -> int:
    """Choose the graph filter's shape, then the shares of the voices, and keep both. Returns 1: its row."""
    world = await context.host.world(context.progress, 10)
    budget = context.settings.tuning_budget_seconds
    told = context.progress.part("choosing the filter", 10, 80)
    choice: Choice = await asyncio.to_thread(choose, world.interactions, budget, SEED, way=WAY, progress=told)
    context.progress("choosing the mix", 80)
    facts = Facts(world.items, world.crowd, context.started)

    def learn(train: Interactions, told: Told) -> Neighbours:
        return item_neighbours(train, choice.params, told)

    mixed: Mixed = await asyncio.to_thread(choose_mix, world.interactions, facts, learn, k=PLACES, seed=SEED, way=WAY)
    context.progress("keeping the choice", 95)
    kept: dict[str, Any] = {"graph": choice.as_json(), "mix": asdict(mixed.mix), "mix_figures": asdict(mixed)}
    async with context.commit() as connection:
        return await keep_choice(connection, context.catalog, kept)
