"""A second person decides what is played."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from bachtest.composers.models import ComposerPage, RegistryStep, Upload
from bachtest.composers.passages import name_passages
from bachtest.composers.permissions import PUBLISH
from bachtest.composers.steps import MAX_REASON, OF, advance, refuse
from bachtest.lib.errors import AppError
from generator.models import Piece, Version
from generator.tasks import cancel_pieces

BY_UPLOADER = "published by its uploader"
BACKEND = "django.contrib.auth.backends.ModelBackend"


class PublishingRefused(AppError):
    def __init__(self, message: str, code: str = "refused", status: int = 409) -> None:
        super().__init__(message, code, status)


def publishers() -> list[User]:
    """Everybody who may publish."""
    return list(User.objects.with_perm(PUBLISH, backend=BACKEND))


def is_alone(user: User) -> bool:
    """Whether nobody else may publish on this site."""
    return publishers() == [user]


def publish(upload: Upload, by: User, reason: str = "") -> None:
    """Let a version be played. It joins no study by itself.

    Raises
    ------
    PublishingRefused
        If it is not scored, the person may not publish, or uploaded it and is not alone.
    """
    _check_may_publish(by)
    reason = reason.strip()
    with transaction.atomic():
        row = Upload.objects.select_for_update(of=("self",)).get(id=upload.id)
        if row.status != OF.SCORED or row.version is None:
            raise PublishingRefused(
                f"It is {row.get_status_display()}; only what was scored can be published."
            )
        reason = _reason_of(by, row.owner, reason)
        # The newest published version is what new pieces are written with.
        checking = Version.objects.filter(id=row.version.pk, status=Version.Status.CHECKING)
        if not checking.update(status=Version.Status.READY, created=now()):
            raise PublishingRefused("Its version was published or refused already.")
        name_passages(row.version)
        if not advance(row, [OF.SCORED], OF.PUBLISHED, by=by.get_username(), reason=reason):
            raise PublishingRefused("Somebody else decided in the same moment.")
    upload.refresh_from_db()


def _reason_of(by: User, owner: User | None, reason: str) -> str:
    """The reason as the log has it; somebody alone may decide on a file of their own."""
    if owner != by:
        return reason
    _check_alone(by, reason)
    return f"{BY_UPLOADER}: {reason}"


def was_published_by_uploader(version: Version | None) -> bool:
    """Whether nobody else decided on what is played now, as the log says."""
    steps = RegistryStep.objects.filter(version=version, status=OF.PUBLISHED).order_by("id")
    last = steps.last() if version else None
    return last is not None and last.reason.startswith(BY_UPLOADER)


def _check_may_publish(by: User) -> None:
    if not by.has_perm(PUBLISH):
        raise PublishingRefused("You may not publish.", "forbidden", 403)


def _check_alone(by: User, reason: str) -> None:
    if not is_alone(by):
        raise PublishingRefused(
            "You uploaded it, so somebody else has to publish it.", "second_person", 403
        )
    if not reason:
        raise PublishingRefused(
            "You uploaded it, and nobody else here may publish: say why it may be played. The "
            "page will say that its uploader published it.", "reason", 400,
        )  # fmt: skip


def turn_down(upload: Upload, by: User, reason: str) -> None:
    """Refuse what was checked or scored; the reason is for its uploader.

    Raises
    ------
    PublishingRefused
    """
    _check_may_publish(by)
    if not reason.strip():
        raise PublishingRefused("Say why; its uploader reads it.", "reason", 400)
    if not turn_back(upload, reason.strip(), by=by.get_username()):
        raise PublishingRefused(f"It is {upload.get_status_display()}; it cannot be refused.")


def turn_back(upload: Upload, reason: str, *, by: str = "") -> bool:
    """Refuse an upload and its version; False if it was published or refused."""
    with transaction.atomic():
        if not refuse(upload, reason, by=by):
            return False
        if upload.version is not None and upload.version.status == Version.Status.CHECKING:
            give_back(upload.version)
    return True


def give_back(version: Version) -> None:
    """It is refused, and nothing is made of it any more."""
    Version.objects.filter(id=version.pk).update(status=Version.Status.FAILED)
    cancel_pieces(Piece.objects.filter(version=version))


def retire(version: Version, by: User, reason: str) -> None:
    """No new round plays it; its answers stay, and no game ends.

    Raises
    ------
    PublishingRefused
    """
    _move(version, by, reason, Version.Status.READY, Version.Status.RETIRED, OF.RETIRED)


def bring_back(version: Version, by: User, reason: str) -> None:
    """Let a retired version be played again.

    Raises
    ------
    PublishingRefused
    """
    page = ComposerPage.objects.filter(composer=version.composer).first()
    upload = version.uploads.filter(status=OF.RETIRED).first()
    owner = upload.owner if upload else page.owner if page else None
    if reason.strip():
        reason = _reason_of(by, owner, reason.strip())
    _move(version, by, reason, Version.Status.RETIRED, Version.Status.READY, OF.PUBLISHED)


def _move(version: Version, by: User, reason: str, before: str, after: str, step: str) -> None:
    _check_may_publish(by)
    if not (reason := reason.strip()[:MAX_REASON]):
        raise PublishingRefused("Say why; the composer's page shows it.", "reason", 400)
    with transaction.atomic():
        if not Version.objects.filter(id=version.id, status=before).update(status=after):
            version.refresh_from_db()
            raise PublishingRefused(
                f"Version {version.tag} is {version.get_status_display()} already."
            )
        upload = version.uploads.filter(status__in=[OF.PUBLISHED, OF.RETIRED]).first()
        if upload is not None:
            advance(upload, [OF.PUBLISHED, OF.RETIRED], step, by=by.get_username(), reason=reason)
        else:
            RegistryStep.objects.create(
                version=version, status=step, by=by.get_username(), reason=reason
            )
    version.refresh_from_db()
