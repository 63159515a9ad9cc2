from __future__ import annotations

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "bachtest.results"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bachtest.results import signals
        from bachtest.results.tasks import ask_again
        from generator.tasks import recoveries

        signals.connect()
        recoveries["requests for a fit made again"] = ask_again
