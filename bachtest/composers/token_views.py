"""A person's own keys to the API. A key is shown once, when it is made."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from bachtest.composers.models import ApiToken
from bachtest.composers.tokens import LIFE, MAX_TOKENS

MAX_NAME = 60


@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    made, problem, status = "", "", 200
    if request.method == "POST":
        name = request.POST.get("name", "").strip()
        scopes = [each for each in ApiToken.Scope.values if each in request.POST.getlist("scopes")]
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            problem, status = f"Say what the token is for, in at most {MAX_NAME} characters.", 400
        elif not scopes:
            problem, status = "Choose at least one thing that the token may do.", 400
        else:
            made = _make(request, name, scopes)
            if not made:
                problem = f"You have {MAX_TOKENS} tokens; revoke one first."
                status = 409
    mine = ApiToken.objects.filter(user=request.user, expiry__gt=now()).order_by("-created")
    context = {"tokens": mine, "made": made, "problem": problem, "scopes": ApiToken.Scope.choices}
    return render(request, "composers/tokens.html", context, status=status)


def _make(request: HttpRequest, name: str, scopes: list[str]) -> str:
    """The new token; empty if there are too many."""
    with transaction.atomic():
        user = get_user_model().objects.select_for_update().get(pk=request.user.pk or 0)
        ApiToken.objects.filter(user=user, expiry__lt=now()).delete()
        if ApiToken.objects.filter(user=user).count() >= MAX_TOKENS:
            return ""
        _, token = ApiToken.objects.create(user=user, expiry=LIFE, name=name, scopes=scopes)
    return str(token)


@login_required
@require_POST
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    gone, _ = ApiToken.objects.filter(user=request.user, token_key=token_key).delete()
    if gone:
        messages.success(request, "The token is revoked.")
    return redirect("account:tokens")
