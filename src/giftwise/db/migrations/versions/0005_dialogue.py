"""Whom gifts are for and what is said about them: recipients, sessions, hypotheses and interactions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _tick(name: str) -> sa.Column[object]:
    """The moment of the row itself, not of its transaction, so that rows of one transaction keep their order."""
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def _json(name: str, default: str, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text(f"'{default}'"), nullable=False, comment=comment)


def _of_recipient(table: str) -> sa.ForeignKeyConstraint:
    """Nothing of a recipient outlives them, not even what is being written while they are erased."""
    return sa.ForeignKeyConstraint(
        ["recipient_id"], ["recipients.id"], name=f"fk_{table}_recipient_id_recipients", ondelete="CASCADE"
    )


def upgrade() -> None:
    """Create them, empty."""
    op.create_table(
        "recipients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False, comment="who seeks gifts for them"),
        sa.Column("name", sa.Text()),
        sa.Column("relation", sa.Text()),
        sa.Column("gender", sa.Text()),
        sa.Column("age", sa.Integer(), comment="in years, when it was said"),
        sa.Column("birth_date", sa.Date()),
        _json("interests", "[]", "words, as said"),
        _json("facts", "{}", "everything else that quizzes said, the newest of each"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_recipients"),
        comment="People that gifts are for.",
    )
    op.create_index("ix_recipients_user_id_updated_at", "recipients", ["user_id", sa.text("updated_at DESC")])
    op.create_table(
        "recipient_facts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), comment="the quiz's session, null = said outside of one"),
        _json("facts", "{}", "as they were said, whole"),
        _tick("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_recipient_facts"),
        _of_recipient("recipient_facts"),
        comment="What was said of recipients, each time: their rows have the newest of it.",
    )
    op.create_index("ix_recipient_facts_recipient_id_id", "recipient_facts", ["recipient_id", "id"])
    op.create_table(
        "dialogue_sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), comment="null = anonymous"),
        sa.Column("recipient_id", sa.Uuid()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="grows with each change"),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_dialogue_sessions"),
        _of_recipient("dialogue_sessions"),
        comment="Dialogues as they stand; Redis has copies of them.",
    )
    op.create_index("ix_dialogue_sessions_recipient_id", "dialogue_sessions", ["recipient_id"])
    op.create_index("ix_dialogue_sessions_expires_at", "dialogue_sessions", ["expires_at"])
    op.create_table(
        "interactions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), comment="null = in an anonymous session"),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("action_type", sa.Text(), nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False, comment="hypothesis, product or navigation"),
        sa.Column("target_id", sa.Text()),
        sa.Column("value", sa.Text()),
        _json("metadata_json", "{}"),
        _tick("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
        _of_recipient("interactions"),
        comment="What was done in dialogues, each deed a row.",
    )
    op.create_index(
        "ix_interactions_recipient_id_created_at", "interactions", ["recipient_id", sa.text("created_at DESC")]
    )
    op.create_index("ix_interactions_session_id", "interactions", ["session_id"])
    op.create_index(
        "ix_interactions_created_at_of_products",
        "interactions",
        ["created_at"],
        postgresql_where=sa.text("target_type = 'product' AND recipient_id IS NOT NULL"),
    )
    op.create_table(
        "hypotheses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid()),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("track_title", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.Column("primary_gap", sa.Text(), nullable=False),
        _json("search_queries", "[]"),
        sa.Column("user_reaction", sa.Text(), comment="like, dislike or shortlist; null = none"),
        sa.Column("is_shown", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False, comment="rules, or the language model that wrote it"),
        _tick("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_hypotheses"),
        _of_recipient("hypotheses"),
        comment="Ideas of gifts that were shown, and what was thought of them.",
    )
    op.create_index("ix_hypotheses_session_id", "hypotheses", ["session_id"])
    op.create_index("ix_hypotheses_recipient_id", "hypotheses", ["recipient_id"])


def downgrade() -> None:
    """Forget all recipients and dialogues. They cannot be learned again."""
    for table in ("hypotheses", "interactions", "dialogue_sessions", "recipient_facts", "recipients"):
        op.drop_table(table)
