from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from bachtest.composers.checking.work import next_stage
from bachtest.composers.models import Upload
from bachtest.composers.steps import OF
from bachtest.composers.uploading.announcing import announce, announced
from bachtest.composers.uploading.receiving import receive
from bachtest.lib.errors import AppError


class Command(BaseCommand):
    help = "Upload a checkpoint from this machine: the same path as the page, without a browser."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="FILE.safetensors")
        parser.add_argument("--slug", default="", help="of the composer; the file's name if empty")
        parser.add_argument("--name", default="", help="of a new composer, as pages show it")
        parser.add_argument("--licence", default="")
        parser.add_argument(
            "--owner", default="", help="user name; without one the only superuser is taken"
        )
        parser.add_argument(
            "--now", action="store_true", help="check and score here, and not in a worker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            length = path.stat().st_size
            fields = {
                "kind": Upload.Kind.CHECKPOINT,
                "slug": options["slug"] or path.stem,
                "filename": path.name,
                "name": options["name"],
                "licence": options["licence"],
            }
            upload = announce(_owner(options["owner"]), announced(fields, length))
            with path.open("rb") as file:
                receive(upload, 0, file)
        except OSError as error:
            raise CommandError(f"cannot read {path}: {error.strerror or error}") from error
        except AppError as error:
            raise CommandError(error.message) from error
        upload.refresh_from_db()
        while options["now"] and self._say(upload) and next_stage(upload.id):
            upload.refresh_from_db()
        upload.refresh_from_db()
        self._say(upload)
        if upload.status == OF.REFUSED:
            raise CommandError(f"refused: {upload.reason}")
        self.stdout.write(f"see /uploads/{upload.id}/")

    def _say(self, upload: Upload) -> bool:
        self.stdout.write(f"{upload}: {upload.get_status_display()}")
        self.stdout.flush()
        return upload.status != OF.REFUSED


def _owner(name: str) -> Any:
    users = get_user_model().objects.filter(is_active=True)
    if name:
        user = users.filter(username=name).first()
        if user is None:
            raise CommandError(f"there is no user {name!r}; make one in the admin")
        return user
    superusers = list(users.filter(is_superuser=True)[:2])
    if len(superusers) != 1:
        raise CommandError("say whose composer it is: --owner USERNAME")
    return superusers[0]
