from __future__ import annotations

from django.urls import path

from bachtest.composers.page import sample_clips, views

app_name = "composers"

SAMPLE = "composers/<slug:slug>/samples/<int:sample_id>"

urlpatterns = [
    path("composers/", views.index, name="index"),
    path("composers/<slug:slug>/", views.composer, name="composer"),
    path("composers/<slug:slug>/card/", views.card, name="card"),
    path("composers/<slug:slug>/versions/<slug:tag>/file", views.version_file, name="file"),
    path("composers/<slug:slug>/versions/<slug:tag>/base", views.base_file, name="base"),
    path(f"{SAMPLE}/piece.mp3", sample_clips.piece_clip, name="sample_piece"),
    path(f"{SAMPLE}/run.mp3", sample_clips.run_clip, name="sample_run"),
    path(f"{SAMPLE}/work.mp3", sample_clips.work_clip, name="sample_work"),
]
