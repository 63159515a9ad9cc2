from __future__ import annotations

from django.contrib import admin

from bachtest.studies.models import Study


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin[Study]):
    list_display = ["slug", "title", "is_open", "consent_version", "created"]
