from __future__ import annotations

from django.conf import settings
from django.urls import path

from bachtest.results import export_views, views

app_name = "results"

urlpatterns = [
    path("results/", views.index, name="index"),
    path("results/methods/", views.methods, name="methods"),
]
if settings.ADMIN_PATH:
    export = f"{settings.ADMIN_PATH}/studies/<slug:slug>/export/"
    urlpatterns += [
        path(export, export_views.export, name="export"),
        path(f"{export}<int:job>/", export_views.export_progress, name="export_progress"),
        path(f"{export}<int:job>/file/", export_views.export_file, name="export_file"),
    ]
