"""The admin pages of pieces and pairs, where they are heard and seen."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from bachtest.dashboard.piano_roll import piece_picture
from bachtest.dashboard.trail import log_exclusions
from bachtest.lib.confirmed_actions import ConfirmedActions
from generator.admin import ReadOnlyAdmin
from generator.models import Pair, Piece
from generator.services.pairs import DAMAGED
from generator.tasks import cancel_pieces, retry_pieces

# What these actions excluded, they may take back, and what may be whole again; what a rule excluded
# stays.
BY_ADMIN = "by an admin: "
TAKEN_BACK = Q(excluded_reason__startswith=BY_ADMIN) | Q(excluded_reason__startswith=DAMAGED)


def heard_and_seen(piece: Piece, bach: Piece | None = None) -> SafeString:
    clips = piece.renderings.clips().order_by("-id")
    context = {"piece": piece, "clips": clips, "picture": piece_picture(piece, bach)}
    return render_to_string("admin/dashboard/_piece.html", context)


@admin.register(Piece)
class PieceAdmin(ConfirmedActions, ReadOnlyAdmin):
    list_display = ["id", "version", "condition", "excerpt", "seed", "status", "tries", "error"]
    list_filter = ["status", "version__composer", "condition"]
    list_select_related = ["version__composer", "excerpt__work"]
    search_fields = ["excerpt__work__bwv", "source", "error"]
    ordering = ["-id"]
    readonly_fields = ["heard"]
    fields = [
        *("heard", "version", "condition", "excerpt", "source", "tune", "seed", "settings"),
        *("budget_steps", "fold", "status", "tries", "error", "copied_run", "created", "done"),
    ]
    actions = ["retry", "cancel"]

    @admin.display(description="sound and notes")
    def heard(self, piece: Piece) -> SafeString:
        bach = Piece.objects.by_bach().filter(excerpt=piece.excerpt_id).first()
        return heard_and_seen(piece, bach)

    @admin.action(description="Try failed pieces again", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Piece]) -> TemplateResponse | None:
        selected = queryset.count()
        failed = queryset.filter(status=Piece.Status.FAILED).count()
        question = f"Try {failed} of {selected} pieces again?"
        happens = "Those that failed go into the queue with all their tries; the others stay."
        page = self.confirmation(request, queryset, "retry", question, what_happens=happens)
        if page is None:
            count = retry_pieces(Piece.objects.filter(id__in=queryset.values("id")))
            message = f"{count} of {selected} pieces had failed and are in the queue again."
            self.message_user(request, message)
        return page

    @admin.action(description="Cancel pieces that wait or are being made", permissions=["retry"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Piece]) -> TemplateResponse | None:
        selected = queryset.count()
        pending = Piece.objects.pending().filter(id__in=queryset.values("id")).count()
        question = f"Cancel {pending} of {selected} pieces?"
        happens = "Those that wait or are being made fail; a worker drops what it is making."
        page = self.confirmation(request, queryset, "cancel", question, what_happens=happens)
        if page is None:
            count = cancel_pieces(Piece.objects.filter(id__in=queryset.values("id")))
            self.message_user(request, f"{count} of {selected} pieces are cancelled.")
        return page

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generator.change_piece")


@admin.register(Pair)
class PairAdmin(ConfirmedActions, ReadOnlyAdmin):
    list_display = ["id", "machine", "differing", "copied_run", "excluded_reason"]
    list_filter = [
        ("excluded_reason", admin.EmptyFieldListFilter),
        "machine__version__composer",
        "machine__condition",
    ]
    list_select_related = ["machine__version__composer", "machine__excerpt__work"]
    search_fields = ["excerpt__work__bwv", "excluded_reason"]
    ordering = ["-id"]
    readonly_fields = ["both_sides", "copied_run"]
    fields = [
        *("both_sides", "kind", "excerpt", "tune", "differing", "copied_run"),
        *("excluded_reason", "created"),
    ]
    actions = ["exclude_from_play", "take_back"]

    @admin.display(description="copied run")
    def copied_run(self, pair: Pair) -> int | None:
        return pair.machine.copied_run

    @admin.display(description="both sides")
    def both_sides(self, pair: Pair) -> SafeString:
        sides = [
            ("Bach", pair.bach, heard_and_seen(pair.bach)),
            (pair.composer.name, pair.machine, heard_and_seen(pair.machine, pair.bach)),
        ]
        return render_to_string("admin/dashboard/_pair.html", {"sides": sides})

    @admin.action(description="Exclude from play, with a reason", permissions=["exclude"])
    def exclude_from_play(
        self, request: HttpRequest, queryset: QuerySet[Pair]
    ) -> TemplateResponse | None:
        selected, included = queryset.count(), queryset.filter(excluded_reason="").count()
        page = self.confirmation(
            request,
            queryset,
            "exclude_from_play",
            f"Exclude {included} of {selected} pairs?",
            what_happens="They are played no more. Answers stay, and so do the reasons of pairs "
            "that are excluded already; a round that somebody hears now is replaced.",
            ask_reason=True,
        )
        if page is None:
            reason = BY_ADMIN + self.reason(request)
            count = set_reason(queryset.filter(excluded_reason=""), reason)
            self.message_user(request, f"{count} of {selected} pairs are excluded.")
        return page

    @admin.action(description="Take exclusions by admins back", permissions=["exclude"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Pair]) -> TemplateResponse | None:
        selected = queryset.count()
        by_admin = queryset.filter(TAKEN_BACK)
        page = self.confirmation(
            request,
            queryset,
            "take_back",
            f"Take the exclusion of {by_admin.count()} of {selected} pairs back?",
            what_happens="Those that an admin excluded may be played again, and those whose files "
            "were damaged: they are looked at before each round. Those that a rule excluded "
            "(copies, nothing that differs) stay excluded.",
        )
        if page is None:
            count = set_reason(by_admin, "")
            self.message_user(request, f"{count} of {selected} pairs may be played again.")
        return page

    def has_exclude_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generator.change_pair")


def set_reason(pairs: QuerySet[Pair], reason: str) -> int:
    """Change the reason of these pairs, and log each; how many."""
    with transaction.atomic():
        rows = list(Pair.objects.select_for_update().filter(id__in=pairs.values("id")))
        log_exclusions(rows, reason)
        return Pair.objects.filter(id__in=[row.id for row in rows]).update(excluded_reason=reason)
