"""How well the suggestions do: interactions in, a row of evaluations out."""

import asyncio
import json

from giftwise.db.own import copy
from giftwise.evaluation.report import report_live
from giftwise.jobs.context import Context


async def run(context: Context) -> int:
    """Learn from the older interactions, judge on the newest, and keep the report. Returns 1: its row."""
    world = await context.host.world(context.progress, 30)
    if not context.fills_tables and not len(world.interactions):
        return 0
    context.progress("measuring", 30)
    report = await asyncio.to_thread(report_live, world.interactions)
    context.progress("keeping the report", 95)
    async with context.commit() as connection:
        rows = [(context.catalog, json.dumps(report.as_json(), allow_nan=False))]
        return await copy(connection, "evaluations", ("catalog", "report"), rows)
