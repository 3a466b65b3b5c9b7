"""Its addresses."""

from django.urls import path

from tests.clients.shop import views

urlpatterns = [
    path("home/<int:customer>", views.home),
    path("async/<int:customer>", views.home_async),
]
