"""The admin surface: start a job now, see what runs and what ran. Unknown fields are refused here."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from giftwise.api.calls import Guarded, Ours
from giftwise.api.engine import Engine
from giftwise.api.problems import problem_responses
from giftwise.jobs import runs
from giftwise.jobs.runs import Run
from giftwise.jobs.schedule import JOBS

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Guarded], responses=problem_responses(400, 422, 503))

Status = Literal["queued", "running", "succeeded", "failed", "lost"]


class NoBody(BaseModel):
    """Nothing needs to be said; what is said all the same is refused, as it would be ignored."""

    model_config = ConfigDict(extra="forbid")


class RunsQuery(BaseModel):
    """Which runs to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(20, ge=1, le=200)


class RunOut(BaseModel):
    """One run of one job."""

    id: str
    job: str
    status: Status
    asked_by: str = Field(description="schedule, api, cli or start")
    step: str | None
    percent: float
    rows: int
    error: str | None
    seconds: float | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> Self:
        """A run as JSON."""
        return cls.model_validate(run, from_attributes=True)


class Accepted(BaseModel):
    """The run that was asked for, or the one that runs already."""

    status: Status
    job_id: str
    run: RunOut


class JobOut(BaseModel):
    """One job and its newest run."""

    name: str
    sentence: str
    every_minutes: int = Field(description="between two scheduled runs")
    latest: RunOut | None


class Jobs(BaseModel):
    """Every job, and the newest runs of all."""

    jobs: list[JobOut]
    runs: list[RunOut]


@router.post("/refresh-popular-items", status_code=202, summary="Count anew what is popular")
async def refresh_popular_items(engine: Ours, response: Response, body: NoBody | None = None) -> Accepted:
    """202 with the run's id; a second call while it runs answers the running one."""
    return await _start(engine, response, "popular_items")


@router.post("/update-user-profiles", status_code=202, summary="Compute every user's profile anew")
async def update_user_profiles(engine: Ours, response: Response, body: NoBody | None = None) -> Accepted:
    """202 with the run's id; the host's demographics win over what was PUT."""
    return await _start(engine, response, "user_profiles")


@router.post("/update-user-similarities", status_code=202, summary="Learn neighbours and similar users anew")
async def update_user_similarities(engine: Ours, response: Response, body: NoBody | None = None) -> Accepted:
    """202 with the run's id; the longest of the jobs."""
    return await _start(engine, response, "user_similarities")


@router.post(
    "/jobs/{name}/run",
    status_code=202,
    summary="Start any job by its name",
    responses=problem_responses(400, 404, 422, 503),
)
async def run_job(name: str, engine: Ours, response: Response, body: NoBody | None = None) -> Accepted:
    """The names are in GET /admin/jobs; a second call while one runs answers the running one."""
    return await _start(engine, response, name)


@router.get("/jobs", summary="The schedule, and what runs and ran")
async def list_jobs(engine: Ours, query: Annotated[RunsQuery, Query()]) -> Jobs:
    """The schedule, each job's newest run, and the newest runs of all."""
    latest = await runs.latest(engine.own)
    return Jobs(
        jobs=[
            JobOut(
                name=job.name,
                sentence=job.sentence,
                every_minutes=job.minutes(engine.settings),
                latest=RunOut.of(latest[job.name]) if job.name in latest else None,
            )
            for job in JOBS
        ],
        runs=[RunOut.of(run) for run in await runs.listing(engine.own, limit=query.limit)],
    )


@router.get("/jobs/{run_id}", summary="One run and its progress", responses=problem_responses(400, 404, 422, 503))
async def read_run(run_id: str, engine: Ours) -> RunOut:
    """One run, with its step and percent while it runs."""
    return RunOut.of(await runs.get(engine.own, run_id))


async def _start(engine: Engine, response: Response, name: str) -> Accepted:
    run = await runs.ask(engine.own, name, "api")
    response.headers["Location"] = f"/admin/jobs/{run.id}"
    return Accepted(status=run.status, job_id=run.id, run=RunOut.of(run))
