"""The job queue: PgQueuer's tables, under our own names.

The statements come from the installed release of PgQueuer; giftwise.db.migrate brings a queue made by an older release
up to date, so this revision never needs a successor for that.
"""

import sqlalchemy as sa
from alembic import op

from giftwise.db import queue_schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the queue, its log and its schedules."""
    _run(queue_schema.create_statements())


def downgrade() -> None:
    """Drop them with everything queued."""
    _run(queue_schema.drop_statements())


def _run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(sa.text(statement.rstrip(";").replace(":", r"\:")))  # a colon is SQL here, never a bound parameter
