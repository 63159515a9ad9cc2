"""Snippets are cut where beats begin, fit what is given, and join by step or small leap."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.splice.joins import join_costs, sampled_path
from generator.families.splice.search import NOWHERE, SnippetCandidates, find
from generator.families.splice.snippets import snippets_of
from generator.families.splice.splice import Splice, SpliceConfig
from generator.families.splice.units import SpliceUnit, beats_of, columns, span_of, units_of
from generator.music.grid.chorale import REST, Chorale, repaired_onsets
from generator.music.grid.conditions import given_for, given_voices
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.measures.copying import CopyIndex
from tests.generator.families.material import a_chorale


def quarters(*chords, **frame) -> Chorale:
    """A chord a quarter."""
    pitch = np.repeat(np.array(chords).T, 4, axis=1)
    onset = np.tile([True, False, False, False], (4, len(chords)))
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, onset & (pitch != REST)), **frame)


C, F, G, A = (72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55), (72, 69, 64, 57)


class TestSnippets:
    def test_beats_of_works_lie_side_by_side_with_where_they_go(self):
        snippets = snippets_of([quarters(C, F, G), quarters(A, C)])
        assert snippets.pitch[:, :, 0].tolist() == [list(each) for each in (C, F, G, A, C)]
        assert snippets.reach.tolist() == [3, 2, 1, 2, 1]
        assert snippets.goes.tolist()[:3] == [list(F), list(G), [REST] * 4]

    def test_a_beat_with_a_rest_is_none_and_breaks_the_run(self):
        snippets = snippets_of([quarters(C, (REST, 69, 65, 53), G, A)])
        assert snippets.pitch[:, 0, 0].tolist() == [72, 71, 72]
        assert snippets.reach.tolist() == [1, 2, 1]

    def test_quarters_are_counted_from_the_bar_line(self):
        snippets = snippets_of([quarters(C, F, G).slice(2, 12)])
        assert snippets.pitch[:, :, 0].tolist() == [list(F), list(G)]

    def test_bars_that_are_no_whole_quarters_have_a_shorter_beat_that_is_left_out(self):
        snippets = snippets_of([quarters(C, F, G, metre=((0, "3/8"),))])
        assert len(snippets) == 2

    def test_places_in_bar_and_phrase(self):
        fermata = np.arange(24) // 4 == 3
        frame = snippets_of([quarters(C, F, G, A, C, F, fermata=fermata)]).frame
        assert frame.strength.tolist() == [2, 0, 1, 0, 2, 0]
        assert np.flatnonzero(frame.fermata).tolist() == [3]
        assert np.flatnonzero(frame.opens).tolist() == [0, 4]

    def test_works_without_a_beat_are_refused(self):
        with pytest.raises(ValueError, match="no beat in which all voices sound"):
            snippets_of([quarters((REST, 69, 65, 53))])


class TestUnits:
    def test_they_end_with_their_phrases(self):
        fermata = np.isin(np.arange(44) // 4, (5, 10))
        beats = beats_of(quarters(*[C] * 11, fermata=fermata))
        assert units_of(beats, 4) == [(0, 2), (2, 4), (6, 1), (7, 4)]
        assert units_of(beats, 16) == [(0, 6), (6, 5)]
        assert len(units_of(beats, 1)) == 11

    @pytest.mark.parametrize("metre", ["4/4", "3/8", "6/8", "5/16", "1/4", "3/2"])
    def test_all_steps_are_in_one_unit_whatever_the_metre(self, metre):
        beats = beats_of(a_chorale(metre=((0, metre),), anacrusis=3))
        units = units_of(beats, 4)
        steps = [step for unit in units for step in range(32)[span_of(beats, unit)]]
        assert steps == list(range(32))
        for unit in units:
            assert len(columns(beats, unit)) == len(range(32)[span_of(beats, unit)])
            assert columns(beats, unit).max() < 4 * unit.beats

    def test_halves_are_the_whole(self):
        assert SpliceUnit(3, 5).halves == ((3, 2), (5, 3))


def found(works, chorale, condition, beats=2, enough=0):
    snippets, grid = snippets_of(works), beats_of(chorale)
    given = given_voices(condition, chorale.steps)
    noise = np.zeros(len(snippets))
    return find(
        snippets, chorale, given, grid, SpliceUnit(0, beats), most=3, noise=noise, enough=enough
    )


class TestSearch:
    def test_given_notes_are_found_in_any_key(self):
        work = quarters(A, C, F, G, C)
        higher = work.with_voices(work.pitch + 3, work.onset).slice(8, 16)
        best = found([work], higher, "ATB")
        assert best.beat[0] == 2
        assert (best.pitch[0] == higher.pitch).all()
        assert (best.goes[0] == np.array(C) + 3).all()

    def test_no_snippet_may_differ_if_enough_are_asked_for(self):
        strange = quarters((72, 67, 64, 48), (61, 57, 50, 40))
        assert found([quarters(A, C, F, G)], strange, "ATB", enough=1) is None
        assert found([quarters(A, C, F, G)], strange, "ATB") is not None

    def test_given_notes_replace_those_of_a_snippet(self):
        strange = quarters((72, 67, 64, 48), (61, 57, 50, 40))
        assert (found([quarters(A, C, F, G)], strange, "ATB").pitch[:, 0] == strange.pitch[0]).all()

    def test_where_nothing_is_given_snippets_come_in_the_key_of_the_piece(self):
        piece = empty_chorale("D major", bars=1)
        best = found([quarters(C, F, G, C, key="C major")], piece, "SATB", beats=4)
        assert best.pitch[0, 3, 0] % 12 == 2

    def test_written_notes_stay_in_range(self):
        low = quarters((57, 50, 46, 34), (58, 52, 45, 33))
        best = found([quarters(C, F, G, A)], low, "ATB")
        assert (best.pitch[:, 1:] >= np.array([50, 45, 33])[:, None]).all()

    def test_where_all_is_given_there_is_nothing_to_find(self):
        snippets, chorale = snippets_of([quarters(C, F)]), quarters(G, A)
        given = np.ones((4, 8), dtype=bool)
        only = find(
            snippets, chorale, given, beats_of(chorale), SpliceUnit(0, 2),
            most=3, noise=np.zeros(2), enough=5,
        )  # fmt: skip
        assert only.beat.tolist() == [NOWHERE]
        assert (only.pitch[0] == chorale.pitch).all()


def candidates(*chords, beats=None, goes=None) -> SnippetCandidates:
    pitch = np.array(chords, dtype=np.int16)[:, :, None]
    return SnippetCandidates(
        np.array(beats or [50 * number for number in range(len(chords))]),
        pitch,
        np.ones(pitch.shape, dtype=bool),
        np.array(goes or [[REST] * 4] * len(chords)),
        np.zeros(len(chords)),
    )


class TestJoins:
    def test_steps_are_cheaper_than_leaps_and_these_than_parallels(self):
        before = candidates(C)
        after = candidates((71, 67, 62, 55), (79, 67, 62, 55), (74, 69, 66, 50))
        step, leap, parallel = join_costs(before, after, 1, opens=False)[0]
        assert step < leap
        assert step < parallel

    def test_voices_that_go_where_they_went_are_cheaper(self):
        after = candidates(G)
        went, strayed = (
            join_costs(candidates(C, goes=[goes]), after, 1, opens=False)[0, 0] for goes in (G, F)
        )
        assert went < strayed

    def test_what_follows_in_the_work_is_no_join(self):
        join = join_costs(candidates(C, beats=[7]), candidates(G, G, beats=[9, 20]), 2, opens=False)
        assert join[0, 0] > join[0, 1] + 20

    def test_a_new_phrase_may_begin_anywhere(self):
        one, two = candidates(C), candidates((79, 72, 67, 60))
        assert (join_costs(one, two, 1, opens=True) < join_costs(one, two, 1, opens=False)).all()

    def test_the_cheapest_path_is_found_and_others_are_drawn_as_often_as_they_should_be(self):
        one, two = candidates(C, C), candidates(G, G)
        join = np.array([[2.0, 1.0], [0.0, 3.0]])
        rng = np.random.default_rng(1)
        assert sampled_path([one, two], [join], 0.01, rng) == [1, 0]
        paths = [tuple(sampled_path([one, two], [join], 1.0, rng)) for _ in range(4000)]
        weights = np.exp(-join)
        for path in np.ndindex(2, 2):
            expected = weights[path] / weights.sum()
            assert paths.count(path) / 4000 == pytest.approx(expected, abs=0.03)


class TestPieces:
    @pytest.mark.parametrize("beats", [1, 2, 4])
    def test_a_piece_from_nothing_is_made_of_snippets(self, beats):
        composer = Splice.debug()
        frame = empty_chorale("G major", bars=4)
        given = np.zeros((4, 64), dtype=bool)
        piece = composer.fill(frame, given, seed=3, settings={"beats": beats})
        bank = composer.snippets.pitch.astype(int)
        grid = beats_of(frame)
        for unit in units_of(grid, beats):
            cut = piece.pitch[:, span_of(grid, unit)].astype(int)
            starts = np.flatnonzero(composer.snippets.reach >= unit.beats)
            sources = (np.hstack(list(bank[start : start + unit.beats])) for start in starts)
            assert any(np.ptp(cut - source) == 0 for source in sources)

    def test_a_given_soprano_of_a_known_work_brings_the_work_back(self, corpus):
        composer = Splice.of_works(SpliceConfig(candidates=1, enough=1), ["BWV269"])
        chorale = corpus.work("BWV269").chorale.slice(0, 48)
        given = given_for("ATB", chorale)
        piece = composer.fill(chorale, given, seed=1, settings={"temperature": 0.01})
        assert (piece.pitch == chorale.pitch).mean() > 0.9

    def test_longer_snippets_are_longer_copies(self):
        composer = Splice.debug()
        index = CopyIndex(dict(zip(composer.works, composer.chorales, strict=True)))
        frame = empty_chorale("G major", bars=8, phrase=4)
        given = np.zeros((4, frame.steps), dtype=bool)
        runs = [
            index.longest_run(composer.fill(frame, given, seed=1, settings={"beats": beats}))
            for beats in (1, 4, 16)
        ]
        assert runs == sorted(runs)
        assert runs[0] < 6
        assert runs[2] > 12
