"""What nobody needs any more: rows and files past their age in, nothing of them left out."""

from typing import Final

from sqlalchemy import text

from giftwise.cache.sessions import SessionCache
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.store import parse_id
from giftwise.jobs.context import Context

# Statement by statement, with the age at which a row has told all that it will. The newest of its kind always stays.
STALE: Final = (
    "DELETE FROM job_runs WHERE finished_at < now() - interval '14 days'"
    " AND id NOT IN (SELECT DISTINCT ON (job) id FROM job_runs ORDER BY job, created_at DESC)",
    "DELETE FROM evaluations WHERE made_at < now() - interval '90 days'"
    " AND (catalog, made_at) NOT IN (SELECT catalog, max(made_at) FROM evaluations GROUP BY catalog)",
    "DELETE FROM tail_watermarks WHERE updated_at < now() - interval '7 days'",
    # Dialogues end 30 days after their last step. What was said of a recipient stays; of nobody, it goes with them.
    "DELETE FROM dialogue_sessions WHERE expires_at < now()",
    "DELETE FROM hypotheses AS h WHERE recipient_id IS NULL"
    " AND NOT EXISTS (SELECT FROM dialogue_sessions AS s WHERE s.session_id = h.session_id)",
    "DELETE FROM interactions AS i WHERE recipient_id IS NULL"
    " AND NOT EXISTS (SELECT FROM dialogue_sessions AS s WHERE s.session_id = i.session_id)",
    "DELETE FROM applied_events WHERE applied_at < now() - interval '30 days'",
    "DELETE FROM giftwise_queue_log WHERE created < now() - interval '3 days'",
    "DELETE FROM giftwise_queue_statistics WHERE created < now() - interval '3 days'",
)

EXISTING: Final = "SELECT session_id::text FROM dialogue_sessions WHERE session_id = ANY(CAST(:ids AS uuid[]))"


async def run(context: Context) -> int:
    """Delete what is stale. Returns how many rows and files went."""
    context.progress("deleting rows", 0)
    gone = 0
    async with context.commit() as connection:
        for statement in STALE:
            gone += (await connection.execute(text(statement))).rowcount
        gone += await context.store.collect(connection)
    context.progress("deleting copies", 60)
    if context.profiles is not None:
        gone += await drop_copies(context.own, SessionCache(context.profiles.store))
    context.progress("deleting files", 80)
    return gone + await context.store.sweep()


async def drop_copies(own: OwnDatabase, cache: SessionCache) -> int:
    """Drop what Redis keeps of dialogues that are erased: whoever erased them could not reach it. Returns how many."""
    dropped = 0
    async for names in cache.kept():
        ids = [name for name in names if parse_id(name) is not None]
        async with own.begin() as connection:
            there = set((await connection.execute(text(EXISTING), {"ids": ids})).scalars())
        gone = [one for one in ids if one not in there]
        if gone and await cache.forget(gone):
            dropped += len(gone)
    return dropped
