from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from bachtest.studies.models import Study, StudyComposer
from generator.models import Version


class StudyComposerForm(forms.ModelForm[StudyComposer]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Versions that can write, and the one that the row names already.
        offered = Q(status=Version.Status.READY) | Q(id=self.instance.version_id)
        versions = Version.objects.filter(offered).select_related("composer")
        field = self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = versions.order_by("composer__slug", "-created")


class StudyComposerInline(admin.TabularInline[StudyComposer, Study]):
    model = StudyComposer
    form = StudyComposerForm
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[StudyComposer]:
        # Each row says its study and version.
        return super().get_queryset(request).select_related("study", "version__composer")


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin[Study]):
    list_display = ["slug", "title", "is_open", "rendering", "consent_version", "created"]
    inlines = [StudyComposerInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Study | None = None) -> list[str]:
        # Listeners of one study hear one loudness and one encoder.
        return ["rendering"] if obj and obj.participations.exists() else []
