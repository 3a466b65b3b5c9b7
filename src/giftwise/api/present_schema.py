"""The present surface's shapes: what hosts send (extra fields ignored) and what they get, as the contract has it."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from giftwise.fields import Asked, Word, printable
from giftwise.ids import TEXT_MAX
from giftwise.people.demographics import parse_age, parse_gender
from giftwise.recommend.page import Answer, Detail
from giftwise.recommend.recommender import Include
from giftwise.recommend.request import Filters

INT64 = 2**63


def _id_text(value: Any) -> Any:
    """Ids come as JSON numbers or strings; inside they are text until the database's own kind is known."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _not_bool(value: Any) -> Any:
    """`false` is no region 0."""
    if isinstance(value, bool):
        raise ValueError("a region id is an integer")
    return value


def _gender(value: Any) -> Any:
    if value is not None and not isinstance(value, str):
        raise ValueError("gender is one of f, m, female, male, any, or null")
    return parse_gender(value)


def _age(value: Any) -> Any:
    if isinstance(value, bool) or (value is not None and not isinstance(value, str | int)):
        raise ValueError("age is an age group, any, unknown, null, or whole years")
    return parse_age(value)


Id = Annotated[
    str,
    BeforeValidator(_id_text, json_schema_input_type=int | str),
    StringConstraints(min_length=1, max_length=TEXT_MAX),
    AfterValidator(printable),
]
Gender = Annotated[str | None, BeforeValidator(_gender, json_schema_input_type=str | None)]
Age = Annotated[str | None, BeforeValidator(_age, json_schema_input_type=str | int | None)]
Geo = Annotated[
    int | None,
    BeforeValidator(_not_bool, json_schema_input_type=int | None),
    Field(ge=-INT64, lt=INT64, description="the host's region id; absent or null = any"),
]
Price = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]


class UserParams(Asked):
    """Who to be popular with."""

    gender: Gender = Field(None, description="f, m, female, male, any or null", examples=["f"])
    age: Age = Field(None, description="an age group, 45+, any, unknown, null, or whole years", examples=["25-34"])
    category: Word | None = Field(None, description="only items of this category", examples=["electronics"])
    geo_id: Geo = Field(None, examples=[213])


class FilterParams(Asked):
    """What an item must satisfy."""

    price_from: Price = Field(None, examples=[500])
    price_to: Price = Field(None, description="greater than price_from", examples=[2000])
    category: Word | None = None
    categories: list[Word] = Field([], max_length=100, description="any of these (beside `category`)")
    platform: Word | None = Field(None, examples=["ozon"])
    suitable_for: Word | None = Field(None, description="friend, family, colleague")
    acquaintance_level: Word | None = Field(None, description="close, casual, formal")
    exclude_ids: list[Id] = Field([], max_length=1000, description="items to leave out")
    max_per_category: int | None = Field(None, ge=1, le=1_000_000, description="most items of one category in the list")

    @model_validator(mode="after")
    def prices_in_order(self) -> Self:
        """price_to > price_from."""
        if self.price_from is not None and self.price_to is not None and self.price_to <= self.price_from:
            raise ValueError("price_to must be greater than price_from")
        return self

    def filters(self, category: str | None = None) -> Filters:
        """As the engine takes them; a segment's category narrows further."""
        wanted = {*self.categories, *([self.category] if self.category else [])}
        if category is not None:
            wanted = {category} if not wanted or category in wanted else {""}  # no item has both categories
        return Filters(
            price_from=self.price_from,
            price_to=self.price_to,
            categories=tuple(sorted(wanted)),
            platform=self.platform,
            suitable_for=self.suitable_for,
            acquaintance_level=self.acquaintance_level,
            exclude_ids=tuple(sorted(set(self.exclude_ids))),
            max_per_category=self.max_per_category,
        )


class PageParams(Asked):
    """Which page."""

    page: int = Field(1, ge=1, le=INT64 - 1)
    limit: int | None = Field(None, ge=1, description="DEFAULT_PAGE_SIZE where absent, at most MAX_PAGE_SIZE")


