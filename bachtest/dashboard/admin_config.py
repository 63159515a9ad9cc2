from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class DashboardAdminConfig(AdminConfig):
    """In place of "django.contrib.admin": the same, and its first page is the dashboard."""

    default_site = "bachtest.dashboard.admin_site.DashboardSite"
