"""What its models are to giftwise."""

from django_giftwise import BusinessModel, InteractionModel, UserModel, Value, register
from tests.clients.shop.models import Customer, Favourite, Shop

register(
    Customer,
    UserModel(
        username="name",
        email="email",
        interests="likes",
        location=lambda customer: (customer.lat, customer.lon),
        queryset=lambda: Customer.objects.prefetch_related("likes"),
        m2m=("likes",),
    ),
)
register(
    Shop,
    BusinessModel(
        name="title",
        description="about",
        categories=lambda shop: [shop.kind.name],
        tags="words",
        location=lambda shop: (shop.lat, shop.lon),
        rating="stars",
        rating_count="votes",
        queryset=lambda: Shop.objects.select_related("kind").prefetch_related("words"),
        when=lambda shop: shop.is_open,
        m2m=("words",),
    ),
)
register(
    Favourite,
    InteractionModel(
        user_id="customer_id", business_id="shop_id", interaction_type=Value("like"), timestamp="created_at"
    ),
)
