"""How the host's schema is read: a TOML file of SQL expressions in, a validated Mapping out."""

import tomllib
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from giftwise.errors import MappingError

DEFAULT_FILE = Path(__file__).with_name("presents.toml")
PUSHED_FILE = Path(__file__).with_name("businesses.toml")

Sql = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
KindName = Literal["view", "click", "like", "save", "share", "purchase", "dislike"]


class Section(BaseModel):
    """One table of the host, or a parenthesised subquery, and the expressions read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title_in_errors: ClassVar[str]
    required: ClassVar[tuple[str, ...]]
    not_expressions: ClassVar[frozenset[str]] = frozenset({"table", "optional", "kind"})

    table: Sql
    optional: bool = False

    @property
    def name(self) -> str:
        """What errors call this section."""
        return self.title_in_errors

    @property
    def source(self) -> str:
        """The section's FROM item; a subquery gets the alias that PostgreSQL before 16 asks for."""
        return f"{self.table} AS host" if self.table.startswith("(") else self.table

    @property
    def expressions(self) -> dict[str, str]:
        """The expressions that this mapping names, by key, in the order of the model."""
        fields = (key for key in type(self).model_fields if key not in self.not_expressions)
        return {key: sql for key in fields if (sql := getattr(self, key)) is not None}


class ItemsSection(Section):
    """Where items are. `public` and `available` are conditions; the rest are values, null where unknown."""

    title_in_errors = "items"
    required = ("id", "public")

    optional: Literal[False] = False
    id: Sql
    public: Sql
    available: Sql | None = None
    title: Sql | None = None
    description: Sql | None = None
    price: Sql | None = None
    currency: Sql | None = None
    platform: Sql | None = None
    geo: Sql | None = None
    category: Sql | None = None
    tags: Sql | None = None
    lat: Sql | None = None
    lon: Sql | None = None
    popularity: Sql | None = None
    rating: Sql | None = None
    rating_count: Sql | None = None
    target_gender: Sql | None = None
    target_age: Sql | None = None
    suitable_for: Sql | None = None
    acquaintance_level: Sql | None = None
    image_url: Sql | None = None
    url: Sql | None = None
    merchant: Sql | None = None
    delivery_days: Sql | None = None
    customizable: Sql | None = None
    created_at: Sql | None = None
    updated_at: Sql | None = None


class InteractionsSection(Section):
    """Where interactions are: all of one `kind` (several sections may share it), or of the kind that `kinds` names."""

    title_in_errors = "interactions"
    required = ("user", "item", "kinds")

    kind: KindName | None = None
    kinds: Sql | None = None
    id: Sql | None = None
    user: Sql
    item: Sql
    at: Sql | None = None
    weight: Sql | None = None

    @model_validator(mode="after")
    def one_way_to_tell(self) -> Self:
        """`kind` or `kinds`."""
        if (self.kind is None) == (self.kinds is None):
            raise ValueError("name either kind or kinds")
        return self

    @property
    def name(self) -> str:
        """What errors, and the live tail's bookmarks, call this section."""
        return f"{self.title_in_errors} {self.kind or 'of all kinds'} ({self.table})"


class UsersSection(Section):
    """Where users are; age comes from the first of `age_group`, `age` and `birthday` that has a value."""

    title_in_errors = "users"
    required = ("id",)

    id: Sql
    gender: Sql | None = None
    age_group: Sql | None = None
    age: Sql | None = None
    birthday: Sql | None = None
    locale: Sql | None = None
    geo: Sql | None = None
    interests: Sql | None = None
    lat: Sql | None = None
    lon: Sql | None = None


class Mapping(BaseModel):
    """The whole mapping of one host."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: ItemsSection
    interactions: tuple[InteractionsSection, ...] = ()
    users: UsersSection | None = None


def load_mapping(path: Path | None = None) -> Mapping:
    """The mapping in a TOML file, or the contract's where none is named; MappingError says what is wrong and where."""
    file = path or DEFAULT_FILE
    try:
        return Mapping.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise MappingError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} is not TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise MappingError(f"{file}: {faults}") from None
