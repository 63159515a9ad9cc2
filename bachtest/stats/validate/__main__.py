"""Check the analysis on simulated studies whose truth is known.

Writes docs/statistics-validation.md and its pictures. A run of fewer studies or other numbers of
replicates writes only where --out says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bachtest.lib.threads import use_one_thread

use_one_thread()

import numpy as np
from tqdm import tqdm

from bachtest.stats.validate.all_bach_studies import all_bach
from bachtest.stats.validate.comparison_studies import all_differences, interactions
from bachtest.stats.validate.detection_studies import marginal_d, odd_clips, triangles
from bachtest.stats.validate.listener_studies import alike_items, best_tenth, item_rates
from bachtest.stats.validate.measured import SimulationStudy
from bachtest.stats.validate.mixed_studies import few_answers, few_items, many_items
from bachtest.stats.validate.monitoring_studies import guessing, running_interval
from bachtest.stats.validate.planning_studies import cannot_tell, planned_power, power
from bachtest.stats.validate.population_band_studies import (
    population_band_misses,
    population_band_width,
)

SEED = 1685
QUICK = 4
DOCS = Path("docs")
Run = Callable[[np.random.Generator, Iterable[int]], SimulationStudy]
# Each with the number of replicates that brings its Monte Carlo error to about one point, or less,
# and a fixed seed, so that a change to one leaves the others as they were. Studies that were
# measured with the same number keep it: a new one would change what is published of them.
STUDIES: dict[str, tuple[Run, int, int]] = {
    "many-items": (many_items, 600, 0),
    "few-items": (few_items, 400, 1),
    "guessing": (guessing, 2000, 2),
    "running-interval": (running_interval, 1000, 3),
    "power": (power, 20_000, 4),
    "cannot-tell": (cannot_tell, 400, 5),
    "few-answers": (few_answers, 400, 6),
    "planned-power": (planned_power, 400, 7),
    "population-band": (population_band_misses, 1000, 7),
    "population-band-width": (population_band_width, 100, 8),
    "yes-no": (odd_clips, 300, 20),
    "triangle": (triangles, 400, 21),
    "marginal-d": (marginal_d, 400, 22),
    "interactions": (interactions, 300, 23),
    "contrasts": (all_differences, 400, 24),
    "item-rates": (item_rates, 200, 7),
    "alike-items": (alike_items, 200, 9),
    "best-tenth": (best_tenth, 200, 8),
    "all-bach": (all_bach, 400, 25),
}
HEAD = """# Do the statistics keep their promises?

Simulated studies with a known truth and fixed seeds. `python -m bachtest.stats.validate` writes
this page. Errors are Monte Carlo standard errors; the pictures show two of them each way.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bachtest.stats.validate", description=__doc__)
    parser.add_argument(
        "--out", type=Path, help=f"folder for the report (default for a whole run: {DOCS})"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} replicates of each study")
    parser.add_argument("--replicates", type=int, help="number of replicates of each study")
    parser.add_argument(
        "--only",
        choices=STUDIES,
        action="append",
        help="run this study; may be repeated",
    )
    options = parser.parse_args(arguments)
    if options.replicates is not None and options.replicates < 1:
        parser.error(f"--replicates {options.replicates}; use at least 1")
    whole = not (options.quick or options.replicates or options.only)
    out = options.out or (DOCS if whole else None)
    if out is not None and not out.is_dir():
        parser.error(f"--out {out}: no such folder")
    studies = []
    for name, (run, default, seed) in STUDIES.items():
        if options.only and name not in options.only:
            continue
        count = options.replicates or (QUICK if options.quick else default)
        rng = np.random.default_rng([SEED, seed])
        studies.append(run(rng, tqdm(range(count), desc=name, file=sys.stderr)))
        print(studies[-1].markdown(), flush=True)
    if out is not None:
        _write(out, studies)
    return 0


def _write(folder: Path, studies: Sequence[SimulationStudy]) -> None:
    text = "\n".join([HEAD, *(study.markdown() for study in studies)])
    (folder / "statistics-validation.md").write_text(text)
    for study in studies:
        (folder / f"statistics-validation-{study.slug}.svg").write_text(study.svg())


if __name__ == "__main__":
    sys.exit(main())
