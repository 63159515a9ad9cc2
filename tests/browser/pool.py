"""Five pairs, made like every other pair, and an admin for the site that browser tests visit."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command

from generator.models import Pair
from generator.registry import CHECKPOINTS
from generator.tasks import order_pieces
from tests.builders import file_of, make_composer

ROUNDS = {"A": 1, "AT": 1, "ATB": 1, "SATB": 2}
CHECKPOINT = CHECKPOINTS / "markov.safetensors"


ADMIN = ("root", "a pass phrase for tests")


def fill(corpus_file: str) -> None:
    shutil.copy(Path(corpus_file), settings.CORPUS_FILE)
    call_command("migrate", verbosity=0)
    call_command("import_corpus", verbosity=0)
    User.objects.create_superuser(ADMIN[0], password=ADMIN[1])
    composer = make_composer("markov", **file_of(CHECKPOINT, "markov"))
    for condition, count in ROUNDS.items():
        order_pieces(composer, condition, count)
    call_command("work", batch=True)
    assert Pair.objects.playable().count() == sum(ROUNDS.values())
