"""What one source of interactions says of each, as SQL: of which kind it is and how much it counts."""

from typing import Final

from giftwise.db.schema import NUMBERS, HostSource
from giftwise.errors import MappingError
from giftwise.interactions.event import LEAST_FACTOR, MOST_FACTOR, SETTLED, Kind

_NAMES: Final = tuple(kind.name.lower() for kind in Kind)


def number_of(source: HostSource) -> str:
    """The number of the kind; null for a word that is no kind."""
    if source.kind is not None:
        return str(Kind.named(source.kind).value)
    cases = " ".join(f"WHEN '{kind.name.lower()}' THEN {kind.value}" for kind in Kind)
    return f"CASE {source.text('kinds')} {cases} END"


def is_known(source: HostSource) -> str:
    """A condition: the row's word is a kind."""
    return "TRUE" if source.kind is not None else _one_of(source, _NAMES)


def is_settled(source: HostSource) -> str:
    """A condition, for a source of several kinds: the row settles its item."""
    return _one_of(source, tuple(kind.name.lower() for kind in Kind if kind in SETTLED))


def is_passing(source: HostSource) -> str:
    """A condition, for a source of several kinds: the row is of a kind that settles nothing."""
    return _one_of(source, tuple(kind.name.lower() for kind in Kind if kind not in SETTLED))


def factor_of(source: HostSource) -> str:
    """How much the row counts beside its kind, within bounds; null where the source does not tell."""
    if "weight" not in source:
        return "NULL::float4"
    weight = source["weight"]
    if weight.type not in NUMBERS:
        raise MappingError(f"{source.name}.weight = {weight.sql} is {weight.type}, not a number")
    return f"greatest({LEAST_FACTOR}, least({MOST_FACTOR}, coalesce({weight.sql}, 1)))::float4"


def _one_of(source: HostSource, names: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{source.text('kinds')} IN ({listed})"
