"""Several members of the flagship write as one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.ensemble import Ensemble
from generator.families.flagship.sampling.kernels import CONTEXT, mean_logits, read_context
from generator.families.flagship.tokens import encode_grid
from generator.families.flagship.window import BACK, padded_tokens, window
from generator.music.grid.conditions import given_voices
from tests.generator.families.flagship.debug import debug, make
from tests.generator.families.material import provenance_of


def test_logits_are_the_means_of_the_members():
    composer = debug(True, members=3, melodic_head=True)
    networks = [composer.member(number).network for number in range(3)]
    weights = Ensemble(networks).weights
    vocabulary = networks[0].vocabulary
    grid, _ = encode_grid(make(16), vocabulary)
    given = torch.rand(grid.tokens.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    rows, beats = torch.zeros(4, dtype=torch.long), torch.arange(4)
    at = torch.zeros(16, dtype=torch.long), torch.arange(16)
    with torch.inference_mode():
        cells = Ensemble(networks).cell_embeddings(grid, given, rows, beats)  # (3, 4, 4, V, H)
        for voice in range(4):
            expected = torch.stack(
                [
                    each.sequential_logits(
                        voice, each.cell_embeddings(grid, given), grid.tokens, given, at
                    )
                    for each in networks
                ]
            ).mean(0)
            windows = window(voice, grid.tokens, given, at, vocabulary).numpy()
            padded = padded_tokens(grid.tokens, given, vocabulary).numpy()[:, 0, voice]
            for step in range(16):
                context = np.empty(CONTEXT, np.int64)
                read_context(weights.pitch_of, *padded, step + BACK, context)
                embeddings = np.ascontiguousarray(cells[:, step // 4, step % 4, voice])
                logits = mean_logits(weights, voice, embeddings, windows[step], context, 1.0)
                assert logits == pytest.approx(expected[step].numpy(), abs=1e-4)


def test_members_that_are_the_same_write_what_one_would():
    one = debug(True)
    twice = Flagship(one.network, one.network)
    chorale, given = make(32), given_voices("ATB", 32)
    assert twice.fill(chorale, given, seed=3) == one.fill(chorale, given, seed=3)


def test_members_that_differ_write_something_of_their_own():
    composer = debug(True, members=2)
    chorale, given = make(64), given_voices("ATB", 64)
    averaged = composer.averaged().fill(chorale, given, seed=3)
    for number in range(2):
        assert averaged != composer.member(number).fill(chorale, given, seed=3)
    assert averaged == composer.averaged().fill(chorale, given, seed=3)


def test_a_composer_of_all_members_has_no_checkpoint(tmp_path):
    averaged = debug(True, members=2).averaged()
    with pytest.raises(ValueError, match="2 networks"):
        averaged.save(tmp_path / "x.safetensors", provenance_of([["BWV1"]]))
    assert not list(tmp_path.iterdir())
