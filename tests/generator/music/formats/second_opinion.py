"""A MIDI file as pretty_midi alone understands it, beside what the grid says it must hold."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO

import numpy as np
import pretty_midi

from generator.music.grid.chorale import REST, VOICE_NAMES, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.grid.spelling import signature


def understood(data: bytes) -> dict:
    """Only pretty_midi reads; times become steps by the tempo that it found."""
    midi = pretty_midi.PrettyMIDI(BytesIO(data))
    changes, tempi = midi.get_tempo_changes()

    def steps(seconds: float) -> int:
        exact = seconds * tempi[0] / 60 * 4
        assert abs(exact - round(exact)) < 1e-6
        return round(exact)

    end = steps(midi.get_end_time())
    return {
        "voices": {
            instrument.name: [
                (note.pitch, steps(note.start), steps(note.end)) for note in instrument.notes
            ]
            for instrument in midi.instruments
        },
        "velocities": {note.velocity for i in midi.instruments for note in i.notes},
        "programs": {(i.program, i.is_drum) for i in midi.instruments},
        "tempi": list(zip(changes.tolist(), tempi.round(3).tolist(), strict=True)),
        "metres": [
            (steps(change.time), f"{change.numerator}/{change.denominator}")
            for change in midi.time_signature_changes
        ],
        "keys": [(steps(change.time), change.key_number) for change in midi.key_signature_changes],
        "bar lines": [step for step in map(steps, midi.get_downbeats()) if step < end],
        "end": end,
    }


def expected(chorale: Chorale) -> dict:
    """The same from the grid, counted step by step."""
    voices = {name.capitalize(): sung(chorale, v) for v, name in enumerate(VOICE_NAMES)}
    sounding = {name: notes for name, notes in voices.items() if notes}
    first, pickup = chorale.metre[0][1], chorale.anacrusis
    metres = list(chorale.metre)
    if 0 < pickup < min([*dict(metres[1:]), chorale.steps]):
        short = Fraction(pickup, 16)
        metres[:1] = [(0, f"{short.numerator}/{short.denominator}"), (pickup, first)]
    number = tonic_class(chorale.key) + 12 * (chorale.mode == "minor")
    starts = {0, *(step for step, _ in chorale.metre)}
    return {
        "voices": sounding,
        "velocities": {80} if sounding else set(),
        "programs": {(19, False)} if sounding else set(),
        "tempi": [(0.0, 152.0 if first.endswith("/2") else 76.0)],
        "metres": metres,
        "keys": [(0, number)] if abs(signature(chorale.key)) <= 7 else [],
        "bar lines": sorted(starts | set(np.flatnonzero(chorale.bar_phase() == 0).tolist())),
        "end": chorale.steps,
    }


def sung(chorale: Chorale, voice: int) -> list[tuple[int, int, int]]:
    notes: list[tuple[int, int, int]] = []
    for step in range(chorale.steps):
        pitch = int(chorale.pitch[voice, step])
        if chorale.onset[voice, step]:
            notes.append((pitch, step, step + 1))
        elif pitch != REST:
            notes[-1] = (*notes[-1][:2], step + 1)
    return notes
