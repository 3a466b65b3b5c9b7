"""What nobody needs any more: rows and files past their age in, nothing of them left out."""

from typing import Final

from sqlalchemy import text

from giftwise.jobs.context import Context

# Statement by statement, with the age at which a row has told all that it will. The newest of its kind always stays.
STALE: Final = (
    "DELETE FROM job_runs WHERE finished_at < now() - interval '14 days'"
    " AND id NOT IN (SELECT DISTINCT ON (job) id FROM job_runs ORDER BY job, created_at DESC)",
    "DELETE FROM evaluations WHERE made_at < now() - interval '90 days'"
    " AND (catalog, made_at) NOT IN (SELECT catalog, max(made_at) FROM evaluations GROUP BY catalog)",
    "DELETE FROM tail_watermarks WHERE updated_at < now() - interval '7 days'",
    "DELETE FROM applied_events WHERE applied_at < now() - interval '30 days'",
    "DELETE FROM giftwise_queue_log WHERE created < now() - interval '3 days'",
    "DELETE FROM giftwise_queue_statistics WHERE created < now() - interval '3 days'",
)


async def run(context: Context) -> int:
    """Delete what is stale. Returns how many rows and files went."""
    context.progress("deleting rows", 0)
    gone = 0
    async with context.commit() as connection:
        for statement in STALE:
            gone += (await connection.execute(text(statement))).rowcount
        gone += await context.store.collect(connection)
    context.progress("deleting files", 80)
    return gone + await context.store.sweep()
