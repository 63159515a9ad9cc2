from __future__ import annotations

from bachtest.results.page.published_results import BACHBOT
from tests.stats.reference import rows_of


def test_the_rates_are_the_published_figures():
    rates = [(name, p.estimate, p.low, p.high, p.n) for name, p in BACHBOT.items()]
    assert rates == [
        (
            row["condition"],
            float(row["prop_correct"]),
            float(row["ci_lo"]),
            float(row["ci_hi"]),
            int(row["n_inferred_from_wilson"]),
        )
        for row in rows_of("bachbot_2016_condition.csv")
    ]
    assert sum(published.n for published in BACHBOT.values()) == 3585
