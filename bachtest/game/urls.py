from __future__ import annotations

from django.urls import path

from bachtest.game import clips, views

app_name = "game"

urlpatterns = [
    path("", views.index, name="index"),
    path("start/", views.start, name="start"),
    path("play/", views.play, name="play"),
    path("games/<uuid:game_id>/", views.result, name="result"),
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/delete/", views.delete, name="delete"),
    path("about/", views.about, name="about"),
    path("heard-all/", views.heard_all, name="heard_all"),
    path("waiting/", views.waiting, name="waiting"),
    path("clips/<slug:token>.mp3", clips.clip_of_round, name="clip"),
    path("clips/<slug:token>.plain.mp3", clips.plain_clip, name="plain_clip"),
]
