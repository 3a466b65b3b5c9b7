"""Topics: what people say, in either language, comes to the right ones, and the data files are whole."""

import pytest

from giftwise.dialogue.gates import Gates, load_gates
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gift
from giftwise.dialogue.stems import stems
from giftwise.dialogue.taxonomy import LANGUAGES, ideas_of, load_taxonomy
from giftwise.dialogue.topics import find_topics, narrow, topic_by_id
from giftwise.recommend.reasons import Language


def named(*interests: str, description: str | None = None, language: Language = "ru") -> list[str]:
    """The ids of the topics that these words name."""
    return [topic.id for topic in find_topics(interests, description, language)]


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ("lego and coffee", "en", ["construction", "coffee"]),
        ("лего и кофе, а ещё горы", "ru", ["construction", "coffee", "hiking"]),
        ("Толкин & Star Wars", "ru", ["fantasy", "scifi"]),
        ("вышивает и шьёт; собирает марки", "ru", ["embroidery", "sewing", "collecting"]),
        ("ОБОЖАЕТ настольные игры и своих котов!!!", "ru", ["board_games", "cats"]),
        ("йога🧘 / K-pop", "ru", ["yoga", "kpop"]),
    ],
)
def test_several_interests_in_one_line_are_several_topics(said: str, language: Language, expected: list[str]) -> None:
    """However people join them, and whatever the case, number and punctuation of the words."""
    assert named(said, language=language) == expected


def test_words_that_belong_together_are_not_split() -> None:
    """An "and" within a topic's own words joins nothing else."""
    assert named("Dungeons and Dragons", language="en") == ["roleplaying"]
    assert named("буквы и цифры") == ["learning_kids"]


def test_every_topic_is_found_by_each_of_its_words() -> None:
    """In both languages; a word that two topics share leads to one of them."""
    for topic in load_taxonomy().topics.values():
        for language in LANGUAGES:
            assert named(topic.name(language), language=language)
            for word in topic.words[language]:
                assert named(word, language=language), (topic.id, word)


def test_an_unknown_interest_is_a_topic_of_its_own() -> None:
    """It is found again by its id, with its name; a description's unknown words are no topics."""
    (topic,) = find_topics(["коллекционные виолончели"], None, "ru")
    assert not topic.known
    assert topic.name("ru") == "Коллекционные виолончели"
    assert topic_by_id(topic.id, "ru").name("ru") == topic.name("ru")
    assert named(description="Всё время считает облака") == []


def test_what_is_not_wanted_is_no_interest() -> None:
    """In lists and sentences; but "cannot live without" is a love."""
    assert named("не любит кофе и чай, но любит рыбалку") == ["fishing"]
    assert named("likes gardening, hates coffee", language="en") == ["gardening"]
    assert named("жить не может без музыки") == ["music"]
    assert named(description="Варит кофе по утрам. Не пьёт вино.") == ["coffee"]


@pytest.mark.parametrize("said", ["", "   ", "и", "любит", "🎁", "!!!", ",;"])
def test_words_that_say_nothing_name_nothing(said: str) -> None:
    """No topic, and no error."""
    assert named(said, description=said) == []


def test_a_wide_topic_gives_way_to_its_branch() -> None:
    """Whoever said "sport, running" need not be asked which sport."""
    assert named("спорт, бег") == ["running"]
    assert find_topics(["спорт"], None, "ru")[0].wide


def test_an_answer_narrows_a_wide_topic() -> None:
    """By a branch's name in either language, or by any other words; the id stays the track's."""
    sport = topic_by_id("sport", "ru")
    assert narrow(sport, "Бег", "ru").names == load_taxonomy().topics["running"].names
    assert narrow(sport, "плавание", "ru").ideas == load_taxonomy().topics["swimming"].ideas
    other = narrow(sport, "кёрлинг", "ru")
    assert other.id == "sport" and not other.wide and "кёрлинг" in other.words["ru"] and other.ideas


