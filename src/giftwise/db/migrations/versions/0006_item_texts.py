"""Our mirror of the items' texts, so that gifts can be searched for by words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _search(language: str) -> str:
    """Title above description above category, with one spelling of the Russian yo."""
    parts = (("title", "A"), ("description", "B"), ("category", "C"))
    return " || ".join(
        f"setweight(to_tsvector('{language}'::regconfig,"
        f" translate(coalesce({column}, ''), '\u0451\u0401', '\u0435\u0415')), '{weight}')"
        for column, weight in parts
    )


def _vector(language: str) -> sa.Column[object]:
    return sa.Column(
        f"search_{language}", postgresql.TSVECTOR(), sa.Computed(_search(language), persisted=True), nullable=False
    )


def upgrade() -> None:
    """Create it, empty; the job item_texts fills it."""
    op.create_table(
        "item_texts",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("price", sa.Float(), comment="in its currency, null = unknown"),
        sa.Column("currency", sa.Text()),
        sa.Column("image_url", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("merchant", sa.Text()),
        sa.Column("delivery_days", sa.Integer(), comment="null = unknown"),
        sa.Column("is_customizable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False, comment="when it was read; the model knows it now"),
        _vector("russian"),
        _vector("english"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "item_id", name="pk_item_texts"),
        comment="Texts of the items that may be recommended, as they were last read: what a search for gifts reads.",
    )
    for language in ("russian", "english"):
        op.create_index(
            f"ix_item_texts_search_{language}", "item_texts", [f"search_{language}"], postgresql_using="gin"
        )


def downgrade() -> None:
    """Drop it; the job reads everything again."""
    op.drop_table("item_texts")
