"""What is measured offline is what is served: the evaluation's ranker and the API answer the same lists."""

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.presents import read_items
from giftwise.evaluation.lineup import ladder_ranker
from giftwise.evaluation.ranking import WHOLE, Past, Pasts
from giftwise.evaluation.shop import segment_of
from giftwise.interactions.bulk import read_interactions
from giftwise.interactions.history import History
from giftwise.people.users import read_crowd
from giftwise.recommend.ladder import Rung
from giftwise.recommend.personalized import LadderParams, personal_rungs
from tests.api.conftest import Shop
from tests.support.site import Site

USERS = 500
K = 20


async def test_the_served_lists_are_those_that_the_evaluation_ranks(site: Site, shop: Shop) -> None:
    """For 500 users with a history: over HTTP and offline, the same first page of a list without sold-out items."""
    engine = site.engine
    model, available = engine.watcher.current().model, engine.watcher.current().available
    items = await read_items(engine.main)
    train = await read_interactions(engine.main, items)
    crowd = await read_crowd(engine.main, train.user_ids)
    assert (items.ids == model["ids"]).all()
    users = np.arange(train.users, dtype=np.int32)[:USERS]

    def climbed(user: int, history: History) -> list[Rung]:
        return personal_rungs(model, history, segment_of(crowd, user), LadderParams())

    def allowed(past: Past) -> NDArray[np.bool_]:
        free = available.copy()
        free[History(past.places, past.kinds, past.at).settled] = False
        return free

    rank = ladder_ranker(Pasts(train), model, climbed, allowed)
    offline = rank(users, K, WHOLE)
    for row, user in zip(offline, train.user_ids[users].tolist(), strict=True):
        served = (await site.personalized(int(user), pagination={"limit": K}))["items"]
        assert served == [int(value) for value in model["ids"][row]], user
