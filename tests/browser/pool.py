"""Pairs of real sound for the site that the browser tests visit."""

from __future__ import annotations

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command

from generator.models import Piece
from generator.music.chorale import Chorale
from generator.rendering.clip import render_clip
from tests.builders import altered, make_chorale, make_pair

CONDITIONS = ("A", "AT", "ATB", "SATB", "SATB")


def fill() -> None:
    call_command("migrate", verbosity=0)
    for condition in CONDITIONS:
        chorale = make_chorale()
        pair = make_pair(condition)
        record(pair.bach, chorale)
        record(pair.machine, altered(chorale, condition))


def record(piece: Piece, chorale: Chorale) -> None:
    clip = render_clip(chorale, soundfont=settings.SOUNDFONT)
    piece.clip.save(f"real-{piece.pk}.mp3", ContentFile(clip.mp3), save=False)
    piece.seconds, piece.loudness, piece.fingerprint = clip.seconds, clip.loudness, clip.fingerprint
    piece.save()
