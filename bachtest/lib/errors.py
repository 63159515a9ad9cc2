"""Errors for people, and one JSON shape for every error under /api/."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware import csrf
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

API_ROOT = "/api/"

logger = logging.getLogger(__name__)


class AppError(Exception):
    """Something that was asked for cannot be done; the message is for whoever asked."""

    def __init__(self, message: str, code: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


def error_body(code: str, message: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fields": fields or {}}}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Gives every expected error one shape. The rest are bugs, and Django handles them."""
    if isinstance(error, AppError):
        return Response(error_body(error.code, error.message), status=error.status)
    if isinstance(error, OperationalError):
        # A locked database or a full disk. Nothing was stored, so the client may try again.
        logger.error("the database cannot be used: %s", error)
        message = "The server cannot save anything just now. Please try again in a moment."
        return Response(error_body("busy", message), status=503)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        body = error_body("invalid", f"Not valid: {', '.join(fields)}.", fields)
    else:
        body = error_body(error.default_code, str(error.detail))
    return Response(body, status=error.status_code, headers=_headers(error))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    header = getattr(error, "auth_header", None)
    return {"WWW-Authenticate": header} if header else {}


# Requests that Django itself refuses, and bugs, never reach the handler above.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.bad_request(request, exception)
    return JsonResponse(error_body("bad_request", "The request cannot be read."), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.permission_denied(request, exception)
    return JsonResponse(error_body("permission_denied", "You may not do that."), status=403)


# How Django's reasons begin that speak of where a form came from. Of the others, one is about the
# cookie, and the rest say that the form's secret is not the one of the cookie.
FROM_ELSEWHERE = tuple(
    reason.partition("%s")[0]
    for reason in (
        csrf.REASON_BAD_ORIGIN,
        csrf.REASON_BAD_REFERER,
        csrf.REASON_NO_REFERER,
        csrf.REASON_MALFORMED_REFERER,
        csrf.REASON_INSECURE_REFERER,
    )
)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the proof that it is a page of ours: what to do, by what was missing."""
    if request.path.startswith(API_ROOT):
        message = "The request lacks the token against forgery, or its cookie."
        return JsonResponse(error_body("csrf", message), status=403)
    context = {
        "no_cookie": reason == csrf.REASON_NO_CSRF_COOKIE,
        "from_elsewhere": reason.startswith(FROM_ELSEWHERE),
        "back": _page_of_the_form(request),
    }
    return render(request, "403_csrf.html", context, status=403)


def _page_of_the_form(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        return "/"
    page = urlsplit(referer)
    return f"{page.path}?{page.query}" if page.query else page.path or "/"


def no_blank_pages(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware: a form's address that is opened or reloaded as a page says so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or request.path.startswith(API_ROOT):
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    return middleware


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.page_not_found(request, exception)
    return JsonResponse(error_body("not_found", "There is nothing at this address."), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.server_error(request)
    return JsonResponse(error_body("server", "Something broke on our side."), status=500)
