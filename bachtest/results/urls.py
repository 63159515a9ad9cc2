from __future__ import annotations

from django.urls import path

from bachtest.results import views

app_name = "results"

urlpatterns = [
    path("results/", views.index, name="index"),
    path("results/methods/", views.methods, name="methods"),
]
