"""Items are listed only where differences between them were found."""

from __future__ import annotations

import numpy as np

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.report.analysis import analyse
from bachtest.stats.report.terminal import analysis_text
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.item_effects import (
    item_effects_of_counts,
    item_effects_of_fit,
    items_of_fit,
)
from tests.stats.mixed.tables import Columns, crossed


def test_a_fit_without_a_spread_of_items_lists_none():
    fit = fit_mixed(Columns(dict(crossed().named), [1] * len(crossed().n)), tests=False)
    effects = item_effects_of_fit(fit)
    assert (effects.differ, effects.most, effects.least, effects.items) == (False, (), (), 42)
    assert effects.alike == "No differences between items were found, so none is listed."
    assert len(items_of_fit(fit)) == 42


def test_items_that_differ_by_their_condition_only_are_not_listed(tmp_path):
    rows = [
        f"l{listener},i{item},{'SB'[item % 2]},{int((item + listener) % 4 < 2 + item % 2)}"
        for listener in range(16)
        for item in range(8)
    ]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(["listener,item,condition,correct", *rows]) + "\n")
    analysis = analyse(read_source(path, protocol="pair"))
    said = "No differences between items of the same condition were found, so none is listed."
    assert said in " ".join(analysis_text(analysis).split())
    assert analysis.item_effects.most == analysis.rasch.items == ()


def test_counts_that_differ_by_chance_are_no_list():
    names, n = [f"I{at}" for at in range(12)], np.full(12, 20)
    correct = np.random.default_rng(2).binomial(20, 0.6, 12)
    effects = item_effects_of_counts(names, correct, n)
    assert not effects.differ
    assert effects.most == ()
    assert "No differences between items were found (beta-binomial, p = " in effects.alike
    assert item_effects_of_counts(names, np.arange(12) + 4, n).most[0].name == "I0"
