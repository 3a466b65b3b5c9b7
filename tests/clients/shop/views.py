"""Its pages."""

from django.http import HttpRequest, JsonResponse

from django_giftwise import AsyncGiftwise, Giftwise


def home(request: HttpRequest, customer: int) -> JsonResponse:
    """A page that shows recommendations among other things."""
    found = Giftwise().recommend(customer, max_results=5)
    return JsonResponse({"title": "Welcome", "shops": found.ids})


async def home_async(request: HttpRequest, customer: int) -> JsonResponse:
    """The same from a coroutine."""
    found = await AsyncGiftwise().recommend(customer, max_results=5)
    return JsonResponse({"title": "Welcome", "shops": found.ids})
