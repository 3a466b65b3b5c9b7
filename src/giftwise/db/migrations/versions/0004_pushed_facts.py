"""What hosts push: users, businesses and interactions, and the events that were applied or parked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _words(name: str, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False, comment=comment)


def _location() -> sa.Column[object]:
    return sa.Column("location", postgresql.JSONB(), comment="{lat, lon} in degrees, null = unknown")


def upgrade() -> None:
    """Create them, empty."""
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("email", sa.Text()),
        _words("interests", "words that the user stated"),
        _location(),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        comment="Users that hosts push, as they last said.",
    )
    op.create_table(
        "businesses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        _words("categories", "words, the main one first"),
        _words("tags"),
        _location(),
        sa.Column("popularity_score", sa.Float(), comment="the host's own, in its own unit"),
        sa.Column("rating", sa.Float(), comment="mean of rating_count ratings"),
        sa.Column("rating_count", sa.Integer()),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_businesses"),
        comment="Businesses that hosts push, as they last said.",
    )
    op.create_index("ix_businesses_updated_at", "businesses", ["updated_at"])
    op.create_table(
        "user_interactions",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("interaction_type", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), server_default="1", nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "business_id", "interaction_type", name="pk_user_interactions"),
        comment="What pushed users did: one row a (user, business, type), its newest weight and time.",
    )
    op.create_index(
        "ix_user_interactions_user_id_timestamp", "user_interactions", ["user_id", sa.text('"timestamp" DESC')]
    )
    op.create_index("ix_user_interactions_timestamp", "user_interactions", ["timestamp"])
    op.create_index("ix_user_interactions_business_id", "user_interactions", ["business_id"])
    op.create_table(
        "applied_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        _moment("applied_at"),
        sa.PrimaryKeyConstraint("event_id", name="pk_applied_events"),
        comment="Events that are applied, so that a second delivery of one changes nothing.",
    )
    op.create_index("ix_applied_events_applied_at", "applied_events", ["applied_at"])
    op.create_table(
        "parked_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the stream or queue it came by"),
        sa.Column("event_id", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False, comment="as it came"),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        _moment("parked_at"),
        sa.Column("replayed_at", sa.DateTime(timezone=True), comment="null = still waiting for a replay"),
        sa.PrimaryKeyConstraint("id", name="pk_parked_events"),
        comment="Events that could not be applied, with the reason.",
    )


def downgrade() -> None:
    """Forget what hosts pushed. It cannot be learned again: only the hosts have it."""
    for table in ("parked_events", "applied_events", "user_interactions", "businesses", "users"):
        op.drop_table(table)
