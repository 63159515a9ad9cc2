from __future__ import annotations

import pytest
import torch

from generator.families.flagship.interval_head import SCALE
from generator.families.flagship.melodic_head import (
    MOVES,
    REACH,
    STEPS,
    WIDEST,
    Course,
    Lines,
    course,
)
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.tokens import Vocabulary
from tests.generator.families.flagship.debug import debug, make

VOCABULARY = Vocabulary(onsets=True)
PITCHES = VOCABULARY.pitches
X = torch.zeros(1, 2)
TENOR = 2


def made(**rules: tuple[tuple[int, int], float]) -> Lines:
    """One rule a table: (row, place) and what it says."""
    lines = Lines(PITCHES, hidden=2, kinds=1)
    with torch.no_grad():
        lines.weigh.bias.fill_(1)
        for table, (place, score) in rules.items():
            getattr(lines, table)[place] = score / SCALE
    return lines


def at(last=0, earlier=0, coming=0, later=0, gap=0) -> Course:
    return Course(*(torch.tensor([each]) for each in (last, earlier, coming, later, gap)))


def said(scores: torch.Tensor) -> dict[int, float]:
    """What is not 0, by class."""
    found = scores[0].detach()
    return {place: round(float(found[place]), 3) for place in found.nonzero()[:, 0].tolist()}


@pytest.mark.parametrize("moved", [0, 1, 5, 30])
def test_a_turn_seen_once_is_known_wherever_the_line_stands(moved):
    lines = made(past=((WIDEST + 2, WIDEST), -5.0))  # after a step up, the same pitch again
    scores = lines(X, at(earlier=20 + moved, last=22 + moved))
    assert said(scores) == {PITCHES + 22 + moved: -5.0}  # begun anew, and not held


def test_holding_a_note_has_a_place_of_its_own():
    scores = made(past=((MOVES, MOVES), 2.0))(X, at(last=22))  # whence it came is not known
    assert said(scores) == dict.fromkeys(range(1, PITCHES + 1), 2.0)


@pytest.mark.parametrize("gap", range(REACH))
def test_how_the_line_goes_on_counts_for_held_and_begun_alike(gap):
    row = gap * STEPS + WIDEST - 2  # after which it falls by a tone
    lines = made(coming=((row, WIDEST + 1), 3.0))  # from a semitone below
    scores = lines(X, at(coming=30, later=28, gap=gap))
    assert said(scores) == {29: 3.0, PITCHES + 29: 3.0}
    assert not said(lines(X, at(coming=30, later=29, gap=gap)))
    assert not said(lines(X, at(coming=30, later=28, gap=(gap + 1) % REACH)))


def test_wide_intervals_count_as_the_widest():
    lines = made(past=((2 * WIDEST, 0), 1.0))  # after an octave up or more, as far down
    assert min(said(lines(X, at(earlier=10, last=40)))) == PITCHES + 1
    assert max(said(lines(X, at(earlier=10, last=40)))) == PITCHES + 40 - WIDEST


def test_of_what_is_not_known_nothing_is_said():
    lines = made(past=((MOVES, WIDEST), 1.0), coming=((MOVES, WIDEST), 1.0))
    assert not said(lines(X, at()))


class TestCourse:
    TOKENS = torch.tensor([20, 20, 22, 22 + PITCHES, 25, 25, 24, 24, 0, 27])

    def of(self, step: int, hidden: list[int]) -> list[int]:
        tokens = torch.zeros(1, 4, 10, dtype=torch.long)
        tokens[0, TENOR] = self.TOKENS
        visible = torch.ones(1, 4, 10, dtype=torch.bool)
        visible[0, TENOR, hidden] = False
        where = torch.tensor([0]), torch.tensor([step])
        found = course(TENOR, tokens, visible, where, VOCABULARY)
        return [int(each) for each in vars(found).values()]

    def test_it_knows_what_was_before_even_if_hidden_and_what_comes_if_seen(self):
        assert self.of(4, [2, 3, 4, 5]) == [22, 20, 24, 0, 1]

    def test_a_repeated_note_is_no_turn_of_the_line(self):
        assert self.of(3, [3]) == [22, 20, 25, 24, 0]

    def test_what_is_hidden_is_not_looked_at(self):
        assert self.of(2, [2, 3, 4]) == [20, 0, 25, 24, 2]
        assert self.of(2, [2, 3, 4, 5, 6, 7])[2:4] == [0, 0]  # beyond its reach

    def test_a_rest_is_nothing_to_go_on_to(self):
        assert self.of(7, [7]) == [24, 25, 0, 0, 0]

    def test_at_the_ends_there_is_nothing(self):
        assert self.of(0, [0])[:2] == [0, 0]
        assert self.of(9, [9])[2:4] == [0, 0]


def test_a_network_with_lines_writes_and_counts_them_as_told():
    composer = debug(True, lines=True)
    with torch.no_grad():
        for lines in composer.network.lines:
            lines.past.normal_(generator=torch.Generator().manual_seed(1))
    piece, given = make(), torch.zeros(4, 24, dtype=torch.bool).numpy()
    fills = [
        composer.with_sampling(lines=lines).fill(piece, given, seed=1) for lines in (0.0, 0.5, 0.5)
    ]
    assert (fills[1].pitch != fills[0].pitch).any()
    assert (fills[1].pitch == fills[2].pitch).all()


def test_lines_of_a_network_without_onsets_are_refused():
    with pytest.raises(ValueError, match="lines of a network that knows no onsets"):
        FlagshipConfig(onsets=False, lines=True)


@pytest.mark.parametrize("name", ["lines", "bias"])
@pytest.mark.parametrize("value", [-1.0, 10.5, 1e300])
def test_what_counts_less_than_nothing_or_beyond_a_float_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} .*; it must be 0 to 10"):
        debug(True, lines=True).with_sampling(**{name: value})
