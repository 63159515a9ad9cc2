"""Ways through a latent space, and which families have one."""

from __future__ import annotations

import numpy as np
import pytest

from generator.families.latent import Latent, slerp, slerp_points
from generator.registry import OURS, Registry

LATENT = ["music_vae"]


def test_both_ends_are_the_points_themselves():
    rng = np.random.default_rng(1)
    start, end = rng.normal(size=(2, 16)).astype(np.float32)
    assert slerp(start, end, 0) == pytest.approx(start, abs=1e-6)
    assert slerp(start, end, 1) == pytest.approx(end, abs=1e-6)


def test_points_of_one_length_keep_it_and_turn_by_equal_angles():
    start, end = np.float32([3, 0, 0]), np.float32([0, 3, 0])
    way = [slerp(start, end, step / 6) for step in range(7)]
    assert [np.linalg.norm(each) for each in way] == pytest.approx([3] * 7)
    angles = [np.degrees(np.arctan2(each[1], each[0])) for each in way]
    assert np.diff(angles) == pytest.approx([15] * 6, abs=1e-3)


@pytest.mark.parametrize(
    ("start", "end", "middle"),
    [
        ([1, 2], [1, 2], [1, 2]),
        ([1, 2], [3, 6], [2, 4]),
        ([1, 2], [-1, -2], [0, 0]),
        ([1, 2], [-3, -6], [-1, -2]),
        ([0, 0], [2, 4], [1, 2]),
        ([2, 4], [0, 0], [1, 2]),
        ([0, 0], [0, 0], [0, 0]),
    ],
    ids=["equal", "parallel", "opposite", "opposite, longer", "from zero", "to zero", "zeros"],
)
def test_where_there_is_no_arc_the_way_is_straight(start, end, middle):
    start, end = np.float32(start), np.float32(end)
    assert slerp(start, end, 0.5) == pytest.approx(np.float32(middle), abs=1e-6)
    assert slerp(start, end, 0) == pytest.approx(start)
    assert slerp(start, end, 1) == pytest.approx(end)


@pytest.mark.parametrize("tilt", [1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("towards", [3, -3])
def test_nearly_parallel_points_stay_between_their_ends(tilt, towards):
    start, end = np.float32([1, 0]), np.float32([towards, tilt])
    way = np.array([slerp(start, end, share) for share in np.linspace(0, 1, 9)])
    assert np.isfinite(way).all()
    assert (np.linalg.norm(way, axis=1) <= 3.001).all()


def test_each_segment_has_its_own_way():
    start, end = np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[1:]
    way = slerp_points(start, end, 5)
    assert way.shape == (5, 2, 3)
    for row in range(2):
        assert way[2, row] == pytest.approx(slerp(start[row], end[row], 0.5))


@pytest.mark.parametrize(
    ("end", "steps", "message"),
    [
        (np.zeros((1, 3)), 4, r"points of shapes \(2, 3\) and \(1, 3\)"),
        (np.zeros((2, 4)), 4, r"points of shapes \(2, 3\) and \(2, 4\)"),
        (np.zeros((2, 3)), 1, "1 steps; use 2 or more"),
    ],
)
def test_what_has_no_way_is_refused(end, steps, message):
    with pytest.raises(ValueError, match=message):
        slerp_points(np.zeros((2, 3)), end, steps)


@pytest.mark.parametrize("name", sorted(OURS))
def test_those_families_have_a_latent_space(name):
    family = Registry(OURS).family(name).debug()
    assert isinstance(family, Latent) == (name in LATENT)
