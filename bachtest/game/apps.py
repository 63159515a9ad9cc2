from __future__ import annotations

from django.apps import AppConfig


class GameConfig(AppConfig):
    name = "bachtest.game"

    def ready(self) -> None:
        from bachtest.game.management import checks  # needs the models

        checks.register()
