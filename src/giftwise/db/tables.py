"""Our own tables (SQLAlchemy Core). The names that CONTRACT.md fixes are fixed; ids of hosts are text."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    }
)


def _updated_at() -> Column[object]:
    return Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _created_at() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _tick() -> Column[object]:
    """The moment of the row itself, not of its transaction, so that rows of one transaction keep their order."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()"))


def _recipient_id(*, nullable: bool = True, comment: str | None = None) -> Column[object]:
    """Nothing of a recipient outlives them, not even what is being written while they are erased."""
    return Column(
        "recipient_id", Uuid, ForeignKey("recipients.id", ondelete="CASCADE"), nullable=nullable, comment=comment
    )


popular_items = Table(
    "popular_items",
    metadata,
    Column("geo_id", BigInteger, comment="region, null = any"),
    Column("gender", String(8), nullable=False, comment="m, f or any"),
    Column("age_group", String(16), nullable=False, comment="an age group or any"),
    Column("category", Text, comment="null = any"),
    Column("item_id", Text, nullable=False),
    Column("popularity_score", Float, nullable=False),
    Column("place", Integer, nullable=False, comment="1 = most popular of its segment"),
    _updated_at(),
    Index(None, "geo_id", "gender", "age_group", "category", "place"),
)

user_similarities = Table(
    "user_similarities",
    metadata,
    Column("user_id", Text, nullable=False),
    Column("similar_user_id", Text, nullable=False),
    Column("similarity_score", Float, nullable=False),
    _updated_at(),
    PrimaryKeyConstraint("user_id", "similar_user_id"),
)

item_similarities = Table(
    "item_similarities",
    metadata,
    Column("item_id", Text, nullable=False),
    Column("similar_item_id", Text, nullable=False),
    Column("similarity_score", Float, nullable=False),
    _updated_at(),
    PrimaryKeyConstraint("item_id", "similar_item_id"),
)

user_profiles = Table(
    "user_profiles",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("preferred_categories", JSONB, nullable=False, server_default=text("'{}'")),
    Column("preferred_platforms", JSONB, nullable=False, server_default=text("'{}'")),
    Column("avg_price", Float),
    Column("price_range_min", Float),
    Column("price_range_max", Float),
    Column("buying_patterns_target_ages", JSONB, nullable=False, server_default=text("'{}'")),
    Column("buying_patterns_relationships", JSONB, nullable=False, server_default=text("'{}'")),
    Column("buying_patterns_gender_targets", JSONB, nullable=False, server_default=text("'{}'")),
    Column("interaction_count", Integer, nullable=False, server_default="0"),
    Column("last_interaction_at", DateTime(timezone=True)),
    _updated_at(),
)

user_demographics = Table(
    "user_demographics",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("gender", String(8)),
    Column("age_group", String(16)),
    Column("locale", Text),
    Column("geo_id", BigInteger),
    _updated_at(),
    comment="What hosts PUT of their users; the host's own row wins at the next sync.",
)

