from __future__ import annotations

import pytest
import torch

from generator.families.flagship.interval_head import MOTIONS, SCALE, IntervalHead
from generator.families.flagship.tokens import Vocabulary
from generator.families.flagship.window import ORDER, SLOTS, slot_voices, window

SOPRANO, BASS = 0, 3
KINDS = 1


@pytest.fixture
def bass_head() -> IntervalHead:
    """The bass's head with one rule: against octaves with the soprano when both rise."""
    head = IntervalHead(BASS, pitches=40, hidden=2, kinds=KINDS)
    octave, up = 0, 2
    with torch.no_grad():
        head.mix_weights.bias.fill_(1)
        head.past_table[octave * MOTIONS + up, octave * MOTIONS + up] = -5.0 / SCALE
    return head


def around(soprano: tuple[int, int], bass: int) -> torch.Tensor:
    """A window in which the soprano moves and the bass had a pitch; all else is unknown."""
    slots = torch.zeros(1, SLOTS, dtype=torch.long)
    slots[0, 12:16] = torch.tensor([soprano[0], 0, 0, bass])
    slots[0, 16] = soprano[1]
    return slots


@pytest.mark.parametrize("moved", [0, 1, 5])
def test_one_rule_holds_wherever_the_voices_stand(bass_head, moved):
    scores = bass_head(torch.zeros(1, 2), around((20 + moved, 22 + moved), 8 + moved))
    penalised = [pitch for pitch in range(1, 41) if scores[0, pitch - 1] < -1]
    assert penalised == [10 + moved, 22 + moved, 34 + moved]  # octaves above where the bass was


def test_a_rule_of_motion_says_nothing_about_voices_that_do_not_sound(bass_head):
    assert bass_head(torch.zeros(1, 2), around((0, 22), 8)).abs().max() == 0
    assert bass_head(torch.zeros(1, 2), around((20, 0), 8)).abs().max() == 0


def test_a_rule_of_chords_holds_in_every_key():
    head = IntervalHead(BASS, pitches=40, hidden=2, kinds=KINDS)
    with torch.no_grad():
        head.mix_weights.bias.fill_(1)
        head.chord_table[4, 5] = 3.0 / SCALE  # a third between the others, a fourth to the lower
    slots = torch.zeros(1, SLOTS, dtype=torch.long)
    slots[0, 16:18] = torch.tensor([20, 24])
    scores = head(torch.zeros(1, 2), slots)[0]
    assert [p for p in range(1, 41) if scores[p - 1] > 1] == [1, 13, 25, 37]
    slots[0, 16:18] += 2
    scores = head(torch.zeros(1, 2), slots)[0]
    assert [p for p in range(1, 41) if scores[p - 1] > 1] == [3, 15, 27, 39]


@pytest.mark.parametrize("voice", range(4))
def test_a_window_shows_what_stands_when_a_cells_turn_comes(voice):
    vocabulary = Vocabulary(onsets=True)
    tokens = torch.arange(1, 41).view(1, 4, 10)
    nothing_given = torch.zeros(1, 4, 10, dtype=torch.bool)
    at = torch.tensor([0]), torch.tensor([5])
    slots = window(voice, tokens, nothing_given, at, vocabulary)[0].tolist()
    turn = ORDER.index(voice)
    for slot, (token, other) in enumerate(zip(slots, slot_voices(voice).tolist(), strict=True)):
        if slot < 16:
            assert token == tokens[0, other, 1 + slot // 4]
        elif slot < 19:
            earlier = ORDER.index(other) < turn
            assert token == (tokens[0, other, 5] if earlier else vocabulary.masked)
        else:
            assert token == vocabulary.masked
    all_given = window(voice, tokens, ~nothing_given, at, vocabulary)[0]
    assert all_given[19:].tolist() == tokens[0, :, 6].tolist()
