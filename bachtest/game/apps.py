from __future__ import annotations

from django.apps import AppConfig


class GameConfig(AppConfig):
    name = "bachtest.game"
