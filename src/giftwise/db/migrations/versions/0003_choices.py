"""What the tuning job chose for a catalog."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of choices."""
    op.create_table(
        "choices",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column(
            "choice",
            postgresql.JSONB(),
            nullable=False,
            comment="hyperparameters, and on what grounds they were chosen",
        ),
        sa.PrimaryKeyConstraint("catalog", "made_at", name="pk_choices"),
        comment="What the tuning job chose for a catalog; learning uses the newest.",
    )


def downgrade() -> None:
    """Forget what was chosen."""
    op.drop_table("choices")
