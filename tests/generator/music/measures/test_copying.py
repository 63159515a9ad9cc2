from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.jsb import load_jsb
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.measures.copying import CopyIndex, SharedRun, events_of
from tests.generator.music.chorale_strategies import chorales


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


def planted(source: Chorale, into: Chorale, *, at: int, start: int, stop: int, by: int) -> Chorale:
    """Steps start to stop of a source, transposed, from step `at` of another piece on."""
    pitch = into.pitch.copy()
    pitch[:, at : at + stop - start] = source.pitch[:, start:stop] + by
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, into.onset))


def test_a_planted_run_is_found_where_it_stands():
    source, other = chords(20, 1), chords(20, 2)
    piece = planted(source, other, at=10, start=20, stop=32, by=3)
    index = CopyIndex({"a": chords(20, 3), "BWV1": source, "b": chords(20, 4)})
    # The first chord of it has another move before it.
    assert index.longest_shared(piece) == SharedRun("BWV1", 5, 12, 22, 22, 32, 3)
    without = index.longest_shared(piece, without=["BWV1"])
    assert without is None or without.work != "BWV1"


def test_a_whole_copy_is_found_from_its_first_step_to_its_last():
    piece = chords(20, 1)
    index = CopyIndex({"a": chords(20, 2), "it": piece})
    assert index.longest_shared(moved(piece, -5)) == SharedRun("it", 20, 0, 40, 0, 40, -5)


def test_the_first_work_comes_first():
    piece = chords(20, 1)
    index = CopyIndex({"one": moved(piece, 1), "two": piece})
    assert index.longest_shared(piece) == SharedRun("one", 20, 0, 40, 0, 40, -1)


def test_where_the_bass_rests_there_is_no_transposition():
    pitch = np.array([[72, 74], [67, 67], [64, 65], [REST, REST]])
    piece = Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.ones_like(pitch)))
    assert CopyIndex({"it": piece}).longest_shared(piece) == SharedRun("it", 2, 0, 2, 0, 2, 0)


def test_nothing_shared_has_no_place():
    lone = Chorale(pitch=[[80], [79], [78], [20]], onset=[[1]] * 4)
    assert CopyIndex({"it": chords(20, 1)}).longest_shared(lone) is None


def check_shared(index: CopyIndex, works: dict[str, Chorale], piece: Chorale, **without) -> None:
    shared = index.longest_shared(piece, **without)
    assert (shared.events if shared else 0) == index.longest_run(piece, **without)
    if shared is None:
        return
    assert shared.work not in without.get("without", ())
    here = piece.pitch[:, shared.start : shared.stop]
    there = works[shared.work].pitch[:, shared.work_start : shared.work_stop]
    assert here.shape == there.shape
    if REST not in here:
        assert np.array_equal(here, there + shared.transposition)
    changes = 1 + np.flatnonzero((here[:, 1:] != here[:, :-1]).any(axis=0))
    assert 1 + len(changes) == shared.events


@settings(max_examples=60, deadline=None)
@given(st.lists(chorales(), min_size=1, max_size=3), chorales(), st.integers(-3, 3))
def test_the_places_are_those_of_the_longest_run(others, piece, by):
    works = {str(number): each for number, each in enumerate(others)}
    check_shared(CopyIndex(works), works, piece)
    works["it"] = moved_sounding(piece, by)
    check_shared(CopyIndex(works), works, piece)


def moved_sounding(piece: Chorale, by: int) -> Chorale:
    pitch = np.clip(piece.pitch + by, 0, 127)
    return piece.with_voices(np.where(piece.pitch == REST, REST, pitch), piece.onset)


def test_excerpts_by_bach_share_what_they_share_where_they_share_it(corpus):
    works = {bwv: work.chorale for bwv, work in corpus.works.items()}
    index = CopyIndex(works)
    for bwv in [bwv for bwv in works if excerpts_of(works[bwv])][::40]:
        piece = works[bwv].slice(*excerpts_of(works[bwv])[0])
        family = [
            each for each, work in corpus.works.items() if work.tune == corpus.works[bwv].tune
        ]
        check_shared(index, works, piece, without=family)
        check_shared(index, works, piece)


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
