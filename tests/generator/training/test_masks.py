from __future__ import annotations

import numpy as np
import pytest

from generator.training.masks import draw_mask, random_cells


@pytest.mark.parametrize("steps", [1, 2, 64])
def test_every_mask_leaves_something_to_write(steps):
    rng = np.random.default_rng(0)
    for _ in range(300):
        mask = draw_mask(steps, rng)
        assert mask.shape == (4, steps)
        assert not mask.all()


def test_all_conditions_of_the_quiz_are_practised():
    rng = np.random.default_rng(0)
    whole = {
        "".join(v for v, row in zip("SATB", mask, strict=True) if not row.any())
        for mask in (draw_mask(32, rng) for _ in range(2000))
        if all(row.all() or not row.any() for row in mask)
    }
    assert {"S", "A", "T", "B", "AT", "ATB", "SATB"} <= whole


def test_as_many_random_cells_are_drawn_as_asked_for():
    for count in (1, 17, 40):
        assert random_cells(10, count, np.random.default_rng(count)).sum() == count
