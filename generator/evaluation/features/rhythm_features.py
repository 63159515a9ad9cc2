"""Rhythm of a piece and its phrase ends, as numbers by name.

Conventions
-----------
As in `music.measures.style`; `written` is bool[4, T]. Rates are 0 where nothing could happen.

Metrics
-------
length_1, _2, _4, _8, length_mean    of the written notes, in steps
place_0 .. place_3                   of their onsets, in steps after the quarter
held_over                            written notes that begin off the beat and sound on the next one
dotted                               written notes of three steps
beats_plain                          beats in which no voice begins a note after the beat
plain_run                            the longest run of such beats, of all beats
voices_off                           written voices with a note after the beat, mean of other beats
busy_change                          how often a beat is plain and the next one not, or the reverse
busiest                              the most onsets in a beat
end_third, end_fifth                 sonorities at phrase ends with a third, a fifth above the bass
end_bass_falls, _rises, _steps       bass into a phrase end: by a fifth down or a fourth up, by a
                                     fourth down or a fifth up, by a step
end_moving                           phrase ends at which a written voice moves under the fermata
end_clash                            phrase ends with a dissonance on the beat before
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, BoolArray, Chorale
from generator.music.grid.notes import note_table
from generator.music.grid.phrases import phrase_ends
from generator.music.grid.runs import longest_run
from generator.music.measures.counts import share
from generator.music.measures.style import DISSONANT

_LENGTHS = (1, 2, 4, 8)


def rhythm_features(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    """Lengths, places and beats.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4, T]
    """
    lengths, places, held_over = [], [], []
    on = on_beat(chorale)
    beats = np.append(np.flatnonzero(on), chorale.steps)
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    for voice in range(4):
        start, length, _ = note_table(chorale, voice).T
        is_written = written[voice, start]
        start, length = start[is_written], length[is_written]
        lengths.append(length)
        places.append(phase[start])
        next_beat = beats[np.searchsorted(beats, start)]
        held_over.append(~on[start] & (start + length > next_beat))
    length, place = np.concatenate(lengths), np.concatenate(places)
    features = {f"length_{steps}": share(length == steps) for steps in _LENGTHS}
    features["length_mean"] = float(length.mean()) if length.size else 0.0
    features |= {f"place_{at}": share(place == at) for at in range(STEPS_PER_QUARTER)}
    features["held_over"] = share(np.concatenate(held_over))
    features["dotted"] = share(length == 3)
    return {**features, **_beats(chorale, written)}


def cadence_features(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    """What happens at the ends of phrases.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4, T]
    """
    ends = np.array([end - 1 for end in phrase_ends(chorale)], dtype=np.intp)
    ends = ends[written[:, ends].any(axis=0)]
    pitch = chorale.pitch.astype(np.int64)
    above = np.where(pitch[:3] == REST, -1, (pitch[:3] - pitch[3]) % 12)[:, ends]
    moves = np.array([_bass_move(chorale, int(end)) for end in ends], dtype=np.int64)
    beats = np.flatnonzero(on_beat(chorale))
    starts = [_soprano_start(chorale, int(end)) for end in ends]
    before = [beats[max(0, int(np.searchsorted(beats, start)) - 1)] for start in starts]
    # Listener 1 is frozen with rests as pitch -1 here, so `dissonant_pairs` would not do.
    interval = np.abs(pitch[:, None] - pitch[None])[:, :, np.array(before, dtype=np.intp)] % 12
    begins = chorale.onset & written
    return {
        "end_third": share(np.isin(above, (3, 4)).any(axis=0)),
        "end_fifth": share((above == 7).any(axis=0)),
        "end_bass_falls": share(np.isin(moves, (-7, 5))),
        "end_bass_rises": share(np.isin(moves, (-5, 7))),
        "end_bass_steps": share(np.isin(np.abs(moves), (1, 2))),
        "end_moving": share(
            [
                begins[:, start + 1 : end + 1].any()
                for start, end in zip(starts, ends.tolist(), strict=True)
            ]
        ),
        "end_clash": share(np.isin(interval, DISSONANT).any(axis=(0, 1))),
    }


def _beats(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    on = on_beat(chorale)
    beats = np.flatnonzero(on)
    if not beats.size:
        beats = np.zeros(1, dtype=np.intp)
    off = chorale.onset & ~on
    voices_off = np.add.reduceat(off & written, beats, axis=1) > 0  # [4, beats]
    onsets = np.add.reduceat(chorale.onset.sum(axis=0), beats)
    plain = np.asarray(~(np.add.reduceat(off, beats, axis=1) > 0).any(axis=0))
    return {
        "beats_plain": share(plain),
        "plain_run": longest_run(plain) / len(plain),
        "voices_off": float(voices_off.sum(axis=0)[~plain].mean()) if (~plain).any() else 0.0,
        "busy_change": share(plain[1:] != plain[:-1]),
        "busiest": float(onsets.max()),
    }


def _soprano_start(chorale: Chorale, end: int) -> int:
    """Step at which the soprano note that sounds at `end` begins."""
    starts: NDArray[np.intp] = np.flatnonzero(chorale.onset[0, : end + 1])
    return int(starts[-1]) if starts.size else 0


def _bass_move(chorale: Chorale, end: int) -> int:
    """Semitones by which the bass moves into its note at `end`; 0 if it has none."""
    starts = np.flatnonzero(chorale.onset[3, : end + 1])
    if len(starts) < 2 or chorale.pitch[3, end] == REST:
        return 0
    return int(chorale.pitch[3, starts[-1]]) - int(chorale.pitch[3, starts[-2]])
