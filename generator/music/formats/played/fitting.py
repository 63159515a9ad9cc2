"""Played notes put on the grid: beginnings decide, and ends follow them (`note_ends.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from generator.music.formats.played.bar_lines import BarLines
from generator.music.formats.played.bent import Bent
from generator.music.formats.played.note_ends import Played, nearest, set_ends
from generator.music.formats.score import Note, Part, Score, on_grid
from generator.music.formats.voices.lines import most_at_once
from generator.music.grid.chorale import STEPS_PER_QUARTER
from generator.music.grid.spelling import note_name

Ticks = int | Fraction
PlayedNote = tuple[Ticks, "Ticks | None", int]
"""Start, end (None where it is never let go) and pitch, in ticks."""

_FINEST = Fraction(1, 60)
_COARSEST = Fraction(1, 8)


class GridFit:
    """Puts the lines of one file on the grid.

    `frame` is a score without notes: its metre says where the bars begin.
    """

    def __init__(self, step_ticks: Fraction, frame: Score, *, quantise: bool = False) -> None:
        self.bent = Bent(frame)
        self._bars = BarLines(frame)
        self._step_ticks = step_ticks
        self._quantise = quantise
        self._tolerance = tolerance(step_ticks)

    def quantising(self) -> GridFit:
        """One that moves notes to the same grid."""
        return GridFit(self._step_ticks, self.bent.frame, quantise=True)

    def line(self, name: str, played: Iterable[PlayedNote], track_end: Ticks) -> tuple[Note, ...]:
        """The notes of a line, as they begin.

        Raises
        ------
        FormatError
            If one begins off the grid.
        """
        line = [self._begun(name, *note) for note in played]
        line.sort(key=lambda note: (note.start, note.begun, note.pitch))
        if self._quantise:
            line = self._without_lost(name, line)
        set_ends(line, Fraction(track_end) / self._step_ticks, self._tolerance, self._strongest)
        for note in line:
            if note.bent:
                off = 0 if note.ended is None else abs(note.ended - note.end)
                self.bent.add(note.bent, name, note.pitch, note.start, off)
        notes = [Note(note.start, note.end, note.pitch) for note in line]
        return tuple(sorted(notes, key=lambda note: (note.start, note.end)))

    def single(self, name: str, notes: Sequence[Note]) -> tuple[Note, ...]:
        """A line made single if its notes only touch; one with real chords stays as it is."""
        line = self._without_doubled(name, notes)
        return self._without_legato(name, line)

    def _begun(self, name: str, start: Ticks, end: Ticks | None, pitch: int) -> Played:
        begun = Fraction(start) / self._step_ticks
        ended = None if end is None else Fraction(end) / self._step_ticks
        if not self._quantise:
            step = on_grid(begun, self._tolerance, f"{name}: {note_name(pitch)} begins")
        elif abs(begun - (step := nearest(begun))) > self._tolerance:
            self.bent.add("moved", name, pitch, step, abs(begun - step))
        return Played(step, begun, ended, pitch)

    def _without_lost(self, name: str, line: list[Played]) -> list[Played]:
        """Of notes one after the other that fall on one step, the longest stays."""
        kept: list[Played] = []
        for note in line:
            before = kept[-1] if kept else None
            if before is None or before.start < note.start or _sound_together(before, note):
                kept.append(note)
                continue
            lost = min(before, note, key=_length)
            self.bent.add("lost", name, lost.pitch, lost.start)
            if lost is before:
                kept[-1] = note
        return kept

    def _strongest(self, lines: Sequence[int]) -> int:
        """The line that is most a bar line, then a quarter, then an eighth."""

        def weakness(step: int) -> int:
            phase = self._bars.phase(step)
            parts = (phase == 0, phase % STEPS_PER_QUARTER == 0, phase % 2 == 0, True)
            return parts.index(True)

        return min(lines, key=weakness)

    def _without_doubled(self, name: str, notes: Sequence[Note]) -> tuple[Note, ...]:
        longest = {(note.start, note.pitch): note for note in notes}  # the later ends later
        line = tuple(longest.values())
        if len(line) == len(notes) or most_at_once(Part(name, line))[0] > 1:
            return tuple(notes)
        for note in notes:
            if note is not longest[note.start, note.pitch]:
                self.bent.add("doubled", name, note.pitch, note.start)
        return line

    def _without_legato(self, name: str, notes: tuple[Note, ...]) -> tuple[Note, ...]:
        line = list(notes)
        for index, (note, after) in enumerate(pairwise(notes)):
            over = note.end - after.start
            if over <= 0:
                continue
            shorter = min(after.start - note.start, after.end - after.start)
            if over > 1 or shorter < 2 * over or note.pitch == after.pitch:
                return notes
            line[index] = Note(note.start, after.start, note.pitch)
        for note, cut in zip(notes, line, strict=True):
            if note != cut:
                self.bent.add("held", name, note.pitch, note.start, note.end - cut.end)
        return tuple(line)


def tolerance(step_ticks: Fraction) -> Fraction:
    """How far a beginning may be off the grid, in steps.

    It is one tick of rounding, but at most an eighth of a sixteenth and at least a sixtieth.

    Examples
    --------
    >>> tolerance(Fraction(120)), tolerance(Fraction(24)), tolerance(Fraction(4))
    (Fraction(1, 60), Fraction(1, 24), Fraction(1, 8))
    """
    return max(min(1 / step_ticks, _COARSEST), _FINEST)


def _sound_together(before: Played, note: Played) -> bool:
    """Whether two notes on one step are a chord, and not one after the other."""
    return before.ended is None or before.ended - note.begun > _length(before) / 2


def _length(note: Played) -> Fraction:
    return Fraction(1 << 28) if note.ended is None else note.ended - note.begun
