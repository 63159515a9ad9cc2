from __future__ import annotations

from django.urls import path

from bachtest.results import export_views, views

app_name = "results"
_EXPORT = "admin/studies/<slug:slug>/export/"

urlpatterns = [
    path("results/", views.index, name="index"),
    path("results/methods/", views.methods, name="methods"),
    path(_EXPORT, export_views.export, name="export"),
    path(f"{_EXPORT}<int:job>/", export_views.export_progress, name="export_progress"),
    path(f"{_EXPORT}<int:job>/file/", export_views.export_file, name="export_file"),
]
