from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from generator.music.grid.conditions import given_for
from generator.music.grid.empty_chorale import empty_chorale
from generator.registry import family_class


class Command(BaseCommand):
    help = "Set up the database, the corpus and the composers, where they are not up to date."

    def handle(self, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        # The summary of the corpus is printed once, when it is built.
        is_built = settings.CORPUS_FILE.is_file()
        call_command("import_corpus", verbosity=0 if is_built else 1)
        call_command("install_composers")
        compiled = Path(os.environ["NUMBA_CACHE_DIR"])
        if not compiled.is_dir():
            self.stdout.write("compiling the composers' loops once; this takes up to half a minute")
            _compile()
        if compiled.parent == settings.COMPILED_DIR:
            _delete_others(compiled)


def _delete_others(compiled: Path) -> None:
    """What earlier states of the code left."""
    for path in compiled.parent.glob("*"):
        if path != compiled:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _compile() -> None:
    """Let Numba compile and cache what the first fill would otherwise wait for."""
    frame = empty_chorale("C major", bars=1)
    family_class("flagship").debug().fill(frame, given_for("ATB", frame), seed=0)
