from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DashboardConfig(AppConfig):
    name = "bachtest.dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bachtest.dashboard import trail
        from bachtest.dashboard.roles import make_roles

        trail.keep()
        # The last of our apps, so that the permissions of all others exist by then.
        post_migrate.connect(make_roles, sender=self, dispatch_uid="dashboard.make_roles")
