"""What listener 1 hears: one row of numbers a piece, in groups.

Every number is computed in the same way for Bach and for a machine, and none depends on which of
the two wrote it. Only rows of voices with a written voice are heard: the others are the same on
both sides of a pair. A feature is named ``group.name``.

Groups
------
leading     parallels, style rates (`generator.music`), habits of part-writing (`voice_habits`)
lines       surprisal of each voice: `melody`, `degrees`; sizes and turns of its moves
chords      surprisal of what the voices do together: the other views of `views` but the rhythm
rhythm      surprisal of the rhythm; lengths, places and beats (`pulse`)
cadences    surprisal of phrase ends; what happens there (`pulse`)
texture     gaps between the voices, how many move and begin together
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.evaluation.features.part_writing_features import voice_habits
from generator.evaluation.features.rhythm_features import cadence_habits, rhythm_habits
from generator.evaluation.viewpoints.surprisal import BachReader
from generator.evaluation.viewpoints.viewpoints import VIEWS
from generator.music.grid.chorale import REST, BoolArray, Chorale
from generator.music.grid.notes import note_table
from generator.music.measures.counts import share
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import PER, chord_changes, parallels, written_cells

GROUPS = ("leading", "lines", "chords", "rhythm", "cadences", "texture")
_VIEW_GROUPS = {"melody": "lines", "degrees": "lines", "rhythm": "rhythm", "cadence": "cadences"}
_STRANGE = 0.9  # quantile: the strangest tenth of a row's events
_MOVES = (0, 2, 4, 7)  # upper bounds in semitones: unison, step, third, up to a fifth


def features(chorale: Chorale, written: ArrayLike, reader: BachReader) -> dict[str, float]:
    """All features of a piece by name, the same names for every piece.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
    reader : BachReader
        What Bach's other works have taught.

    Raises
    ------
    ValueError
        If `written` has neither shape.
    """
    cells = written_cells(chorale, written)
    return {
        **_named("leading", _style(chorale, cells)),
        **_named("leading", voice_habits(chorale, cells)),
        **_surprise(chorale, cells, reader),
        **_named("lines", _moves(chorale, cells)),
        **_named("rhythm", rhythm_habits(chorale, cells)),
        **_named("cadences", cadence_habits(chorale, cells)),
        **_named("texture", _texture(chorale, cells)),
    }


def feature_table(rows: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """float[pieces, features]."""
    return np.array([list(row.values()) for row in rows], dtype=np.float64)


def group_of(feature: str) -> str:
    """The group in a feature's name."""
    return feature.partition(".")[0]


def _named(group: str, found: Mapping[str, float]) -> dict[str, float]:
    return {f"{group}.{name}": value for name, value in found.items()}


def _style(chorale: Chorale, cells: BoolArray) -> dict[str, float]:
    rates = {name: count.rate for name, count in style_counts(chorale, cells).items()}
    return {"parallels": PER * parallels(chorale, cells).rate, **rates}


def _surprise(chorale: Chorale, cells: BoolArray, reader: BachReader) -> dict[str, float]:
    heard = np.asarray(cells.any(axis=1))
    found: dict[str, float] = {}
    for name, rows in reader.surprisals(chorale).items():
        voices = VIEWS[name][1]
        ours = [row for row, of in zip(rows, voices, strict=True) if heard[list(of)].any()]
        whole = np.concatenate(ours) if ours else np.zeros(0)
        whole = whole if whole.size else np.zeros(1)
        figures = {
            f"{name}_mean": float(whole.mean()),
            f"{name}_spread": float(whole.std()),
            f"{name}_strange": float(np.quantile(whole, _STRANGE)),
            f"{name}_most": float(whole.max()),
        }
        found |= _named(_VIEW_GROUPS.get(name, "chords"), figures)
    return found


def _moves(chorale: Chorale, cells: BoolArray) -> dict[str, float]:
    """How the lines of the written voices move."""
    moves, turns, ranges = [], [], []
    for voice in range(4):
        start, _, pitch = note_table(chorale, voice).T
        ours = cells[voice, start]
        move = np.diff(pitch)
        moves.append(np.abs(move)[ours[1:]])
        turns.append((np.sign(move[1:]) * np.sign(move[:-1]) < 0)[ours[2:]])
        if ours.any():
            ranges.append(float(np.ptp(pitch[ours])))
    move = np.concatenate(moves)
    found = {f"move_to_{bound}": share(move <= bound) for bound in _MOVES}
    found["move_mean"] = float(move.mean()) if move.size else 0.0
    found["turns"] = share(np.concatenate(turns))
    found["range"] = float(np.mean(ranges)) if ranges else 0.0
    return found


def _texture(chorale: Chorale, cells: BoolArray) -> dict[str, float]:
    """What the voices do together."""
    pitch = chorale.pitch.astype(np.int32)
    changes = chord_changes(chorale)
    moving = np.sign(pitch[:, changes] - pitch[:, changes - 1])
    together = chorale.onset[:, chorale.onset.any(axis=0)].sum(axis=0)
    sounding = (pitch != REST).all(axis=0)
    gaps = (pitch[:-1] - pitch[1:])[:, sounding]
    found = {f"gap_{v}": float(gaps[v].mean()) if gaps.size else 0.0 for v in range(3)}
    found |= {f"gap_spread_{v}": float(gaps[v].std()) if gaps.size else 0.0 for v in range(3)}
    found |= {f"together_{n}": share(together == n) for n in range(1, 5)}
    found["changes"] = len(changes) / chorale.steps
    found["contrary"] = share(((moving == 1).any(axis=0)) & ((moving == -1).any(axis=0)))
    found["all_move"] = share((moving != 0).all(axis=0))
    found["alike"] = share((moving >= 0).all(axis=0) | (moving <= 0).all(axis=0))
    found["rests"] = share((pitch == REST)[cells])
    return found
