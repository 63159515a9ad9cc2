from __future__ import annotations

import json

import numpy as np
import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.planning.plan import PlanSettings, make_plan


def test_the_design_effect_is_that_of_simulated_studies():
    # Logit standard deviations .6 and .5: 200 listeners with 5 answers over 40 items.
    plan = make_plan(200, 40, PlanSettings(rate=0.6))
    rng = np.random.default_rng(1)
    rates = []
    for _ in range(1500):
        skill, ease = rng.normal(size=200) * 0.6, rng.normal(size=40) * 0.5
        listener, item = np.repeat(np.arange(200), 5), rng.integers(40, size=1000)
        chance = 1 / (1 + np.exp(-0.4379 - skill[listener] - ease[item]))
        rates.append((rng.random(1000) < chance).mean())
    simulated = np.var(rates) * 1000 / (0.6 * 0.4)
    assert np.mean(rates) == pytest.approx(0.6, abs=0.005)
    assert plan.study.design_effect == pytest.approx(simulated, rel=0.1)


def test_listeners_cannot_make_up_for_few_items():
    plan = make_plan(200, 6, PlanSettings(rate=0.6))
    assert "With 6 items no number of listeners is enough" in plan.advice
    assert "Add items" in plan.advice
    assert make_plan(20, 400, PlanSettings(rate=0.6)).advice.startswith("Add listeners:")


def test_power_grows_with_listeners_and_with_items():
    plan = make_plan(100, 40, PlanSettings(rate=0.57, margin=0.1))
    studies = [study for study in plan.alternatives if study.items == 40]
    powers = [study.difference for study in sorted(studies, key=lambda s: s.listeners)]
    assert powers == sorted(powers)
    assert plan.needed_equivalence is not None


def test_independent_answers_have_no_design_effect():
    plan = make_plan(200, 40, PlanSettings(sd_listener=0, sd_item=0))
    assert plan.study.design_effect == pytest.approx(1)
    assert plan.study.effective == 1000


def test_guessers_differ_from_nothing():
    plan = make_plan(100, 40, PlanSettings(rate=0.5))
    assert plan.needed_difference is None
    assert plan.study.difference is None


def test_a_rate_below_chance_is_planned_for_as_one_above():
    low, high = (make_plan(100, 40, PlanSettings(rate=rate)) for rate in (0.4, 0.6))
    assert low.study.difference == pytest.approx(high.study.difference)


def test_the_command_prints_a_table_and_a_picture(capsys):
    assert main(["power", "--listeners", "120", "--items", "42", "--margin", "0.1"]) == 0
    shown = capsys.readouterr().out
    assert "120 *" in shown
    assert "####" in shown
    assert main(["power", "--json", "--design-effect", "2"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["asked"]["effective"] == 500
    assert {"asked", "beside", "each"} < set(plan)


def test_with_a_design_effect_nothing_is_said_that_it_replaces(capsys):
    assert main(["power", "--items", "40", "--design-effect", "2"]) == 0
    shown = capsys.readouterr().out
    assert "design effect 2\n" in shown
    assert "standard deviation" not in shown
    items = {line.split()[-7] for line in shown.splitlines() if " 2.00 " in line}
    assert items == {"40"}


@pytest.mark.parametrize("options", [["--rate", ".5"], ["--contrast", ".5,.5"]])
def test_without_a_difference_there_is_no_power_to_show_one(options, capsys):
    assert main(["power", *options]) == 0
    shown = capsys.readouterr().out
    assert "There is no difference to show." in shown
    assert "0.025" not in shown
    assert "%  " not in shown.split("There is no difference")[1]
    assert "power for the contrast would be" not in shown
    assert main(["power", *options, "--json"]) == 0
    asked = json.loads(capsys.readouterr().out)["asked"]
    assert asked["difference"] is asked["contrast"] is None


def test_a_contrast_around_one_half_has_power_for_itself_alone(capsys):
    study = make_plan(100, 40, PlanSettings(contrast=(0.45, 0.55))).study
    assert study.difference is None
    assert study.contrast > 0.4
    assert main(["power", "--contrast", ".45,.55"]) == 0
    assert "Power to show the contrast" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--listeners", "1"], ["--items", "1", "--each", "1"]])
def test_of_one_listener_or_one_item_there_is_no_interval(options, capsys):
    assert main(["power", *options]) == 0
    shown = capsys.readouterr().out
    assert "100.0 points" not in shown
    assert " 100.0 " not in shown
    row = next(line for line in shown.splitlines() if " * " in line)
    assert " none " in row
    assert "the interval would be the whole scale, with twice the items the whole scale." in shown


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--listeners", "0"), "0 listeners"),
        (("--rate", "1.2"), r"rate 1.2"),
        (("--margin", "0.5"), "margin 0.5"),
        (("--design-effect", "0.5"), "design effect 0.5"),
        (("--sd-item", "-1"), "standard deviation -1"),
        (("--power", "1"), "power 1"),
    ],
)
def test_numbers_out_of_range_are_named(capsys, option, message):
    assert main(["power", *option]) == 2
    assert message in capsys.readouterr().err
