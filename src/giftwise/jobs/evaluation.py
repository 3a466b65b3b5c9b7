"""How well the suggestions do: interactions in, a row of evaluations out."""

import asyncio
import json
from dataclasses import replace

from threadpoolctl import threadpool_limits

from giftwise.db.own import copy
from giftwise.evaluation.report import JUDGED, report_live
from giftwise.evaluation.shop import Facts
from giftwise.jobs.chosen import read_chosen
from giftwise.jobs.context import Context


async def run(context: Context) -> int:
    """Learn from the older interactions, judge on the newest, and keep the report. Returns 1: its row."""
    world = await context.host.world(context.progress, 30)
    if not context.fills_tables and not len(world.interactions):
        return 0
    chosen = await read_chosen(context.own, context.catalog, world.items)
    params = replace(chosen.graph, rank=min(chosen.graph.rank, JUDGED.rank))
    # The ladder that is judged is that of presents: of businesses the interactions alone are.
    facts = Facts(world.items, world.crowd, context.started) if world.items.traits is None else None
    context.progress("measuring", 30)
    # Lists are ranked one user after another: for products as small as theirs a second BLAS thread doubles the time.
    with threadpool_limits(1, "blas"):
        report = await asyncio.to_thread(report_live, world.interactions, params=params, facts=facts, mix=chosen.mix)
    context.progress("keeping the report", 95)
    async with context.commit() as connection:
        rows = [(context.catalog, json.dumps(report.as_json(), allow_nan=False))]
        return await copy(connection, "evaluations", ("catalog", "report"), rows)
