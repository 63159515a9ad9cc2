"""`python -m bachtest.stats.validate`: does the analysis keep its promises? Simulated studies with
a known truth; writes docs/statistics-validation.md and its pictures."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tqdm import tqdm

from bachtest.stats.validate.measured import Study
from bachtest.stats.validate.mixed_studies import few_answers, few_items, many_items
from bachtest.stats.validate.planned import cannot_tell, power
from bachtest.stats.validate.watching import guessing, running_interval

SEED = 1685
QUICK = 4
Run = Callable[[np.random.Generator, Iterable[int]], Study]
# Each with the replicates that bring its Monte Carlo error to about one point.
STUDIES: dict[str, tuple[Run, int]] = {
    "many-items": (many_items, 600),
    "few-items": (few_items, 400),
    "guessing": (guessing, 2000),
    "running-interval": (running_interval, 1000),
    "power": (power, 2000),
    "cannot-tell": (cannot_tell, 400),
    "few-answers": (few_answers, 400),
}
HEAD = """# Do the statistics keep their promises?

Simulated studies with a known truth; seeds are fixed. Made by `python -m bachtest.stats.validate`,
which rewrites this page. Errors are Monte Carlo standard errors; the pictures show two of them.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bachtest.stats.validate", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the report")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} replicates of each study")
    parser.add_argument("--replicates", type=int, help="of each study, instead of its own number")
    parser.add_argument("--only", choices=STUDIES, action="append", help="print these, write none")
    options = parser.parse_args(arguments)
    if options.replicates is not None and options.replicates < 1:
        parser.error(f"--replicates {options.replicates}; use at least 1")
    if not options.out.is_dir():
        parser.error(f"--out {options.out}: no such folder")
    studies = []
    for at, (name, (run, count)) in enumerate(STUDIES.items()):
        if options.only and name not in options.only:
            continue
        count = options.replicates or (QUICK if options.quick else count)
        # A seed for each study: more of one leaves the others as they were.
        rng = np.random.default_rng([SEED, at])
        studies.append(run(rng, tqdm(range(count), desc=name, file=sys.stderr)))
        print(studies[-1].markdown(), flush=True)
    if not options.only:
        _write(options.out, studies)
    return 0


def _write(folder: Path, studies: Sequence[Study]) -> None:
    text = "\n".join([HEAD, *(study.markdown() for study in studies)])
    (folder / "statistics-validation.md").write_text(text)
    for study in studies:
        (folder / f"statistics-validation-{study.slug}.svg").write_text(study.svg())


if __name__ == "__main__":
    sys.exit(main())
