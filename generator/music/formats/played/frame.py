"""Metre, pickup and key of a MIDI file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from generator.music.formats.played.contents import MidiContents
from generator.music.formats.played.fitting import Ticks, tolerance
from generator.music.formats.played.note_ends import nearest
from generator.music.formats.score import Remark, Score, bar_length, beat_name
from generator.music.grid.chorale import Metre


def metre_changes(contents: MidiContents) -> list[tuple[int, str]]:
    """The metres with their steps: of several at one place, the last.

    One off the grid begins on the nearest sixteenth.
    """
    changes: dict[int, str] = {}
    for tick, metre in contents.metres:
        place = Fraction(tick) / contents.step_ticks
        step = nearest(place)
        if abs(place - step) > tolerance(contents.step_ticks):
            text = f"the metre {metre} at beat {beat_name(place)} begins at the nearest sixteenth"
            contents.remarks.append(Remark("metre", text))
        changes[step] = metre
    if 0 not in changes:
        changes[0] = "4/4"
        if not contents.is_own:
            contents.remarks.append(Remark("metre", "4/4, since the file begins without a metre"))
    return sorted(changes.items())


def foreign_frame(contents: MidiContents) -> Score:
    """A score without notes, with metre and pickup.

    Notation programs export a pickup as a first bar in a shorter metre.
    """
    metre = metre_changes(contents)
    anacrusis = 0
    if len(metre) > 1:
        (_, first), (change, name) = metre[:2]
        # Others leave the first bar in the default metre.
        if change <= _sixteenths(first) and change < _sixteenths(name):
            metre, anacrusis = [(0, name), *metre[2:]], change
            whole = change == _sixteenths(first)
            begins = f"the first bar, in {first}," if whole else f"the beginning, of {change}/16,"
            text = f"{begins} is a pickup to {name}"
            contents.remarks.append(Remark("metre", text))
    return Score((), 0, _without_repeated(metre, anacrusis), anacrusis=anacrusis)


def last_key(signatures: Iterable[tuple[Ticks, str]], first_note: Ticks) -> str:
    """The key of the last signature up to the first note, or of the first one after it.

    Examples
    --------
    >>> last_key([(0, "C major"), (0, "G major"), (960, "D major")], 480)
    'G major'
    """
    ordered = sorted(signatures, key=lambda signature: signature[0])
    before = [key for tick, key in ordered if tick <= first_note]
    after = [key for tick, key in ordered if tick == ordered[0][0]]
    return (before or after or [""])[-1]


def _without_repeated(metre: list[tuple[int, str]], anacrusis: int) -> Metre:
    """Some programs write the metre again on a bar line, where nothing changes."""
    kept = metre[:1]
    for step, name in metre[1:]:
        start, before = kept[-1]
        since = step - start - (0 if start else anacrusis)
        if name != before or since % bar_length(before):
            kept.append((step, name))
    return tuple(kept)


def _sixteenths(metre: str) -> Fraction:
    return Fraction(metre) * 16
