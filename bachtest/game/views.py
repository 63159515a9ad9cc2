"""The pages. The player itself talks to the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bachtest.game import cookies, payloads
from bachtest.game.cookies import listener_id_of, listener_of
from bachtest.game.forms import StartForm
from bachtest.game.models import Game, Participation
from bachtest.game.pool import games_in_pool, is_ready
from bachtest.game.services import enrolment, games
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study
from bachtest.studies.refilling import brings_new_tunes
from generator.models import Composer
from generator.music.grid.conditions import NEXT

REFRESH_SECONDS = 10
QUIZ = "quiz"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    form = StartForm(initial={"study": QUIZ})
    return render(request, "game/index.html", _index_context(request, form))


def _index_context(request: HttpRequest, form: StartForm) -> dict[str, Any]:
    listener = listener_of(request)
    study = _quiz()
    participation = enrolment.participation_of(listener, study)
    returning = participation is not None and enrolment.has_valid_consent(participation)
    return {
        "form": form,
        "experience_choices": Participation.Experience.choices,
        "age_choices": Participation.AgeGroup.choices,
        "consent_version": study.consent_version,
        "consent_text": study.consent_text,
        "returning": returning,
        "unfinished": participation is not None and bool(games.unfinished_game(participation)),
        "last_result": _last_result(listener.id if listener else None),
        "rounds": len(study.rounds),
        "deleted": "deleted" in request.GET,
        "unknown": "unknown" in request.GET and listener is None,
        "closed": not study.is_open,
    }


def _quiz() -> Study:
    """Open or closed, since these pages also serve listeners who have played before."""
    return get_object_or_404(Study, slug=QUIZ)


def _last_result(listener_id: UUID | None) -> str | None:
    if listener_id is None:
        return None
    answered = Game.objects.filter(rounds__answer__isnull=False).distinct()
    game = answered.filter(participation__listener=listener_id, finished_at__isnull=False).last()
    return str(game.id) if game else None


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.POST)
    if not form.is_valid():
        return render(request, "game/index.html", _index_context(request, form), status=400)
    stated = {name: value for name, value in form.cleaned_data.items() if value}
    try:
        study = enrolment.open_study(stated.pop("study", QUIZ))
    except AppError:
        return redirect("game:index")  # where a closed quiz is announced
    try:
        participation = enrolment.enrol(listener_of(request), study, **stated)
    except AppError as error:
        form.add_error("consent", error.message)
        return render(request, "game/index.html", _index_context(request, form), status=400)
    response = redirect(_page_after_start(participation))
    cookies.remember(request, response, participation.listener)
    return response


def _page_after_start(participation: Participation) -> str:
    try:
        game, _ = games.start_game(participation)
        games.make_first_clips_ahead(game)
    except AppError as error:
        return reverse(_page_instead(error))
    return _play_page(participation.study)


def _play_page(study: Study) -> str:
    query = "" if study.slug == QUIZ else f"?study={study.slug}"
    return reverse("game:play") + query


def _page_instead(error: AppError) -> str:
    if error.code == "heard_all":
        return "game:heard_all"
    if error.code == "no_pairs":
        return "game:waiting"
    if error.code == "not_found":  # the listener left in another tab
        return "game:index"
    raise error


def _front_page(listener_id: UUID | None) -> str:
    """Whoever has lost the cookie is told so; a game without one cannot be found."""
    return reverse("game:index") + ("" if listener_id else "?unknown=1")


@require_safe
def play(request: HttpRequest) -> HttpResponse:
    """The page shows what is stored, and then fetches the round itself."""
    listener_id = listener_id_of(request)
    try:
        game = games.game_in_progress(listener_id, request.GET.get("study", QUIZ))
    except AppError:
        last = _last_result(listener_id)
        return redirect("game:result", last) if last else redirect(_front_page(listener_id))
    data = payloads.game_payload(game)
    shown = data["reveal"] or data["round"]
    number = shown["number"] if shown else data["answered"] + 1
    context = {
        "data": data,
        "number": number,
        "study": game.study.slug,
        "home": _play_page(game.study),
    }
    return render(request, "game/play.html", context)


@require_safe
def result(request: HttpRequest, game_id: UUID) -> HttpResponse:
    try:
        game = games.finished_game(listener_id_of(request), game_id)
    except AppError:
        raise Http404 from None
    data = payloads.result_payload(game)
    context = {
        "game_id": data["id"],
        "correct": data["correct"],
        "answered": data["scored"],
        "rounds": data["rounds"],
        "data": data,
    }
    return render(request, "game/result.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    study = _quiz()
    context = {
        "has_data": listener_of(request) is not None,
        "consent_text": study.consent_text,
        "consent_version": study.consent_version,
    }
    return render(request, "game/privacy.html", context)


@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    if listener := listener_of(request):
        enrolment.delete_listener(listener)
    response = redirect(reverse("game:index") + "?deleted=1")
    cookies.forget(response)
    return response


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    in_quiz = Composer.objects.filter(in_studies__study__slug=QUIZ, in_studies__weight__gt=0)
    composers = in_quiz.distinct().order_by("name").values("name", "about")
    rounds = Study.objects.filter(slug=QUIZ).values_list("rounds", flat=True).first() or []
    ctx = {
        "composers": list(composers),
        "continues": any(NEXT in conditions for conditions in rounds),
        "version": settings.VERSION,
    }
    return render(request, "game/about.html", ctx)


@require_safe
def heard_all(request: HttpRequest) -> HttpResponse:
    study = _quiz()
    context = {
        "last_result": _last_result(listener_id_of(request)),
        "games_in_pool": games_in_pool(study),
        "more_to_come": brings_new_tunes(study),
    }
    return render(request, "game/heard_all.html", context)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Shown until there are enough pairs for a game; then it leads back to the Play button."""
    study = _quiz()
    if not study.is_open or is_ready(study):
        return redirect("game:index")
    response = render(
        request, "game/waiting.html", {"refresh_seconds": REFRESH_SECONDS}, status=503
    )
    response["Retry-After"] = str(REFRESH_SECONDS)
    return response
