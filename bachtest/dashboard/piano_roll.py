"""A piece as a picture: time to the right, pitch upwards, the machine's notes in its colour."""

from __future__ import annotations

import numpy as np
from django.utils.safestring import SafeString, mark_safe

from bachtest.lib import svg
from generator.models import Piece
from generator.music.formats.gridjson import from_json
from generator.music.grid.chorale import REST, VOICE_NAMES, BoolArray, Chorale
from generator.music.grid.conditions import given_for
from generator.music.grid.notes import note_table

STEP, SEMITONE = 8, 5
MARGIN = 2


def piece_picture(piece: Piece, bach: Piece | None = None) -> SafeString:
    """Empty without notes. Where a span was written, it was found in Bach's piece."""
    if not piece.grid:
        return SafeString("")
    chorale = from_json(piece.grid)
    original = from_json(bach.grid) if bach is not None and bach.grid else chorale
    return mark_safe(roll(chorale, _written(piece, chorale, original), str(piece)))


def _written(piece: Piece, chorale: Chorale, original: Chorale) -> BoolArray:
    if piece.version_id is None:
        return np.zeros(chorale.pitch.shape, dtype=np.bool_)
    if piece.excerpt_id is None or original.steps != chorale.steps:
        return np.ones(chorale.pitch.shape, dtype=np.bool_)
    try:
        return ~given_for(piece.condition, original)
    except ValueError:  # a condition of another release
        return np.ones(chorale.pitch.shape, dtype=np.bool_)


def roll(chorale: Chorale, written: BoolArray, words: str) -> str:
    pitches = chorale.pitch[chorale.pitch != REST]
    low, high = (int(pitches.min()), int(pitches.max())) if pitches.size else (60, 60)
    width = chorale.steps * STEP
    height = (high - low + 1) * SEMITONE + 2 * MARGIN
    bars = "".join(
        svg.vertical(int(step) * STEP, 0, height, class_="bar-line")
        for step in np.flatnonzero(chorale.bar_phase() == 0)
    )
    notes = [
        svg.element(
            "rect",
            class_=f"note {name} {'by-bot' if written[voice, start] else 'by-bach'}",
            x=int(start) * STEP + 0.5,
            y=(high - int(pitch)) * SEMITONE + MARGIN,
            width=int(length) * STEP - 1,
            height=SEMITONE - 1,
            rx=1.5,
        )
        for voice, name in enumerate(VOICE_NAMES)
        for start, length, pitch in note_table(chorale, voice)
    ]
    described = f"Notes of {words}, {chorale.key}"
    return svg.picture(
        described, bars, *notes, class_="piano-roll", viewBox=f"0 0 {width} {height}"
    )
