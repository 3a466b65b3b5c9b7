"""What thinks of ideas: a topic and facts in, drafts that have products behind them, or a question, out."""

from collections.abc import Sequence
from typing import Protocol

from giftwise.dialogue import hypotheses, questions
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Draft, Find, Gift, Question
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.taxonomy import Topic
from giftwise.settings import Settings


class Account(Protocol):
    """How often a session has asked a language model; a session's State is one."""

    llm_calls: int


class Brain(Protocol):
    """Thinks of ideas and questions."""

    async def hypotheses(
        self,
        topic: Topic,
        facts: Facts,
        steering: Steering,
        find: Find,
        *,
        seen: frozenset[str],
        count: int,
        seed: int,
        account: Account | None = None,
    ) -> list[Draft]:
        """At most `count` ideas with at least three products each, none of them titled as one that was seen."""
        ...

    async def question(
        self, facts: Facts, steering: Steering, candidates: Sequence[Gift], *, asked: Sequence[str]
    ) -> Question | None:
        """What would tell most about what is left to show; None where nothing new can be asked."""
        ...


class RulesBrain:
    """Ideas from the taxonomy and the catalog: the same for the same seed, and nothing leaves the server."""

    async def hypotheses(
        self,
        topic: Topic,
        facts: Facts,
        steering: Steering,
        find: Find,
        *,
        seen: frozenset[str],
        count: int,
        seed: int,
        account: Account | None = None,
    ) -> list[Draft]:
        """As Brain says; `account` is not touched."""
        return await hypotheses.propose(topic, facts, steering, find, seen=seen, count=count, seed=seed)

    async def question(
        self, facts: Facts, steering: Steering, candidates: Sequence[Gift], *, asked: Sequence[str]
    ) -> Question | None:
        """As Brain says."""
        return questions.next_question(facts, steering, candidates, asked=asked)


def open_brain(settings: Settings) -> Brain:
    """The brain that the settings name. ValueError where a language model is wanted and cannot be asked."""
    rules = RulesBrain()
    if settings.brain == "rules":
        return rules
    if settings.llm_model is None:
        raise ValueError("BRAIN=llm needs LLM_MODEL")
    try:  # the libraries of language models are an extra, and cost memory that the rules do not need
        from giftwise.dialogue.llm import LlmBrain, open_model
    except ImportError:
        raise ValueError("BRAIN=llm needs the extra libraries: pip install 'giftwise[llm]'") from None
    return LlmBrain(
        open_model(settings),
        rules,
        name=settings.llm_model,
        timeout_seconds=settings.llm_timeout_seconds,
        calls_per_session=settings.llm_calls_per_session,
    )
