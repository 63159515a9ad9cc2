from __future__ import annotations

from django.apps import AppConfig
from django_tasks.signals import task_finished

from generator import checks


class GeneratorConfig(AppConfig):
    name = "generator"

    def ready(self) -> None:
        from generator.tasks import recover_between_jobs

        checks.register()
        task_finished.connect(recover_between_jobs, dispatch_uid="generator.recover_between_jobs")
