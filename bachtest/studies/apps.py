from __future__ import annotations

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "bachtest.studies"

    def ready(self) -> None:
        from bachtest.studies import quiz, refilling  # these need the models
        from bachtest.studies.models import Study
        from generator.services.rendered import profiles_in_use
        from generator.tasks import quiet_work

        quiz.connect()
        profiles_in_use.users["studies"] = Study.objects.profiles_in_use
        quiet_work["pieces ordered for open studies"] = refilling.refill
