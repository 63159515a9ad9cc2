"""What the machine listener hears: one row of numbers a piece.

Every number is computed in the same way for Bach and for a machine, and none depends on which of
the two wrote it. Only rows of voices with a written voice are heard: the others are the same on
both sides of a pair.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.evaluation.surprisal import VIEWS, BachReader
from generator.music.chorale import REST, STEPS_PER_QUARTER, BoolArray, Chorale
from generator.music.style import note_table, style_counts
from generator.music.voice_leading import PER, chord_changes, parallels, written_cells

_STRANGE = 0.9  # quantile: the strangest tenth of a row's events
_LENGTHS = (1, 2, 4, 8)
_MOVES = (0, 2, 4, 7)  # upper bounds in semitones: unison, step, third, up to a fifth


def features(chorale: Chorale, written: ArrayLike, reader: BachReader) -> dict[str, float]:
    """All features of a piece by name, the same names for every piece.

    Parameters
    ----------
    chorale : Chorale
    written : bool[4] or bool[4, T]
    reader : BachReader
        What Bach's other works have taught.
    """
    cells = written_cells(chorale, written)
    return {
        **_rates(chorale, cells),
        **_surprise(chorale, cells, reader),
        **_lines(chorale, cells),
        **_texture(chorale, cells),
    }


def feature_table(rows: list[Mapping[str, float]]) -> NDArray[np.float64]:
    """float[pieces, features]."""
    return np.array([list(row.values()) for row in rows], dtype=np.float64)


def _rates(chorale: Chorale, cells: BoolArray) -> dict[str, float]:
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
        found[f"{name}_mean"] = float(whole.mean())
        found[f"{name}_spread"] = float(whole.std())
        found[f"{name}_strange"] = float(np.quantile(whole, _STRANGE))
        found[f"{name}_most"] = float(whole.max())
    return found


def _lines(chorale: Chorale, cells: BoolArray) -> dict[str, float]:
    """How long the notes of the written voices are, how they move and where they begin."""
    phase = chorale.bar_phase() % STEPS_PER_QUARTER
    lengths, moves, turns, places = [], [], [], []
    for voice in range(4):
        start, length, pitch = note_table(chorale, voice).T
        ours = cells[voice, start]
        lengths.append(length[ours])
        places.append(phase[start[ours]])
        move = np.diff(pitch)
        moves.append(np.abs(move)[ours[1:]])
        turns.append((np.sign(move[1:]) * np.sign(move[:-1]) < 0)[ours[2:]])
    length, move = np.concatenate(lengths), np.concatenate(moves)
    place, turn = np.concatenate(places), np.concatenate(turns)
    found = {f"length_{steps}": _share(length == steps) for steps in _LENGTHS}
    found |= {f"move_to_{bound}": _share(move <= bound) for bound in _MOVES}
    found |= {f"place_{at}": _share(place == at) for at in range(STEPS_PER_QUARTER)}
    found["length_mean"] = float(length.mean()) if length.size else 0.0
    found["move_mean"] = float(move.mean()) if move.size else 0.0
    found["turns"] = _share(turn)
    return found


def _texture(chorale: Chorale, cells: BoolArray) -> dict[str, float]:
    """What the voices do together."""
    pitch = chorale.pitch.astype(np.int32)
    changes = chord_changes(chorale)
    moving = (np.sign(pitch[:, changes] - pitch[:, changes - 1])) if len(changes) else pitch[:, :0]
    together = chorale.onset[:, chorale.onset.any(axis=0)].sum(axis=0)
    sounding = (pitch != REST).all(axis=0)
    gaps = (pitch[:-1] - pitch[1:])[:, sounding]
    kinds = np.array([len({int(p) % 12 for p in column}) for column in pitch.T[sounding]])
    heard = cells.any(axis=1)
    found = {f"gap_{v}": float(gaps[v].mean()) if gaps.size else 0.0 for v in range(3)}
    found |= {f"gap_spread_{v}": float(gaps[v].std()) if gaps.size else 0.0 for v in range(3)}
    found |= {f"together_{n}": _share(together == n) for n in range(1, 5)}
    found |= {f"kinds_{n}": _share(kinds == n) for n in range(1, 5)}
    found["changes"] = len(changes) / chorale.steps
    found["contrary"] = _share(((moving == 1).any(axis=0)) & ((moving == -1).any(axis=0)))
    found["all_move"] = _share((moving != 0).all(axis=0))
    found["range"] = float(np.ptp(pitch[heard][:, sounding])) if gaps.size and heard.any() else 0.0
    return found


def _share(cases: NDArray[np.bool_]) -> float:
    return float(np.mean(cases)) if cases.size else 0.0
