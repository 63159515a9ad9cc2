"""The mixed model beside R's `glmer`, in the same run where Rscript and lme4 are there.

Simulated answers like those of the reference table: five from each listener, 280 items in seven
conditions, four levels of experience: ten coefficients, listener and item intercepts. Processor
time, not time on the wall: other programs may be running. R's is that of the call to `glmer` alone.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.special import expit

from bachtest.stats.mixed.blocks import FloatArray, IntArray
from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.glmm import GlmmFit, design_matrix, fit_glmm, glmm_data
from bachtest.stats.rates.order import CONDITIONS, EXPERIENCES

EACH, ITEMS = 5, 280
BESIDE_R = (4_000, 100_000)
ALONE = (400_000, 2_000_000)
MOST_SECONDS, LEAST_RATIO = 3.0, 10.0
COEFFICIENTS = np.array([0.8, -0.5, -0.4, -0.6, -0.2, -0.5, -0.7, 0.1, 0.3, 0.4])
SCRIPT = """
suppressMessages(library(lme4))
d <- read.csv(commandArgs(TRUE)[1])
d$condition <- factor(d$condition, levels = c("S", "A", "T", "B", "AT", "ATB", "SATB"))
d$experience <- factor(d$experience, levels = c("novice", "intermediate", "advanced", "expert"))
before <- proc.time()
m <- glmer(correct ~ condition + experience + (1 | listener) + (1 | item), d, family = binomial)
spent <- proc.time() - before
se <- sqrt(diag(as.matrix(vcov(m))))
cat(spent[[1]] + spent[[2]], fixef(m), se, unlist(VarCorr(m)), sep = "\\n")
"""
Columns = dict[str, IntArray]


class Table:
    """The answers as `fit_mixed` reads them."""

    columns = ("listener", "item", "condition", "experience")

    def __init__(self, rng: np.random.Generator, answers: int) -> None:
        listeners = answers // EACH
        listener = np.arange(listeners).repeat(EACH)
        item = np.concatenate([_items(rng, min(10_000, listeners - at))
                               for at in range(0, listeners, 10_000)])  # fmt: skip
        condition, experience = item % 7, rng.integers(0, 4, listeners)[listener]
        self.codes: Columns = {
            "listener": listener, "item": item, "condition": condition, "experience": experience,
        }  # fmt: skip
        logit = self.x() @ COEFFICIENTS + rng.normal(0, 0.6, listeners)[listener]
        logit += rng.normal(0, 0.5, ITEMS)[item]
        self.right = rng.random(len(item)) < expit(logit)
        self.n = [1] * len(item)
        self.correct = self.right.astype(int).tolist()

    def x(self) -> FloatArray:
        ones = np.ones((len(self.codes["item"]), 1))
        return np.column_stack(
            [ones, np.eye(7)[self.codes["condition"]][:, 1:],
             np.eye(4)[self.codes["experience"]][:, 1:]]
        )  # fmt: skip

    def values(self, column: str) -> list[str]:
        names = {"condition": CONDITIONS, "experience": EXPERIENCES}.get(column)
        codes = self.codes[column].tolist()
        return [names[code] for code in codes] if names else [str(code) for code in codes]


def _items(rng: np.random.Generator, listeners: int) -> IntArray:
    return rng.random((listeners, ITEMS)).argpartition(EACH, axis=1)[:, :EACH].ravel()


def main() -> None:
    rng = np.random.default_rng(1685)
    program = _r_with_lme4()
    print("processor seconds; 'whole' reads a table of text and gives rates and intervals too")
    print(f"{'answers':>10}{'fit':>9}{'whole':>9}{'glmer':>9}{'ratio':>8}{'apart':>10}")
    for answers in (*BESIDE_R, *ALONE):
        table = Table(rng, answers)
        fit, seconds = fitted(table)
        before = time.process_time()
        fit_mixed(table, ("condition", "experience"), tests=False)
        whole = time.process_time() - before
        line = f"{answers:>10}{seconds:>9.2f}{whole:>9.2f}"
        if program and answers in BESIDE_R:
            theirs, apart = _glmer(program, table, fit)
            line += f"{theirs:>9.1f}{theirs / seconds:>8.0f}{apart:>10.1e}"
            line += f"  {_verdict(theirs / seconds >= LEAST_RATIO)}"
        if answers == BESIDE_R[-1]:
            line += f"  at most {MOST_SECONDS:g} s: {_verdict(seconds <= MOST_SECONDS)}"
        print(line, flush=True)
    print("'apart' is the largest relative difference of coefficients that are not near 0;")
    print(f"ratio to meet: {LEAST_RATIO:g}")
    if not program:
        print("no R with lme4 to compare with; run `apt-get install r-cran-lme4`")


def fitted(table: Table) -> tuple[GlmmFit, float]:
    """Our fit with standard errors, from arrays, and its processor seconds."""
    groups = [table.codes["listener"], table.codes["item"]]
    sizes = [len(table.right) // EACH, ITEMS]
    x, right, n = table.x(), table.right.astype(float), np.ones(len(table.right))
    before = time.process_time()
    fit = fit_glmm(glmm_data(design_matrix(x), right, n, groups, sizes))
    return fit, time.process_time() - before


def _r_with_lme4() -> str | None:
    program = shutil.which("Rscript")
    if program is None:
        return None
    found = subprocess.run([program, "-e", "library(lme4)"], capture_output=True, check=False)
    return program if found.returncode == 0 else None


def _glmer(program: str, table: Table, fit: GlmmFit) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*table.columns, "correct"])
            columns = [table.values(name) for name in table.columns]
            writer.writerows(zip(*columns, table.correct, strict=True))
        done = subprocess.run(
            [program, "-e", SCRIPT, str(path)], capture_output=True, text=True, check=True
        )
    numbers = np.array([float(word) for word in done.stdout.split()])
    theirs, ours = numbers[1 : 1 + len(fit.beta)], fit.beta
    far = np.abs(ours) > 0.1
    return float(numbers[0]), float(np.abs(theirs / ours - 1)[far].max())


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main()
