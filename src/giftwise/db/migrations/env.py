"""Alembic's entry: a connection given by giftwise.db.migrate in, the revisions applied to it (or their SQL) out."""

from alembic import context

from giftwise.db.queue_schema import is_ours
from giftwise.db.tables import metadata


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Comparisons leave the queue's tables alone: PgQueuer declares them."""
    return not (kind == "table" and is_ours(name))


def run() -> None:
    """Offline: write SQL. Online: run on the connection that the caller put in the configuration."""
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    else:
        context.configure(
            connection=context.config.attributes["connection"],
            target_metadata=metadata,
            include_name=include_name,
            compare_server_default=True,
        )
    with context.begin_transaction():
        context.run_migrations()


run()
