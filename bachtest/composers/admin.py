"""Uploads and what became of them, to be read; cards and owners of composers, to be edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bachtest.composers.models import (
    ApiToken,
    ComposerPage,
    RegistryStep,
    Sample,
    Upload,
    VersionScores,
)
from generator.admin import ReadOnlyAdmin


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]  # subclasses name their model
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class StepInline(ReadOnlyInline):
    model = RegistryStep
    fields = ["at", "status", "by", "reason"]


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["slug", "status", "progress", "trouble", "its_page", "owner", "kind", "created"]
    list_filter = ["status", "kind"]
    list_select_related = ["owner"]
    search_fields = ["slug", "sha256", "owner__username", "filename"]
    ordering = ["-created"]
    inlines = [StepInline]

    @admin.display(description="stage")
    def progress(self, upload: Upload) -> str:
        of = f" {upload.done}/{upload.total}" if upload.total else ""
        return f"{upload.stage}{of}"

    @admin.display(description="reason")
    def trouble(self, upload: Upload) -> str:
        return upload.failure or upload.reason

    @admin.display(description="page")
    def its_page(self, upload: Upload) -> SafeString:
        return format_html('<a href="{}">open</a>', reverse("uploads:upload", args=[upload.pk]))


@admin.register(RegistryStep)
class RegistryStepAdmin(ReadOnlyAdmin):
    list_display = ["at", "status", "upload", "version", "by", "reason"]
    list_filter = ["status"]
    list_select_related = ["upload", "version__composer"]
    search_fields = ["upload__slug", "version__composer__slug", "by", "reason"]
    ordering = ["-id"]


@admin.register(VersionScores)
class VersionScoresAdmin(ReadOnlyAdmin):
    list_display = ["version", "measured", "scores"]
    list_select_related = ["version__composer"]
    search_fields = ["version__composer__slug", "version__sha256"]
    exclude = ["rows"]
    readonly_fields = ["table"]

    @admin.display(description="scores")
    def scores(self, scores: VersionScores) -> int:
        return len(scores.all_rows())

    @admin.display(description="scores")
    def table(self, scores: VersionScores) -> SafeString:
        return render_to_string("admin/dashboard/_scores.html", {"rows": scores.all_rows()})


@admin.register(Sample)
class SampleAdmin(ReadOnlyAdmin):
    list_display = ["piece", "version", "work", "events"]
    list_filter = ["version__composer"]
    list_select_related = ["version__composer", "piece__version__composer", "piece__excerpt__work"]


@admin.register(ComposerPage)
class ComposerPageAdmin(admin.ModelAdmin[ComposerPage]):
    list_display = ["composer", "owner"]
    list_select_related = ["composer", "owner"]
    search_fields = ["composer__slug", "composer__name", "owner__username"]
    fields = ["composer", "owner", "card"]
    raw_id_fields = ["owner"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ComposerPage | None = None
    ) -> list[str]:
        return ["composer"] if obj else []


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """People make their own, and see them once; deleting one revokes it.

    The digest is the row's key, so it stands in addresses. No token can be made of it.
    """

    list_display = ["name", "user", "scopes_given", "created", "last_used", "expiry"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    ordering = ["-created"]
    fields = ["name", "user", "scopes_given", "created", "last_used", "expiry"]
    readonly_fields = ["scopes_given"]

    @admin.display(description="scopes")
    def scopes_given(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("composers.delete_apitoken")
