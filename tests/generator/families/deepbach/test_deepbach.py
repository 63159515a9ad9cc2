from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.families.deepbach.deepbach import DeepBach
from generator.families.deepbach.network import DeepBachConfig, DeepBachNetwork
from generator.families.deepbach.sampling import cell_logits, heat
from generator.families.deepbach.vocabulary import (
    HOLD,
    PADDING,
    encode,
    frame_rows,
    padded_piece,
)
from generator.families.fill_run import Budget
from generator.music.grid.chorale import VOICE_RANGES, Chorale
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import a_chorale

STEPS = 32


def network(**sizes) -> DeepBachNetwork:
    torch.manual_seed(1)
    tiny = {"embedding": 3, "hidden": 5, "layers": 2, "window": 4, "blocks": 4, **sizes}
    return DeepBachNetwork(DeepBachConfig(**tiny)).eval()


def logits_at(net: DeepBachNetwork, chorale: Chorale, voice: int, step: int) -> np.ndarray:
    symbols, frame = encode(chorale), frame_rows(chorale, bar=net.config.bar)
    padded = (torch.from_numpy(each) for each in padded_piece(symbols, frame, net.config.window))
    with torch.inference_mode():
        return cell_logits(net, voice, *padded, np.array([step]))


def repitched(chorale: Chorale, voice: int, step: int) -> Chorale:
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    pitch[voice, step] = VOICE_RANGES[voice][0] + 1
    onset[voice, step : step + 2] = True
    return chorale.with_voices(pitch, onset)


@pytest.mark.parametrize("voice", range(4))
def test_a_cell_is_told_by_all_cells_in_its_window_but_itself(voice):
    net = network()
    chorale = a_chorale().with_voices(np.full((4, STEPS), 60), np.ones((4, STEPS)))
    before = logits_at(net, chorale, voice, 16)
    for other in range(4):
        for step in (11, 12, 15, 16, 17, 20, 21):
            after = logits_at(net, repitched(chorale, other, step), voice, 16)
            seen = 12 <= step <= 20 and (other, step) != (voice, 16)
            assert np.array_equal(before, after) != seen, (other, step)


@pytest.mark.parametrize("voice", range(4))
def test_neighbouring_centres_see_each_other_but_not_themselves(voice):
    """Several cells of one window are asked about in training; none sees its own answer."""
    net = network()
    chorale = a_chorale().with_voices(np.full((4, STEPS), 60), np.ones((4, STEPS)))

    def logits(piece: Chorale) -> torch.Tensor:
        reader = net.voices[voice]
        rows = encode(piece)[:, :11], frame_rows(piece, bar=False)[:, :11]
        with torch.inference_mode():
            return reader(reader.embed(*(torch.from_numpy(each)[None] for each in rows)), 3)[0]

    before = logits(chorale)
    for centre in range(3):
        after = logits(repitched(chorale, voice, 4 + centre))
        unchanged = (before == after).all(dim=1).tolist()
        assert unchanged == [centre == each for each in range(3)]


def test_one_centre_of_several_with_the_same_context_is_as_it_is_alone():
    net = network(layers=1)
    reader = net.voices[2]
    chorale = a_chorale()
    steps = reader.embed(*(torch.from_numpy(each)[None] for each in (
        encode(chorale), frame_rows(chorale, bar=False))))  # fmt: skip
    with torch.inference_mode():
        alone = reader(steps[:, :9])
        first = reader(steps[:, :9], 1)
        left, _ = reader.left(steps[:, :4])
        right, _ = reader.right(steps[:, 5:9].flip(1))
    assert torch.equal(alone, first)
    own = 2 * reader.size
    beside = torch.cat([steps[:, 4, :own], steps[:, 4, own + reader.size :]], dim=-1)
    told = torch.cat([left[:, -1], right[:, -1], reader.centre(beside)], dim=-1)
    assert torch.allclose(reader.head(told), alone[:, 0], atol=1e-6)


