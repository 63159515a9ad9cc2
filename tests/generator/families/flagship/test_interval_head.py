from __future__ import annotations

import pytest
import torch

from generator.families.flagship.interval_head import MOTIONS, SCALE, Relations
from generator.families.flagship.tokens import Vocabulary
from generator.families.flagship.window import ORDER, SLOTS, slot_voices, window

SOPRANO, BASS = 0, 3
KINDS = 1


@pytest.fixture
def relations() -> Relations:
    """Of the bass: one rule of parallel octaves with the soprano when both rise."""
    made = Relations(BASS, pitches=40, hidden=2, kinds=KINDS)
    octave, up = 0, 2
    with torch.no_grad():
        made.weigh.bias.fill_(1)
        made.past[octave * MOTIONS + up, octave * MOTIONS + up] = -5.0 / SCALE
    return made


def around(soprano: tuple[int, int], bass: int) -> torch.Tensor:
    """A window in which the soprano moves and the bass was at a pitch; all else unknown."""
    slots = torch.zeros(1, SLOTS, dtype=torch.long)
    slots[0, 12:16] = torch.tensor([soprano[0], 0, 0, bass])
    slots[0, 16] = soprano[1]
    return slots


@pytest.mark.parametrize("moved", [0, 1, 5])
def test_one_rule_holds_wherever_the_voices_stand(relations, moved):
    scores = relations(torch.zeros(1, 2), around((20 + moved, 22 + moved), 8 + moved))
    bad = [pitch for pitch in range(1, 41) if scores[0, pitch - 1] < -1]
    assert bad == [10 + moved, 22 + moved, 34 + moved]  # in octaves, and above where it was


def test_a_rule_of_motion_says_nothing_of_voices_that_do_not_sound(relations):
    assert relations(torch.zeros(1, 2), around((0, 22), 8)).abs().max() == 0
    assert relations(torch.zeros(1, 2), around((20, 0), 8)).abs().max() == 0


def test_a_rule_of_chords_holds_in_every_key():
    made = Relations(BASS, pitches=40, hidden=2, kinds=KINDS)
    with torch.no_grad():
        made.weigh.bias.fill_(1)
        made.chord[4, 5] = 3.0 / SCALE  # a third between them; a fourth
    slots = torch.zeros(1, SLOTS, dtype=torch.long)
    slots[0, 16:18] = torch.tensor([20, 24])
    scores = made(torch.zeros(1, 2), slots)[0]
    assert [p for p in range(1, 41) if scores[p - 1] > 1] == [1, 13, 25, 37]
    slots[0, 16:18] += 2
    scores = made(torch.zeros(1, 2), slots)[0]
    assert [p for p in range(1, 41) if scores[p - 1] > 1] == [3, 15, 27, 39]


@pytest.mark.parametrize("voice", range(4))
def test_a_window_shows_what_stands_when_a_cells_turn_comes(voice):
    vocabulary = Vocabulary(onsets=True)
    tokens = torch.arange(1, 41).view(1, 4, 10)
    hidden = torch.zeros(1, 4, 10, dtype=torch.bool)
    seen = window(voice, tokens, hidden, (torch.tensor([0]), torch.tensor([5])), vocabulary)[0]
    turn = ORDER.index(voice)
    for slot, (shown, of) in enumerate(
        zip(seen.tolist(), slot_voices(voice).tolist(), strict=True)
    ):
        if slot < 16:
            assert shown == tokens[0, of, 1 + slot // 4]
        elif slot < 19:
            known = ORDER.index(of) < turn
            assert shown == (tokens[0, of, 5] if known else vocabulary.masked)
        else:
            assert shown == vocabulary.masked
    everything = window(voice, tokens, ~hidden, (torch.tensor([0]), torch.tensor([5])), vocabulary)[
        0
    ]
    assert everything[19:].tolist() == tokens[0, :, 6].tolist()
