from __future__ import annotations

import json

import pytest

from bachtest.stats.__main__ import main
from bachtest.stats.planning.plan_settings import PlanSettings
from bachtest.stats.planning.solve import least_numbers
from bachtest.stats.planning.study_power import planned_study

BOTH = PlanSettings(contrast=(0.55, 0.7))
ONE = PlanSettings(contrast=(0.55, 0.7), hear="one")


def study_of(of, number, listeners, items, assumed):
    if of == "answers":
        return planned_study(listeners, items, PlanSettings(each=number))
    sizes = (number, items) if of == "listeners" else (listeners, number)
    return planned_study(*sizes, assumed)


@pytest.mark.parametrize(
    ("of", "listeners", "items", "assumed"),
    [
        ("listeners", 1, 40, PlanSettings(margin=0.1)),
        ("items", 200, 5, PlanSettings(margin=0.12)),
        ("answers", 30, 60, PlanSettings()),
        ("listeners", 2, 60, BOTH),
        ("items", 200, 2, BOTH),
        ("items", 300, 2, ONE),
    ],
)
def test_the_least_number_has_the_power_and_one_fewer_does_not(of, listeners, items, assumed):
    solved = least_numbers(of, listeners, items, assumed)
    assert solved[0].aim == "difference"
    for least in solved:
        enough = study_of(of, least.number, listeners, items, assumed)
        assert enough.power(least.aim) == pytest.approx(least.power)
        assert least.power >= 0.8
        fewer = study_of(of, least.number - 1, listeners, items, assumed)
        assert fewer.power(least.aim) < 0.8


def test_where_no_number_is_enough_the_reason_is_given():
    [least] = least_numbers("listeners", 200, 6, PlanSettings())
    assert least.number is None
    assert least.sentence == (
        "With 6 items no number of listeners is enough to show a difference with power 80%: the"
        " power is 44.2% at most, since more listeners do not shrink the differences between items."
        " You need at least 12 items."
    )
    [least] = least_numbers("items", 20, 40, PlanSettings(rate=0.55))
    assert "With 20 listeners and 5 answers each no number of items is enough" in least.sentence
    assert "You need at least 194 listeners." in least.sentence
    [least] = least_numbers("answers", 20, 10, PlanSettings())
    assert "a listener hears an item once, and with 10 answers each" in least.sentence


def test_with_a_design_effect_the_exact_tests_count():
    [least] = least_numbers("listeners", 0, 40, PlanSettings(rate=0.59, design_effect=2))
    assert least.number == 103  # 257 answers, times 2, of 5 each
    with pytest.raises(ValueError, match="holds for one number of items"):
        least_numbers("items", 200, 40, PlanSettings(design_effect=2))


def test_the_command_solves(capsys):
    assert main(["power", "--solve", "listeners", "--margin", "0.1", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [(one["aim"], one["number"]) for one in plan["solved"]] == [
        ("difference", 68), ("equivalence", 73),
    ]  # fmt: skip
    assert main(["power", "--solve", "items", "--contrast", ".55,.65"]) == 0
    shown = capsys.readouterr().out
    assert "True rates 55.0% and 65.0%" in shown
    assert "power: contrast" in shown
    assert "To show the contrast with power 80%: 108 items (80.1%)." in shown
    assert "each listener hears both as often" in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--solve", "time"], "argument --solve: invalid choice: 'time'"),
        (["--rate", "high"], "argument --rate: invalid float value: 'high'"),
        (["--contrast", ".5"], "--contrast '.5'; use two rates"),
        (["--contrast", ".5,x"], "--contrast '.5,x'; use two rates"),
        (["--contrast", ".5,1.2"], "rate 1.2"),
        (["--contrast", ".5,.6", "--rate", ".6"], "leave --rate out"),
        (["--contrast", ".5,.6", "--design-effect", "2"], "leave the design effect out"),
        (["--contrast", ".6,.6", "--solve", "items"], "equal rates"),
        (["--contrast", ".5,.6", "--items", "8", "--hear", "one"], "use 4 at most"),
        (["--hear", "one"], "--hear one without --contrast"),
        (["--rate", ".5", "--simulate", "2"], "there is no difference to show"),
        (["--hear", "none"], "argument --hear: invalid choice: 'none'"),
        (["--rate", ".5", "--solve", "items"], "add a margin"),
        (["--solve", "items", "--design-effect", "2"], "holds for one number of items"),
        (["--items", "4"], "5 answers each with 4 items"),
        (["--simulate", "0"], "--simulate 0"),
        (["--simulate", "few"], "argument --simulate: invalid int value: 'few'"),
        (["--simulate", "2", "--seed", "-1"], "--seed -1"),
        (["--simulate", "2", "--design-effect", "2"], "leave the design effect out"),
        (["--simulate", "2", "--listeners", "1"], "--simulate with 1 listeners"),
        (["--simulate", "2", "--listeners", "1000000"], "use fewer"),
        (["--rate", "nan"], "rate nan"),
        (["--design-effect", "inf"], "design effect inf"),
        (["--often"], "unrecognized arguments: --often"),
    ],
)
def test_every_bad_value_is_one_line_and_a_bad_status(options, message, capsys):
    assert main(["power", *options]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert message in written.err
    assert len(written.err.splitlines()) == 1
