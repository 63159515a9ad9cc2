"""Random small chorales for the property tests of the formats."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from generator.music.grid.chorale import REST, Chorale, bar_steps

METRES = ("4/4", "3/4", "3/2", "2/2", "6/8", "5/16", "1/4")
KEYS = ("C major", "G minor", "F# minor", "Eb major", "B major", "Ab minor", "D# major")
# XML turns some signs into spaces or nothing; names of works have none of them.
NAMES = st.text(st.characters(categories=["L", "N", "P"]), max_size=12)


@st.composite
def voices(draw, steps: int) -> tuple[list[int], list[bool]]:
    pitch: list[int] = []
    onset: list[bool] = []
    while len(pitch) < steps:
        note = draw(st.one_of(st.just(REST), st.integers(24, 96)))
        length = min(draw(st.integers(1, 20)), steps - len(pitch))
        pitch += [note] * length
        onset += [note != REST] + [False] * (length - 1)
    return pitch, onset


@st.composite
def chorales(draw) -> Chorale:
    """Any metre changes, any pickup, fermatas over any steps: whatever the grid can hold."""
    steps = draw(st.integers(1, 70))
    lines = [draw(voices(steps)) for _ in range(4)]
    changes = (
        sorted(draw(st.sets(st.integers(1, max(1, steps - 1)), max_size=2))) if steps > 1 else []
    )
    metre = tuple((step, draw(st.sampled_from(METRES))) for step in [0, *changes])
    fermata = np.zeros(steps, dtype=bool)
    for start, length in draw(
        st.lists(st.tuples(st.integers(0, steps), st.integers(1, 9)), max_size=3)
    ):
        fermata[start : start + length] = True
    return Chorale(
        pitch=np.array([pitch for pitch, _ in lines]),
        onset=np.array([onset for _, onset in lines]),
        fermata=fermata,
        metre=metre,
        key=draw(st.sampled_from(KEYS)),
        anacrusis=draw(st.integers(0, bar_steps(metre[0][1]) - 1)),
        bwv=draw(NAMES),
        title=draw(NAMES),
    )
