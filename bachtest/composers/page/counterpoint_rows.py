"""Scores of counterpoint in words; stored scores of before version 0.10 have none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bachtest.composers.page.score_figures import MeasuredScore

PREFIX = "counterpoint: "
TITLES = {
    "dissonances_left_by_leap": "Dissonances that a voice leaves by leap",
    "cross_relations": "A note beside the same note with another sign, as G and G sharp",
    "augmented_seconds": "Augmented seconds",
    "augmented_fourths": "Augmented fourths",
    "leaps_beyond_octave": "Leaps of more than an octave",
    "leaps_of_a_seventh": "Leaps of a seventh",
    "doubled_leading_tones": "Leading tones in two voices at once",
    "ornamented_fifths": "Fifths from beat to beat, with other notes in between",
    "ornamented_octaves": "Octaves from beat to beat, with other notes in between",
    "open_ends": "Phrases that end without a triad in root position",
    "second_eighths_on": "Second eighths that go on by step in the same direction",
}


@dataclass(frozen=True)
class CounterpointRow:
    title: str
    score: MeasuredScore


def counterpoint_rows(
    scores: Iterable[MeasuredScore], condition: str
) -> tuple[CounterpointRow, ...]:
    """In the order of the titles; none where nothing of it was measured in the condition."""
    measured = {
        score.name.removeprefix(PREFIX): score
        for score in scores
        if score.name.startswith(PREFIX) and score.condition == condition
    }
    return tuple(
        CounterpointRow(title, measured[name]) for name, title in TITLES.items() if name in measured
    )
