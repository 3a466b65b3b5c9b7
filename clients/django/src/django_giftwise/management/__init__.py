"""Management commands of django-giftwise."""
