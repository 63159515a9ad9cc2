"""A study as a ZIP, for staff: ordered, watched and fetched in the admin's area."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from bachtest.lib.errors import AppError, error_body
from bachtest.results.export.export_files import DAYS_KEPT, path_of
from bachtest.results.models import ExportJob
from bachtest.results.page.export_page import ExportRow, export_page, export_row, exports_of
from bachtest.results.tasks import order_export
from bachtest.studies.models import Study

PERMISSION = "results.export_study"
View = Callable[..., HttpResponseBase]


def for_exporters(view: View) -> View:
    """Asks people to log in, and refuses those who may not export."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(PERMISSION):
            return _page(request, {"title": "Export"}, status=403)
        return view(request, *args, **kwargs)

    return admin.site.admin_view(checked)


@require_http_methods(["GET", "HEAD", "POST"])
@for_exporters
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    study = get_object_or_404(Study, slug=slug)
    if request.method != "POST":
        return _page(request, _context(study, request))
    try:
        order_export(study, _person(request))
    except AppError as error:
        return _page(request, _context(study, request) | {"refusal": error.message}, error.status)
    return redirect("results:export", slug)


@require_safe
def export_progress(request: HttpRequest, slug: str, job: int) -> JsonResponse:
    """Asked every second by the page, so that it says what is wrong and never leads elsewhere."""
    if not (admin.site.has_permission(request) and request.user.has_perm(PERMISSION)):
        return JsonResponse(error_body("forbidden", "Log in again to see the export."), status=403)
    row = _row_for(request, slug, job)
    if row is None:
        return JsonResponse(error_body("not_found", "You have no such export."), status=404)
    return JsonResponse(row.to_json())


@require_safe
@for_exporters
def export_file(request: HttpRequest, slug: str, job: int) -> HttpResponseBase:
    row = _row_for(request, slug, job)
    if row is None:
        raise Http404
    try:
        if not row.job.file:
            raise FileNotFoundError
        file = path_of(row.job.file).open("rb")
    except FileNotFoundError:
        why = f"Files are kept for {DAYS_KEPT} days; start a new export."
        messages.error(request, f"This export has no file. {why}")
        return redirect("results:export", slug)
    name = f"{row.job.study.slug}-{row.job.created:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _row_for(request: HttpRequest, slug: str, job_id: int) -> ExportRow | None:
    """The export, if it is the person's own or the person is a superuser."""
    study = Study.objects.filter(slug=slug).first()
    job: ExportJob | None = exports_of(study).filter(id=job_id).first() if study else None
    row = export_row(job, _person(request)) if job else None
    return row if row and row.is_mine else None


def _person(request: HttpRequest) -> AbstractUser:
    return cast(AbstractUser, request.user)  # staff, as was checked


def _context(study: Study, request: HttpRequest) -> dict[str, Any]:
    return export_page(study, _person(request)) | {"title": f"Export {study.slug}"}


def _page(request: HttpRequest, ctx: dict[str, Any], status: int = 200) -> HttpResponse:
    around = admin.site.each_context(request)
    return render(request, "results/export.html", around | ctx, status=status)
