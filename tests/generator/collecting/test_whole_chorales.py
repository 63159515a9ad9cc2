from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from generator.collecting.collection_error import CollectionError
from generator.collecting.importing import CollectionOrder, import_collection
from generator.errors import GenerationError
from generator.models import Pair, Piece, Rendering, Work
from generator.music.corpus.foreign_phrases import foreign_phrase_ends, foreign_spans
from generator.music.corpus.nearest_excerpt import BachExcerpt, ExcerptChooser, NoMatch
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.formats.gridjson import from_json
from generator.music.formats.midi import midi_bytes
from generator.rendering.clip import Clip
from generator.rendering.profiles import NEWEST
from generator.services.rendered.clips import finish_clip, store_beside, store_clip
from generator.tasks import collect
from tests.builders import make_excerpt, make_piece
from tests.generator.collecting.material import foreign_midi, phrases, rows_for, write_folder

WORK = "BWV355"  # of 4/4 without a pickup, in major; excerpts of 64 steps


def ending_at(steps: int, *, minor: bool = False):
    """A chorale with a single phrase, which a fermata ends."""
    chorale = phrases(8, minor=minor).slice(0, steps)
    marks = np.zeros(steps, dtype=bool)
    marks[np.flatnonzero(chorale.onset[0])[-1] :] = True
    return replace(chorale, fermata=marks)


def test_a_phrase_ends_every_two_bars_on_a_chord_that_all_voices_hold():
    chorale = phrases(8)
    assert foreign_phrase_ends(chorale) == [32, 64, 96, 128]
    onset = chorale.onset.copy()
    onset[2, 62] = True  # the tenor moves on
    assert foreign_phrase_ends(chorale.with_voices(chorale.pitch, onset)) == [32, 96, 128]
    assert (0, 64) in foreign_spans(chorale)


def test_fermatas_decide_where_there_are_any():
    assert foreign_phrase_ends(ending_at(68)) == [68]


def test_a_phrase_has_four_bars_where_they_are_short():
    chorale = replace(phrases(12), metre=((0, "3/4"),))
    assert all(end % 48 == 0 for end in foreign_phrase_ends(chorale))


class TestChoosing:
    def excerpts(self, count=3, **frame):
        return [
            BachExcerpt(key, f"tune-{key}", replace(phrases(4), **frame)) for key in range(count)
        ]

    def test_each_excerpt_is_used_as_evenly_as_possible(self):
        chooser = ExcerptChooser(self.excerpts(), seed=0)
        uses = Counter(chooser.choose(phrases(), f"{n}.mid")[0].key for n in range(7))
        assert sorted(uses.values()) == [2, 2, 3]

    def test_the_seed_decides_and_nothing_else(self):
        def choices(seed):
            chooser = ExcerptChooser(self.excerpts(20), seed)
            return [chooser.choose(phrases(), f"{n}.mid")[0].key for n in range(10)]

        assert choices(1) == choices(1) != choices(2)

    def test_the_nearest_in_bars_comes_first(self):
        near, far = phrases(5).slice(0, 64), phrases(5).slice(0, 68)
        chooser = ExcerptChooser([BachExcerpt(0, "a", far), BachExcerpt(1, "b", near)], seed=0)
        assert {chooser.choose(phrases(4), f"{n}.mid")[0].key for n in range(5)} == {1}

    @pytest.mark.parametrize(
        "frame", [{"metre": ((0, "3/4"),)}, {"anacrusis": 4}, {"key": "C minor"}]
    )
    def test_metre_place_in_the_bar_and_mode_are_the_same(self, frame):
        with pytest.raises(NoMatch, match="no excerpt by Bach fits"):
            ExcerptChooser(self.excerpts(**frame), seed=0).choose(phrases(), "a.mid")

    @pytest.mark.parametrize(("steps", "fits"), [(58, True), (57, False), (71, True), (72, False)])
    def test_lengths_differ_by_at_most_a_tenth(self, steps, fits):
        chooser = ExcerptChooser(self.excerpts(), seed=0)
        if fits:
            assert chooser.choose(ending_at(steps), "a.mid")[1] == (0, steps)
        else:
            with pytest.raises(NoMatch):
                chooser.choose(ending_at(steps), "a.mid")

    def test_lengths_differ_by_at_most_a_bar(self):
        short = {"metre": ((0, "1/4"),)}
        chooser = ExcerptChooser(self.excerpts(**short), seed=0)
        with pytest.raises(NoMatch):
            chooser.choose(replace(ending_at(69), **short), "a.mid")

    def test_a_piece_without_whole_phrases_is_refused(self):
        with pytest.raises(NoMatch, match="no whole phrases"):
            ExcerptChooser(self.excerpts(), seed=0).choose(phrases(2), "a.mid")


