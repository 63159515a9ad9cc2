"""Written parts become a score on the grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.notation.measure_starts import Column, FrameBuilder
from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.on_the_grid import GridPlacer
from generator.music.formats.notation.repeated_bars import reading_order
from generator.music.formats.notation.sounding_notes import sounding_notes, tied
from generator.music.formats.notation.staff_lines import staff_parts
from generator.music.formats.notation.written import WrittenKey, WrittenPart
from generator.music.formats.score import Part, Repeats, Score, check_some_part_fits
from generator.music.grid.spelling import MODES, key_name
from generator.music.phrase_ends.hints import EndHint

MAX_PARTS = 100
MAX_NAME = 60
"""Characters of the name of a part, a voice or a bar, of which messages speak."""


def assembled(
    written: Sequence[WrittenPart],
    source: str,
    notices: Notices,
    *,
    quantise: bool,
    repeats: Repeats | None,
) -> Score:
    """Parts on the grid; what is decided and bent is added to the notices, and these are remarks.

    Raises
    ------
    FormatError
        If there are no measures, or notes begin off the grid.
    """
    if not any(part.measures for part in written):
        raise FormatError(f"{source} has no measures; give a score with a melody in it")
    order = reading_order(written, repeats, notices)
    frame = FrameBuilder(_columns(written), notices, quantise).frame(order)
    parts: list[Part] = []
    for part in written:
        said, refusal = Notices(), ""
        try:
            notes, rests = sounding_notes(part, order, frame.starts, GridPlacer(said, quantise))
        except FormatError as error:
            said, refusal = Notices(), str(error)
            placer = GridPlacer(said, quantise=True)
            notes, rests = sounding_notes(part, order, frame.starts, placer)
        tablatures = frozenset(staff for staff, signs in part.clefs.items() if signs == {"TAB"})
        lines = staff_parts(part.name, tied(notes, said), rests, tablatures, said)
        parts += [replace(line, refusal=refusal) for line in lines]
        if not refusal:
            notices.add(said)
    check_some_part_fits(parts)
    sharps, key = _key([key for part in written for key in part.keys[:1]], notices)
    _say_key_changes(written, notices)
    return Score(
        parts=tuple(parts),
        steps=max(frame.starts[-1], *(note.end for part in parts for note in part.notes), 0),
        metre=frame.metre,
        key=key,
        sharps=sharps,
        anacrusis=frame.pickup,
        remarks=notices.remarks(),
        hints=tuple(
            EndHint(start + hint.step, hint.kind)
            for part in written
            for index, start in zip(order, frame.starts, strict=False)
            if index < len(part.measures)
            for hint in part.measures[index].hints
        ),
    )


def _columns(parts: Sequence[WrittenPart]) -> list[Column]:
    return [
        [measure for measure in column if measure is not None]
        for column in zip_longest(*(part.measures for part in parts))
    ]


def _key(keys: Sequence[WrittenKey], notices: Notices) -> tuple[int | None, str]:
    """The signature and the key; of parts that differ, what most have, and then the first."""
    counts = Counter((key.sharps, key.mode) for key in keys if key.sharps is not None)
    if not counts:
        return None, ""
    written, mode = max(counts, key=lambda each: counts[each])
    assert written is not None
    sharps = written if _has_name(written, mode) else (written + 5) % 12 - 5
    if sharps != written:
        notices.say("key", f"a signature of {written} fifths is read as one of {sharps}")
    if mode not in MODES:
        return sharps, ""
    key = key_name(sharps, mode)
    if mode not in key:
        notices.say("key", f"the mode is {mode}; the grid has {key}")
    return sharps, key


def _has_name(sharps: int, mode: str) -> bool:
    """Whether the keys of a signature have names without double sharps and flats."""
    try:
        for each in (mode,) if mode in MODES else ("major", "minor"):
            key_name(sharps, each)
    except ValueError:
        return False
    return True


def _say_key_changes(parts: Sequence[WrittenPart], notices: Notices) -> None:
    changes = {
        key.bar: None
        for part in parts
        for before, key in zip(part.keys, part.keys[1:], strict=False)
        if (key.sharps, key.mode) != (before.sharps, before.mode)
    }
    if changes:
        bars = ", ".join(list(changes)[:5])
        notices.say("key", f"the signature changes (bar {bars}); the key is that of the beginning")
