from __future__ import annotations

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "bachtest.studies"

    def ready(self) -> None:
        from bachtest.studies import quiz  # needs the models

        quiz.connect()
