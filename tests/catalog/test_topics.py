"""What items are about: one spelling, the strongest meaning, nothing that is no word."""

import pytest

from giftwise.catalog.topics import PARAMS, Topics, make_topics, phrase


def words_of(topics: Topics, item: int) -> dict[str, float]:
    """One item's words and strengths."""
    part = slice(topics.at[item], topics.at[item + 1])
    return {
        topics.words[code]: round(float(strength), 4)
        for code, strength in zip(topics.code[part], topics.strength[part], strict=True)
    }


@pytest.mark.parametrize(
    ("said", "compared"),
    [
        ("Coffee", "coffee"), ("BOOKS", "book"), ("Board-Games", "board game"), ("  a  b ", "a b"), ("glass", "glass"),
        ("bus", "bus"), ("Ёлка", "елка"), ("Straße", "strasse"), ("!!!", ""), ("кафе", "кафе"), ("R&D", "r d"),
    ],
)  # fmt: skip
def test_a_word_has_one_spelling(said: str, compared: str) -> None:
    """Case, punctuation, the letter ё and the English plural make no difference; other languages stay as they are."""
    assert phrase(said) == compared


def test_a_word_counts_by_its_strongest_meaning() -> None:
    """A category before a tag, a tag before its parts, all of them before the text; each word once."""
    topics = make_topics([("Coffee",), ()], [("vegan food", "coffee"), ()], ["Coffee and food", ""])
    assert words_of(topics, 0) == {
        "coffee": PARAMS.category,
        "vegan food": PARAMS.tag,
        "vegan": PARAMS.part,
        "food": PARAMS.part,
        "and": PARAMS.text,
    }
    assert words_of(topics, 1) == {}
    assert len(set(topics.words)) == len(topics.words)


def test_no_items_have_no_topics() -> None:
    """An empty catalog, and one of which nothing is known, in the right shapes."""
    for count in (0, 3):
        topics = make_topics([()] * count, [()] * count, [""] * count)
        assert topics.at.tolist() == [0] * (count + 1)
        assert (topics.code.dtype.name, topics.strength.dtype.name, topics.words) == ("int32", "float32", ())
