from __future__ import annotations

from django.apps import AppConfig


class ComposersConfig(AppConfig):
    name = "bachtest.composers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bachtest.composers.page import shipped_scores  # needs the models
        from bachtest.composers.recovering import recover_uploads
        from bachtest.composers.uploading import schema  # noqa: F401  # it registers itself
        from generator.tasks import recoveries

        recoveries |= recover_uploads
        shipped_scores.connect()
