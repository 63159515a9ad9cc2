"""Uploads that go on where they broke off: tus 1.0 with creation, expiration and termination.

References
----------
https://tus.io/protocols/resumable-upload (version 1.0.0)
"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta as td
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.http import http_date
from django.utils.timezone import now
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bachtest.composers.models import Upload
from bachtest.composers.steps import OF
from bachtest.composers.tokens import MayUpload, ScopedTokenAuthentication
from bachtest.composers.uploading import quarantine
from bachtest.composers.uploading.announcing import UploadRefused, announce, announced
from bachtest.composers.uploading.payload import UploadSerializer, upload_payload
from bachtest.composers.uploading.receiving import receive
from bachtest.composers.uploading.senders import PatientStream, senders
from bachtest.composers.uploading.withdrawing import withdraw
from bachtest.lib.openapi.error_responses import OF_A_BODY, errors

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
CONTENT_TYPE = "application/offset+octet-stream"
MAX_METADATA = 200_000
MAX_DIGITS = 15
TUS = OpenApiParameter("Tus-Resumable", str, OpenApiParameter.HEADER, required=True, enum=[VERSION])
SIZE = {"type": "integer", "minimum": 0, "maximum": 10**MAX_DIGITS - 1}
LENGTH = SIZE | {"minimum": 1}


class BodylessSession(SessionAuthentication):
    """The token against forgery is in a header; the body, of any type, stays unread."""

    def enforce_csrf(self, request: Request) -> None:
        super().enforce_csrf(request._request)  # type: ignore[arg-type]


class TusView(APIView):
    authentication_classes = [ScopedTokenAuthentication, BodylessSession]
    permission_classes = [MayUpload]
    takes_large_bodies = True  # read piece by piece, within the limits of an upload

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        spoken = request.headers.get("Tus-Resumable", "")
        if request.method not in ("OPTIONS", "GET") and spoken != VERSION:
            raise UploadRefused(
                f"Tus-Resumable is {spoken!r}; send {VERSION}.", "wrong_version", 412
            )

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(*args, **kwargs)
        response.headers["Tus-Resumable"] = VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = VERSION
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        return Response(
            status=204,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            },
        )


class UploadList(TusView):
    @extend_schema(
        request=None,
        responses={201: None} | errors(401, 403, 409, 412, 413, 429, 507),
        parameters=[
            TUS,
            OpenApiParameter("Upload-Length", LENGTH, OpenApiParameter.HEADER, required=True),
            OpenApiParameter(
                "Upload-Metadata",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="kind and slug; filename, name, licence, trained_on; values in Base64",
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        length = _number(request, "Upload-Length")
        fields = _metadata(request.headers.get("Upload-Metadata", ""))
        upload = announce(_user(request), announced(fields, length))
        return Response(
            status=201,
            headers={
                "Location": reverse("uploads_api:upload", args=[upload.id]),
                "Upload-Expires": _expires(upload),
            },
        )

    @extend_schema(responses={200: UploadSerializer(many=True)} | errors(401, 403))
    def get(self, request: Request) -> Response:
        # A report may have a line for each of 2,000 files; the upload's own address has it.
        uploads = _user(request).uploads.select_related("version").defer("report")
        newest = uploads.order_by("-created")[:100]
        return Response([upload_payload(each, with_report=False) for each in newest])


class UploadItem(TusView):
    @extend_schema(responses={200: UploadSerializer} | errors(401, 403, 404))
    def get(self, request: Request, upload_id: UUID) -> Response:
        return Response(upload_payload(_own(request, upload_id)))

    @extend_schema(responses={200: None})
    def head(self, request: Request, upload_id: UUID) -> Response:
        upload = _own(request, upload_id)
        is_receiving = upload.status == OF.RECEIVING
        if not is_receiving and upload.file_deleted and not upload.sha256:
            raise UploadRefused("This upload is gone; begin another.", "gone", 410)
        offset = quarantine.size_of(upload.id) if is_receiving else upload.length
        return Response(
            headers={
                "Upload-Offset": str(offset),
                "Upload-Length": str(upload.length),
                "Upload-Expires": _expires(upload),
                "Cache-Control": "no-store",
            }
        )

    @extend_schema(
        request={CONTENT_TYPE: OpenApiTypes.BINARY},
        responses={204: None} | errors(401, 403, 404, 409, 410, 411, 412, *OF_A_BODY, 423, 507),
        parameters=[
            TUS,
            OpenApiParameter("Upload-Offset", SIZE, OpenApiParameter.HEADER, required=True),
        ],
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        upload = _own(request, upload_id)
        if request.content_type != CONTENT_TYPE:
            raise UploadRefused(
                f"The content type is {request.content_type!r}; send {CONTENT_TYPE}.",
                "wrong_type", 415,
            )  # fmt: skip
        offset = _number(request, "Upload-Offset")
        coming = _number(request, "Content-Length")
        if upload.status != OF.RECEIVING:
            if upload.sha256 and offset == upload.length and coming == 0:
                return _received(upload, upload.length)
            raise UploadRefused("This upload takes no more bytes.", "gone", 410)
        if offset + coming > upload.length:
            raise UploadRefused(
                f"{coming:,} bytes from byte {offset:,} on are more than the {upload.length:,} "
                "that were announced.", "too_large", 413,
            )  # fmt: skip
        try:
            with senders.one_more(_user(request).pk):
                size = receive(upload, offset, PatientStream(request._request))
        except quarantine.WrongOffset as error:
            raise UploadRefused(f"{error}.".capitalize(), "wrong_offset", 409) from error
        except quarantine.UploadBusy as error:
            raise UploadRefused(f"{error}.".capitalize(), "busy", 423) from error
        except quarantine.DiskFull as error:
            raise UploadRefused(f"{error}.".capitalize(), "disk_full", 507) from error
        except FileNotFoundError as error:
            raise UploadRefused("This upload is gone; begin another.", "gone", 410) from error
        Upload.objects.filter(id=upload.id, status=OF.RECEIVING).update(changed=now())
        return _received(upload, size)

    @extend_schema(responses={204: None} | errors(401, 403, 404, 409, 412), parameters=[TUS])
    def delete(self, request: Request, upload_id: UUID) -> Response:
        withdraw(_own(request, upload_id), by=request.user.get_username())
        return Response(status=204)


def _received(upload: Upload, size: int) -> Response:
    return Response(
        status=204, headers={"Upload-Offset": str(size), "Upload-Expires": _expires(upload)}
    )


def _user(request: Request) -> User:
    assert isinstance(request.user, User)  # only people with the permission come so far
    return request.user


def _own(request: Request, upload_id: UUID) -> Upload:
    upload = Upload.objects.filter(id=upload_id, owner=_user(request)).first()
    if upload is None:
        raise NotFound
    return upload


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise UploadRefused(
            f"{header} is {text[:40]!r}; send a whole number.", "bad_header",
            411 if header == "Content-Length" else 400,
        )  # fmt: skip
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Pairs of a name and a value in Base64, with commas between them."""
    if len(header) > MAX_METADATA:
        raise UploadRefused(f"Upload-Metadata has {len(header):,} characters, too many.")
    fields: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        name, _, value = pair.partition(" ")
        if name in fields:
            raise UploadRefused(f"Upload-Metadata names {name[:40]!r} twice.")
        try:
            fields[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise UploadRefused(f"Upload-Metadata: {name[:40]!r} is not text in Base64.") from None
    return fields


def _expires(upload: Upload) -> str:
    return http_date((upload.changed + td(days=settings.UPLOAD_EXPIRE_DAYS)).timestamp())
