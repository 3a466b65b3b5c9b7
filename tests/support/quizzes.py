"""Quizzes as givers would fill them in, made up by seed, and what may never come of one."""

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

from giftwise.dialogue.quiz import Quiz
from giftwise.dialogue.session import Gift
from giftwise.dialogue.taxonomy import load_taxonomy
from giftwise.recommend.reasons import Language

JOINTS: Final = {"ru": (" и ", ", ", ", а ещё ", " / ", "; "), "en": (" and ", ", ", " & ", " / ", "; ")}
UNKNOWN: Final = {
    "ru": ("квиддич", "спелеология", "старые радиоприёмники", "кёрлинг", "радиолампы", "ходьба на ходулях"),
    "en": ("quidditch", "caving", "old radio sets", "curling", "stilt walking", "bagpipes"),
}
VETOES: Final = {
    "ru": ("алкоголь", "без алкоголя", "сладкое", "книги", "косметика", "свечи"),
    "en": ("alcohol", "no alcohol", "sweets", "books", "cosmetics", "candles"),
}
DESCRIPTIONS: Final = {
    "ru": (
        "Устаёт на работе, мечтает о море.",
        "Не пьёт, зато печёт торты.",
        "Всё время в телефоне, ничего не радует.",
    ),
    "en": ("Tired of work, dreams of the sea.", "Does not drink, but bakes cakes.", "On the phone; nothing pleases."),
}
RELATIONSHIPS: Final = ("partner", "friend", "best_friend", "relative", "colleague", "unknown")
# Words that give a closed product away, written apart from gates.toml: whoever checks must not ask the checked.
ALCOHOL: Final = re.compile(
    r"\b(вин[оа]|виски|коньяк|пив[оа]|шампанско\w+|штопор|wine|whisky|whiskey|beer|champagne|vodka)\b", re.I
)
INTIMATE: Final = re.compile(r"\b(пеньюар|нижне\w+ бель\w+|кружевн\w+ бель\w+|lingerie|erotic|negligee)\b", re.I)
BODY_CARE: Final = re.compile(
    r"\b(парфюмерн\w+|скраб\w*|бомбочк\w+ для ванны|eau de parfum|body scrub|bath bombs)\b", re.I
)
SWEETS: Final = re.compile(r"\b(шоколад\w*|мармелад\w*|конфет\w+|chocolate|marshmallow|candy)\b", re.I)
BOOKS: Final = re.compile(r"\b(книг[аи]|book|books)\b", re.I)


def make_quizzes(count: int, seed: int = 11) -> Iterator[Quiz]:
    """Half in Russian, half in English; of everyone from babies to great-grandparents, terse and talkative ones."""
    dice, topics = Random(seed), list(load_taxonomy().topics.values())
    for number in range(count):
        language: Language = "ru" if number % 2 == 0 else "en"
        age = dice.choice((0, 2, 5, 8, 11, 14, 17, *dice.choices(range(18, 95), k=14)))
        said = [dice.choice(dice.choice(topics).words[language]) for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4)))]
        if dice.random() < 0.15:
            said.append(dice.choice(UNKNOWN[language]))
        joined = dice.random() < 0.4
        interests = [dice.choice(JOINTS[language]).join(said)] if joined and said else said
        quiz: dict[str, Any] = {
            "recipient_age": age,
            "recipient_gender": dice.choice(("m", "f", None)),
            "relationship": "child" if age < 14 and dice.random() < 0.7 else dice.choice(RELATIONSHIPS),
            "interests": interests,
            "interests_description": dice.choice(DESCRIPTIONS[language]) if dice.random() < 0.2 else None,
            "dislikes": [dice.choice(VETOES[language])] if dice.random() < 0.3 else [],
            "budget": dice.choice((500, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, None)),
            "occasion": dice.choice(
                ("birthday", "день рождения", "new_year", "8 марта", "wedding", None, "просто так")
            ),
            "vibe": dice.choice(("уютное", "funny", "practical", None)),
            "gifting_goal": dice.choice(("impress", "care", "protocol", "apology", "joke", "growth", None)),
            "effort_level": dice.choice(("no_effort", "low", "medium", "high")),
            "session_mode": dice.choice(("quick_fix", "thoughtful", "deep_dive")),
            "deadline_days": dice.choice((None, None, 1, 7)),
            "language": language,
        }
        yield Quiz.model_validate(quiz)


def temptations() -> list[Gift]:
    """Products that answer every topic's words and that most people may not be given: gates must keep them out."""
    forbidden = {
        "ru": ("бокалы для вина", "виски", "кружевное бельё", "парфюмерная вода", "шоколад", "книга"),
        "en": ("wine glasses", "whisky", "lingerie", "eau de parfum", "chocolate", "book"),
    }
    titles = [
        f"{word} {thing}"
        for topic in load_taxonomy().topics.values()
        for language, things in forbidden.items()
        for word, thing in zip(topic.words["ru" if language == "ru" else "en"], things, strict=False)
    ]
    return [
        Gift(id=at, gift_id=at, title=title, price=300.0, currency="RUB", category="gifts")
        for at, title in enumerate(titles, 1_000_000)
    ]


def violations(quiz: Quiz, gifts: Sequence[Gift]) -> list[str]:
    """Products that should never have been shown to this giver, and why."""
    said = " ".join((*quiz.dislikes, quiz.interests_description or "")).lower()
    closed = []
    if quiz.recipient_age < 18 or re.search("алкогол|alcohol|не пьёт|not drink", said):
        closed.append(ALCOHOL)
    if quiz.relationship != "partner" or quiz.recipient_age < 18:
        closed.append(INTIMATE)
    if quiz.relationship == "colleague" or re.search("косметик|cosmetics", said):
        closed.append(BODY_CARE)
    if re.search("сладкое|sweets", said):
        closed.append(SWEETS)
    if re.search("книги|books", said):
        closed.append(BOOKS)
    return [f"{one.title} ({pattern.pattern[:20]})" for one in gifts for pattern in closed if pattern.search(one.title)]