generations = Table(
    "generations",
    metadata,
    Column("catalog", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("manifest", JSONB, nullable=False, comment="arrays by name (sha256, dtype, shape) and facts"),
    PrimaryKeyConstraint("catalog", "generation"),
)

model_blobs = Table(
    "model_blobs",
    metadata,
    Column("sha256", String(64), nullable=False),
    Column("part", Integer, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("sha256", "part"),
    comment="The arrays of the kept generations, so that a host without a worker can fetch them.",
)

catalog_state = Table(
    "catalog_state",
    metadata,
    Column("catalog", Text, primary_key=True),
    Column("generation", BigInteger, nullable=False, server_default="0", comment="the one that serves"),
    Column(
        "stock_version",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="grows with each stock change",
    ),
    _updated_at(),
    comment="One row a catalog; what every API process polls.",
)

unavailable_items = Table(
    "unavailable_items",
    metadata,
    Column("catalog", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("catalog", "item_id"),
    comment="Items of the serving generation that are sold out, deleted or private now.",
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("job", Text, nullable=False),
    Column("status", String(16), nullable=False, comment="queued, running, succeeded, failed, lost"),
    Column("asked_by", String(16), nullable=False, comment="schedule, api, cli or start"),
    Column("step", Text),
    Column("percent", Float, nullable=False, server_default="0"),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("error", Text),
    Column("seconds", Float),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Index("uq_job_runs_active", "job", unique=True, postgresql_where=text("status IN ('queued', 'running')")),
    Index(None, "job", "created_at"),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("catalog", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("report", JSONB, nullable=False),
    PrimaryKeyConstraint("catalog", "made_at"),
)

choices = Table(
    "choices",
    metadata,
    Column("catalog", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("choice", JSONB, nullable=False, comment="hyperparameters, and on what grounds they were chosen"),
    PrimaryKeyConstraint("catalog", "made_at"),
    comment="What the tuning job chose for a catalog; learning uses the newest.",
)

tail_watermarks = Table(
    "tail_watermarks",
    metadata,
    Column("source", Text, primary_key=True),
    Column("position", JSONB, nullable=False),
    _updated_at(),
)


users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("username", Text),
    Column("email", Text),
    Column("interests", JSONB, nullable=False, server_default=text("'[]'"), comment="words that the user stated"),
    Column("location", JSONB, comment="{lat, lon} in degrees, null = unknown"),
    _created_at(),
    _updated_at(),
    comment="Users that hosts push, as they last said.",
)

businesses = Table(
    "businesses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("categories", JSONB, nullable=False, server_default=text("'[]'"), comment="words, the main one first"),
    Column("tags", JSONB, nullable=False, server_default=text("'[]'")),
    Column("location", JSONB, comment="{lat, lon} in degrees, null = unknown"),
    Column("popularity_score", Float, comment="the host's own, in its own unit"),
    Column("rating", Float, comment="mean of rating_count ratings"),
    Column("rating_count", Integer),
    _created_at(),
    _updated_at(),
    Index(None, "updated_at"),
    comment="Businesses that hosts push, as they last said.",
)

user_interactions = Table(
    "user_interactions",
    metadata,
    Column("user_id", Text, nullable=False),
    Column("business_id", Text, nullable=False),
    Column("interaction_type", Text, nullable=False),
    Column("weight", Float, nullable=False, server_default="1"),
    Column("timestamp", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("user_id", "business_id", "interaction_type"),
    Index("ix_user_interactions_user_id_timestamp", "user_id", text('"timestamp" DESC')),
    Index(None, "timestamp"),
    Index(None, "business_id"),
    comment="What pushed users did: one row a (user, business, type), its newest weight and time.",
)

applied_events = Table(
    "applied_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index(None, "applied_at"),
    comment="Events that are applied, so that a second delivery of one changes nothing.",
)

parked_events = Table(
    "parked_events",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("source", Text, nullable=False, comment="the stream or queue it came by"),
    Column("event_id", Text),
    Column("body", Text, nullable=False, comment="as it came"),
    Column("error", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("parked_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("replayed_at", DateTime(timezone=True), comment="null = still waiting for a replay"),
    comment="Events that could not be applied, with the reason.",
)

recipients = Table(
    "recipients",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Text, nullable=False, comment="who seeks gifts for them"),
    Column("name", Text),
    Column("relation", Text),
    Column("gender", Text),
    Column("age", Integer, comment="in years, when it was said"),
    Column("birth_date", Date),
    Column("interests", JSONB, nullable=False, server_default=text("'[]'"), comment="words, as said"),
    Column(
        "facts",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="everything else that quizzes said, the newest of each",
    ),
    _created_at(),
    _updated_at(),
    Index("ix_recipients_user_id_updated_at", "user_id", text("updated_at DESC")),
    comment="People that gifts are for.",
)

recipient_facts = Table(
    "recipient_facts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _recipient_id(nullable=False),
    Column("session_id", Uuid, comment="the quiz's session, null = said outside of one"),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'"), comment="as they were said, whole"),
    _tick(),
    Index(None, "recipient_id", "id"),
    comment="What was said of recipients, each time: their rows have the newest of it.",
)

dialogue_sessions = Table(
    "dialogue_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("user_id", Text, comment="null = anonymous"),
    _recipient_id(),
    Column("version", Integer, nullable=False, server_default="1", comment="grows with each change"),
    Column("state", JSONB, nullable=False),
    _created_at(),
    _updated_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "recipient_id"),
    Index(None, "expires_at"),
    comment="Dialogues as they stand; Redis has copies of them.",
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    _recipient_id(comment="null = in an anonymous session"),
    Column("session_id", Uuid),
    Column("action_type", Text, nullable=False),
    Column("target_type", Text, nullable=False, comment="hypothesis, product or navigation"),
    Column("target_id", Text),
    Column("value", Text),
    Column("metadata_json", JSONB, nullable=False, server_default=text("'{}'")),
    _tick(),
    Index("ix_interactions_recipient_id_created_at", "recipient_id", text("created_at DESC")),
    Index(None, "session_id"),
    Index(
        "ix_interactions_created_at_of_products",
        "created_at",
        postgresql_where=text("target_type = 'product' AND recipient_id IS NOT NULL"),
    ),
    comment="What was done in dialogues, each deed a row.",
)

hypotheses = Table(
    "hypotheses",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    _recipient_id(),
    Column("topic_id", Text, nullable=False),
    Column("track_title", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("reasoning", Text, nullable=False),
    Column("primary_gap", Text, nullable=False),
    Column("search_queries", JSONB, nullable=False, server_default=text("'[]'")),
    Column("user_reaction", Text, comment="like, dislike or shortlist; null = none"),
    Column("is_shown", Boolean, nullable=False, server_default=text("true")),
    Column("model_name", Text, nullable=False, comment="rules, or the language model that wrote it"),
    _tick(),
    _updated_at(),
    Index(None, "session_id"),
    Index(None, "recipient_id"),
    comment="Ideas of gifts that were shown, and what was thought of them.",
)


def _search(language: str) -> Column[object]:
    """Title above description above category, with one spelling of the Russian yo."""
    parts = (("title", "A"), ("description", "B"), ("category", "C"))
    vectors = (
        f"setweight(to_tsvector('{language}'::regconfig,"
        f" translate(coalesce({column}, ''), '\u0451\u0401', '\u0435\u0415')), '{weight}')"
        for column, weight in parts
    )
    return Column(f"search_{language}", TSVECTOR, Computed(" || ".join(vectors), persisted=True), nullable=False)


item_texts = Table(
    "item_texts",
    metadata,
    Column("catalog", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("category", Text),
    Column("price", Float, comment="in its currency, null = unknown"),
    Column("currency", Text),
    Column("image_url", Text),
    Column("url", Text),
    Column("merchant", Text),
    Column("delivery_days", Integer, comment="null = unknown"),
    Column("is_customizable", Boolean, nullable=False, server_default=text("false")),
    Column("in_stock", Boolean, nullable=False, comment="when it was read; the model knows it now"),
    _search("russian"),
    _search("english"),
    _updated_at(),
    PrimaryKeyConstraint("catalog", "item_id"),
    Index(None, "search_russian", postgresql_using="gin"),
    Index(None, "search_english", postgresql_using="gin"),
    comment="Texts of the items that may be recommended, as they were last read: what a search for gifts reads.",
)
