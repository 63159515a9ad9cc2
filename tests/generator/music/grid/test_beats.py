from __future__ import annotations

import numpy as np
import pytest

from generator.music.grid.beats import on_beat
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.notes import note_table


@pytest.mark.parametrize(
    ("metre", "anacrusis", "steps"),
    [
        ("4/4", 0, [0, 4, 8, 12]),
        ("3/4", 4, [0, 4, 8, 12]),
        ("4/4", 2, [2, 6, 10, 14]),
        ("3/2", 0, [0, 8]),
        ("6/8", 0, [0, 6, 12]),
    ],
)
def test_beats_follow_the_metre(metre, anacrusis, steps):
    rests = np.full((4, 16), REST)
    frame = Chorale(pitch=rests, onset=rests > 0, metre=((0, metre),), anacrusis=anacrusis)
    assert np.flatnonzero(on_beat(frame)).tolist() == steps


def test_beats_follow_a_change_of_metre():
    rests = np.full((4, 20), REST)
    frame = Chorale(pitch=rests, onset=rests > 0, metre=((0, "2/4"), (8, "6/8")))
    assert np.flatnonzero(on_beat(frame)).tolist() == [0, 4, 8, 14]


def test_a_note_ends_at_a_rest_and_where_the_next_begins():
    pitch = np.full((4, 6), REST)
    pitch[1] = [72, 72, REST, 74, 74, 74]
    onset = np.zeros((4, 6), dtype=bool)
    onset[1, [0, 3, 4]] = True
    table = note_table(Chorale(pitch=pitch, onset=onset), 1)
    assert table.tolist() == [[0, 2, 72], [3, 1, 74], [4, 2, 74]]
    assert len(note_table(Chorale(pitch=pitch, onset=onset), 0)) == 0
