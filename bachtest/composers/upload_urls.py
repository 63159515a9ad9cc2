from __future__ import annotations

from django.urls import path

from bachtest.composers.uploading import upload_views

app_name = "uploads"

urlpatterns = [
    path("", upload_views.index, name="index"),
    path("<uuid:upload_id>/", upload_views.upload_page, name="upload"),
    path("<uuid:upload_id>/status/", upload_views.status, name="status"),
    path("<uuid:upload_id>/decide/", upload_views.decide, name="decide"),
]
