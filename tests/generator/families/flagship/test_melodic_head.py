from __future__ import annotations

import pytest
import torch

from generator.families.flagship.interval_head import SCALE
from generator.families.flagship.melodic_head import (
    MAX_INTERVAL,
    MOVES,
    REACH,
    STEPS,
    MelodicContext,
    MelodicHead,
    melodic_context,
)
from generator.families.flagship.network import FlagshipConfig
from generator.families.flagship.tokens import Vocabulary
from generator.music.grid.conditions import given_voices
from tests.generator.families.flagship.debug import debug, make

VOCABULARY = Vocabulary(onsets=True)
PITCHES = VOCABULARY.pitches
X = torch.zeros(1, 2)
TENOR = 2


def head_with(**rules: tuple[tuple[int, int], float]) -> MelodicHead:
    """A head with one rule in a table: (row, place) and its score."""
    head = MelodicHead(PITCHES, hidden=2, kinds=1)
    with torch.no_grad():
        head.mix_weights.bias.fill_(1)
        for table, (place, score) in rules.items():
            getattr(head, f"{table}_table")[place] = score / SCALE
    return head


def line(**known: int) -> MelodicContext:
    """A line of which only some pitches are known."""
    numbers = dict.fromkeys(MelodicContext.__dataclass_fields__, 0) | known
    return MelodicContext(**{name: torch.tensor([number]) for name, number in numbers.items()})


def nonzero(scores: torch.Tensor) -> dict[int, float]:
    """The scores that are not 0, by class."""
    row = scores[0].detach()
    return {place: round(float(row[place]), 3) for place in row.nonzero()[:, 0].tolist()}


@pytest.mark.parametrize("moved", [0, 1, 5, 30])
def test_a_turn_seen_once_is_known_wherever_the_line_stands(moved):
    # After a step up, the same pitch again.
    head = head_with(past=((MAX_INTERVAL + 2, MAX_INTERVAL), -5.0))
    scores = head(X, line(before_previous=20 + moved, previous=22 + moved))
    assert nonzero(scores) == {PITCHES + 22 + moved: -5.0}  # if it begins again, not if held


def test_holding_a_note_has_a_place_of_its_own():
    head = head_with(past=((MOVES, MOVES), 2.0))  # where the line came from is unknown
    assert nonzero(head(X, line(previous=22))) == dict.fromkeys(range(1, PITCHES + 1), 2.0)


@pytest.mark.parametrize("gap", range(REACH))
def test_how_the_line_goes_on_counts_for_held_and_begun_alike(gap):
    row = gap * STEPS + MAX_INTERVAL - 2  # to a pitch after which the line falls by a tone
    head = head_with(future=((row, MAX_INTERVAL + 1), 3.0))  # from a semitone below it
    scores = head(X, line(following=30, after_following=28, gap=gap))
    assert nonzero(scores) == {29: 3.0, PITCHES + 29: 3.0}
    assert not nonzero(head(X, line(following=30, after_following=29, gap=gap)))
    assert not nonzero(head(X, line(following=30, after_following=28, gap=(gap + 1) % REACH)))


def test_wide_intervals_count_as_the_widest():
    head = head_with(past=((2 * MAX_INTERVAL, 0), 1.0))  # after an octave up or more, as far down
    scores = nonzero(head(X, line(before_previous=10, previous=40)))
    assert (min(scores), max(scores)) == (PITCHES + 1, PITCHES + 40 - MAX_INTERVAL)


def test_an_unknown_line_has_no_scores():
    head = head_with(past=((MOVES, MAX_INTERVAL), 1.0), future=((MOVES, MAX_INTERVAL), 1.0))
    assert not nonzero(head(X, line()))


class TestContext:
    TOKENS = torch.tensor([20, 20, 22, 22 + PITCHES, 25, 25, 24, 24, 0, 27])

    def of(self, step: int, written: list[int]) -> list[int]:
        tokens = torch.zeros(1, 4, 10, dtype=torch.long)
        tokens[0, TENOR] = self.TOKENS
        given = torch.ones(1, 4, 10, dtype=torch.bool)
        given[0, TENOR, written] = False
        at = torch.tensor([0]), torch.tensor([step])
        context = melodic_context(TENOR, tokens, given, at, VOCABULARY)
        return [int(each) for each in vars(context).values()]

    def test_it_knows_all_cells_before_and_only_the_given_ones_after(self):
        assert self.of(4, [2, 3, 4, 5]) == [22, 20, 24, 0, 1]

    def test_a_repeated_note_is_no_turn_of_the_line(self):
        assert self.of(3, [3]) == [22, 20, 25, 24, 0]

    def test_written_cells_after_it_are_never_read(self):
        assert self.of(2, [2, 3, 4]) == [20, 0, 25, 24, 2]
        assert self.of(2, [2, 3, 4, 5, 6, 7])[2:4] == [0, 0]  # beyond its reach

    def test_a_rest_is_nothing_to_go_on_to(self):
        assert self.of(7, [7]) == [24, 25, 0, 0, 0]

    def test_at_the_ends_there_is_nothing(self):
        assert self.of(0, [0])[:2] == [0, 0]
        assert self.of(9, [9])[2:4] == [0, 0]


def test_the_melodic_head_counts_as_much_as_it_is_told_to():
    composer = debug(True, melodic_head=True)
    with torch.no_grad():
        for head in composer.network.melodic_head:
            head.past_table.normal_(generator=torch.Generator().manual_seed(1))
    piece, given = make(), torch.zeros(4, 24, dtype=torch.bool).numpy()
    fills = [
        composer.fill(piece, given, seed=1, settings={"melodic_weight": weight})
        for weight in (0.0, 0.5, 0.5)
    ]
    assert (fills[1].pitch != fills[0].pitch).any()
    assert (fills[1].pitch == fills[2].pitch).all()


def test_a_melodic_head_without_onsets_is_refused():
    with pytest.raises(ValueError, match="a melodic head needs onsets"):
        FlagshipConfig(onsets=False, melodic_head=True)


@pytest.mark.parametrize("name", ["melodic_weight", "bias"])
@pytest.mark.parametrize("value", [-1.0, 10.5, 1e300])
def test_a_weight_below_zero_or_beyond_a_float_is_refused(name, value):
    with pytest.raises(ValueError, match=f"setting {name}=.*; use a number from 0.0 to 10.0"):
        debug(True).fill(make(), given_voices("ATB", 24), seed=1, settings={name: value})
