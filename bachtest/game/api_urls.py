from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from bachtest.game import api

app_name = "api"

urlpatterns = [
    path("games/", api.StartGame.as_view(), name="start_game"),
    path("games/current/", api.CurrentGame.as_view(), name="current_game"),
    path("games/<uuid:game_id>/", api.GameResult.as_view(), name="game_result"),
    path("rounds/<uuid:round_id>/plays/", api.NotePlay.as_view(), name="note_play"),
    path("rounds/<uuid:round_id>/answer/", api.AnswerRound.as_view(), name="answer_round"),
    path("rounds/<uuid:round_id>/knew/", api.NoteKnew.as_view(), name="note_knew"),
    path("listener/", api.DeleteListener.as_view(), name="delete_listener"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    re_path("", api.UnknownAddress.as_view()),
]
