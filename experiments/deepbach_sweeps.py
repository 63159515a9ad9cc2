"""What the published number of DeepBach's Gibbs iterations costs, and what fewer of them lose.

500 iterations that each redraw 8 cells of a voice are 62.5 visits to a cell of an excerpt of 64
steps. Run it as `python -m experiments.deepbach_sweeps`; it takes a quarter of an hour of one core.
"""

from __future__ import annotations

from experiments.fills_by_setting import Study, main

VISITS = (1, 2, 4, 8, 16, 32, 63, 125)
STUDY = Study(
    slug="deepbach",
    experiment="deepbach_sweeps",
    first="visits to a cell",
    title="DeepBach by the number of times that each written cell is redrawn",
    axis="visits",
    values={f"{visits}": (visits, {"visits": visits}) for visits in VISITS},
)

if __name__ == "__main__":
    main(STUDY, __doc__)
