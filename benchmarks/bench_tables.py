"""A million answers from a CSV file, without the mixed model: wall time of the shell command."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bachtest.stats.rates.order import CONDITIONS, EXPERIENCES

ANSWERS, ANSWERS_EACH, ITEMS = 1_000_000, 5, 280
REPEATS = 3
MAX_SECONDS = 5.0
NARROW = ("listener", "item", "condition", "composer", "experience", "correct")
WIDE = (
    "listener", "game", "trial", "item", "work", "excerpt", "tune", "condition", "composer",
    "experience", "side", "first", "chosen", "correct", "seconds", "plays_left", "plays_right",
    "knew", "differing", "flag_knew",
)  # fmt: skip


def main() -> None:
    rng = np.random.default_rng(1685)
    print(f"seconds for {ANSWERS:,} answers with --pooled, best of {REPEATS}")
    with tempfile.TemporaryDirectory() as folder:
        for names in (NARROW, WIDE):
            path = Path(folder) / "answers.csv"
            _write(path, names, rng)
            seconds = min(_seconds(path) for _ in range(REPEATS))
            verdict = "met" if seconds <= MAX_SECONDS else "MISSED"
            print(f"{len(names):>4} columns {seconds:>6.1f}  at most {MAX_SECONDS:g}: {verdict}")


def _write(path: Path, names: tuple[str, ...], rng: np.random.Generator) -> None:
    sides = ("left", "right")
    with path.open("w") as file:
        file.write(",".join(names) + "\n")
        for row, (correct, side) in enumerate(
            zip(rng.random(ANSWERS) < 0.62, rng.integers(0, 2, ANSWERS).tolist(), strict=True)
        ):
            listener, trial = divmod(row, ANSWERS_EACH)
            item = (listener * 7 + trial * 61) % ITEMS
            cells = {
                "listener": f"l{listener}", "game": f"g{listener}", "trial": trial + 1,
                "item": item, "work": f"BWV{item}", "excerpt": f"BWV{item}:0-64",
                "tune": f"t{item // 2}", "condition": CONDITIONS[item % len(CONDITIONS)],
                "composer": ("network", "chain")[item % 2],
                "experience": EXPERIENCES[listener % len(EXPERIENCES)], "side": sides[side],
                "first": row % 2, "chosen": sides[side if correct else 1 - side],
                "correct": int(correct), "seconds": 20 + item % 17, "plays_left": 1,
                "plays_right": 2, "knew": "no", "differing": 0.8, "flag_knew": 0,
            }  # fmt: skip
            file.write(",".join(str(cells[name]) for name in names) + "\n")


def _seconds(path: Path) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bachtest.stats", str(path), "--pooled"],
        check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
