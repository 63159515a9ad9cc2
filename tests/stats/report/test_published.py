from __future__ import annotations

from bachtest.stats.report.published import BACHBOT
from tests.stats.reference import rows_of


def test_the_rates_are_the_published_figures():
    rows = rows_of("bachbot_2016_condition.csv")
    rates = [(p.condition, p.rate, p.low, p.high, p.n) for p in BACHBOT]
    assert rates == [
        (
            row["condition"],
            float(row["prop_correct"]),
            float(row["ci_lo"]),
            float(row["ci_hi"]),
            int(row["n_inferred_from_wilson"]),
        )
        for row in rows
    ]
    assert sum(published.n for published in BACHBOT) == 3585
