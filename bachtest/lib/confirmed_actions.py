"""Bulk actions of the admin that say how many of what, and what happens, before they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

CONFIRMED = "confirmed"
MAX_REASON = 150
SHOWN = 10


class ConfirmedActions(Base):
    """For a ModelAdmin. An action returns the page of `confirmation` until it is confirmed."""

    def confirmation(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        action: str,
        question: str,
        *,
        what_happens: str,
        ask_reason: bool = False,
    ) -> TemplateResponse | None:
        """The page to answer; None once it was answered with yes, and with a reason if asked."""
        confirmed = CONFIRMED in request.POST
        if confirmed and not (ask_reason and not self.reason(request)):
            return None
        across = request.POST.get("select_across") == "1"
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": question,
            "what_happens": what_happens,
            "rows": queryset[:SHOWN],
            "others": max(0, queryset.count() - SHOWN),
            "action": action,
            "across": across,
            # Where all rows of the list were chosen, the list finds them again.
            "chosen": chosen[:1] if across else chosen,
            "checkbox": ACTION_CHECKBOX_NAME,
            "ask_reason": ask_reason,
            "max_reason": MAX_REASON,
            "error": "Please say why." if confirmed else "",
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)

    def reason(self, request: HttpRequest) -> str:
        return " ".join(request.POST.get("reason", "").split())[:MAX_REASON]
