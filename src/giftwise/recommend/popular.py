"""The popular rungs: a segment in, its list and its wider parents' lists, narrowest first, out."""

from giftwise.catalog.model import Model
from giftwise.people.demographics import Segment
from giftwise.recommend.ladder import Listed, Newest, Rung

POPULAR = "popular"
POPULAR_FALLBACK = "popular_fallback"


def steps(model: Model, segment: Segment, name: str = POPULAR) -> list[Listed]:
    """The contract's steps for a segment: exact, gender only, age only, everyone; unseen segments are left out.

    Each step is asked in the user's region first, then wherever people live: who someone is says more of taste than
    where they live.
    """
    wanted = dict.fromkeys(place for step in segment.parents() for place in (step, step.anywhere()))
    found = ((place, model.popular(place.key)) for place in wanted)
    return [Listed(name, place, ranked) for place, ranked in found if ranked is not None]


def popular_rungs(model: Model, segment: Segment, name: str = POPULAR) -> list[Rung]:
    """The ladder of /popular, and the foot of every other ladder: no list ends while items are left."""
    return [*steps(model, segment, name), Newest(POPULAR_FALLBACK, model["created_at"])]
