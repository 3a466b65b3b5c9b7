"""The job queue's own tables: PgQueuer's declaration in, the statements that create them in our database out."""

from typing import Final

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence import qb, schema_ddl
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.schema.declaration import target
from pgqueuer.domain.settings import DBSettings, Durability

# Every name is given here, because PgQueuer would otherwise take bare names such as CHANNEL or FUNCTION from the
# environment, which belongs to the host.
PREFIX: Final = "giftwise_queue"
QUEUE: Final = DBSettings(
    prefix="",
    db_schema=None,
    channel=PREFIX,
    function=f"fn_{PREFIX}_changed",
    statistics_table=f"{PREFIX}_statistics",
    queue_status_type=f"{PREFIX}_status",
    queue_table=PREFIX,
    queue_table_log=f"{PREFIX}_log",
    trigger=f"tg_{PREFIX}_changed",
    schedules_table=f"{PREFIX}_schedules",
    durability=Durability.durable,
    widen_id=True,
)


def queries(connection: asyncpg.Connection) -> Queries:
    """PgQueuer's operations on one connection; inside a transaction of that connection where there is one."""
    return Queries(
        AsyncpgDriver(connection),
        qbe=qb.QueryBuilderEnvironment(QUEUE),
        qbq=qb.QueryQueueBuilder(QUEUE),
        qbs=qb.QuerySchedulerBuilder(QUEUE),
    )


def create_statements() -> list[str]:
    """What the installed release of PgQueuer needs, one statement each, in dependency order."""
    declared = target(QUEUE)
    return [
        *(schema_ddl.render_enum(entry, QUEUE) for entry in declared.enums),
        *(schema_ddl.render_table(entry, QUEUE) for entry in declared.tables),
        *(schema_ddl.render_index(entry, QUEUE) for entry in declared.indexes),
        *(schema_ddl.render_function(entry, QUEUE) for entry in declared.functions),
        *(schema_ddl.render_trigger(entry, QUEUE) for entry in declared.triggers),
    ]


def drop_statements() -> list[str]:
    """The reverse of create_statements."""
    return schema_ddl.render_uninstall(QUEUE).splitlines()


def is_ours(name: str | None) -> bool:
    """Whether a table or index belongs to the queue, whose shape PgQueuer decides and our models do not list."""
    return name is not None and name.startswith(PREFIX)


async def converge(connection: asyncpg.Connection) -> list[str]:
    """Bring a queue made by an older PgQueuer to the installed release; returns the statements that ran."""
    plan = await queries(connection).apply_upgrade()
    return list(plan.statements)


async def is_converged(connection: asyncpg.Connection) -> bool:
    """Whether the queue's tables are as the installed release declares them."""
    return not (await queries(connection).plan_upgrade()).statements
