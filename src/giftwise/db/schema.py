"""A mapping resolved against the real database: what exists, of which type, and how to select it."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Final

import asyncpg
from asyncpg import exceptions as pg

from giftwise.db.mapping import Mapping, Section
from giftwise.errors import MappingError

INTEGERS: Final = frozenset({"int2", "int4", "int8"})
NUMBERS: Final = INTEGERS | {"float4", "float8", "numeric"}
MOMENTS: Final = frozenset({"timestamp", "timestamptz", "date"})
JSON: Final = frozenset({"json", "jsonb"})

# A parameter compared with a column takes this type: casting the column instead would put its index out of use.
_PARAMETER_TYPES: Final = {"int2": "bigint", "int4": "bigint", "int8": "bigint", "varchar": "text"}

# A bound in unix seconds, `$1`, as the type of the time that it is compared with, so that an index on it serves.
BOUNDS: Final = {
    "timestamptz": "to_timestamp($1::float8)",
    "timestamp": "(to_timestamp($1::float8) AT TIME ZONE 'UTC')",
    "int4": "floor($1::float8)::bigint",
    "int8": "floor($1::float8)::bigint",
    "float8": "$1::float8",
    "numeric": "$1::float8::numeric",
}

# What PostgreSQL says of an expression that this host's schema cannot give.
_ABSENT: Final = (pg.UndefinedColumnError, pg.UndefinedFunctionError, pg.UndefinedObjectError)
_NO_TABLE: Final = (pg.UndefinedTableError, pg.InvalidSchemaNameError)
_DENIED: Final = pg.InsufficientPrivilegeError
_WRONG: Final = (pg.SyntaxOrAccessError, pg.DataError)


@dataclass(frozen=True, slots=True)
class Expression:
    """An SQL expression that the host can evaluate, in parentheses, and the name of its PostgreSQL type."""

    sql: str
    type: str
    is_array: bool = False

    @property
    def parameter(self) -> str:
        """The type to cast a parameter to that is compared with this expression."""
        return _PARAMETER_TYPES.get(self.type, self.type)


@dataclass(frozen=True, eq=False)
class HostTable:
    """One section as the host has it. Missing optional expressions select NULL."""

    section: Section
    expressions: Dict[str, Expression]

    @property
    def name(self) -> str:
        """The section's name in errors."""
        return self.section.name

    @property
    def source(self) -> str:
        """The FROM item."""
        return self.section.source

    def __contains__(self, key: str) -> bool:
        return key in self.expressions

    def __getitem__(self, key: str) -> Expression:
        return self.expressions[key]

    def text(self, key: str) -> str:
        """SQL of the value as text; lists become JSON."""
        found = self.expressions.get(key)
        if found is None:
            return "NULL::text"
        return f"to_jsonb({found.sql})::text" if found.is_array else f"{found.sql}::text"

    def value(self, key: str) -> str:
        """SQL of an id: as it is, except that character types become text (which unpads char(n))."""
        found = self.expressions[key]
        return f"{found.sql}::text" if found.type in ("varchar", "bpchar") else found.sql

    def seconds(self, key: str) -> str:
        """SQL of a moment as unix seconds (bigint), 0 where there is none; zoneless moments are read as UTC."""
        found = self.expressions.get(key)
        if found is None:
            return "0::bigint"
        if found.type in MOMENTS:
            return f"CASE WHEN isfinite({found.sql}) THEN floor(extract(epoch FROM {found.sql}))::bigint ELSE 0 END"
        return f"coalesce(floor({found.sql})::bigint, 0)"


@dataclass(frozen=True, eq=False)
class HostSource(HostTable):
    """One source of interactions: of one kind, or (None) of the kinds that the expression `kinds` names."""

    kind: str | None


@dataclass(frozen=True, eq=False)
class HostSchema:
    """Everything of the mapping that this host has. Two schemas are equal only if they are the same object."""

    items: HostTable
    interactions: tuple[HostSource, ...]
    users: HostTable | None
    notes: tuple[str, ...]  # one sentence for each optional part that the host lacks

    @property
    def item_id(self) -> Expression:
        """The catalog's id column."""
        return self.items["id"]

    @property
    def user_id(self) -> Expression | None:
        """A column of user ids; None where the host has neither interactions nor users."""
        if self.interactions:
            return self.interactions[0]["user"]
        return self.users["id"] if self.users else None


