from __future__ import annotations

import json

import numpy as np
import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.planning.plan import PlanSettings, make_plan
from bachtest.stats.validate.simulate import SimulatedDesign, simulate
from bachtest.stats.validate.simulated_power import with_simulated_power

OPTIONS = ["--listeners", "20", "--items", "8", "--each", "4", "--simulate", "3"]


def heard(each, hear):
    design = SimulatedDesign(9, each, 12, 2, hear=hear)
    table = simulate(np.random.default_rng(1), design, [0.0, 0.0])
    return table.item.reshape(9, each), table.cell.reshape(9, each)


@pytest.mark.parametrize("each", [4, 5])
def test_listeners_hear_both_conditions_as_often_or_one_alone(each):
    items, cells = heard(each, "both")
    assert all(len(set(row)) == each for row in items.tolist())
    assert set(cells.sum(axis=1)) == ({2} if each == 4 else {2, 3})
    items, cells = heard(each, "one")
    assert all(len(set(row)) == each for row in items.tolist())
    assert set(cells.mean(axis=1)) == {0, 1}


def test_the_command_simulates_and_says_its_seed(capsys):
    assert main(["power", *OPTIONS, "--margin", "0.2", "--contrast", ".5,.8"]) == 0
    written = capsys.readouterr()
    assert written.err == ""  # no bar where no terminal is
    assert "3 simulated studies (seed 1685), each with the mixed model fitted to it:" in written.out
    for aim in ("difference", "equivalence", "contrast"):
        assert f"  {aim}: found in " in written.out
    found = []
    for seed in ("1", "1", "2"):
        main(["power", *OPTIONS, "--seed", seed, "--json"])
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    assert (found[0]["seed"], found[2]["seed"]) == (1, 2)
    assert {"aim", "planned", "found", "error", "studies"} == set(found[0]["simulated"][0])


def test_power_below_one_half_is_found_as_above():
    plan = make_plan(60, 20, PlanSettings(rate=0.2, sd_listener=0.2, sd_item=0.2))
    [found] = with_simulated_power(plan, 5, seed=1).simulated
    assert found.planned > 0.99
    assert found.found == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "assumed",
    [PlanSettings(each=8, margin=0.1), PlanSettings(contrast=(0.5, 0.65)),
     PlanSettings(contrast=(0.5, 0.65), hear="one")],
)  # fmt: skip
def test_found_power_is_as_planned(assumed):
    for one in with_simulated_power(make_plan(60, 12, assumed), 400, seed=7).simulated:
        assert one.found == pytest.approx(one.planned, abs=0.03 + 3 * one.error), one
