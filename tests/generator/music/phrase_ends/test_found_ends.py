"""The ends that are found are the right ones, in tunes that the weights were not learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from generator.music.formats.melody import melody_reading
from generator.music.formats.midi import write_midi
from generator.music.formats.musicxml import write_musicxml
from generator.music.grid.notes import note_table
from generator.music.phrase_ends.line import line_of
from generator.music.phrase_ends.marked_songs import MarkedSong, read_songs
from generator.music.phrase_ends.melody_phrases import phrases_of

TUNES = Path(__file__).parent / "tunes"
HYMNS = Path("generator/music/hymns")
# Quarters from the beginning of the file to the last note of each phrase.
LAST_NOTES = {
    "twinkle": (6, 14, 22, 30, 38, 46),
    "chromatic": (6, 14),
    "fsharp_minor": (6, 14, 22, 30),
    "pentatonic": (6, 14, 22, 30),
    "happy": (6, 12, 19, 24),
    "amazing": (12, 21, 36, 45),
}
# Lines that are not told from the next one: "Kommet zuhauf", of four notes.
JOINED = {"lobe_den_herren": {31}}
SILENCE = {"happy": 2, "amazing": 2}  # quarters before the first note


def hymn(name: str) -> MarkedSong:
    (song,) = read_songs((HYMNS / f"{name}.abc").read_text())
    return song


@pytest.mark.parametrize("tune", LAST_NOTES)
def test_the_phrases_of_melodies_that_people_bring(tune):
    phrases = melody_reading(TUNES / f"{tune}.mid").phrases
    assert phrases.origin == "found"
    starts = [end.start / 4 + SILENCE.get(tune, 0) for end in phrases.ends]
    assert starts == list(LAST_NOTES[tune])


@pytest.mark.parametrize("path", sorted(HYMNS.glob("*.abc")), ids=lambda path: path.stem)
@pytest.mark.parametrize("ending", ["mid", "musicxml"])
def test_the_lines_of_hymns(tmp_path, path, ending):
    song = hymn(path.stem)
    write = {"mid": write_midi, "musicxml": write_musicxml}[ending]
    write(song.chorale, tmp_path / f"x.{ending}")
    phrases = melody_reading(tmp_path / f"x.{ending}", "S").phrases
    ends = [note for note in song.ends if note not in JOINED.get(path.stem, ())]
    starts = line_of(song.chorale, 0).start[ends]
    assert [end.start for end in phrases.ends] == starts.tolist()


def test_ten_hymns_are_wholly_right():
    assert len(list(HYMNS.glob("*.abc"))) - len(JOINED) >= 10


def test_a_hymn_is_the_melody_that_bach_set(corpus):
    """Ein feste Burg, whose first two lines he changed nowhere in BWV 302."""
    typed = note_table(hymn("ein_feste_burg").chorale, 0)[:19]
    bach = note_table(corpus.work("BWV302").chorale, 0)[:19]
    assert np.array_equal(typed[:, :2], bach[:, :2])
    assert set((bach - typed)[:, 2].tolist()) == {2}


def test_most_fermatas_of_the_corpus_are_found_without_them(corpus):
    right = made = there = 0
    for work in list(corpus.works.values())[:60]:
        line = line_of(work.chorale, 0)
        bare = work.chorale.with_voices(work.chorale.pitch, work.chorale.onset)
        object.__setattr__(bare, "fermata", np.zeros(bare.steps, dtype=bool))
        found = {end.start for end in phrases_of(bare, 0).ends[:-1]}
        marked = {int(start) for start in line.start[:-1] if work.chorale.fermata[start]}
        right, made, there = right + len(found & marked), made + len(found), there + len(marked)
    assert right / made > 0.8
    assert right / there > 0.75
