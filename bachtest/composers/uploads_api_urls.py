from __future__ import annotations

from django.urls import path

from bachtest.composers.uploading import tus

app_name = "uploads_api"

urlpatterns = [
    path("", tus.UploadList.as_view(), name="list"),
    path("<uuid:upload_id>/", tus.UploadItem.as_view(), name="upload"),
]
