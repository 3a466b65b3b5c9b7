"""GET /stats: what is in the databases, the cache and the model, how fast answers are, and how good."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from giftwise import __version__, telemetry
from giftwise.api.calls import Guarded, Ours
from giftwise.api.engine import Engine
from giftwise.api.problems import problem_responses
from giftwise.catalog.sources import BUSINESSES, PRESENTS
from giftwise.catalog.watch import Snapshot
from giftwise.db.tables import evaluations, parked_events, popular_items, user_profiles, user_similarities
from giftwise.errors import MainDatabaseUnavailable, MappingError, ModelNotReady, NoPresents, OwnDatabaseUnavailable
from giftwise.settings import shown

router = APIRouter(tags=["operation"], dependencies=[Guarded], responses=problem_responses())


class MainCounts(BaseModel):
    """What the host's database holds, at most a minute old; null while it cannot be reached."""

    total_items: int | None = Field(None, description="public presents")
    total_likes: int | None = None
    total_clicks: int | None = None
    active_users: int | None = Field(None, description="users with at least one interaction")


class OwnCounts(BaseModel):
    """What our database holds; null while it cannot be reached."""

    cached_popular_items: int | None = None
    cached_user_profiles: int | None = None
    users_with_collaborative: int | None = Field(None, description="profiles with 3 interactions or more")
    users_with_content_based: int | None = Field(None, description="profiles with 1 or 2 interactions")
    users_with_similar_users: int | None = None
    parked_events: int | None = Field(None, description="queued events that could not be applied and wait for a replay")


class CacheInfo(BaseModel):
    """The answer cache since this server started."""

    redis_connected: bool
    hit_rate: float | None = Field(description="share of lists that came from the cache; null before the first")
    hits: int
    misses: int


class AlgorithmStats(BaseModel):
    """Lists whose first place this rung filled, since this server started."""

    requests: int
    p50_ms: float
    p99_ms: float


class ModelStats(BaseModel):
    """The model that serves."""

    generation: int
    age_seconds: float
    items: int
    available_items: int
    segments: int
    mix: dict[str, Any] | None = Field(description="shares of the voices of a list; null before the first learning")
    choice: dict[str, Any] | None = Field(description="what tuning chose, on what grounds; null while defaults serve")


class BusinessStats(BaseModel):
    """The model of the businesses, and what came since it was learned."""

    generation: int = Field(description="0 before the first")
    age_seconds: float
    businesses: int
    available_businesses: int
    quality: dict[str, Any] = Field(description="the latest offline evaluation; empty before the first")


class Stats(BaseModel):
    """The state of the service."""

    service: str = "giftwise"
    version: str
    main_database: MainCounts
    recommendations_database: OwnCounts
    cache_info: CacheInfo
    algorithms: dict[str, AlgorithmStats]
    model: ModelStats | None
    businesses: BusinessStats | None
    quality: dict[str, Any] = Field(description="the latest offline evaluation; empty before the first")
    configuration: dict[str, Any] = Field(description="every setting, secrets hidden")


@router.get("/stats", summary="Counts, speed, quality and configuration")
async def stats(engine: Ours) -> Stats:
    """Answers whatever is broken: what cannot be reached is null."""
    hits, misses = _hits()
    own, reports = await _own(engine)
    return Stats(
        version=__version__,
        main_database=await _main(engine),
        recommendations_database=own,
        cache_info=CacheInfo(
            redis_connected=await engine.cache.ping(),
            hit_rate=round(hits / (hits + misses), 4) if hits + misses else None,
            hits=hits,
            misses=misses,
        ),
        algorithms={
            name: AlgorithmStats(requests=count, p50_ms=round(p50 * 1000, 3), p99_ms=round(p99 * 1000, 3))
            for name, (count, (p50, p99)) in telemetry.quantiles(
                "giftwise_answer_seconds", "algorithm", (0.5, 0.99)
            ).items()
        },
        model=_model(engine),
        businesses=_businesses(engine, reports.get(BUSINESSES, {})),
        quality=reports.get(PRESENTS, {}),
        configuration=shown(engine.settings),
    )


async def _main(engine: Engine) -> MainCounts:
    try:
        totals = await engine.main.totals()
    except (MainDatabaseUnavailable, MappingError, NoPresents):
        return MainCounts()
    return MainCounts(
        total_items=totals.total_items,
        total_likes=totals.total_likes,
        total_clicks=totals.total_clicks,
        active_users=totals.active_users,
    )


async def _own(engine: Engine) -> tuple[OwnCounts, dict[str, dict[str, Any]]]:
    """Counts, and the latest evaluation of each catalog."""
    count = user_profiles.c.interaction_count
    similar = select(user_similarities.c.user_id).distinct().subquery()
    counts = select(
        select(func.count()).select_from(popular_items).scalar_subquery().label("popular"),
        select(func.count()).select_from(user_profiles).scalar_subquery().label("profiles"),
        select(func.count()).select_from(user_profiles).where(count >= 3).scalar_subquery().label("many"),
        select(func.count()).select_from(user_profiles).where(count.between(1, 2)).scalar_subquery().label("few"),
        select(func.count()).select_from(similar).scalar_subquery().label("similar"),
        select(func.count()).where(parked_events.c.replayed_at.is_(None)).scalar_subquery().label("parked"),
    )
    latest = select(evaluations.c.catalog, evaluations.c.report).ext(distinct_on(evaluations.c.catalog))
    latest = latest.order_by(evaluations.c.catalog, evaluations.c.made_at.desc())
    try:
        async with engine.own.read() as connection:
            row = (await connection.execute(counts)).one()
            reports = {found.catalog: found.report for found in await connection.execute(latest)}
    except OwnDatabaseUnavailable:
        return OwnCounts(), {}
    return (
        OwnCounts(
            cached_popular_items=row.popular,
            cached_user_profiles=row.profiles,
            users_with_collaborative=row.many,
            users_with_content_based=row.few,
            users_with_similar_users=row.similar,
            parked_events=row.parked,
        ),
        reports,
    )


def _hits() -> tuple[int, int]:
    counts = {"hit": 0, "miss": 0}
    for family in telemetry.registry().collect():
        if family.name == "giftwise_answers":
            for sample in family.samples:
                if sample.name == "giftwise_answers_total":
                    counts[sample.labels["cache"]] += int(sample.value)
    return counts["hit"], counts["miss"]


def _model(engine: Engine) -> ModelStats | None:
    try:
        snapshot: Snapshot = engine.watcher.current()
    except (ModelNotReady, NoPresents):
        return None
    model = snapshot.model
    return ModelStats(
        generation=model.generation,
        age_seconds=round(model.age_seconds, 1),
        items=len(model),
        available_items=int(snapshot.available.sum()),
        segments=len(model.facts["segments"]),
        mix=model.facts.get("mix"),
        choice=model.facts.get("choice"),
    )


def _businesses(engine: Engine, quality: dict[str, Any]) -> BusinessStats | None:
    try:
        snapshot = engine.businesses.watcher.current()
    except ModelNotReady:
        return None
    return BusinessStats(
        generation=snapshot.model.generation,
        age_seconds=round(snapshot.model.age_seconds, 1),
        businesses=len(snapshot.model),
        available_businesses=int(snapshot.available.sum()),
        quality=quality,
    )
