from __future__ import annotations

from pathlib import Path

import pytest

from experiments import coconet_steps, deepbach_sweeps
from experiments.fills_by_setting import STEPS, Fills, excerpts, picture, rates, table
from generator.families.settings import checked_values
from generator.registry import OURS, Registry


@pytest.fixture(scope="module")
def reference() -> Fills:
    pieces = excerpts()[:4]
    return Fills("Bach", 0, 0, rates(pieces, pieces))


def test_excerpts_are_beginnings_of_held_out_works():
    assert len(excerpts()) == 32
    assert {each.steps for each in excerpts()} == {STEPS}


def test_bach_is_like_himself_and_unlike_another(reference):
    pieces = excerpts()[:4]
    assert reference.rates["same_pitch"] == 100
    assert rates(pieces, pieces[::-1])["same_pitch"] < 60
    assert 5 < reference.rates["repeated_notes"] < 40


def test_a_table_has_a_row_for_each_value(reference):
    lines = table([Fills("7", 7, 1.234, reference.rates), reference], "visits").splitlines()
    assert lines[0].startswith("| visits | seconds | same pitch as Bach, % |")
    assert lines[2].startswith("| 7 | 1.23 | 100.0 |")
    assert lines[3].startswith("| Bach |  | 100.0 |")
    assert len({line.count("|") for line in lines}) == 1


def test_a_picture_marks_every_value_in_every_panel(reference):
    rows = [Fills(str(amount), amount, 1, reference.rates) for amount in (1, 2, 4)]
    drawn = picture(rows, reference, "A title", "visits")
    assert drawn.count("<circle") == 3 * 3
    assert drawn.count('class="bach"') == 3


@pytest.mark.parametrize("module", [deepbach_sweeps, coconet_steps])
def test_the_values_of_a_study_are_settings_of_its_family(module):
    study = module.STUDY
    family = Registry(OURS).family(study.slug)
    for amount, settings in study.values.values():
        assert checked_values(family.settings, settings)
        assert float(amount) >= 0
    page = Path("docs/families") / f"{study.slug}.md"
    assert f"<!-- {study.experiment}: made by `python -m {module.__name__}`" in page.read_text()
