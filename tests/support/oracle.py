"""What must stand in the tables when every event was applied exactly once and in order: events in, differences out."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

import asyncpg

TYPES = ("view", "like", "save", "share", "purchase")
TWICE, POISON = 0.05, 0.002  # shares of events that the host sends again later, and that cannot be applied

# Each event has a weight of its own, so that a second writing of the same event shows.
AUDIT_TABLE = "CREATE TABLE audit (weight float8 NOT NULL);"
AUDIT = f"""
{AUDIT_TABLE}
CREATE FUNCTION note_weight() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO audit VALUES (new.weight); RETURN NULL; END';
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON user_interactions FOR EACH ROW EXECUTE FUNCTION note_weight();
"""


@dataclass
class Oracle:
    """Messages in the order to send, and what they must leave behind."""

    bodies: list[bytes] = field(default_factory=list)
    applied: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    rows: dict[tuple[str, str, str], float] = field(default_factory=dict)

    async def differences(self, url: str) -> list[str]:
        """What the tables of our own database say otherwise, one sentence each; none is right."""
        connection = await asyncpg.connect(url)
        try:
            applied = {row[0] for row in await connection.fetch("SELECT event_id FROM applied_events")}
            parked = [row[0] for row in await connection.fetch("SELECT event_id FROM parked_events")]
            facts = await connection.fetch(
                "SELECT user_id, business_id, interaction_type, weight FROM user_interactions"
            )
            twice = await connection.fetchval(
                "SELECT count(*) FROM (SELECT FROM audit GROUP BY weight HAVING count(*) > 1) AS again"
            )
        finally:
            await connection.close()
        rows = {(user, business, kind): weight for user, business, kind, weight in facts}
        checks = {
            f"{len(self.applied - applied)} events were lost": applied >= self.applied,
            f"{len(applied - self.applied)} events were applied that must not be": applied <= self.applied,
            f"{twice} events were written twice": twice == 0,
            f"{sum(rows.get(key) != weight for key, weight in self.rows.items())} of {len(self.rows)} rows hold "
            "another event than the last": rows == self.rows,
            f"{len(parked)} parked, not {len(self.parked)}": sorted(parked) == sorted(self.parked),
        }
        return [words for words, right in checks.items() if not right]


def make_oracle(count: int, *, users: int, seed: int = 1) -> Oracle:
    """`count` different events; some come twice, the second time with another weight, and some are poison."""
    dice = random.Random(seed)
    oracle = Oracle()
    for number in range(count):
        event_id = f"e{number}"
        user, business, kind = str(dice.randrange(users)), str(dice.randrange(50)), dice.choice(TYPES)
        data: dict[str, Any] = {"user_id": user, "business_id": business, "interaction_type": kind, "weight": number}
        if dice.random() < POISON:
            oracle.parked.add(event_id)
            data["interaction_type"] = "smelled"
        else:
            oracle.applied.add(event_id)
            oracle.rows[user, business, kind] = number
        oracle.bodies.append(_body(data, event_id))
        if oracle.applied and dice.random() < TWICE:
            earlier = dice.randrange(number + 1)
            if f"e{earlier}" in oracle.applied:
                again = {"user_id": user, "business_id": business, "interaction_type": kind, "weight": count + number}
                oracle.bodies.append(_body(again, f"e{earlier}"))
    return oracle


def _body(data: dict[str, Any], event_id: str) -> bytes:
    return json.dumps({"type": "interaction", "data": data, "event_id": event_id}).encode()
