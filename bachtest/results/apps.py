from __future__ import annotations

from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "bachtest.results"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bachtest.results import signals
        from bachtest.results.export.export_files import DAYS_KEPT, delete_old_exports
        from bachtest.results.tasks import ask_again, queue_exports_again
        from generator.tasks import recoveries

        signals.connect()
        recoveries["requests for a fit made again"] = ask_again
        recoveries["exports queued again"] = queue_exports_again
        recoveries[f"exports deleted after {DAYS_KEPT} days"] = delete_old_exports
