"""The Django client of giftwise."""
