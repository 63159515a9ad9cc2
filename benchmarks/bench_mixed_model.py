"""The mixed model beside R's `glmer`, measured in the same run if Rscript and lme4 are installed.

The answers are simulated like those of the reference table: five from each listener, 280 items in
seven conditions, four levels of experience. That makes ten coefficients, with listener and item
intercepts. Times are processor times, as other programs may be running; R's is that of the call to
`glmer` alone, with its default settings.
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

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray
from bachtest.stats.mixed.likelihood.glmm import GlmmFit, design_matrix, fit_glmm, glmm_data
from bachtest.stats.rates.order import CONDITIONS, EXPERIENCES

ANSWERS_EACH, ITEMS = 5, 280
WITH_R = (4_000, 100_000)
WITHOUT_R = (400_000, 2_000_000)
MAX_SECONDS, MIN_RATIO = 3.0, 10.0
COEFFICIENTS = np.array([0.8, -0.5, -0.4, -0.6, -0.2, -0.5, -0.7, 0.1, 0.3, 0.4])
SCRIPT = """
suppressMessages(library(lme4))
d <- read.csv(commandArgs(TRUE)[1])
d$condition <- factor(d$condition, levels = c("S", "A", "T", "B", "AT", "ATB", "SATB"))
d$experience <- factor(d$experience, levels = c("novice", "intermediate", "advanced", "expert"))
before <- proc.time()
m <- glmer(correct ~ condition + experience + (1 | listener) + (1 | item), d, family = binomial)
spent <- proc.time() - before
cat(spent[[1]] + spent[[2]], fixef(m), sep = "\\n")
"""
Columns = dict[str, IntArray]


class SimulatedAnswers:
    """A table of answers as `fit_mixed` reads it."""

    columns = ("listener", "item", "condition", "experience")

    def __init__(self, rng: np.random.Generator, answers: int) -> None:
        listeners = answers // ANSWERS_EACH
        listener = np.arange(listeners).repeat(ANSWERS_EACH)
        item = np.concatenate([_items(rng, min(10_000, listeners - at))
                               for at in range(0, listeners, 10_000)])  # fmt: skip
        condition, experience = item % 7, rng.integers(0, 4, listeners)[listener]
        self.codes: Columns = {
            "listener": listener, "item": item, "condition": condition, "experience": experience,
        }  # fmt: skip
        logit = self.x() @ COEFFICIENTS + rng.normal(0, 0.6, listeners)[listener]
        logit += rng.normal(0, 0.5, ITEMS)[item]
        self.n = [1] * len(item)
        self.correct = (rng.random(len(item)) < expit(logit)).astype(int).tolist()

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
    order = rng.random((listeners, ITEMS)).argpartition(ANSWERS_EACH, axis=1)
    return order[:, :ANSWERS_EACH].ravel()


def main() -> None:
    rng = np.random.default_rng(1685)
    program = _r_with_lme4()
    print("processor seconds; 'whole' also reads a table of text and gives rates and intervals")
    print(f"{'answers':>10}{'fit':>9}{'whole':>9}{'glmer':>9}{'ratio':>8}{'apart':>10}")
    for answers in (*WITH_R, *WITHOUT_R):
        table = SimulatedAnswers(rng, answers)
        fit, seconds = fitted(table)
        before = time.process_time()
        fit_mixed(table, ("condition", "experience"), tests=False)
        whole = time.process_time() - before
        line = f"{answers:>10}{seconds:>9.2f}{whole:>9.2f}"
        if program and answers in WITH_R:
            glmer_seconds, apart = _glmer(program, table, fit)
            ratio = glmer_seconds / seconds
            line += f"{glmer_seconds:>9.1f}{ratio:>8.0f}{apart:>10.1e}"
            line += f"  {_verdict(ratio >= MIN_RATIO)}"
        if answers == WITH_R[-1]:
            line += f"  at most {MAX_SECONDS:g} s: {_verdict(seconds <= MAX_SECONDS)}"
        print(line, flush=True)
    print("'apart' is the largest relative difference of a coefficient that is not near 0")
    print(f"ratio to meet: {MIN_RATIO:g}")
    if not program:
        print("no R with lme4 to compare with; on Debian, run `apt-get install r-cran-lme4`")


def fitted(table: SimulatedAnswers) -> tuple[GlmmFit, float]:
    """A fit with standard errors, from arrays, and its processor seconds."""
    codes = [table.codes["listener"], table.codes["item"]]
    sizes = [len(table.n) // ANSWERS_EACH, ITEMS]
    x, correct, n = table.x(), np.array(table.correct, dtype=float), np.ones(len(table.n))
    before = time.process_time()
    fit = fit_glmm(glmm_data(design_matrix(x), correct, n, codes, sizes))
    return fit, time.process_time() - before


def _r_with_lme4() -> str | None:
    program = shutil.which("Rscript")
    if program is None:
        return None
    loaded = subprocess.run([program, "-e", "library(lme4)"], capture_output=True, check=False)
    return program if loaded.returncode == 0 else None


def _glmer(program: str, table: SimulatedAnswers, fit: GlmmFit) -> tuple[float, float]:
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
    far_from_0 = np.abs(fit.beta) > 0.1
    return float(numbers[0]), float(np.abs(numbers[1:] / fit.beta - 1)[far_from_0].max())


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main()