def test_only_a_network_that_is_told_hears_where_in_the_bar_it_is():
    chorale = a_chorale(anacrusis=0)
    moved = replace(chorale, anacrusis=4)
    for bar in (False, True):
        net = network(bar=bar)
        same = np.array_equal(logits_at(net, chorale, 1, 16), logits_at(net, moved, 1, 16))
        assert same is not bar


@pytest.mark.parametrize("change", [{"fermata": np.ones(STEPS, bool)}, {"key": "A major"},
                                    {"anacrusis": 3}])  # fmt: skip
def test_fermatas_key_and_beat_are_heard(change):
    chorale = a_chorale()
    net = network()
    before, after = (logits_at(net, each, 1, 10) for each in (chorale, replace(chorale, **change)))
    assert not np.array_equal(before, after)


def bent(symbol: int) -> DeepBach:
    """It always writes one symbol."""
    net = network()
    with torch.no_grad():
        for voice in range(4):
            net.voices[voice].head[2].bias[symbol] = 1000
    return DeepBach(net)


@pytest.mark.parametrize("condition", ["S", "ATB", "SATB"])
def test_every_written_cell_is_drawn_again_in_every_sweep(condition):
    """One sweep is enough to leave nothing of the random beginning."""
    given = given_voices(condition, STEPS)
    piece = bent(symbol=3).fill(a_chorale(), given, seed=1, settings={"visits": 1})
    for voice, (low, _) in enumerate(VOICE_RANGES):
        assert (piece.pitch[voice][~given[voice]] == low + 3).all()
        assert piece.onset[voice][~given[voice]].all()  # a repeated note is not a held one


@pytest.mark.parametrize("steps", [8, 32, 64])
def test_steps_are_as_many_for_every_length_so_visits_do_not_thin_out(steps):
    planned = []
    DeepBach(network()).fill(
        a_chorale(steps), given_voices("ATB", steps), seed=1, settings={"visits": 3},
        progress=lambda _, all_of_them: planned.append(all_of_them),
    )  # fmt: skip
    assert max(planned) == 3 * 4


def test_without_a_step_the_random_beginning_stands():
    one, two = (
        bent(symbol).fill(a_chorale(), given_voices("ATB", STEPS), seed=1, budget=Budget(steps=0))
        for symbol in (2, 3)
    )
    assert one == two


def test_holds_alone_still_begin_where_they_must():
    net = network()
    with torch.no_grad():
        for voice in range(4):
            net.voices[voice].head[2].bias[HOLD[voice]] = 1000
    piece = DeepBach(net).fill(a_chorale(), given_voices("SATB", STEPS), seed=1)
    assert piece.onset.sum(axis=1).tolist() == [1] * 4
    assert piece.onset[:, 0].all()


def test_it_cools_from_a_tenth_above_to_its_temperature():
    heats = [heat(iteration / 500) for iteration in range(500)]
    assert heats[0] == pytest.approx(1.1)
    assert heats == sorted(heats, reverse=True)
    assert heats[136:] == [1.0] * 364  # as 1.1 * .9993 ** iteration, never below 1
    published = 1.1 * 0.9993 ** np.arange(136)
    assert np.allclose(heats[:136], published, atol=2e-3)


def test_weights_of_another_vocabulary_are_refused_by_name():
    family = DeepBach.debug()
    tensors = family.to_tensors()
    tensors["vocabulary"] = tensors["vocabulary"] + 1
    with pytest.raises(ValueError, match="vocabulary has pitch 58 in place 0, where ours has 57"):
        DeepBach.from_tensors(family.config, tensors)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [({"hidden": 0}, "hidden 0; use a whole number from 1"), ({"blocks": 1.5}, "blocks 1.5"),
     ({"window": 10**9}, "window 1000000000"), ({"dropout": 1.0}, "dropout 1.0"),
     ({"bar": 1}, "bar 1; use true or false"), ({"layers": True}, "layers True")],
)  # fmt: skip
def test_a_config_that_cannot_be_is_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        DeepBachConfig(**sizes)


def test_only_what_can_be_written_has_a_logit():
    sizes = [logits_at(network(), a_chorale(), voice, 3).shape[1] for voice in range(4)]
    assert sizes == list(PADDING)
