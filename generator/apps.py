from __future__ import annotations

from django.apps import AppConfig

from generator import checks


class GeneratorConfig(AppConfig):
    name = "generator"

    def ready(self) -> None:
        checks.register()
