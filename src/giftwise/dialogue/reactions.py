"""What givers think of ideas and products: what was shown in, reactions that later steps are steered by out."""

from statistics import median

from giftwise.dialogue.session import Gift, Hypothesis, Reaction, Verdict, common_category
from giftwise.dialogue.state import State


def of_idea(topic_id: str, idea: Hypothesis, verdict: Verdict, reason: str | None = None) -> Reaction:
    """A reaction to an idea, with the category and the middle price of its products."""
    prices = [gift.price for gift in idea.preview_products if gift.price is not None]
    return Reaction(
        verdict=verdict,
        target="hypothesis",
        target_id=idea.id,
        topic_id=topic_id,
        gap=idea.primary_gap,
        category=common_category(idea.preview_products),
        price=median(prices) if prices else None,
        title=idea.title,
        reason=reason,
    )


def of_product(
    state: State, gift: Gift, verdict: Verdict, hypothesis_id: str | None, reason: str | None = None
) -> Reaction:
    """A reaction to a product, with the idea that it came by: the one named, else one that shows it."""
    found = state.idea(hypothesis_id or "") or next(
        (one for one in state.ideas() if any(shown.id == gift.id for shown in one[1].preview_products)), None
    )
    return Reaction(
        verdict=verdict,
        target="product",
        target_id=str(gift.id),
        topic_id=found[0] if found else None,
        gap=found[1].primary_gap if found else None,
        category=gift.category,
        price=gift.price,
        title=gift.title,
        reason=reason,
    )


def react(state: State, reaction: Reaction) -> None:
    """Note what is thought of something now, in place of what was thought of it before."""
    about = [one for one in state.reactions if (one.target, one.target_id) == (reaction.target, reaction.target_id)]
    state.reactions = [*(one for one in state.reactions if one not in about), reaction]
    if reaction.verdict != "dislike":
        state.rejections = 0
    elif not any(one.verdict == "dislike" for one in about):  # to say it twice is to say it once
        state.rejections += 1


def recent_topic(state: State) -> str | None:
    """The topic of what was reacted to last."""
    return next((one.topic_id for one in reversed(state.reactions) if one.topic_id), state.session.selected_topic_id)


def find_gift(state: State, product_id: str) -> Gift | None:
    """A product that this session has shown, even if it is sold out by now."""
    shown = [*state.session.shortlist, *(gift for _, idea in state.ideas() for gift in idea.preview_products)]
    return next((gift for gift in shown if str(gift.id) == product_id), None)
