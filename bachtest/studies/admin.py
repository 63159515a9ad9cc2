from __future__ import annotations

from django.contrib import admin

from bachtest.studies.models import Study, StudyComposer


class StudyComposerInline(admin.TabularInline[StudyComposer, Study]):
    model = StudyComposer
    extra = 0


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin[Study]):
    list_display = ["slug", "title", "is_open", "consent_version", "created"]
    inlines = [StudyComposerInline]
