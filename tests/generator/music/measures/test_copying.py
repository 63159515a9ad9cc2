from __future__ import annotations

import numpy as np
import pytest

from generator.music.corpus.jsb import load_jsb
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.measures.copying import CopyIndex, events_of


def chords(count: int, seed: int) -> Chorale:
    rng = np.random.default_rng(seed)
    pitch = np.array([[65], [58], [52], [40]]) + rng.integers(0, 12, size=(4, count))
    return Chorale(pitch=np.repeat(pitch, 2, axis=1), onset=np.tile([True, False], (4, count)))


def moved(chorale: Chorale, by: int) -> Chorale:
    return chorale.with_voices(chorale.pitch + by, chorale.onset)


def test_a_transposed_copy_is_a_copy():
    piece = chords(20, 1)
    assert CopyIndex({"it": piece}).longest_run(moved(piece, 5)) == 20


def test_a_run_in_the_middle_counts_except_for_the_move_into_it():
    source, other = chords(20, 1), chords(20, 2)
    pitch = other.pitch.copy()
    pitch[:, 10:22] = source.pitch[:, 20:32] + 3
    quoting = Chorale(pitch=pitch, onset=repaired_onsets(pitch, other.onset))
    assert CopyIndex({"it": source}).longest_run(quoting) == 5


def test_another_duration_ends_the_run():
    piece = chords(6, 1)
    stretched = np.insert(piece.pitch, 6, piece.pitch[:, 6], axis=1)
    onset = np.insert(piece.onset, 7, False, axis=1)
    longer = Chorale(pitch=stretched, onset=repaired_onsets(stretched, onset))
    assert CopyIndex({"it": piece}).longest_run(longer) == 3


def test_runs_do_not_reach_from_one_work_into_the_next():
    piece = chords(20, 1)
    halves = {"a": piece.slice(0, 20), "b": piece.slice(20, 40)}
    # The second half's first event has no move there, and has one in the whole.
    assert CopyIndex(halves).longest_run(piece) == 10


def test_works_can_be_ignored():
    works = {"a": chords(20, 1), "b": chords(20, 2)}
    index = CopyIndex(works)
    assert index.longest_run(works["a"], without=["a", "of another split"]) < 3
    assert index.longest_run(works["a"]) == 20


def test_a_piece_of_unseen_chords_shares_nothing():
    lone = Chorale(pitch=[[80], [79], [78], [20]], onset=[[1]] * 4)
    assert CopyIndex({"it": chords(20, 1)}).longest_run(lone) == 0


def test_a_rest_is_an_event_of_its_own():
    pitch = np.array([[72, 72, 72], [67, 67, 67], [64, 64, 64], [48, REST, 48]])
    piece = Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros_like(pitch)))
    assert events_of(piece).tolist() == [
        [999, 24, 19, 16, 1],
        [999, 999, 999, 999, 1],
        [999, 24, 19, 16, 1],
    ]


def test_repeated_notes_make_no_event():
    pitch = np.full((4, 4), [[72], [67], [64], [48]])
    assert len(events_of(Chorale(pitch=pitch, onset=np.ones((4, 4))))) == 1


def test_no_works_are_refused():
    with pytest.raises(ValueError, match="no works"):
        CopyIndex({})


def test_bach_shares_five_events_with_himself():
    parts = load_jsb()
    index = CopyIndex({str(n): piece for n, piece in enumerate(parts["train"])})
    runs = [index.longest_run(piece) for piece in parts["test"]]
    assert np.median(runs) == 5
    assert np.quantile(runs, 0.9) <= 8
