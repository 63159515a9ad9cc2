from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from bachtest.composers import publishing
from bachtest.composers.models import Upload, VersionScores
from bachtest.composers.permissions import MANAGE, PUBLISH, UPLOAD
from bachtest.composers.publishing import was_published_by_uploader
from bachtest.composers.steps import OF
from bachtest.composers.tasks import retry_upload
from bachtest.composers.uploading.announcing import held_bytes
from bachtest.composers.uploading.payload import now_words, path_of, upload_payload
from bachtest.composers.uploading.withdrawing import delete_file, withdraw
from bachtest.lib.errors import AppError
from generator.models import Version

SHOWN = 50
MAIN_SCORES = {
    "joint NLL",
    "orderless NLL",
    "parallels",
    "machine listener",
    "machine listener 2",
    "copying, longest run, median",
    "copying, longest run, 90th percentile",
}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def may_see_all(user: User) -> bool:
    return user.has_perm(PUBLISH) or user.has_perm(MANAGE)


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    may_upload = user.has_perm(UPLOAD)
    if not may_upload and not may_see_all(user):
        raise PermissionDenied
    uploads: QuerySet[Upload] = Upload.objects.select_related("owner", "version").defer("report")
    if not may_see_all(user):
        uploads = uploads.filter(owner=user)
    return render(
        request,
        "composers/uploads.html",
        {
            "uploads": uploads.order_by("-created")[:SHOWN],
            "may_upload": may_upload,
            "sees_all": may_see_all(user),
            "held": held_bytes(user),
            "quota": settings.UPLOAD_QUOTA_BYTES,
            "largest": settings.UPLOAD_MAX_BYTES,
        },
    )


@login_required
@require_safe
def upload_page(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = _visible(request, upload_id)
    user = _user(request)
    may_publish = user.has_perm(PUBLISH)
    is_own = upload.owner == user
    scores = VersionScores.objects.filter(version=upload.version).first()
    context = {
        "upload": upload,
        "payload": upload_payload(upload),
        "rows": (rows := scores.all_rows() if scores else []),
        "main_rows": [row for row in rows if row["name"] in MAIN_SCORES],
        "samples": upload.version.samples.select_related("piece") if upload.version else [],
        "may_publish": may_publish and upload.status == OF.SCORED,
        "may_refuse": may_publish and upload.status in (OF.CHECKED, OF.SCORED),
        "needs_second": is_own and not publishing.is_alone(user) if may_publish else False,
        "is_own": is_own,
        "may_withdraw": is_own
        and upload.status in (OF.RECEIVING, OF.QUARANTINED, OF.CHECKED, OF.SCORED),
        "may_retire": may_publish and upload.status == OF.PUBLISHED,
        "may_bring_back": may_publish and upload.status == OF.RETIRED,
        "may_retry": may_publish and bool(upload.failure),
        "asks_reason": may_publish
        and upload.status in (OF.CHECKED, OF.SCORED, OF.PUBLISHED, OF.RETIRED),
        "path": path_of(upload),
        "now_words": now_words(upload),
        "composer_url": reverse("composers:composer", args=[upload.slug]),
        "by_uploader": was_published_by_uploader(upload.version),
        "may_delete_file": is_own and upload.status == OF.REFUSED and not upload.file_deleted,
    }
    return render(request, "composers/upload.html", context)


@login_required
@require_safe
def status(request: HttpRequest, upload_id: UUID) -> JsonResponse:
    """What the page asks for while something happens."""
    payload = upload_payload(_visible(request, upload_id))
    shown = ("status", "failure", "stage", "done", "total", "ahead", "received", "length")
    return JsonResponse({name: payload[name] for name in shown})


@login_required
@require_POST
def decide(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Publish, refuse, retire, bring back, withdraw or retry, as the button says."""
    upload = _visible(request, upload_id)
    user, reason = _user(request), request.POST.get("reason", "")
    deeds: dict[str, Callable[[], object]] = {
        "publish": lambda: publishing.publish(upload, user, reason),
        "refuse": lambda: publishing.turn_down(upload, user, reason),
        "retire": lambda: publishing.retire(_version(upload), user, reason),
        "bring_back": lambda: publishing.bring_back(_version(upload), user, reason),
        "withdraw": lambda: _withdraw(upload, user),
        "delete_file": lambda: _delete_file(upload, user),
        "retry": lambda: _retry(upload, user),
    }
    deed = deeds.get(request.POST.get("deed", ""))
    if deed is None:
        raise Http404
    try:
        deed()
    except AppError as error:
        messages.error(request, error.message)
    else:
        upload.refresh_from_db()
        messages.success(request, f"It is {upload.get_status_display()} now.")
    return redirect("uploads:upload", upload_id)


def _version(upload: Upload) -> Version:
    if upload.version is None:
        raise AppError("It has no version yet.", "no_version", 409)
    return upload.version


def _withdraw(upload: Upload, user: User) -> None:
    if upload.owner != user:
        raise AppError("Only its uploader can withdraw it; refuse it instead.", "forbidden", 403)
    withdraw(upload, by=user.get_username())


def _delete_file(upload: Upload, user: User) -> None:
    if upload.owner != user or upload.status != OF.REFUSED:
        raise AppError("Only its uploader can delete the file of a refused upload.", "no", 403)
    delete_file(upload)


def _retry(upload: Upload, user: User) -> None:
    if not user.has_perm(PUBLISH):
        raise AppError("You may not have it tried again; ask a manager.", "forbidden", 403)
    if not retry_upload(upload):
        raise AppError("The site has not failed at it, so there is nothing to retry.", "ok", 409)


def _visible(request: HttpRequest, upload_id: UUID) -> Upload:
    uploads = Upload.objects.select_related("owner", "version__composer")
    upload = uploads.filter(id=upload_id).first()
    user = _user(request)
    if upload is None or (upload.owner != user and not may_see_all(user)):
        raise Http404
    return upload
