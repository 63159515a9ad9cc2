"""On one line, an interval excludes one half just where the test beside it does."""

from __future__ import annotations

import re

import pytest

from bachtest.stats.rates.summary import AnswerCount, summarise
from bachtest.stats.rates.yes_no import fakes_only
from bachtest.stats.report.counts_text import to_text
from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.verdict.pooled_verdict import pooled_verdict

LARGEST = 60
COUNTS = [(x, n) for n in range(1, LARGEST + 1) for x in range(n + 1)]


def contradict(low, high, p, alpha, *, digits):
    """As printed: a limit of one half, and a p of alpha, may be rounded from either side."""
    excludes = low > 0.5 or high < 0.5
    contains = low < 0.5 < high
    rounding = 0.5 * 10**-digits
    return (excludes and p > alpha + rounding) or (contains and p < alpha - rounding)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
def test_the_exact_interval_and_test_agree(alpha):
    for x, n in COUNTS:
        [cell] = summarise([AnswerCount((), n, x)], level=1 - alpha).cells
        exact = cell.exact()
        assert (exact.low > 0.5 or exact.high < 0.5) == (cell.test().p < alpha), (x, n)


def test_no_row_of_the_table_of_counts_contradicts_itself(tmp_path):
    path = tmp_path / "counts.csv"
    rows = [f"{x}of{n},{n},{x}" for x, n in COUNTS]
    path.write_text("\n".join(["cell,n,correct", *rows]))
    text = to_text(make_report(read_source(path), by=[["cell"]]))
    row = re.compile(r"^\d+of\d+ .* ([\d.]+) to ([\d.]+) +([\d.e-]+) +[\d.e-]+ +\S+ +\S+ to \S+$")
    found = [row.match(line.replace(" *", "")) for line in text.splitlines()]
    numbers = [tuple(map(float, match.groups())) for match in found if match]
    assert len(numbers) == len(COUNTS)
    for line, (low, high, p) in zip(filter(None, found), numbers, strict=True):
        assert not contradict(low, high, p, 0.05, digits=3), line.group()


@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_no_verdict_contradicts_itself(alpha):
    numbers = re.compile(r"interval ([\d.]+)% to ([\d.]+)%; .* pooled: p [=<] ([\d.]+)\)")
    for x, n in COUNTS:
        [cell] = summarise([AnswerCount((), n, x)], level=1 - alpha).cells
        verdict = pooled_verdict(cell, alpha=alpha)
        low, high, p = map(float, numbers.search(verdict.sentence).groups())
        assert not contradict(low / 100, high / 100, p, alpha, digits=3), verdict.sentence
        assert ("Undecided" in verdict.sentence) == (cell.test().p >= alpha)


def test_no_line_on_fakes_contradicts_itself():
    for x, n in COUNTS:
        result = fakes_only(x, n)
        half = "about half" in result.sentence
        assert half == (result.p >= 0.05) == (result.exact.low <= 0.5 <= result.exact.high)
        assert str(result).startswith(str(result.exact))
