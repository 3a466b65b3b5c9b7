"""Which models of the host are users, businesses and interactions: declarations in, bodies for the engine out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, cast

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Manager, Model, QuerySet

from django_giftwise.answers import Id
from django_giftwise.errors import Misconfigured
from django_giftwise.surface import Kind, location_body, plain_id

Source = str | Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Value:
    """The same value for every object, where a plain string would name an attribute."""

    value: object


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """How a model's objects become bodies.

    A source is an attribute (`"name"`, `"owner.city"`), a callable that is given the object, a Value, or None for a
    field that the model does not have. A manager or a method without arguments is called; objects in a list are taken
    by their `str`.
    """

    kind: ClassVar[Kind]
    fields: ClassVar[tuple[str, ...]]

    id: Source = "pk"
    queryset: Callable[[], QuerySet[Any]] | None = None  # what to sync, with its prefetching; default: all
    when: Callable[[Any], bool] | None = None  # whether the engine may have it; False deletes it there
    m2m: tuple[str, ...] = ()  # many-to-many fields that the body reads: their changes sync the object too

    def body(self, instance: Model) -> dict[str, object]:
        """The body of the engine's sync call."""
        found: dict[str, object] = {"id": self.identify(instance)} if "id" in self.fields else {}
        for name in self.fields:
            if name != "id":
                found[name] = _SHAPES[name](resolve(instance, getattr(self, name)))
        return found

    def identify(self, instance: Model) -> int | str:
        """The id that the engine knows the object by."""
        return plain_id(cast("Id", resolve(instance, self.id)))


@dataclass(frozen=True, kw_only=True)
class UserModel(Declaration):
    """A model whose objects are users."""

    kind: ClassVar[Kind] = "user"
    fields: ClassVar[tuple[str, ...]] = ("id", "username", "email", "interests", "location")

    username: Source | Value | None = "username"
    email: Source | Value | None = None
    interests: Source | Value | None = None
    location: Source | Value | None = None  # (latitude, longitude), an object or a mapping with lat and lon, or None


@dataclass(frozen=True, kw_only=True)
class BusinessModel(Declaration):
    """A model whose objects are recommended."""

    kind: ClassVar[Kind] = "business"
    fields: ClassVar[tuple[str, ...]] = (
        "id", "name", "description", "categories", "tags", "location", "popularity_score", "rating", "rating_count",
    )  # fmt: skip

    name: Source | Value = "name"
    description: Source | Value | None = None
    categories: Source | Value | None = None
    tags: Source | Value | None = None
    location: Source | Value | None = None  # as of a user
    popularity_score: Source | Value | None = None
    rating: Source | Value | None = None
    rating_count: Source | Value | None = None


@dataclass(frozen=True, kw_only=True)
class InteractionModel(Declaration):
    """A model whose objects say that a user did something with a business."""

    kind: ClassVar[Kind] = "interaction"
    fields: ClassVar[tuple[str, ...]] = ("user_id", "business_id", "interaction_type", "weight", "timestamp")

    user_id: Source | Value = "user_id"
    business_id: Source | Value = "business_id"
    interaction_type: Source | Value = "interaction_type"  # Value("like") where the model stands for one kind
    weight: Source | Value = Value(1.0)
    timestamp: Source | Value | None = None  # when it was; without it, the moment of saving, and that of a sync


def resolve(instance: Model, source: Source | Value | None) -> object:
    """What a source gives for an object; None where a related object on the way is missing."""
    match source:
        case None:
            return None
        case Value(value):
            return value
        case str():
            return _follow(instance, source)
        case _:
            return source(instance)


def _follow(instance: Model, path: str) -> object:
    found: Any = instance
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except ObjectDoesNotExist:
            found = None
        if found is None:
            return None
    if isinstance(found, Manager):
        return found.all()
    return found() if callable(found) else found


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _words(value: object) -> list[str]:
    """Words from a list or a queryset; a plain string is words between commas."""
    if value is None:
        return []
    parts = value.split(",") if isinstance(value, str) else cast("list[object]", value)
    return [word for part in parts if (word := str(part).strip())]


def _number(value: object) -> float | None:
    return None if value is None else float(cast("float", value))


def _count(value: object) -> int | None:
    return None if value is None else int(cast("int", value))


def _moment(value: object) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else _text(value)


def _place(value: object) -> dict[str, float] | None:
    """A location from a pair, a mapping or an object with lat and lon; a pair that lacks one number is none."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        pair = value.get("lat"), value.get("lon")
    elif isinstance(value, (tuple, list)):
        pair = value[0], value[1]
    else:
        pair = getattr(value, "lat", None), getattr(value, "lon", None)
    return None if pair[0] is None or pair[1] is None else location_body((float(pair[0]), float(pair[1])))


def _identifier(value: object) -> int | str:
    return plain_id(cast("Id", value))


_SHAPES: Final[Mapping[str, Callable[[object], object]]] = {
    "username": _text, "email": _text, "interests": _words, "location": _place,
    "name": _text, "description": _text, "categories": _words, "tags": _words,
    "popularity_score": _number, "rating": _number, "rating_count": _count,
    "user_id": _identifier, "business_id": _identifier, "interaction_type": _text, "weight": _number,
    "timestamp": _moment,
}  # fmt: skip


class Registry:
    """The declared models of a process, in the order of their declaration."""

    def __init__(self) -> None:
        self._declared: dict[type[Model], Declaration] = {}

    def add(self, model: type[Model], declaration: Declaration) -> None:
        """Declare a model; a second declaration of it is a mistake."""
        if model in self._declared:
            raise Misconfigured(f"{model._meta.label} is registered twice")
        self._declared[model] = declaration

    def find(self, model: type[Model]) -> Declaration | None:
        """The declaration of a model or, for a proxy or a deferred class, of the model behind it."""
        return self._declared.get(model) or self._declared.get(cast("type[Model]", model._meta.concrete_model))

    def by_label(self, label: str) -> tuple[type[Model], Declaration] | None:
        """The model with this label, such as `shop.Business`, and its declaration."""
        return next((pair for pair in self._declared.items() if pair[0]._meta.label == label), None)

    def __iter__(self) -> Iterator[tuple[type[Model], Declaration]]:
        return iter(self._declared.items())

    def clear(self) -> None:
        """Forget every declaration; for tests."""
        self._declared.clear()


registry: Final = Registry()


def register(model: type[Model], declaration: Declaration) -> None:
    """Declare what a model is to the engine; called in a module `giftwise` of an installed app.

    From then on saved and deleted objects of it follow to the engine after the transaction's commit.
    """
    registry.add(model, declaration)


def objects(model: type[Model], declaration: Declaration) -> QuerySet[Any]:
    """The objects that the engine may have, before `when` is asked."""
    return declaration.queryset() if declaration.queryset is not None else model._default_manager.all()
