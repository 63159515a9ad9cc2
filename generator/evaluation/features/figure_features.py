"""The numbers of listener 2: what Bach's other works know of a piece's figures; counts of notes.

A feature is called ``group.name``. The groups of `viewpoints.figures` have one number for each
metric of `viewpoints.known_figures` and each kind of figure; kinds without a written voice are 0.

Groups
------
lines, quarters, pairs, chords, beats    the kinds of `viewpoints.figures`
counterpoint                             the rates of `generator.music.measures.counterpoint`
notes                                    see below; 0 for voices that are not written

Metrics of notes
----------------
pitches_S .. pitches_B      different pitches of a voice
pitches                     their mean over the written voices
begun_S .. begun_B          onsets, of all steps
passing, neighbours         notes off the quarter that are reached and left by step, in the same
                            direction or back, in 16 steps; by voice
off_with_leap               other notes off the quarter, in 16 steps; by voice
chords_varied               different chords at beats, of all beats
"""

from __future__ import annotations

import numpy as np

from generator.evaluation.viewpoints.figures import figures_of
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.evaluation.viewpoints.viewpoints import chords_at
from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, VOICES, BoolArray, Chorale
from generator.music.grid.notes import note_table
from generator.music.measures.counterpoint import STEP, counterpoint_counts
from generator.music.measures.voice_leading import written_cells

# As they were when listener 2 was frozen; other rules that are counted since are not its features.
_COUNTERPOINT = (
    "dissonances_left_by_leap", "cross_relations", "augmented_seconds", "augmented_fourths",
    "leaps_beyond_octave", "leaps_of_a_seventh", "doubled_leading_tones", "ornamented_fifths",
    "ornamented_octaves", "open_ends", "second_eighths_on",
)  # fmt: skip
_PER_STEPS = 16
_OFF_THE_QUARTER = ("passing", "neighbours", "off_with_leap")


def figure_features(
    chorale: Chorale, written: BoolArray, model: SurprisalModel
) -> dict[str, float]:
    """All numbers of a piece by name, the same names for every piece.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
    model : SurprisalModel
        Learnt from other works of Bach; its figures alone are used.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells = written_cells(chorale, written)
    counts = counterpoint_counts(chorale, cells)
    return {
        **model.known_figures.metrics(figures_of(chorale, cells)),
        **{f"counterpoint.{name}": counts[name].rate for name in _COUNTERPOINT},
        **{f"notes.{name}": value for name, value in _notes(chorale, cells).items()},
    }


def _notes(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    written_voices = np.asarray(written.any(axis=1))
    pitches = [
        len(np.unique(line[line != REST])) if is_written else 0
        for line, is_written in zip(chorale.pitch, written_voices, strict=True)
    ]
    values = {"pitches": sum(pitches) / max(int(written_voices.sum()), 1)}
    for voice, letter in enumerate(VOICES):
        is_written = bool(written_voices[voice])
        values[f"pitches_{letter}"] = float(pitches[voice])
        values[f"begun_{letter}"] = float(chorale.onset[voice].mean()) if is_written else 0.0
        figures = _off_the_quarter(chorale, voice) if is_written else (0, 0, 0)
        for name, count in zip(_OFF_THE_QUARTER, figures, strict=True):
            values[f"{name}_{letter}"] = count * _PER_STEPS / chorale.steps
    beats = chords_at(chorale, np.flatnonzero(on_beat(chorale)))
    values["chords_varied"] = len(np.unique(beats)) / max(len(beats), 1)
    return values


def _off_the_quarter(chorale: Chorale, voice: int) -> tuple[int, int, int]:
    """How many notes off the quarter pass, turn back, and come or go by another move."""
    start, _, pitch = note_table(chorale, voice).T.astype(np.int64)
    move = np.diff(pitch)
    into, out = move[:-1], move[1:]
    off = (chorale.bar_phase()[start] % STEPS_PER_QUARTER != 0)[1:-1]
    steps = (move != 0) & (np.abs(move) <= STEP)
    both = off & steps[:-1] & steps[1:]
    passing, turning = both & (into * out > 0), both & (into * out < 0)
    return int(passing.sum()), int(turning.sum()), int((off & ~both).sum())
