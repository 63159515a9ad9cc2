from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from generator.management.database_upgrade import (
    check_copy_is_ours,
    is_new_database,
    keep_copy,
    moving_answers,
    pending_migrations,
)
from generator.management.running_workers import stop_workers
from generator.music.grid.conditions import given_for
from generator.music.grid.empty_chorale import empty_chorale
from generator.registry import OURS
from generator.services.install_shipped import install_shipped
from generator.services.site_registry import site_registry


class Command(BaseCommand):
    help = "Set up the database, the corpus and the composers, where they are not up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--copied",
            action="store_true",
            help="you have a copy of the database; none is made before answers move",
        )

    def handle(self, **options: Any) -> None:
        self._migrate(copied=options["copied"])
        # The summary of the corpus is printed once, when it is built.
        is_built = settings.CORPUS_FILE.is_file()
        call_command("import_corpus", verbosity=0 if is_built else 1)
        compiled = Path(os.environ["NUMBA_CACHE_DIR"])
        if not compiled.is_dir():
            self.stdout.write("compiling the composers' loops once; this takes up to half a minute")
            _compile()
        call_command("collectstatic", interactive=False, verbosity=0)
        self._install()
        if compiled.parent == settings.COMPILED_DIR:
            _delete_others(compiled)

    def _migrate(self, *, copied: bool) -> None:
        pending = pending_migrations()
        if pending and not is_new_database():
            migration = None if copied else moving_answers(pending)
            if migration:
                check_copy_is_ours(migration)
            # A worker of the earlier code would write into tables that change.
            for pid in stop_workers():
                self.stdout.write(f"worker {pid} has stopped; start it again after this")
            if migration:
                self.stdout.write(keep_copy(migration))
        call_command("migrate", verbosity=0)

    def _install(self) -> None:
        done = install_shipped()
        self.stdout.write("composers: " + ", ".join(composer.slug for composer in done.composers))
        if done.ours_failed:
            raise CommandError("not installed: " + "; ".join(done.failures))
        for failure in done.failures:
            self.stderr.write(f"warning: not installed: {failure}")


def _delete_others(compiled: Path) -> None:
    """What earlier states of the code left."""
    for path in compiled.parent.glob("*"):
        if path != compiled:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _compile() -> None:
    """Let Numba compile and cache what the first fill would otherwise wait for.

    Families of other packages compile theirs when they are tried out.
    """
    frame = empty_chorale("C major", bars=1)
    registry = site_registry()
    for name in registry.families.keys() & OURS.keys():
        registry.family(name).debug().fill(frame, given_for("ATB", frame), seed=0)
