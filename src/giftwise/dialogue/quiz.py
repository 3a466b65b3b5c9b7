"""What a giver says of whom and what for: a quiz as it crosses the wire in, checked facts out."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from giftwise.fields import Asked, Line, Prose, Words
from giftwise.people.demographics import OLDEST, Segment, age_group, age_on, parse_gender
from giftwise.recommend.reasons import Language

Relationship = Literal["partner", "friend", "best_friend", "relative", "colleague", "child", "unknown"]
Goal = Literal["impress", "care", "protocol", "apology", "joke", "growth"]
Effort = Literal["no_effort", "low", "medium", "high"]
Mode = Literal["quick_fix", "thoughtful", "deep_dive"]

MOST_MONEY: Final = 2**31 - 1
MOST_DAYS: Final = 36_500
ELDEST: Final = 120  # years; ideas are made for people, so whoever is said to be older is taken to be this old


def _no_bool(value: Any) -> Any:
    """`true` is no age of 1."""
    if isinstance(value, bool):
        raise ValueError("a whole number")
    return value


def _gender(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("gender is one of f, m, female, male, other, any, or null")
    return None if value.strip().lower() == "other" else parse_gender(value)


def _iso(value: Any) -> Any:
    """A day as it is written; a number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("a day, as 1990-12-31")
    return value


def _past(value: date) -> date:
    today = datetime.now(UTC).date()
    if value > today or age_on(value, today) > OLDEST:
        raise ValueError(f"a birth date lies within the last {OLDEST} years")
    return value


Whole = Annotated[int, BeforeValidator(_no_bool, json_schema_input_type=int)]
Years = Annotated[Whole, Field(ge=0, le=OLDEST, description="in years", examples=[30])]
GenderWord = Annotated[Literal["m", "f"] | None, BeforeValidator(_gender, json_schema_input_type=str | None)]
BirthDate = Annotated[date, BeforeValidator(_iso, json_schema_input_type=date), AfterValidator(_past)]


class Quiz(Asked):
    """What a giver says before the first idea. Only the age is needed; null means not said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "recipient_age": 30,
                    "relationship": "friend",
                    "interests": ["lego", "coffee"],
                    "budget": 5000,
                    "language": "ru",
                }
            ]
        }
    )

    recipient_age: Years
    recipient_gender: GenderWord = Field(None, description="f, m, female, male, other, any", examples=["f"])
    recipient_name: Line | None = Field(None, examples=["Anna"])
    recipient_birth_date: BirthDate | None = Field(None, description="where it is known; it says more than the age")
    relationship: Relationship = "unknown"
    occasion: Line | None = Field(None, examples=["birthday"])
    vibe: Line | None = Field(None, examples=["cozy"])
    interests: Words = Field([], description="words, or several in one: `lego and coffee`")
    interests_description: Prose | None = Field(None, description="the same in sentences")
    dislikes: Words = Field([], description="what it must not be: `alcohol`")
    budget: Annotated[Whole, Field(ge=0, le=MOST_MONEY)] | None = Field(
        None, description="in the catalog's currency; absent or 0 = no limit", examples=[5000]
    )
    deadline_days: Annotated[Whole, Field(ge=0, le=MOST_DAYS)] | None = None
    gifting_goal: Goal | None = None
    effort_level: Effort = "low"
    session_mode: Mode = "thoughtful"
    language: Language = "ru"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a recipient and an occasion. No name and no id of a person is in it."""

    age: int
    gender: str | None = None  # m, f
    relationship: Relationship = "unknown"
    occasion: str | None = None
    vibe: str | None = None
    interests: tuple[str, ...] = ()  # as said, not split yet
    description: str | None = None  # interests in sentences
    vetoes: tuple[str, ...] = ()  # what it must not be, as said
    answers: tuple[str, ...] = ()  # what was answered to questions, oldest first
    budget: int | None = None  # in the catalog's currency, None = no limit
    deadline_days: int | None = None
    goal: Goal | None = None
    effort: Effort = "low"
    mode: Mode = "thoughtful"
    language: Language = "ru"
    owned: frozenset[str] = field(default=frozenset())  # items that they got already, never to be shown again

    @property
    def segment(self) -> Segment:
        """The group of people that they belong to."""
        return Segment(self.gender, age_group(self.age))

    @classmethod
    def of(cls, quiz: Quiz, *, answers: tuple[str, ...] = (), owned: frozenset[str] = frozenset()) -> "Facts":
        """The facts of a quiz, and what was learned since."""
        born = quiz.recipient_birth_date
        age = quiz.recipient_age if born is None else age_on(born, datetime.now(UTC).date())
        return cls(
            age=min(age, ELDEST),
            gender=quiz.recipient_gender,
            relationship=quiz.relationship,
            occasion=quiz.occasion,
            vibe=quiz.vibe,
            interests=tuple(quiz.interests),
            description=quiz.interests_description,
            vetoes=tuple(quiz.dislikes),
            answers=answers,
            budget=quiz.budget or None,
            deadline_days=quiz.deadline_days,
            goal=quiz.gifting_goal,
            effort=quiz.effort_level,
            mode=quiz.session_mode,
            language=quiz.language,
            owned=owned,
        )
