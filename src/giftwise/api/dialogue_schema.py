"""The guided surface's requests: what front ends send (extra fields ignored), checked."""

import json
from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from giftwise.api.problems import CHOICE
from giftwise.dialogue.actions import Action
from giftwise.dialogue.dialogue import ReactionWord
from giftwise.dialogue.quiz import Quiz
from giftwise.fields import Asked, HostId, Prose, printable, text_id
from giftwise.ids import TEXT_MAX

METADATA_MOST: Final = 20_000  # bytes of an action's metadata as JSON

QUIZ: Final[dict[str, Any]] = {
    "recipient_age": 30,
    "relationship": "friend",
    "interests": ["lego", "coffee"],
    "budget": 5000,
}


def _target(value: Any) -> Any:
    """Ids of gifts may be numbers; inside they are text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an id, or a text")
    return str(value)


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    """Only what our database can keep, and not more than anybody needs."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):  # NaN, half a surrogate pair, or nested without end
        raise ValueError("only what JSON can hold") from None
    if len(text) > METADATA_MOST or b"\\u0000" in text:
        raise ValueError(f"at most {METADATA_MOST} bytes, without NUL characters")
    return value


def _form(value: Any) -> str:
    """Which of both forms a body of `init` has."""
    wrapped = isinstance(value, WrappedQuiz) or (isinstance(value, dict) and "quiz" in value)
    return f"{CHOICE}wrapped" if wrapped else f"{CHOICE}quiz"


def _user(value: str) -> str | None:
    """Front ends without a user send the parameter empty."""
    return text_id(value) if value else None


UserInQuery = Annotated[
    str | None,
    Query(max_length=TEXT_MAX, description="who seeks a gift; absent = anonymous", examples=["1"]),
    AfterValidator(lambda value: None if value is None else _user(printable(value))),
]
HypothesisId = Annotated[str, Path(max_length=200, examples=["0b6a2c0e-6f5e-4d9f-8a55-0f9a5f0c6a11"])]
SessionId = Annotated[str, Path(max_length=200, examples=["3a1f0f7e-54a0-4b58-9d2b-2f1f6f6b7a01"])]


class WrappedQuiz(Asked):
    """A quiz with whose it is around it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": "5f0c3d1e-8a4b-4f67-9b7c-1c2d3e4f5a6b", "quiz": QUIZ}]}
    )

    user_id: HostId | None = Field(None, description="who seeks a gift; absent or null = anonymous")
    recipient_id: str | None = Field(None, description="a recipient that is known already; the quiz is merged in")
    quiz: Quiz


InitBody = Annotated[
    Annotated[WrappedQuiz, Tag(f"{CHOICE}wrapped")] | Annotated[Quiz, Tag(f"{CHOICE}quiz")], Discriminator(_form)
]


class StepBody(Asked):
    """One step of a giver."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "session_id": "3a1f0f7e-54a0-4b58-9d2b-2f1f6f6b7a01",
                    "action": "like_hypothesis",
                    "value": "0b6a2c0e-6f5e-4d9f-8a55-0f9a5f0c6a11",
                    "metadata": {},
                }
            ]
        }
    )

    session_id: Annotated[str, StringConstraints(max_length=200)]
    action: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(printable)] = Field(
        description="answer_probe, select_branch, select_track, suggest_topics, load_more_hypotheses, like_hypothesis,"
        " unlike_hypothesis, dislike_hypothesis, undislike_hypothesis, select_gift; like, dislike, view, purchase,"
        " shortlist (of a gift); any other word is recorded as a navigation"
    )
    value: Annotated[Prose, BeforeValidator(_target, json_schema_input_type=str | int)] | None = Field(
        None, description="the target's id (a topic's, a hypothesis's, a gift's) or the text of an answer"
    )
    metadata: Annotated[dict[str, Any], AfterValidator(_metadata)] = Field(
        {},
        description="topic_id, hypothesis_id, product_id, target_type, reason (too_expensive, has_it, or words)",
    )

    @property
    def step(self) -> Action:
        """As the dialogue takes it."""
        return Action(self.action, self.value, self.metadata)


class ReactionBody(Asked):
    """What is thought of an idea."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reaction": "like"}]})

    reaction: ReactionWord


class Reacted(Asked):
    """The reaction is recorded."""

    status: Literal["success"] = "success"
    hypothesis_id: str
    reaction: ReactionWord