def test_the_taxonomy_is_whole() -> None:
    """About 150 topics; each wide with 3 or 4 branches or specific with ideas; gates that are there; no title twice."""
    topics = load_taxonomy().topics
    gates = {gate.name for gate in load_gates()}
    assert len(topics) >= 150
    titles: list[str] = []
    for topic in topics.values():
        assert topic.gates <= gates
        assert (3 <= len(topic.branches) <= 4 and topic.ask) if topic.wide else len(topic.ideas) >= 3
        assert ideas_of(topic)
        titles += [text for idea in topic.ideas for text in idea.title.values()]
        for idea in topic.ideas:
            assert all("ё" not in word or stems(word) for word in idea.find["ru"])
            assert not any(word.isascii() for word in idea.find["ru"] if len(word) > 4), (topic.id, idea.find["ru"])
            assert all(word.isascii() for word in idea.find["en"]), (topic.id, idea.find["en"])
    assert len(titles) == len(set(titles))


def gift(title: str) -> Gift:
    """A product of this name."""
    return Gift(id=1, gift_id=1, title=title, currency="RUB")


@pytest.mark.parametrize(
    ("facts", "title", "expected"),
    [
        (Facts(age=16), "Бокалы для вина", False),
        (Facts(age=30), "Бокалы для вина", True),
        (Facts(age=30, vetoes=("без алкоголя",)), "Бокалы для вина", False),
        (Facts(age=30, vetoes=("no alcohol",)), "Wine glasses", False),
        (Facts(age=30, description="Не пьёт, обожает горы"), "Пивная кружка", False),
        (Facts(age=30, description="Не пьёт кофе"), "Пивная кружка", True),
        (Facts(age=30, description="Не пьёт кофе"), "Кофе в зёрнах", False),
        (Facts(age=40, relationship="colleague"), "Набор кремов для рук", False),
        (Facts(age=40, relationship="colleague"), "Комплект постельного белья", True),
        (Facts(age=40, relationship="friend"), "Кружевное бельё", False),
        (Facts(age=40, relationship="partner"), "Кружевное бельё", True),
        (Facts(age=4), "Конструктор, от 6 лет", False),
        (Facts(age=7), "Конструктор, от 6 лет", True),
        (Facts(age=12), "Постер для коллекционеров винила", True),
        (Facts(age=40, vetoes=("книги",)), "Книга для рецептов", False),
        (Facts(age=40, vetoes=("сладкое",)), "Шоколад ручной работы", False),
        (Facts(age=40, vetoes=("свечи",)), "Ароматическая свеча", False),
    ],
)
def test_gates_hold_products_to_age_relationship_and_vetoes(facts: Facts, title: str, expected: bool) -> None:
    """By words, not by pieces of words."""
    assert Gates.of(facts).lets(gift(title)) is expected


def test_gates_close_topics() -> None:
    """Wine for a child or after a veto; what is for partners for a colleague; a vetoed topic for everyone."""
    topics = load_taxonomy().topics
    assert not Gates.of(Facts(age=15)).lets_topic(topics["wine"])
    assert not Gates.of(Facts(age=40, vetoes=("алкоголь",))).lets_topic(topics["wine"])
    assert not Gates.of(Facts(age=40, relationship="colleague")).lets_topic(topics["lingerie"])
    assert not Gates.of(Facts(age=40, vetoes=("кофе",))).lets_topic(topics["coffee"])
    assert Gates.of(Facts(age=40)).lets_topic(topics["wine"])


def test_a_named_topic_may_come_early_but_is_not_suggested_early() -> None:
    """A girl of seven who loves photography hears of it; nobody suggests it to a girl of five."""
    photography = load_taxonomy().topics["photography"]
    assert Gates.of(Facts(age=7)).lets_topic(photography)
    assert not Gates.of(Facts(age=5)).suits(photography)