async def resolve_schema(conn: asyncpg.Connection, mapping: Mapping) -> HostSchema:
    """Try every expression of a mapping on the database, which reads no row: 2 round trips a section where all exist.

    Raises MappingError where a required part is missing or denied, an expression is not SQL or is of an unfit type.
    """
    notes: list[str] = []
    items = await _resolve_table(conn, mapping.items, notes)
    if items is None:
        raise AssertionError("the items section is never optional")
    for condition in ("public", "available"):
        if condition in items and items[condition].type != "bool":
            raise MappingError(
                f"items.{condition} = {items[condition].sql} is {items[condition].type}, not a condition"
            )
    sources = []
    for section in mapping.interactions:
        table = await _resolve_table(conn, section, notes)
        if table is not None:
            sources.append(HostSource(section, table.expressions, section.kind))
    users = await _resolve_table(conn, mapping.users, notes) if mapping.users else None
    _check_moments([items, *sources])
    _check_ids("item", [items["id"], *(source["item"] for source in sources)])
    _check_ids("user", [*(source["user"] for source in sources), *([users["id"]] if users else [])])
    return HostSchema(items, tuple(sources), users, tuple(notes))


async def _resolve_table(conn: asyncpg.Connection, section: Section, notes: list[str]) -> HostTable | None:
    """One section with the expressions that the host has; None where its table is optional and absent."""
    try:
        return HostTable(section, await _types(conn, section, section.expressions))
    except (*_WRONG, *_NO_TABLE):
        # Something is missing or wrong: find out what, one by one. This costs a round trip a key, once.
        return await _resolve_parts(conn, section, notes)


async def _resolve_parts(conn: asyncpg.Connection, section: Section, notes: list[str]) -> HostTable | None:
    found: dict[str, Expression] = {}
    for key, sql in section.expressions.items():
        fault = f"{section.name}.{key} = {sql}"
        try:
            found |= await _types(conn, section, {key: sql})
        except _NO_TABLE as error:
            if not section.optional:
                raise MappingError(f"{section.name}: table = {section.table}: {_first_line(error)}") from None
            notes.append(f"{section.name}: {_first_line(error)}; read as absent")
            return None
        except _DENIED as error:
            if key in section.required and not section.optional:
                raise MappingError(
                    f"{fault}: {_first_line(error)}; grant SELECT on it to the role of MAIN_DATABASE_URL"
                ) from None
            notes.append(f"{fault}: {_first_line(error)} (SELECT is not granted); read as absent")
            if key in section.required:
                return None
        except _ABSENT as error:
            if key in section.required:
                raise MappingError(f"{fault}: {_first_line(error)}") from None
            notes.append(f"{fault}: {_first_line(error)}; read as null")
        except _WRONG as error:
            raise MappingError(f"{fault}: {_first_line(error)}") from None
    return HostTable(section, found)


async def _types(conn: asyncpg.Connection, section: Section, expressions: Dict[str, str]) -> dict[str, Expression]:
    """The expressions with their types. It is executed as well, since only execution checks privileges."""
    selected = ", ".join(f'({sql}) AS "{key}"' for key, sql in expressions.items())
    statement = await conn.prepare(f"SELECT {selected} FROM {section.source} LIMIT 0")
    await statement.fetch()
    return {
        attribute.name: Expression(
            f"({expressions[attribute.name]})",
            attribute.type.name.removesuffix("[]"),
            attribute.type.kind == "array",
        )
        for attribute in statement.get_attributes()
    }


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _check_moments(tables: list[HostTable]) -> None:
    for table in tables:
        for key in ("at", "created_at", "updated_at"):
            if key in table and table[key].type not in MOMENTS | NUMBERS:
                raise MappingError(
                    f"{table.name}.{key} = {table[key].sql} is {table[key].type}, neither a time nor unix seconds"
                )


def _check_ids(what: str, ids: list[Expression]) -> None:
    """All ids of one thing must be of one kind, or they could never be joined."""
    kinds = {_family(found.type): found.sql for found in ids}
    if len(kinds) > 1:
        pairs = " and ".join(f"{sql} is {kind}" for kind, sql in kinds.items())
        raise MappingError(f"{what} ids are of different kinds: {pairs}; cast one in the mapping")


def _family(pg_type: str) -> str:
    if pg_type in INTEGERS:
        return "an integer"
    return "text" if pg_type in ("text", "varchar", "bpchar") else pg_type
