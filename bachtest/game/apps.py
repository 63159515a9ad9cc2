from __future__ import annotations

from django.apps import AppConfig


class GameConfig(AppConfig):
    name = "bachtest.game"

    def ready(self) -> None:
        from bachtest.game import exposures  # these need the models
        from bachtest.game.management import checks

        checks.register()
        exposures.connect()
