"""Our first tables: popular items, similarities, profiles, generations and the log of runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them, empty."""
    op.create_table(
        "catalog_state",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False, comment="the one that serves"),
        sa.Column(
            "stock_version", sa.BigInteger(), server_default="0", nullable=False, comment="grows with each stock change"
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("catalog", name=op.f("pk_catalog_state")),
        comment="One row a catalog; what every API process polls.",
    )
    op.create_table(
        "evaluations",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "made_at", name=op.f("pk_evaluations")),
    )
    op.create_table(
        "generations",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "manifest",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="arrays by name (sha256, dtype, shape) and facts",
        ),
        sa.PrimaryKeyConstraint("catalog", "generation", name=op.f("pk_generations")),
    )
    op.create_table(
        "item_similarities",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("similar_item_id", sa.Text(), nullable=False),
        sa.Column("similarity_score", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "similar_item_id", name=op.f("pk_item_similarities")),
    )
    op.create_table(
        "job_runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False, comment="queued, running, succeeded, failed, lost"),
        sa.Column("asked_by", sa.String(length=16), nullable=False, comment="schedule, api, cli or start"),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("percent", sa.Float(), server_default="0", nullable=False),
        sa.Column("rows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
    )
    op.create_index(op.f("ix_job_runs_job_created_at"), "job_runs", ["job", "created_at"], unique=False)
    op.create_index(
        "uq_job_runs_active",
        "job_runs",
        ["job"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "model_blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "part", name=op.f("pk_model_blobs")),
        comment="The arrays of the kept generations, so that a host without a worker can fetch them.",
    )
    # Compressing arrays of floats costs a second per generation and saves almost nothing.
    op.execute("ALTER TABLE model_blobs ALTER COLUMN bytes SET STORAGE EXTERNAL")
    op.create_table(
        "popular_items",
        sa.Column("geo_id", sa.BigInteger(), nullable=True, comment="region, null = any"),
        sa.Column("gender", sa.String(length=8), nullable=False, comment="m, f or any"),
        sa.Column("age_group", sa.String(length=16), nullable=False, comment="an age group or any"),
        sa.Column("category", sa.Text(), nullable=True, comment="null = any"),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("popularity_score", sa.Float(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="1 = most popular of its segment"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_index(
        op.f("ix_popular_items_geo_id_gender_age_group_category_place"),
        "popular_items",
        ["geo_id", "gender", "age_group", "category", "place"],
        unique=False,
    )
    op.create_table(
        "tail_watermarks",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_tail_watermarks")),
    )
    op.create_table(
        "unavailable_items",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "item_id", name=op.f("pk_unavailable_items")),
        comment="Items of the serving generation that are sold out, deleted or private now.",
    )
    op.create_table(
        "user_demographics",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("gender", sa.String(length=8), nullable=True),
        sa.Column("age_group", sa.String(length=16), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("geo_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_demographics")),
        comment="What hosts PUT of their users; the host's own row wins at the next sync.",
    )
    op.create_table(
        "user_profiles",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "preferred_categories",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "preferred_platforms",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("avg_price", sa.Float(), nullable=True),
        sa.Column("price_range_min", sa.Float(), nullable=True),
        sa.Column("price_range_max", sa.Float(), nullable=True),
        sa.Column(
            "buying_patterns_target_ages",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "buying_patterns_relationships",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "buying_patterns_gender_targets",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("interaction_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_interaction_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_profiles")),
    )
    op.create_table(
        "user_similarities",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("similar_user_id", sa.Text(), nullable=False),
        sa.Column("similarity_score", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "similar_user_id", name=op.f("pk_user_similarities")),
    )


def downgrade() -> None:
    """Drop them with all that was learned; the next run of the jobs makes it again."""
    op.drop_table("user_similarities")
    op.drop_table("user_profiles")
    op.drop_table("user_demographics")
    op.drop_table("unavailable_items")
    op.drop_table("tail_watermarks")
    op.drop_index(op.f("ix_popular_items_geo_id_gender_age_group_category_place"), table_name="popular_items")
    op.drop_table("popular_items")
    op.drop_table("model_blobs")
    op.drop_index(
        "uq_job_runs_active", table_name="job_runs", postgresql_where=sa.text("status IN ('queued', 'running')")
    )
    op.drop_index(op.f("ix_job_runs_job_created_at"), table_name="job_runs")
    op.drop_table("job_runs")
    op.drop_table("item_similarities")
    op.drop_table("generations")
    op.drop_table("evaluations")
    op.drop_table("catalog_state")
