"""Settings of a fill: named, bounded, and arguments of one fill alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from generator.families.settings import Setting, as_json, checked_values, from_json
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import STEPS, a_chorale, melody

SWEEPS = Setting(24, 0, 100, "Gibbs sweeps")
HEAT = Setting(0.9, 0.01, 10.0, "of pitches")
SETTINGS = {"sweeps": SWEEPS, "temperature": HEAT}


@pytest.mark.parametrize(
    ("setting", "value", "number"),
    [(SWEEPS, "8", 8), (SWEEPS, 8.0, 8), (SWEEPS, 0, 0), (SWEEPS, 100, 100),
     (HEAT, "1", 1.0), (HEAT, "1e-2", 0.01), (HEAT, 2, 2.0)],
)  # fmt: skip
def test_a_value_becomes_a_number_of_the_settings_type(setting, value, number):
    checked = setting.checked("x", value)
    assert (checked, type(checked)) == (number, setting.type)


@pytest.mark.parametrize("value", [-1, 101, "8.5", 8.5, "many", "", "nan", "inf", 10**99, None])
def test_a_value_that_is_no_whole_number_in_bounds_is_refused(value):
    with pytest.raises(ValueError, match=r"setting x=.*; use a whole number from 0 to 100 \(Gibbs"):
        SWEEPS.checked("x", value)


@pytest.mark.parametrize("value", [0.0, -1, 10.1, "nan", float("nan"), "1e400", 10**400, "1,5"])
def test_a_value_that_is_no_number_in_bounds_is_refused(value):
    with pytest.raises(ValueError, match=r"setting x=.*; use a number from 0.01 to 10.0 \(of pit"):
        HEAT.checked("x", value)


@pytest.mark.parametrize(
    "value", [True, False, np.True_, "1_0", "٧", "７", " 7 ", "7 ", "7\n", "0x7", "True", [7], 7j]
)
@pytest.mark.parametrize("setting", [SWEEPS, Setting(24.0, 0.0, 100.0, "of pitches")])
def test_what_only_python_takes_for_a_number_is_refused(setting, value):
    with pytest.raises(ValueError, match=r"(?s)setting x=.*; use a "):
        setting.checked("x", value)


@pytest.mark.parametrize("text", ["1", "1.", "1.0", "+1", "01", "1e0", "10E-1", ".1e+1"])
def test_a_number_can_be_written_as_in_other_programs(text):
    assert HEAT.checked("x", text) == 1.0


@pytest.mark.parametrize("value", [np.int64(8), np.float32(8)])
def test_numbers_of_numpy_are_numbers(value):
    assert type(SWEEPS.checked("x", value)) is int


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((200, 0, 100), "default 200 is not from 0 to 100"),
        ((24, 0.5, 2.7), "default 24 from 0.5 to 2.7; use three whole numbers, or three numbers"),
        ((1.0, 0, 10), "use three whole numbers, or three numbers with a point"),
        ((True, False, True), "default True from False to True; use three whole numbers"),
        (("1", "0", "2"), "default '1' from '0' to '2'; use three whole numbers"),
        ((1.0, 0.0, float("inf")), "default 1.0 from 0.0 to inf; use finite numbers"),
        ((1.0, float("nan"), 2.0), "use finite numbers"),
    ],
)
def test_numbers_that_make_no_setting_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        Setting(*numbers, "Gibbs sweeps")


@pytest.mark.parametrize("words", ["", "  ", "two\nlines", None])
def test_a_setting_without_a_line_of_help_is_refused(words):
    with pytest.raises(ValueError, match=r"help .*; say in one line what the setting does"):
        Setting(24, 0, 100, words)


def test_what_is_not_chosen_has_its_default():
    assert checked_values(SETTINGS, {"sweeps": "3"}) == {"sweeps": 3, "temperature": 0.9}


def test_an_unknown_name_lists_those_that_exist_with_their_help():
    with pytest.raises(ValueError) as refusal:
        checked_values(SETTINGS, {"zeal": 1})
    assert str(refusal.value) == (
        "unknown setting 'zeal'; these exist: sweeps=24: Gibbs sweeps; a whole number from 0 to "
        "100; temperature=0.9: of pitches; a number from 0.01 to 10.0"
    )


def test_a_composer_without_settings_says_so():
    with pytest.raises(ValueError, match="unknown setting 'zeal'; this composer has none"):
        checked_values({}, {"zeal": 1})


def test_settings_come_back_from_a_row_as_they_were():
    stored = json.loads(json.dumps(as_json(SETTINGS)))
    back = from_json(stored)
    assert back == SETTINGS
    assert [setting.type for setting in back.values()] == [int, float]


# Of every family.


def test_every_family_has_a_temperature_and_a_line_of_help_for_each_setting(family):
    assert "temperature" in family.settings
    for name, setting in family.settings.items():
        assert setting.help
        assert setting.line(name).startswith(f"{name}={setting.default}: {setting.help}; ")


def test_settings_of_a_family_survive_a_row(family):
    assert from_json(json.loads(json.dumps(as_json(family.settings)))) == family.settings


def fill(family, **settings):
    return family.fill(a_chorale(), given_voices("ATB", STEPS), seed=1, settings=settings)


def test_settings_at_their_defaults_change_nothing(family):
    defaults = {name: setting.default for name, setting in family.settings.items()}
    assert fill(family, **defaults) == fill(family)


def test_settings_are_read_from_text(family):
    text = {name: str(setting.default) for name, setting in family.settings.items()}
    assert fill(family, **text) == fill(family)


def test_no_setting_stays_for_the_next_fill(family):
    before = fill(family)
    assert fill(family, temperature=50.0) != before
    assert fill(family) == before


def test_the_choices_come_back_as_they_went_in(family):
    choices = {"temperature": "0.5"}
    family.fill(melody([67] * 8), given_voices("ATB", 8), seed=1, settings=choices)
    assert choices == {"temperature": "0.5"}


def test_several_are_written_with_the_same_settings(family):
    task = (a_chorale(), given_voices("ATB", STEPS))
    together = family.fill_many([task, task], [1, 2], settings={"temperature": 0.05})
    assert together[0] == fill(family, temperature=0.05)


@pytest.mark.parametrize("temperature", [0.05, 3.0])
def test_other_temperatures_write_whole_pieces(family, temperature):
    piece = fill(family, temperature=temperature)
    assert (piece.pitch[0] == a_chorale().pitch[0]).all()


def test_each_is_refused_beyond_its_bounds_by_name_with_its_help(family):
    for name, setting in family.settings.items():
        for value in (setting.low - 1, setting.high + 1, "nonsense", "nan"):
            with pytest.raises(ValueError) as refusal:
                fill(family, **{name: value})
            message = str(refusal.value)
            assert message.startswith(f"setting {name}={value}; use a ")
            assert f"from {setting.low} to {setting.high} ({setting.help})" in message


def test_each_can_be_set_to_its_bounds(family):
    for name, setting in family.settings.items():
        for value in (setting.low, min(setting.high, 40)):
            quick = {"sweeps": 1, "repairs": 1} if "sweeps" in family.settings else {}
            piece = family.fill(
                melody([67] * 8), given_voices("ATB", 8), seed=1, settings={**quick, name: value}
            )
            assert piece.steps == 8


def test_an_unknown_one_is_named_with_those_that_exist(family):
    with pytest.raises(ValueError, match="unknown setting 'zeal'; these exist: ") as refusal:
        fill(family, zeal=1)
    for name, setting in family.settings.items():
        assert setting.line(name) in str(refusal.value)


def test_settings_are_checked_for_several_and_for_none(family):
    for tasks in ([], [(melody([67] * 8), given_voices("ATB", 8))]):
        with pytest.raises(ValueError, match="unknown setting 'zeal'"):
            family.fill_many(tasks, [1] * len(tasks), settings={"zeal": 1})
