"""What each feature of a phrase end counts: learnt by `experiments/phrase_ends.py --learn`.

`hint` is 1 because hints are weighted where they are read: see `hints.py`.
"""

from __future__ import annotations

from generator.music.phrase_ends.search import Weights

WEIGHTS = Weights.of(
    {
        "long": 0.58,
        "rest": 1.53,
        "leap": 0.51,
        "tonic": 0.28,
        "third_or_fifth": 0.2,
        "downbeat": 0.09,
        "half_bar": 0.42,
        "off_beat": -0.13,
        "as_opening": 0.31,
        "opening_rhythm": 0.34,
        "opening_tune": 0.84,
        "hint": 1.0,
        "phrase": -0.47,
        "few_notes": -0.75,
        "few_notes_squared": -0.08,
        "many_notes": -0.09,
        "many_notes_squared": -0.38,
        "few_units": 0.92,
        "few_units_squared": -2.8,
        "many_units": 0.42,
        "many_units_squared": 0.43,
        "even_bars": 0.28,
        "same_length": 0.28,
        "double_length": -0.15,
        "same_rhythm": 0.19,
    }
)
