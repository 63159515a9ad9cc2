"""Real files inside music21: note for note what music21 finds, wherever both read the same."""

from __future__ import annotations

import re
import warnings

import music21
import numpy as np
import pytest

from experiments.read_share import (
    RealFile,
    music21_folder,
    music21_notes,
    our_notes,
    short_scores,
    suite,
    tunes,
)
from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import score_of
from generator.music.formats.score import Score

SUITE = ["01a", "02e", "03b", "03c", "11c", "21b", "33b", "42a", "43d", "46d", "46e", "72a", "90a"]
# Where music21 errs, or plays what is not printed so: why.
OTHERWISE = {
    "21f": "a mark stands between the notes of a chord",
    "22a": "slashes are no notes",
    "22c": "slashes are no notes",
    "32c": "a sharp is printed that does not sound",
    "33i": "ties are never ended",
    "45b": "of the endings only the last is read",
}


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def same(file: RealFile, score: Score) -> bool:
    assert file.path is not None
    return our_notes(score) == music21_notes(file.path)


@pytest.mark.parametrize("number", SUITE)
def test_files_of_the_test_suite_have_the_same_notes(number):
    file = next(file for file in suite() if file.name.startswith(number))
    assert same(file, score_of(file.data, file.name))


@pytest.mark.slow
def test_all_of_the_test_suite_that_is_read_has_the_same_notes():
    different, read = [], 0
    for file in suite():
        try:
            score = score_of(file.data, file.name)
        except FormatError as error:
            assert re.search(r"grid|pitch|metre|percussion", str(error)), file.name
            continue
        read += 1
        if not same(file, score):
            different.append(re.match(r"\d\d[a-z]+", file.name)[0])
    assert read > 125
    assert different == sorted(OTHERWISE)


@pytest.mark.slow
def test_short_scores_have_the_same_notes():
    compared = different = 0
    for file in short_scores(60, np.random.default_rng(7)):
        try:
            score = score_of(file.data, file.name)
        except FormatError:
            continue
        if any(re.match(r"bent|repeats.*left out", str(remark)) for remark in score.remarks):
            continue
        compared += 1
        different += not same(file, score)
    assert compared > 45
    assert different <= compared // 20


def test_a_kern_chorale_has_the_same_notes():
    path = music21_folder() / "corpus/bach/bwv277.krn"
    score = score_of(path.read_bytes(), path.name)
    assert same(RealFile(path.name, b"", path), score)
    assert score.key == "A minor"
    assert {"BASSO", "SOPRANO"} <= {part.name for part in score.parts}


# music21 takes a sign for the bar for one of the note, and ties any two notes.
@pytest.mark.slow
def test_tunes_have_the_same_notes():
    compared = equal = 0
    for file in tunes(150, np.random.default_rng(7)):
        try:
            score = score_of(file.data, file.name)
            theirs = music21.converter.parseData(file.data.decode(), format="abc")
        except FormatError:
            continue
        if "left out" in str(score.remarks):
            continue
        compared += 1
        starts = {
            (float(note.offset * 4), pitch.midi)
            for part in theirs.parts
            for note in part.stripTies().flatten().notes
            for pitch in note.pitches
        }
        equal += starts == {(n.start, n.pitch) for part in score.parts for n in part.notes}
    assert compared > 90
    assert equal / compared > 0.75
