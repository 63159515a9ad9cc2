"""The mixed model beside R's `glmer`: whole process against whole process, on the same file.

Ours is `python -m bachtest.stats TABLE.csv --json`: it reads the table, fits, tests each term by
one more fit, and gives rates and effects. R's reads the same table and calls `glmer` once, with its
default settings. Both have one thread. Times are processor times, as other programs may be running;
memory is the peak of the whole process.

The answers are simulated, five from each listener. Items are of seven conditions and, in the last
table, five composers, so that eight items in each cell call for the small-sample correction.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit

from bachtest.stats.mixed.likelihood.blocks import FloatArray, IntArray
from bachtest.stats.rates.order import CONDITIONS, EXPERIENCES

ANSWERS_EACH = 5
# Processor seconds after which R is stopped.
R_LIMIT = 300
MIN_RATIO = 10.0
COMPOSERS = ("bachbot", "coconet", "deepbach", "markov", "rules")
CONDITION_EFFECTS = np.array([0.8, 0.3, 0.4, 0.2, 0.6, 0.3, 0.1])
EXPERIENCE_EFFECTS = np.array([0.0, 0.1, 0.3, 0.4])
SCRIPT = """
suppressMessages(library(lme4))
d <- read.csv(commandArgs(TRUE)[1])
d$condition <- factor(d$condition, levels = c("S", "A", "T", "B", "AT", "ATB", "SATB"))
d$experience <- factor(d$experience, levels = c("novice", "intermediate", "advanced", "expert"))
m <- glmer(correct ~ condition + experience + (1 | listener) + (1 | item), d, family = binomial)
cat(fixef(m), sep = "\\n")
"""


@dataclass(frozen=True)
class ModelTable:
    """One simulated table, and what it may cost: None where nothing was promised."""

    answers: int
    items: int
    composers: int
    with_r: bool
    max_seconds: float | None = None
    max_megabytes: float | None = None

    def write(self, path: Path, rng: np.random.Generator) -> None:
        listeners = self.answers // ANSWERS_EACH
        listener = np.arange(listeners).repeat(ANSWERS_EACH)
        item = np.concatenate([self._items(rng, min(1_000, listeners - at))
                               for at in range(0, listeners, 1_000)])  # fmt: skip
        condition, experience = item % 7, rng.integers(0, 4, listeners)[listener]
        logit = CONDITION_EFFECTS[condition] + EXPERIENCE_EFFECTS[experience]
        logit += rng.normal(0, 0.6, listeners)[listener] + rng.normal(0, 0.5, self.items)[item]
        columns = {
            "listener": listener.tolist(),
            "item": item.tolist(),
            "condition": _named(CONDITIONS, condition),
            "experience": _named(EXPERIENCES, experience),
            "correct": (rng.random(len(item)) < expit(logit)).astype(int).tolist(),
        }
        if self.composers:
            columns["composer"] = _named(COMPOSERS, item // 7 % self.composers)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))

    def _items(self, rng: np.random.Generator, listeners: int) -> IntArray:
        order = rng.random((listeners, self.items)).argpartition(ANSWERS_EACH, axis=1)
        return order[:, :ANSWERS_EACH].ravel()


TABLES = (
    ModelTable(4_000, 280, 0, with_r=True),
    ModelTable(15_000, 2_500, 0, with_r=True, max_seconds=15, max_megabytes=300),
    ModelTable(100_000, 280, 0, with_r=True),
    ModelTable(1_000_000, 280, 0, with_r=False, max_seconds=30, max_megabytes=600),
    ModelTable(1_000_000, 280, 5, with_r=False, max_seconds=30, max_megabytes=600),
)


@dataclass(frozen=True)
class ProcessCost:
    """What a program printed and cost; `finished` is False where it ran into the limit."""

    printed: str
    seconds: float
    megabytes: float
    finished: bool


def main(tables: Sequence[ModelTable] = TABLES) -> None:
    program = _r_with_lme4()
    print("processor seconds and peak memory of whole processes, one thread each")
    print(f"{'answers':>10}{'items':>7}{'cells':>7}{'ours':>9}{'MB':>6}{'glmer':>9}{'MB':>6}"
          f"{'ratio':>7}{'apart':>9}")  # fmt: skip
    rng = np.random.default_rng(1685)
    for table in tables:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answers.csv"
            table.write(path, rng)
            print(_line(table, path, program if table.with_r else None), flush=True)
    print("'apart' is the largest relative difference of a coefficient that is not near 0")
    print(f"ratio to meet: {MIN_RATIO:g}; R is stopped after {R_LIMIT} processor seconds")
    if not program:
        print("no R with lme4 to compare with; on Debian, run `apt-get install r-cran-lme4`")


def _line(table: ModelTable, path: Path, program: str | None) -> str:
    ours = cost_of([sys.executable, "-m", "bachtest.stats", str(path), "--json"])
    cells = 7 * max(1, table.composers)
    line = f"{table.answers:>10}{table.items:>7}{cells:>7}{ours.seconds:>9.1f}"
    line += f"{ours.megabytes:>6.0f}"
    if program:
        glmer = cost_of([program, "-e", SCRIPT, str(path)], limit=R_LIMIT)
        ratio = glmer.seconds / ours.seconds
        more, apart = "" if glmer.finished else ">", _apart(ours.printed, glmer.printed)
        line += f"{more + format(glmer.seconds, '.1f'):>9}{glmer.megabytes:>6.0f}"
        line += f"{more + format(ratio, '.0f'):>7}{apart:>9}  {_verdict(ratio >= MIN_RATIO)}"
    if table.max_seconds and table.max_megabytes:
        met = ours.seconds <= table.max_seconds and ours.megabytes <= table.max_megabytes
        line += f"  at most {table.max_seconds:g} s and {table.max_megabytes:g} MB: {_verdict(met)}"
    return line


def cost_of(command: Sequence[str], limit: int | None = None) -> ProcessCost:
    """Run a program to its end, or until it has had so many processor seconds."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.DEVNULL,
            preexec_fn=None if limit is None else lambda: _limit(limit),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    stopped = limit is not None and process.returncode < 0
    if process.returncode and not stopped:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = usage.ru_utime + usage.ru_stime
    return ProcessCost(printed, seconds, usage.ru_maxrss / 1024, not stopped)


def _limit(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _apart(ours: str, glmer: str) -> str:
    theirs = np.array([float(word) for word in glmer.split()])
    fitted = json.loads(ours)["model"]["coefficients"]
    beta: FloatArray = np.array([one["estimate"] for one in fitted])
    if len(theirs) != len(beta):
        return "-"
    return f"{np.abs(theirs / beta - 1)[np.abs(beta) > 0.1].max():.1e}"


def _named(names: Sequence[str], code: IntArray) -> list[str]:
    return [names[at] for at in code.tolist()]


def _r_with_lme4() -> str | None:
    program = shutil.which("Rscript")
    if program is None:
        return None
    loaded = subprocess.run([program, "-e", "library(lme4)"], capture_output=True, check=False)
    return program if loaded.returncode == 0 else None


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main()
