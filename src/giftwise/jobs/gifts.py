"""What was done for recipients, as further people to learn neighbours from: dialogues' rows in, Interactions out.

A recipient is a person apart from their giver: what is chosen for them says what goes with what, and nothing of the
giver's own taste, whose profile, similar users and lists are learned from the host's interactions alone.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from sqlalchemy import text

from giftwise.ids import parse_all, positions
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions
from giftwise.jobs.context import Context
from giftwise.jobs.host import World

KINDS: Final = {
    "view": Kind.VIEW,
    "like": Kind.LIKE,
    "shortlist": Kind.SAVE,
    "select_gift": Kind.SAVE,
    "purchase": Kind.PURCHASE,
    "dislike": Kind.DISLIKE,
}
# A recipient's mind as it is now: of liking and disliking an item only the last counts.
DONE: Final = """
SELECT DISTINCT ON (recipient_id, target_id, opinion) recipient_id::text, target_id, kind, at FROM (
    SELECT recipient_id, target_id, kind, extract(epoch FROM created_at)::bigint AS at, created_at,
        CASE WHEN action_type IN ('like', 'dislike') THEN -1 ELSE kind END AS opinion
    FROM interactions JOIN unnest(CAST(:words AS text[]), CAST(:kinds AS int[])) AS t(word, kind) ON word = action_type
    WHERE target_type = 'product' AND recipient_id IS NOT NULL AND target_id IS NOT NULL) AS done
ORDER BY recipient_id, target_id, opinion, created_at DESC
"""


async def with_gifts(context: Context, world: World) -> Interactions:
    """The host's interactions and those for recipients, to learn neighbours from alone: its users are numbers."""
    async with context.own.begin(statement_ms=0) as connection:
        words = {"words": list(KINDS), "kinds": [kind.value for kind in KINDS.values()]}
        rows = (await connection.execute(text(DONE), words)).all()
    known, items = world.interactions, world.items
    rows = [row for row in rows if items.id_kind.parse(row[1]) is not None]
    places = positions(items.ids, parse_all(items.id_kind, [row[1] for row in rows]))
    people = {person: known.users + number for number, person in enumerate(dict.fromkeys(row[0] for row in rows))}
    there = places >= 0
    user = np.array([people[row[0]] for row in rows], np.int32)[there]
    return replace(
        known,
        user=np.concatenate([known.user, user]),
        item=np.concatenate([known.item, places[there]]),
        kind=np.concatenate([known.kind, np.array([row[2] for row in rows], np.int8)[there]]),
        at=np.concatenate([known.at, np.array([row[3] for row in rows], np.int64)[there]]),
        user_ids=np.arange(known.users + len(people), dtype=np.int64),
        factor=None if known.factor is None else np.concatenate([known.factor, np.ones(len(user), np.float32)]),
    )
