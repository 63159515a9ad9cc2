"""Errors for people, and one JSON shape for every error under /api/."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
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


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.page_not_found(request, exception)
    return JsonResponse(error_body("not_found", "There is nothing at this address."), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(API_ROOT):
        return defaults.server_error(request)
    return JsonResponse(error_body("server", "Something broke on our side."), status=500)
