"""Ten quizzes and what their givers do next in; the conversations, as docs/examples/dialogues.md shows them, out.

    python -m benchmarks.transcripts

Over the generated catalog, by rules. Read them as the giver would: whatever makes you wince is an error.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.dialogue import World, open_world
from giftwise.dialogue.actions import Action
from giftwise.dialogue.quiz import Quiz
from giftwise.dialogue.session import Gift, Session
from giftwise.log import configure

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "examples" / "dialogues.md"
HEAD: Final = """# Ten conversations

What ten very different givers are answered, by rules alone, over generated presents (their titles are made of parts: a
mug "for K-pop fans" is the generator's humour, not ours). Written by `python -m benchmarks.transcripts`; how the
dialogue thinks is in [explanation: the dialogue](../explanation/dialogue.md).
"""


@dataclass(frozen=True)
class Scene:
    """A giver: the quiz, and the steps that follow it."""

    title: str
    quiz: dict[str, Any]
    steps: tuple[str, ...] = ()


SCENES: Final = (
    Scene(
        "A friend of thirty, Lego and coffee, 5,000",
        {"recipient_age": 30, "recipient_gender": "m", "relationship": "friend", "interests": ["лего и кофе"],
         "budget": 5000, "occasion": "день рождения", "language": "ru"},
        ("like", "more"),
    ),
    Scene(
        "A colleague leaves; no alcohol, nothing personal",
        {"recipient_age": 45, "recipient_gender": "f", "relationship": "colleague",
         "interests": ["чай", "комнатные растения"], "dislikes": ["алкоголь"], "budget": 2000,
         "occasion": "увольнение", "gifting_goal": "protocol", "language": "ru"},
        ("more",),
    ),
    Scene(
        "A boy of six who talks of nothing but dinosaurs and space",
        {"recipient_age": 6, "recipient_gender": "m", "relationship": "child", "interests": ["динозавры и космос"],
         "budget": 3000, "occasion": "birthday", "language": "ru"},
        ("dislike too_expensive", "more"),
    ),
    Scene(
        "A partner, ten years together, in the mountains and over books",
        {"recipient_age": 38, "recipient_gender": "f", "relationship": "partner", "interests": ["горы", "фэнтези"],
         "budget": 12000, "occasion": "годовщина", "effort_level": "high", "vibe": "трогательное", "language": "ru"},
        ("like",),
    ),
    Scene(
        "Grandmother, of whom only a description is told",
        {"recipient_age": 74, "recipient_gender": "f", "relationship": "relative",
         "interests_description": "Всё лето на даче, вяжет внукам, кошка Муся. Сладкого нельзя.",
         "dislikes": ["сладкое"], "budget": 3500, "occasion": "8 марта", "gifting_goal": "care", "language": "ru"},
    ),
    Scene(
        "Nothing is known but the age",
        {"recipient_age": 27, "language": "en"},
        ("answer", "like"),
    ),
    Scene(
        "An apology to a best friend who plays the guitar",
        {"recipient_age": 24, "recipient_gender": "m", "relationship": "best_friend", "interests": ["guitar", "vinyl"],
         "budget": 4000, "gifting_goal": "apology", "language": "en"},
    ),
    Scene(
        "A niece who loves sport, whatever that means",
        {"recipient_age": 15, "recipient_gender": "f", "relationship": "relative", "interests": ["sports"],
         "budget": 3000, "language": "en"},
        ("branch", "dislike has_it", "more"),
    ),
    Scene(
        "A father who has everything, by a giver who rejects everything",
        {"recipient_age": 61, "recipient_gender": "m", "relationship": "relative", "interests": ["fishing and cars"],
         "dislikes": ["books"], "budget": 6000, "language": "en"},
        ("dislike", "dislike", "dislike", "answer"),
    ),
    Scene(
        "A joke for a colleague, in a hurry",
        {"recipient_age": 33, "relationship": "colleague", "interests": ["cats; memes"], "budget": 1000,
         "gifting_goal": "joke", "effort_level": "no_effort", "session_mode": "quick_fix", "deadline_days": 3,
         "language": "en"},
    ),
)  # fmt: skip


async def main() -> None:
    """Hold the conversations and write the page."""
    configure("error")
    async with open_world("generated") as world:
        parts = [HEAD]
        for number, scene in enumerate(SCENES, 1):
            parts.append(f"## {number}. {scene.title}\n")
            parts.append("\n".join([line async for line in _hold(world, scene)]) + "\n")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(parts), encoding="utf-8")


async def _hold(world: World, scene: Scene) -> Any:
    told = ", ".join(f"{key}: {value}" for key, value in scene.quiz.items())
    yield f"*{told}*\n"
    session = await world.dialogue.init(Quiz.model_validate(scene.quiz), None)
    known: set[str] = set()
    for line in _show(session, known):
        yield line
    refused: set[str] = set()
    for step in scene.steps:
        action = _action(session, step, refused)
        if action is None:
            continue
        said = action.value if action.name in ("answer_probe", "select_branch") else ""
        reason = action.metadata.get("reason", "")
        yield f"\n> **{action.name}** {said or ''}{_title(session, action.value)}{f' ({reason})' if reason else ''}\n"
        session = await world.dialogue.interact(session.session_id, action)
        for line in _show(session, known):
            yield line
        if action.name == "like_hypothesis":
            gifts = await world.dialogue.products(action.value or "")
            yield "\nAll of it: " + "; ".join(map(_gift, gifts[:8]))


def _action(session: Session, step: str, refused: set[str]) -> Action | None:
    name, _, reason = step.partition(" ")
    ideas = [idea for track in session.tracks for idea in track.hypotheses if idea.id not in refused]
    asked = next((track for track in session.tracks if track.question), None)
    if name == "answer":
        probe = session.current_probe
        return Action("answer_probe", probe.options[0]) if probe else None
    if name == "branch":
        if asked is None or asked.question is None:
            return None
        return Action("select_branch", asked.question.options[1], {"topic_id": asked.topic_id})
    if name == "more":
        return Action("load_more_hypotheses", session.selected_topic_id or session.tracks[0].topic_id)
    if name == "dislike" and reason:
        gift = ideas[0].preview_products[0]
        said = {"reason": reason, "target_type": "product", "hypothesis_id": ideas[0].id}
        return Action("dislike", str(gift.id), said)
    refused.add(ideas[0].id)
    return Action(f"{name}_hypothesis", ideas[0].id)


def _title(session: Session, value: str | None) -> str:
    for track in session.tracks:
        for idea in track.hypotheses:
            if idea.id == value:
                return f"«{idea.title}»"
            for gift in idea.preview_products:
                if str(gift.id) == value:
                    return f"«{gift.title}»"
    return ""


def _show(session: Session, known: set[str]) -> Iterator[str]:
    """What is new: ideas, questions, a probe."""
    for track in session.tracks:
        if track.question is not None:
            yield f"**{track.topic_name}**: {track.question.question} *{' / '.join(track.question.options)}*"
        for idea in track.hypotheses:
            if idea.id not in known:
                known.add(idea.id)
                gifts = "; ".join(map(_gift, idea.preview_products[:4]))
                yield f"- **{idea.title}** ({track.topic_name}, {idea.primary_gap})."
                yield f"  {idea.description} *{idea.reasoning}*"
                yield f"  {gifts}"
    if session.current_probe is not None:
        yield f"\n{session.current_probe.question} *{' / '.join(session.current_probe.options)}*"


def _gift(gift: Gift) -> str:
    return f"{gift.title}, {gift.price:,.0f}" if gift.price is not None else gift.title


if __name__ == "__main__":
    asyncio.run(main())
