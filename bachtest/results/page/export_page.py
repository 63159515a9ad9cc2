"""What the export page says of each export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from bachtest.results.export.export_files import DAYS_KEPT
from bachtest.results.export.export_orders import exports_left
from bachtest.results.models import ExportJob
from bachtest.studies.models import Study

LISTED = 20


@dataclass(frozen=True)
class ExportRow:
    """An export, in words and as JSON."""

    job: ExportJob
    is_mine: bool

    @property
    def percent(self) -> int:
        if self.job.status == ExportJob.Status.DONE:
            return 100
        # It is done when the row says so, not when the last line is written.
        return min(99, 100 * self.job.done // self.job.total) if self.job.total else 0

    @property
    def line(self) -> str:
        job = self.job
        if job.status == ExportJob.Status.FAILED:
            return f"Failed: {job.reason}"
        if job.status == ExportJob.Status.DONE:
            return f"Ready, {filesizeformat(job.bytes)}" if job.file else self._deleted
        if job.status == ExportJob.Status.QUEUED:
            return f"Waiting again, after: {job.reason}" if job.reason else "Waiting for a worker"
        return f"Being written, {self.percent}%"

    @property
    def _deleted(self) -> str:
        return f"Deleted, as all exports after {DAYS_KEPT} days"

    @property
    def file_url(self) -> str:
        """Where its owner gets the file; empty if there is none to get."""
        if not (self.is_mine and self.job.file):
            return ""
        return reverse("results:export_file", args=[self.job.study.slug, self.job.pk])

    @property
    def progress_url(self) -> str:
        return reverse("results:export_progress", args=[self.job.study.slug, self.job.pk])

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.job.status,
            "ended": self.job.has_ended,
            "percent": self.percent,
            "line": self.line,
            "file": self.file_url,
        }


def export_row(job: ExportJob, person: AbstractUser) -> ExportRow:
    return ExportRow(job, person.is_superuser or job.owner_id == person.pk)


def exports_of(study: Study) -> QuerySet[ExportJob]:
    return study.export_jobs.select_related("study", "owner").order_by("-id")


def export_page(study: Study, person: AbstractUser) -> dict[str, Any]:
    """The person's newest export of the study, and the last ones of everybody."""
    newest = exports_of(study).filter(owner_id=person.pk).first()
    return {
        "study": study,
        "newest": export_row(newest, person) if newest else None,
        "left": exports_left(person),
        "days_kept": DAYS_KEPT,
        "rows": [export_row(job, person) for job in exports_of(study)[:LISTED]],
    }
