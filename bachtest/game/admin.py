from __future__ import annotations

from collections.abc import Collection
from typing import cast
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from bachtest.game.models import Answer, Game, Listener, Participation
from bachtest.game.services.enrolment import delete_listener


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # subclasses name their model
    """Staff can view what listeners did and delete it on request, but not add or change it."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def log_deletions(self, request: HttpRequest, queryset: Collection[Model]) -> list[LogEntry]:
        """Who deleted how many rows, and when; their ids would outlive what was deleted."""
        count = len(queryset)
        name = self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural
        entry = LogEntry.objects.create(
            user_id=cast(int, request.user.pk),
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=f"{count} {name}",
            action_flag=DELETION,
        )
        return [entry]


@admin.register(Listener)
class ListenerAdmin(ReadOnly):
    list_display = ["id", "created"]

    def delete_model(self, request: HttpRequest, obj: Listener) -> None:
        delete_listener(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Listener]) -> None:
        for listener in queryset:
            delete_listener(listener)


@admin.register(Participation)
class ParticipationAdmin(ReadOnly):
    list_display = ["listener", "study", "experience", "age_group", "consent_version", "created"]
    list_filter = ["study", "experience", "age_group"]


@admin.register(Game)
class GameAdmin(ReadOnly):
    list_display = ["id", "study", "created", "finished_at"]
    list_filter = ["participation__study"]
    list_select_related = ["participation__study"]


@admin.register(Answer)
class AnswerAdmin(ReadOnly):
    """Found by study, composer, condition and work, or by the random id of a listener."""

    list_display = [
        *("created", "study", "composer", "condition", "answered", "correct", "seconds", "knew"),
        "listener",
    ]
    list_filter = [
        "round__game__participation__study",
        ("round__pair__machine__version__composer", admin.RelatedOnlyFieldListFilter),
        "round__pair__machine__condition",
        "correct",
        "knew",
    ]
    list_select_related = [
        "round__pair__machine__version__composer",
        "round__game__participation__study",
    ]
    search_fields = [
        "=round__game__participation__study__slug",
        "=round__pair__machine__version__composer__slug",
        "=round__pair__machine__condition",
        "=round__pair__excerpt__work__bwv",
    ]
    search_help_text = "a study, composer, condition or work (BWV...), or the id of a listener"
    ordering = ["-id"]
    show_full_result_count = False  # there may be millions

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Answer], search_term: str
    ) -> tuple[QuerySet[Answer], bool]:
        try:
            listener = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(round__game__participation__listener=listener), False

    @admin.display(ordering="round__game__participation__study__slug")
    def study(self, answer: Answer) -> str:
        return answer.round.game.study.slug

    @admin.display(ordering="round__pair__machine__version__composer__slug")
    def composer(self, answer: Answer) -> str:
        version = answer.round.pair.machine.version
        return str(version) if version else "bach"

    @admin.display(ordering="round__pair__machine__condition")
    def condition(self, answer: Answer) -> str:
        return answer.round.pair.machine.condition

    @admin.display(description="response", ordering="response")
    def answered(self, answer: Answer) -> str:
        return answer.response

    @admin.display(description="listener (random id)")
    def listener(self, answer: Answer) -> UUID:
        return answer.round.game.participation.listener_id
