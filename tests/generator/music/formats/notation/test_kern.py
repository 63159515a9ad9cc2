"""Humdrum's kern: read by music21 in a locked child, laid on the grid by ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.isolation.child_process import Limits
from generator.music.formats.format_errors import FormatError
from generator.music.formats.kern_reader import kern_score
from generator.music.formats.melody import read_melody
from generator.music.formats.outside_files import four_part_chorale, score_of
from generator.music.formats.voices.choice import four_voices
from tests.generator.music.formats.notation.test_cases import CASES, line
from tests.generator.music.formats.notation.written_scores import notes, pitches

CHORALE = """!!!COM: Anonymous
!!!OTL: Pickup and ties
**kern	**kern	**kern	**kern	**text
*I"Bass	*I"Tenor	*I"Alto	*I"Soprano	*
*clefF4	*clefGv2	*clefG2	*clefG2	*
*k[b-]	*k[b-]	*k[b-]	*k[b-]	*
*d:	*d:	*d:	*d:	*
*M3/4	*M3/4	*M3/4	*M3/4	*
4D	4F	4A	4d	Nun
=1	=1	=1	=1	=1
[2D	4F	8A	4d	dan-
.	.	8B-	.	.
!! a comment
.	4G	4c	4e	ket
4D]	[4A	4A	4f	al-
=2	=2	=2	=2	=2
2DD;	2A];	2A;	2d;	le
==	==	==	==	==
*-	*-	*-	*-	*-
"""


def test_the_chorale_has_its_right_value():
    path = next(CASES.glob("other/k01*"))
    chorale, voices = read_melody(path, "SATB")
    assert voices == set("SATB")
    assert [line(chorale, voice) for voice in "SATB"] == [
        "G4 G4 A4 G4", "D4 E4 F#4 D4", "B3 C4 C4 B3", "G3 E3 D3 G2"
    ]  # fmt: skip
    assert (chorale.key, chorale.metre, chorale.anacrusis) == ("G major", ((0, "4/4"),), 0)
    assert chorale.fermata.tolist() == [False] * 12 + [True] * 4


def test_pickup_ties_fermatas_key_names_and_title():
    score = score_of(CHORALE.replace("\n", "\r\n").encode(), "x.txt")
    assert (score.title, score.key, score.metre) == ("Pickup and ties", "D minor", ((0, "3/4"),))
    assert (score.anacrusis, score.steps) == (4, 24)
    voices = four_voices(score)
    assert [voices[index].name for index in range(4)] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert notes(voices[2]) == [(0, 4, 53), (4, 8, 53), (8, 12, 55), (12, 24, 57)]
    assert notes(voices[3]) == [(0, 4, 50), (4, 16, 50), (16, 24, 38)]
    assert [note.fermata for note in voices[0].notes] == [False] * 4 + [True]


SPLIT = """**kern	**kern
*clefF4	*clefG2
*k[f#]	*k[f#]
*G:	*G:
*M4/4	*M4/4
*	*^
=1	=1	=1
4GG	4g	4d
4GG	4a	8d
.	.	8e
2D	2b	2d
=2	=2	=2
*	*v	*v
1GG;	1b; 1g;
==	==
*-	*-
"""


@pytest.mark.slow
def test_a_spine_may_split_and_have_chords():
    staff, bass = score_of(SPLIT.encode(), "x.krn").parts
    assert pitches(bass) == [43, 43, 50, 43]
    assert notes(staff)[:2] == [(0, 4, 67), (0, 4, 62)]
    assert notes(staff)[-2:] == [(16, 32, 71), (16, 32, 67)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("**kern\n*M4/4\n4c\t4d\nx\n", "not a kern file", marks=pytest.mark.slow),
        ("**kern\n" + "4c\n" * 60_000, "characters; give a single chorale"),
        ("**kern\n*M4/4\n=1\n12c\n12d\n12e\n4f\n==\n*-\n", "off the grid of sixteenths"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text, message):
    with pytest.raises(FormatError, match=message):
        score_of(text.encode(), "x.krn")


def test_the_child_is_held_to_its_time(monkeypatch):
    monkeypatch.setattr(kern_score, "LIMITS", Limits(seconds=0.05))
    with pytest.raises(FormatError, match=r"did not end within 0.05 seconds"):
        score_of(CHORALE.encode(), "x.krn")


def test_the_child_may_neither_read_nor_write_elsewhere(tmp_path, monkeypatch):
    program = tmp_path / "child.py"
    program.write_text(f"open({str(tmp_path / 'new')!r}, 'w')")
    monkeypatch.setattr(kern_score, "CHILD", Path(program))
    with pytest.raises(FormatError, match="PermissionError"):
        score_of(CHORALE.encode(), "x.krn")
    assert not (tmp_path / "new").exists()


def test_collections_do_not_read_kern():
    with pytest.raises(FormatError, match=r"neither a MIDI nor a MusicXML file$"):
        four_part_chorale(CHORALE.encode(), "x.mid")
