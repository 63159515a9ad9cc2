"""What comes from outside, who sent it, and what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from knox.models import AbstractAuthToken

from generator.models import Composer, Piece, Version


class ComposerPage(models.Model):
    """Who owns a composer, and the card on its page."""

    composer = models.OneToOneField(Composer, on_delete=models.CASCADE, related_name="page")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="composer_pages",
        help_text="who uploaded it: only they and managers add versions",
    )
    author = models.CharField(
        max_length=100, blank=True, help_text="whom the page and its citation name; may be nobody"
    )
    card = models.TextField(blank=True, help_text="in Markdown")

    def __str__(self) -> str:
        return self.composer.slug


class VersionScores(models.Model):
    """Objective scores of a version, in the rows that `manage.py evaluate --json` prints."""

    version = models.OneToOneField(Version, on_delete=models.CASCADE, related_name="scores")
    rows = models.JSONField(default=dict, help_text="lists of scores by stage")
    measured = models.DateTimeField(default=now)

    class Meta:
        verbose_name_plural = "version scores"

    def __str__(self) -> str:
        return str(self.version)

    def all_rows(self) -> list[dict[str, Any]]:
        return [row for rows in self.rows.values() for row in rows]


class Upload(models.Model):
    """A file from outside, on its way to become a version."""

    class Kind(models.TextChoices):
        CHECKPOINT = "checkpoint"
        COLLECTION = "collection"

    class Status(models.TextChoices):
        RECEIVING = "receiving"
        QUARANTINED = "quarantined"
        CHECKED = "checked"
        SCORED = "scored"
        PUBLISHED = "published"
        RETIRED = "retired"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="uploads"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    slug = models.SlugField(help_text="of the composer")
    name = models.CharField(max_length=100, blank=True, help_text="of a new composer")
    licence = models.CharField(max_length=200, blank=True)
    trained_on = models.TextField(blank=True, help_text="of a collection: works, one a line")
    filename = models.CharField(max_length=200, blank=True)
    length = models.BigIntegerField(help_text="bytes that were announced")
    sha256 = models.CharField(max_length=64, blank=True)
    file_deleted = models.BooleanField(default=False, help_text="none is in quarantine any more")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.RECEIVING)
    reason = models.TextField(blank=True, help_text="why it was refused")
    version = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads"
    )
    report = models.JSONField(default=dict, blank=True, help_text="of the checks")
    stage = models.CharField(max_length=40, blank=True, help_text="what the worker does now")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claims = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True, help_text="of the site; it can be tried again")
    created = models.DateTimeField(default=now)
    changed = models.DateTimeField(default=now)

    class Meta:
        permissions = [
            ("upload_version", "Can upload versions of composers of their own"),
            ("publish_version", "Can publish, refuse and retire versions"),
            ("manage_composers", "Can add versions to anybody's composers and edit their cards"),
        ]
        indexes = [models.Index(fields=["status", "lease_until"], name="upload_waiting")]

    def __str__(self) -> str:
        return f"{self.slug} {self.sha256[:12] or self.filename}"


class StepError(Exception):
    """Steps are history: they are added, and never changed."""


class StepQuerySet(models.QuerySet["RegistryStep"]):
    def update(self, **values: Any) -> int:
        raise StepError("steps are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise StepError("steps are never deleted")


class RegistryStep(models.Model):
    """One step of an upload or a version: a log that is only added to."""

    upload = models.ForeignKey(
        Upload, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    version = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.PROTECT, related_name="steps"
    )
    status = models.CharField(max_length=12)
    by = models.CharField(max_length=150, blank=True, help_text="user name; empty: the site")
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=now)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.status} by {self.by or 'the site'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise StepError("steps are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise StepError("steps are never deleted")


class Sample(models.Model):
    """A piece that is heard with its name, and the longest run that it shares with Bach."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="samples")
    piece = models.OneToOneField(Piece, on_delete=models.PROTECT, related_name="sample")
    work = models.CharField(max_length=32, blank=True, help_text="that it shares the run with")
    events = models.PositiveIntegerField(default=0)
    piece_start = models.PositiveIntegerField(default=0)
    piece_stop = models.PositiveIntegerField(default=0)
    work_start = models.PositiveIntegerField(default=0)
    work_stop = models.PositiveIntegerField(default=0)
    transposed = models.SmallIntegerField(default=0, help_text="semitones from work to piece")
    run_clip = models.FileField(upload_to="samples/", blank=True)
    work_clip = models.FileField(upload_to="samples/", blank=True)

    def __str__(self) -> str:
        return str(self.piece)


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A person's key to the API; only its digest is stored."""

    class Scope(models.TextChoices):
        UPLOAD = "upload", "send and follow uploads"

    name = models.CharField(max_length=60, help_text="what it is for")
    scopes = models.JSONField(default=list)
    last_used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    def may(self, scope: str) -> bool:
        scopes: Collection[str] = self.scopes
        return scope in scopes