@pytest.mark.django_db
class TestImported:
    @pytest.fixture(autouse=True)
    def _excerpts(self, corpus):
        rows_for(corpus, WORK)

    def collect(self, tmp_path, *chorales, **fields):
        files = {f"{n}.mid": midi_bytes(each) for n, each in enumerate(chorales)}
        folder = write_folder(tmp_path / "pieces", files)
        return collect(CollectionOrder("outside", folder, licence="CC0", **fields))

    def test_a_whole_chorale_stands_beside_bachs_excerpt_unpaired(self, tmp_path):
        self.collect(tmp_path, phrases())
        [pair] = Pair.objects.playable()
        piece = pair.machine
        assert (pair.kind, pair.differing, pair.tune) == ("unpaired", None, pair.excerpt.work.tune)
        assert (piece.excerpt, piece.tune, piece.condition) == (None, "", "SATB")
        start, stop = map(int, piece.source.removeprefix("0.mid#").split("-"))
        assert np.array_equal(from_json(piece.grid).pitch, phrases().pitch[:, start:stop])
        assert pair.bach.excerpt == pair.excerpt

    def test_bachs_excerpts_that_are_set_aside_for_samples_stand_beside_none(self, tmp_path):
        Work.objects.update(tune=min(SET_ASIDE_TUNES))
        with pytest.raises(CollectionError, match="no excerpt by Bach fits"):
            self.collect(tmp_path, phrases())

    def test_both_clips_are_as_long_as_the_longer_one(self, tmp_path):
        self.collect(tmp_path, ending_at(68), ending_at(60))
        pairs = list(Pair.objects.playable())
        assert len(pairs) == 2
        for pair in pairs:
            bach, machine = (pair.clips(NEWEST)[piece] for piece in (pair.bach_id, pair.machine_id))
            assert (bach.seconds, bach.bytes) == (machine.seconds, machine.bytes)
            assert bach.fingerprint == machine.fingerprint
            assert abs(bach.loudness - machine.loudness) < 0.1

    def test_bachs_clip_of_a_length_is_rendered_once(self, tmp_path):
        self.collect(tmp_path, *[ending_at(68)] * 5)
        by_bach = Piece.objects.by_bach()
        clips = Rendering.objects.clips().filter(piece__in=by_bach)
        assert clips.count() == 2 * by_bach.count()  # his own length, and the longer one
        assert not clips.filter(seconds=None).exists()

    def test_a_copy_of_bach_is_excluded(self, tmp_path, corpus):
        bach = corpus.works[WORK].chorale
        pitch = np.where(bach.pitch >= 0, bach.pitch + 1, bach.pitch)
        copy = replace(bach.with_voices(pitch, bach.onset), bwv="", key="Bb major")
        self.collect(tmp_path, copy)
        [pair] = Pair.objects.all()
        assert pair.excluded_reason.startswith("copies")
        assert pair.machine.grid["bwv"] == ""

    def test_no_whole_chorale_stands_beside_a_declared_tune(self, tmp_path):
        with pytest.raises(CollectionError, match="no excerpt by Bach fits"):
            self.collect(tmp_path, phrases(), trained_on=WORK)

    @pytest.mark.usefixtures("recorded_queue")
    def test_a_file_without_fermatas_and_key_is_read(self, tmp_path):
        folder = write_folder(tmp_path / "pieces", {"0.mid": foreign_midi(phrases())})
        [report] = import_collection(CollectionOrder("outside", folder)).files
        assert report.accepted.startswith("whole chorale, steps ")
        assert from_json(Piece.objects.written().get().grid).fermata[56:64].all()


@pytest.mark.django_db
def test_of_two_workers_that_store_one_clip_the_first_tries_again():
    bach = make_piece(make_excerpt())
    one, two = (make_piece(status=Piece.Status.RUNNING, seed=seed) for seed in (1, 2))
    clip = Clip(b"mp3", b"flac", 1, 1.0, -14.0, "a" * 64, NEWEST)
    first = store_beside(one, bach, clip)
    second = store_beside(two, bach, clip)
    with pytest.raises(GenerationError, match="another worker"):
        finish_clip(first, clip)
    finish_clip(second, clip)
    assert store_beside(one, bach, clip) == []
    assert [row.fingerprint for row in store_clip(two, clip)] == ["a" * 64] * 2
