from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from generator.families.settings import from_json
from generator.models import Composer, Version, Work


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # subclasses name their model
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Composer)
class ComposerAdmin(ReadOnlyAdmin):
    list_display = ["slug", "name", "kind"]
    list_filter = ["kind"]


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "sha256", "kind", "family", "licence", "status", "created"]
    list_filter = ["composer", "kind", "status"]
    list_select_related = ["composer"]
    exclude = ["settings", "members"]
    readonly_fields = ["fill_settings", "trained_on"]

    @admin.display(description="settings of a fill")
    def fill_settings(self, version: Version) -> SafeString:
        lines = [setting.line(name) for name, setting in from_json(version.settings).items()]
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines or ["none"]))

    @admin.display(description="works it was trained on, by member")
    def trained_on(self, version: Version) -> SafeString:
        works = [", ".join(member["trained_on"]) for member in version.members]
        if version.kind == Version.Kind.COLLECTION:
            said = works[0] if works else "nothing"
            return format_html("{} (declared, not verified)", said)
        return format_html_join(mark_safe("<br>"), "{}: {}", enumerate(works))


@admin.register(Work)
class WorkAdmin(ReadOnlyAdmin):
    list_display = ["bwv", "title", "tune", "part"]
    list_filter = ["part"]
    search_fields = ["bwv", "title", "tune"]
