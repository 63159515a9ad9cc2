from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from bachtest.game.models import Answer, Game, Listener, Participation
from bachtest.game.services.enrolment import delete_listener


class ReadOnly:
    """Staff can view what listeners did and delete it on request, but not add or change it."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Listener)
class ListenerAdmin(ReadOnly, admin.ModelAdmin[Listener]):
    list_display = ["id", "created"]

    def delete_model(self, request: HttpRequest, obj: Listener) -> None:
        delete_listener(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Listener]) -> None:
        for listener in queryset:
            delete_listener(listener)


@admin.register(Participation)
class ParticipationAdmin(ReadOnly, admin.ModelAdmin[Participation]):
    list_display = ["listener", "study", "experience", "age_group", "consent_version", "created"]
    list_filter = ["study", "experience", "age_group"]


@admin.register(Game)
class GameAdmin(ReadOnly, admin.ModelAdmin[Game]):
    list_display = ["id", "study", "created", "finished_at"]
    list_filter = ["participation__study"]
    list_select_related = ["participation__study"]


@admin.register(Answer)
class AnswerAdmin(ReadOnly, admin.ModelAdmin[Answer]):
    list_display = ["round", "condition", "response", "correct", "seconds", "knew", "created"]
    list_filter = ["correct", "knew"]
    list_select_related = ["round__pair__machine"]

    @admin.display(ordering="round__pair__machine__condition")
    def condition(self, answer: Answer) -> str:
        return answer.round.pair.machine.condition
