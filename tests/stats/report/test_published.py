from __future__ import annotations

from bachtest.stats.report.published import BACHBOT
from tests.stats.reference import rows_of


def test_the_anchors_are_the_published_figures():
    rows = rows_of("bachbot_2016_condition.csv")
    found = [(a.condition, a.rate, a.low, a.high, a.n) for a in BACHBOT]
    assert found == [
        (
            row["condition"],
            float(row["prop_correct"]),
            float(row["ci_lo"]),
            float(row["ci_hi"]),
            int(row["n_inferred_from_wilson"]),
        )
        for row in rows
    ]
    assert sum(anchor.n for anchor in BACHBOT) == 3585
