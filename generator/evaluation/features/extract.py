"""The features of listener 1: one row of numbers per piece, in groups.

Every number is computed in the same way for Bach and for a machine, and none depends on which of
the two wrote the piece. Only sequences with a written voice count: the others are the same on both
sides of a pair. A feature is called ``group.name``.

Groups
------
leading     parallels, style rates (`generator.music.measures`), `part_writing_features`
lines       surprisal of each voice: `melody`, `degrees`; sizes and turns of its moves
chords      surprisal of what the voices do together: all other viewpoints except the rhythm
rhythm      surprisal of the rhythm; lengths, places and beats (`rhythm_features`)
cadences    surprisal of phrase ends; what happens there (`cadence_features`)
texture     gaps between the voices, how many move and begin together
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.evaluation.features.part_writing_features import part_writing_features
from generator.evaluation.features.rhythm_features import cadence_features, rhythm_features
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.evaluation.viewpoints.viewpoints import VIEWPOINTS
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.notes import note_table
from generator.music.measures.counts import share
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import PER, chord_changes, parallels, written_cells

GROUPS = ("leading", "lines", "chords", "rhythm", "cadences", "texture")
_VIEWPOINT_GROUPS = {
    "melody": "lines", "degrees": "lines", "rhythm": "rhythm", "cadence": "cadences",
}  # fmt: skip
_STRANGE = 0.9  # quantile: the most surprising tenth of the events
_MOVES = (0, 2, 4, 7)  # upper bounds in semitones: unison, step, third, up to a fifth


def extract_features(
    chorale: Chorale, written: ArrayLike, model: SurprisalModel
) -> dict[str, float]:
    """All features of a piece by name, the same names for every piece.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
    model : SurprisalModel
        Learnt from other works of Bach.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells = written_cells(chorale, written)
    return {
        **_in_group("leading", _style(chorale, cells)),
        **_in_group("leading", part_writing_features(chorale, cells)),
        **_surprisal(chorale, cells, model),
        **_in_group("lines", _moves(chorale, cells)),
        **_in_group("rhythm", rhythm_features(chorale, cells)),
        **_in_group("cadences", cadence_features(chorale, cells)),
        **_in_group("texture", _texture(chorale, cells)),
    }


def feature_table(rows: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """float[pieces, features]."""
    return np.array([list(row.values()) for row in rows], dtype=np.float64)


def group_of(feature: str) -> str:
    """The group in a feature's name."""
    return feature.partition(".")[0]


def _in_group(group: str, features: Mapping[str, float]) -> dict[str, float]:
    return {f"{group}.{name}": value for name, value in features.items()}


def _style(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    rates = {name: count.rate for name, count in style_counts(chorale, written).items()}
    return {"parallels": PER * parallels(chorale, written).rate, **rates}


def _surprisal(chorale: Chorale, written: BoolArray, model: SurprisalModel) -> dict[str, float]:
    written_voices = np.asarray(written.any(axis=1))
    features: dict[str, float] = {}
    for name, surprisals in model.surprisals(chorale).items():
        counted = [
            values
            for values, voices in zip(surprisals, VIEWPOINTS[name].voices, strict=True)
            if written_voices[list(voices)].any()
        ]
        events = np.concatenate(counted) if counted else np.zeros(0)
        events = events if events.size else np.zeros(1)
        figures = {
            f"{name}_mean": float(events.mean()),
            f"{name}_spread": float(events.std()),
            f"{name}_strange": float(np.quantile(events, _STRANGE)),
            f"{name}_most": float(events.max()),
        }
        features |= _in_group(_VIEWPOINT_GROUPS.get(name, "chords"), figures)
    return features


def _moves(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    """How the lines of the written voices move."""
    moves, turns, ranges = [], [], []
    for voice in range(4):
        start, _, pitch = note_table(chorale, voice).T
        is_written = written[voice, start]
        move = np.diff(pitch)
        moves.append(np.abs(move)[is_written[1:]])
        turns.append((np.sign(move[1:]) * np.sign(move[:-1]) < 0)[is_written[2:]])
        if is_written.any():
            ranges.append(float(np.ptp(pitch[is_written])))
    move = np.concatenate(moves)
    features = {f"move_to_{bound}": share(move <= bound) for bound in _MOVES}
    features["move_mean"] = float(move.mean()) if move.size else 0.0
    features["turns"] = share(np.concatenate(turns))
    features["range"] = float(np.mean(ranges)) if ranges else 0.0
    return features


def _texture(chorale: Chorale, written: BoolArray) -> dict[str, float]:
    """What the voices do together."""
    pitch = chorale.pitch.astype(np.int32)
    changes = chord_changes(chorale)
    motion = np.sign(pitch[:, changes] - pitch[:, changes - 1])
    together = chorale.onset[:, chorale.onset.any(axis=0)].sum(axis=0)
    sounding = (pitch != REST).all(axis=0)
    gaps = (pitch[:-1] - pitch[1:])[:, sounding]
    features = {f"gap_{v}": float(gaps[v].mean()) if gaps.size else 0.0 for v in range(3)}
    features |= {f"gap_spread_{v}": float(gaps[v].std()) if gaps.size else 0.0 for v in range(3)}
    features |= {f"together_{n}": share(together == n) for n in range(1, 5)}
    features["changes"] = len(changes) / chorale.steps
    features["contrary"] = share((motion == 1).any(axis=0) & (motion == -1).any(axis=0))
    features["all_move"] = share((motion != 0).all(axis=0))
    features["alike"] = share((motion >= 0).all(axis=0) | (motion <= 0).all(axis=0))
    features["rests"] = share((pitch == REST)[written])
    return features
