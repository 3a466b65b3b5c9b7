"""The Django client of giftwise: declared models are synced, recommendations are asked for, nothing breaks the host."""

from django_giftwise.answers import Interaction, Recommendation, Recommendations
from django_giftwise.client import AsyncGiftwise, Giftwise
from django_giftwise.errors import GiftwiseError, Misconfigured, Refused, Unavailable
from django_giftwise.registry import BusinessModel, InteractionModel, UserModel, Value, register

__all__ = [
    "AsyncGiftwise",
    "BusinessModel",
    "Giftwise",
    "GiftwiseError",
    "Interaction",
    "InteractionModel",
    "Misconfigured",
    "Recommendation",
    "Recommendations",
    "Refused",
    "Unavailable",
    "UserModel",
    "Value",
    "register",
]