class ListParams(Asked):
    """What both lists take."""

    filters: FilterParams = FilterParams()
    pagination: PageParams = PageParams()
    include: list[Literal["details", "reasons"]] = Field([], description="adds `results` to the answer")
    language: Literal["en", "ru"] = Field("en", description="of the reasons")

    @property
    def wanted(self) -> Include:
        """What the answer carries beside the ids."""
        return Include("details" in self.include, "reasons" in self.include, self.language)


class PopularRequest(ListParams):
    """POST /popular."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_params": {"gender": "f", "age": "25-34", "category": "electronics", "geo_id": 213},
                    "filters": {"price_from": 500, "price_to": 2000},
                    "pagination": {"page": 1, "limit": 20},
                }
            ]
        }
    )

    user_params: UserParams


class PersonalizedRequest(ListParams):
    """POST /personalized."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": 123,
                    "geo_id": 213,
                    "filters": {"price_from": 500, "price_to": 2000, "category": "electronics"},
                    "pagination": {"page": 1, "limit": 20},
                    "include": ["details", "reasons"],
                }
            ]
        }
    )

    user_id: Id = Field(examples=[123])
    geo_id: Geo = None


class Pagination(BaseModel):
    """Where this page stands in its list."""

    page: int
    limit: int
    total_pages: int
    total_count: int
    has_next: bool
    has_previous: bool


class ReasonOut(BaseModel):
    """Why an item is here."""

    code: str = Field(examples=["because_liked"])
    params: dict[str, Any]
    text: str = Field(examples=["Because you liked Walnut chess set"])


class ResultOut(BaseModel):
    """One item of the page, on request."""

    id: int | str
    score: float = Field(description="comparable within a rung")
    rung: str
    title: str | None
    price: float | None
    currency: str | None
    image_url: str | None
    url: str | None
    category: str | None
    reasons: list[ReasonOut] | None = Field(None, description="with include reasons")

    @classmethod
    def of(cls, found: Detail, currency: str) -> Self:
        """One place as JSON; `currency` is that of items that name none."""
        card = found.card
        shown = cls(
            id=found.id,
            score=found.score,
            rung=found.rung,
            title=card.get("title"),
            price=found.price,
            currency=card.get("currency") or currency,
            image_url=card.get("image_url"),
            url=card.get("url"),
            category=found.category,
        )
        if found.reasons is not None:
            shown.reasons = [ReasonOut(code=why.code, params=why.params, text=why.text) for why in found.reasons]
        return shown


Algorithm = Literal["popular", "content_based", "collaborative", "collaborative_fallback_content", "popular_fallback"]


class ListAnswer(BaseModel):
    """The answer of both lists."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [123, 456, 789],
                "pagination": {
                    "page": 1,
                    "limit": 20,
                    "total_pages": 15,
                    "total_count": 293,
                    "has_next": True,
                    "has_previous": False,
                },
                "computation_time_ms": 1.4,
                "algorithm_used": "collaborative",
                "cache_hit": False,
                "generation": 12,
                "age_seconds": 340.5,
            }
        }
    )

    items: list[int] | list[str]
    pagination: Pagination
    computation_time_ms: float
    algorithm_used: Algorithm = Field(description="the rung that filled the first place of the page")
    cache_hit: bool
    generation: int = Field(description="which model answered")
    age_seconds: float = Field(description="how old that model is")
    results: list[ResultOut] | None = Field(None, description="with include details or reasons")

    @classmethod
    def of(cls, answer: Answer, milliseconds: float, currency: str) -> Self:
        """An answer as JSON; `currency` is that of items that name none."""
        page = answer.page
        shown = cls(
            items=answer.items,
            pagination=Pagination(
                page=page.page,
                limit=page.limit,
                total_pages=answer.total_pages,
                total_count=answer.total,
                has_next=page.stop < answer.total,
                has_previous=page.page > 1,
            ),
            computation_time_ms=round(milliseconds, 3),
            algorithm_used=answer.algorithm,
            cache_hit=answer.cache_hit,
            generation=answer.generation,
            age_seconds=round(answer.age_seconds, 3),
        )
        if answer.details is not None:
            shown.results = [ResultOut.of(found, currency) for found in answer.details]
        return shown
