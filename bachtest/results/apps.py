from __future__ import annotations

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "bachtest.results"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bachtest.results import signals

        signals.connect()
