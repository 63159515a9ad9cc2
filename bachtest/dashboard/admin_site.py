from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path


class DashboardSite(AdminSite):
    """Django's admin behind a dashboard. It is loaded before models are: views come later."""

    site_header = "Bach or bot?"
    site_title = "Bach or bot? admin"
    index_title = "Dashboard"

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        from bachtest.dashboard.overview import overview

        return super().index(request, overview(request.user) | (extra_context or {}))

    def get_urls(self) -> list[URLResolver | URLPattern]:
        from bachtest.dashboard import views

        ours = [
            path("live/", self.admin_view(views.live), name="live"),
            path("order-pieces/", self.admin_view(views.order_more), name="order_more"),
            path("retry-pieces/", self.admin_view(views.retry_alike), name="retry_alike"),
            path("compare-clips/", self.admin_view(views.compare_files), name="compare_files"),
            path("recount/", self.admin_view(views.recount_items), name="recount_items"),
            path("refill/", self.admin_view(views.switch_refill), name="switch_refill"),
            path("clips/<int:rendering_id>/", self.admin_view(views.clip), name="clip"),
        ]
        return ours + super().get_urls()
