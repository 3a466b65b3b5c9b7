"""Gender and age as hosts write them in, one canonical segment and its wider parents out."""

from dataclasses import dataclass
from datetime import date
from typing import Final

ANY: Final = "any"
GENDERS: Final = ("m", "f")
AGE_GROUPS: Final = ("under-18", "18-24", "25-34", "35-44", "45-54", "55+")
WIDE_AGE: Final = "45+"
WIDE_AGE_PARTS: Final = ("45-54", "55+")
LOWER_BOUNDS: Final = (0, 18, 25, 35, 45, 55)
OLDEST: Final = 150

_GENDER_WORDS = {"m": "m", "male": "m", "f": "f", "female": "f", "any": None, "unknown": None, "": None}


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of people: each part is a value or None for any. `geo` is the host's region id."""

    gender: str | None = None
    age: str | None = None
    geo: int | None = None

    @property
    def key(self) -> str:
        """The segment's name in a model: `geo|gender|age`, with `any` for None."""
        return f"{ANY if self.geo is None else self.geo}|{self.gender or ANY}|{self.age or ANY}"

    def parents(self) -> tuple["Segment", ...]:
        """The contract's four steps, widest last, doubles left out: exact, gender only, age only, everyone."""
        steps = (
            self,
            Segment(self.gender, None, self.geo),
            Segment(None, self.age, self.geo),
            Segment(None, None, self.geo),
        )
        return tuple(dict.fromkeys(steps))

    def anywhere(self) -> "Segment":
        """The same people, wherever they live."""
        return Segment(self.gender, self.age, None)


def parse_gender(value: str | None) -> str | None:
    """`m` or `f`; None for any, unknown or null. ValueError for other words."""
    if value is None:
        return None
    try:
        return _GENDER_WORDS[value.strip().lower()]
    except KeyError:
        raise ValueError("gender is one of f, m, female, male, any, or null") from None


def parse_age(value: str | int | None) -> str | None:
    """A group of AGE_GROUPS, `45+`, or None for any; whole years are put in their group. ValueError otherwise."""
    if value is None:
        return None
    if isinstance(value, int):
        return age_group(value)
    text = value.strip().lower()
    if text in (ANY, "unknown", ""):
        return None
    if text in AGE_GROUPS or text == WIDE_AGE:
        return text
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return age_group(int(text))
    raise ValueError(f"age is one of {', '.join(AGE_GROUPS)}, {WIDE_AGE}, any, unknown, null, or whole years")


def age_group(years: int) -> str:
    """The group of an age in whole years; ValueError outside 0..150."""
    if not 0 <= years <= OLDEST:
        raise ValueError(f"an age in years is between 0 and {OLDEST}")
    return AGE_GROUPS[sum(years >= bound for bound in LOWER_BOUNDS) - 1]


def age_on(birthday: date, today: date) -> int:
    """Whole years lived on a day."""
    return today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))
