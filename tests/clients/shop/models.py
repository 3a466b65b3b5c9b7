"""Its models, named as no giftwise table is."""

from django.db import models
from django.utils import timezone


class Word(models.Model):
    """A word that describes shops and interests people."""

    name = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return str(self.name)


class Customer(models.Model):
    """Somebody who buys."""

    name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    likes = models.ManyToManyField(Word, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)


class Shop(models.Model):
    """A place to buy at."""

    title = models.CharField(max_length=80)
    about = models.TextField(blank=True)
    kind = models.ForeignKey(Word, models.PROTECT, related_name="+")
    words = models.ManyToManyField(Word, blank=True, related_name="shops")
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    stars = models.DecimalField(max_digits=2, decimal_places=1, null=True)
    votes = models.IntegerField(default=0)
    is_open = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)


class Cafe(Shop):
    """The same table by another name."""

    class Meta:
        proxy = True


class Favourite(models.Model):
    """A customer likes a shop."""

    customer = models.ForeignKey(Customer, models.CASCADE)
    shop = models.ForeignKey(Shop, models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)
