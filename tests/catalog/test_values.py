"""Values as hosts keep them: text, JSON or lists in; numbers, codes and masks out; rubbish is never an error."""

import math

import numpy as np
import pytest

from giftwise.catalog.values import (
    CODE_WORDS,
    MASK_WORDS,
    make_codes,
    make_masks,
    read_ages,
    read_gender,
    read_geo,
    read_price,
    read_words,
)


@pytest.mark.parametrize(
    ("text", "is_json", "words"),
    [
        (None, True, ()),
        ("friend", False, ("friend",)),
        ('"friend"', True, ("friend",)),
        ('["friend", "family", "friend"]', True, ("friend", "family")),
        ('["friend", null, true, {}, " "]', True, ("friend",)),
        ('["friend"]', False, ("friend",)),
        ("[not json", False, ("[not json",)),
        ("null", True, ()),
        ("30", True, ("30",)),
        ('{"a": 1}', True, ()),
        ('"a\\u0000b\\ud800"', True, ("ab",)),
        ("  ", False, ()),
    ],
)
def test_words_come_from_text_strings_and_lists(text: str | None, is_json: bool, words: tuple[str, ...]) -> None:
    """One word or several, however the host keeps them; what is no word is left out, NUL and half characters too."""
    assert read_words(text, is_json) == words


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("12.50", 12.5),
        ("0", 0),
        ("-1", math.nan),
        ("1e12", math.nan),
        ("NaN", math.nan),
        ("$5", math.nan),
        (None, math.nan),
    ],
)
def test_a_price_is_a_sane_number_or_unknown(text: str | None, price: float) -> None:
    """Negative, absurd and unreadable prices are unknown, so that no filter or mean ever meets them."""
    assert read_price(text) == pytest.approx(price, nan_ok=True)


@pytest.mark.parametrize(("text", "geo"), [("213", 213), (None, -1), ("-5", -1), ("Moscow", -1), (str(2**70), -1)])
def test_a_region_is_an_id_or_everywhere(text: str | None, geo: int) -> None:
    """What is no region id means everywhere."""
    assert read_geo(text) == geo


@pytest.mark.parametrize(
    ("words", "code"),
    [(("male",), 0), (("F",), 1), (("m", "f"), -1), (("any",), -1), (("robot",), -1), (("f", "?"), 1)],
)
def test_target_gender_is_one_or_anyone(words: tuple[str, ...], code: int) -> None:
    """Both genders, none, or unknown words: the item is for anyone."""
    assert read_gender(words) == code


@pytest.mark.parametrize(
    ("words", "mask"),
    [(("25-34",), 4), (("18-24", "25-34"), 6), (("45+",), 48), (("30",), 4), (("any",), 0), (("old", "55+"), 32)],
)
def test_target_ages_are_a_mask(words: tuple[str, ...], mask: int) -> None:
    """Groups, whole years and the wide 45+ set their bits; unknown words set none."""
    assert read_ages(words) == mask


def test_codes_are_by_frequency() -> None:
    """The most frequent word has code 0, ties go by the alphabet, no word is -1."""
    codes, vocabulary = make_codes([("b",), ("a",), (), ("c",), ("b", "a")])
    assert vocabulary == ("b", "a", "c")
    assert codes.tolist() == [0, 1, -1, 2, 0]
    assert codes.dtype == np.int16
    many, words = make_codes([(str(number),) for number in range(CODE_WORDS + 5)])
    assert (len(words), (many == -1).sum()) == (CODE_WORDS, 5)


def test_masks_keep_the_most_frequent_words() -> None:
    """A word is a bit, whatever its case; past 62 words the rarest are dropped, and no mask turns negative."""
    masks, vocabulary = make_masks([("Friend", "family"), ("friend",), ()])
    assert vocabulary == ("friend", "family")
    assert masks.tolist() == [3, 1, 0]
    many, words = make_masks([*[(f"w{number:03}", "common") for number in range(100)]])
    assert len(words) == MASK_WORDS
    assert words[0] == "common"
    assert (many > 0).all()
