"""Behind the buttons of the dashboard. `admin_view` lets only staff in."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from bachtest.dashboard.overview import live_panels
from bachtest.dashboard.panels.failed_pieces import failed_like
from bachtest.dashboard.panels.integrity import compare_clips
from bachtest.game.clips import mp3_response
from bachtest.game.exposures import recount
from bachtest.lib.confirmed_actions import CONFIRMED
from bachtest.studies.models import Study
from generator.errors import GeneratorError
from generator.models import Composer, Rendering
from generator.tasks import order_pieces, retry_pieces

MOST_ORDERED = 200
FAULTS_SHOWN = 20


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/dashboard/_live.html", live_panels(request.user))


@require_POST
@permission_required("generator.add_piece", raise_exception=True)
def order_more(request: HttpRequest) -> HttpResponse:
    composer = get_object_or_404(Composer, slug=request.POST.get("composer", ""))
    condition, number = request.POST.get("condition", ""), request.POST.get("count", "")
    try:
        count = _checked_count(number)
        order_pieces(composer, condition, count)
    except (GeneratorError, ValueError) as error:
        messages.error(request, f"Nothing was ordered: {error}")
    else:
        pieces = "1 piece" if count == 1 else f"{count} pieces"
        messages.success(request, f"{pieces} of {composer.slug} {condition} are in the queue.")
    return redirect("admin:index")


def _checked_count(text: str) -> int:
    # A longer number is no count; Python may refuse to parse it.
    count = int(text) if text.isdecimal() and len(text) < 10 else 0
    if not 1 <= count <= MOST_ORDERED:
        raise ValueError(f"{text[:20]!r} pieces; order 1 to {MOST_ORDERED} at a time")
    return count


@require_POST
@permission_required("generator.change_piece", raise_exception=True)
def retry_alike(request: HttpRequest) -> HttpResponse:
    """Failed pieces with the version and reason of one of them, once it is confirmed."""
    text = request.POST.get("like", "")
    alike = failed_like(int(text) if text.isdecimal() and len(text) < 18 else 0)
    if CONFIRMED in request.POST:
        messages.success(request, f"{retry_pieces(alike)} pieces are in the queue again.")
        return redirect("admin:index")
    context = {
        **admin.site.each_context(request),
        "title": f"Try {alike.count()} failed pieces again?",
        "what_happens": "They go into the queue with all their tries, whatever failed before.",
        "rows": alike.select_related("version__composer", "excerpt__work").order_by("-id")[:10],
        "others": max(0, alike.count() - 10),
        "hidden": {"like": text},
    }
    return render(request, "admin/confirm_action.html", context)


@require_POST
@permission_required("generator.view_rendering", raise_exception=True)
def compare_files(request: HttpRequest) -> HttpResponse:
    check = compare_clips()
    for fault in check.faults[:FAULTS_SHOWN]:
        messages.error(request, fault)
    words = f"{check.checked} of {check.total} clips were read: {len(check.faults)} are not as"
    level = messages.WARNING if check.faults else messages.SUCCESS
    messages.add_message(request, level, f"{words} their rows say.")
    return redirect("admin:index")


@require_POST
@permission_required("studies.change_study", raise_exception=True)
def recount_items(request: HttpRequest) -> HttpResponse:
    for study in Study.objects.order_by("slug"):
        wrong = recount(study)
        level = messages.WARNING if wrong else messages.SUCCESS
        messages.add_message(request, level, f"Study {study.slug}: {wrong} counts were corrected.")
    return redirect("admin:index")


@require_POST
@permission_required("studies.change_study", raise_exception=True)
def switch_refill(request: HttpRequest) -> HttpResponse:
    """On or off as the button says, so that a second press changes nothing."""
    study = get_object_or_404(Study, slug=request.POST.get("study", ""))
    study.refill = request.POST.get("refill") == "on"
    study.save(update_fields=["refill"])
    words = "order" if study.refill else "no longer order"
    messages.success(request, f"Workers {words} pairs for {study.slug} in quiet time.")
    return redirect("admin:index")


@require_safe
@permission_required("generator.view_rendering", raise_exception=True)
def clip(request: HttpRequest, rendering_id: int) -> HttpResponse:
    rendering = get_object_or_404(Rendering, id=rendering_id)
    return mp3_response(request, rendering, {"ETag": f'"{rendering.sha256}"'})
