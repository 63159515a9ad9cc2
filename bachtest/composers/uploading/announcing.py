"""Who may upload what, and how much: all of it is looked at before the first byte."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta as td

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.timezone import now

from bachtest.composers.models import Upload
from bachtest.composers.permissions import MANAGE
from bachtest.composers.steps import OF
from bachtest.composers.uploading import quarantine
from bachtest.lib.errors import AppError
from generator.models import Composer
from generator.registry import BACH
from generator.services.site_registry import site_registry

MAX_TEXT = {"slug": 50, "name": 100, "licence": 200, "filename": 200, "trained_on": 100_000}
ENDINGS = {Upload.Kind.CHECKPOINT: ".safetensors", Upload.Kind.COLLECTION: ".zip"}
NAMES_OF_BACH = {"bach", "jsbach", "johannsebastianbach"}


@dataclass(frozen=True)
class Announced:
    """What somebody is about to send, and what they say of it."""

    kind: str
    slug: str
    length: int
    filename: str = ""
    name: str = ""
    licence: str = ""
    trained_on: str = ""


class UploadRefused(AppError):
    """It is refused before the first byte."""

    def __init__(self, message: str, code: str = "refused", status: int = 400) -> None:
        super().__init__(message, code, status)


def announced(fields: Mapping[str, str], length: int) -> Announced:
    """What was announced, checked by itself.

    Raises
    ------
    UploadRefused
    """
    if strays := sorted(set(fields) - set(Announced.__dataclass_fields__)):
        raise UploadRefused(f"Unknown field {strays[0]!r}.")
    for name, text in fields.items():
        if len(text) > (most := MAX_TEXT.get(name, 20)):
            raise UploadRefused(f"{name} has {len(text):,} characters; use at most {most:,}.")
        # A line break in a name would begin a new line of a log or a mail.
        breaks = "\r\n\t" if name == "trained_on" else ""
        if not all(c.isprintable() or c in breaks for c in text):
            raise UploadRefused(f"{name} has characters that cannot be shown.")
    kind, slug = fields.get("kind", ""), fields.get("slug", "")
    if kind not in Upload.Kind.values:
        raise UploadRefused(f"The kind is {kind!r}; use one of {', '.join(Upload.Kind.values)}.")
    try:
        validate_slug(slug)
    except ValidationError:
        raise UploadRefused(
            f"The composer's short name is {slug!r}; use letters, numbers, hyphens and underscores."
        ) from None
    filename = fields.get("filename", "")
    if filename and not filename.lower().endswith(ENDINGS[Upload.Kind(kind)]):
        raise UploadRefused(
            f"{filename!r} does not end in {ENDINGS[Upload.Kind(kind)]}, as a {kind} must."
        )
    if length < 1:
        raise UploadRefused(f"The file has {length} bytes; choose one that is not empty.")
    if length > (most := settings.UPLOAD_MAX_BYTES):
        raise UploadRefused(
            f"The file has {length:,} bytes; at most {most:,} are taken.", "too_large", 413
        )
    return Announced(**{**fields, "length": length})  # type: ignore[arg-type]


def check_right(user: User, slug: str, kind: str) -> None:
    """Only the owner of a composer and managers add versions to it.

    Raises
    ------
    UploadRefused
    """
    alike = Composer.objects.filter(slug__iexact=slug).select_related("page__owner")
    composer = next((each for each in alike if each.slug == slug), None)
    if composer is None and (taken := alike.first()):
        raise UploadRefused(
            f"{slug!r} is too much like {taken.slug!r}; choose another short name.", "taken", 409
        )
    if slug.casefold() == BACH:
        raise UploadRefused("'bach' is Bach; choose another short name.", "taken", 409)
    if composer is None:
        if site_registry().find_shipped(slug) and not user.has_perm(MANAGE):
            raise UploadRefused(f"{slug!r} comes with the site; choose another short name.",
                                "taken", 409)  # fmt: skip
        return
    if composer.kind != kind:
        raise UploadRefused(
            f"{slug!r} is a composer of kind {composer.kind}; choose another short name.",
            "taken", 409,
        )  # fmt: skip
    page = getattr(composer, "page", None)
    owner = page.owner if page else None
    if owner != user and not user.has_perm(MANAGE):
        raise UploadRefused(
            f"{slug!r} belongs to somebody else; choose another short name, or ask a manager.",
            "taken", 403,
        )  # fmt: skip


def announce(user: User, what: Announced) -> Upload:
    """A row and an empty file for what is about to come, within the person's limits.

    Raises
    ------
    UploadRefused
    """
    check_right(user, what.slug, what.kind)
    _check_name(what)
    with transaction.atomic():
        # Of several announcements of one person at the same moment, each sees those before it.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        _check_limits(user, what.length)
        _check_disk(what.length)
        upload = Upload.objects.create(
            owner=user,
            kind=what.kind,
            slug=what.slug,
            name=what.name.strip(),
            licence=what.licence.strip(),
            trained_on=what.trained_on,
            filename=what.filename,
            length=what.length,
        )
        quarantine.create(upload.id)
    return upload


def _check_name(what: Announced) -> None:
    """Nobody passes for Bach, or for another composer of the site."""
    name = letters(what.name)
    others = Composer.objects.exclude(slug=what.slug).values_list("name", flat=True)
    if name and (name in NAMES_OF_BACH or name in map(letters, others)):
        raise UploadRefused(f"The name {what.name!r} is taken; choose another.", "taken", 409)


def letters(name: str) -> str:
    """What is left of a name for somebody who reads over it: its letters and numbers."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def held_bytes(user: User) -> int:
    """Bytes that the site keeps for a person: in quarantine, or checked and not decided upon."""
    undecided = Q(status__in=[OF.CHECKED, OF.SCORED])
    held = Upload.objects.filter(Q(file_deleted=False) | undecided, owner=user)
    return int(held.aggregate(bytes=Sum("length"))["bytes"] or 0)


def _check_limits(user: User, length: int) -> None:
    today = Upload.objects.filter(owner=user, created__gt=now() - td(days=1)).count()
    if today >= (most := settings.UPLOADS_PER_DAY):
        raise UploadRefused(
            f"You have begun {today} uploads in 24 hours, and {most} are allowed; go on tomorrow.",
            "too_many", 429,
        )  # fmt: skip
    held, quota = held_bytes(user), settings.UPLOAD_QUOTA_BYTES
    if held + length > quota:
        raise UploadRefused(
            f"You have {held:,} bytes in quarantine; {length:,} more would be over your "
            f"{quota:,}. Withdraw an upload, or wait until one was decided upon.",
            "quota", 403,
        )  # fmt: skip


def _check_disk(length: int) -> None:
    coming = Upload.objects.filter(status=OF.RECEIVING).aggregate(bytes=Sum("length"))["bytes"] or 0
    if quarantine.free_bytes() - coming - length < settings.UPLOAD_KEEP_FREE_BYTES:
        raise UploadRefused(
            "The disk of the site is nearly full; try again later, or tell its administrator.",
            "disk_full", 507,
        )  # fmt: skip
