"""Seconds for a fill: each shipped composer, ATB under a soprano, on one core."""

from __future__ import annotations

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

from generator.families.base import Family
from generator.music.chorale import Chorale, given_for
from generator.music.jsb import load_jsb
from generator.registry import SHIPPED, family_class

LENGTHS = (64, 256)
REPEATS = 3


def main() -> None:
    chorale = next(c for c in load_jsb()["test"] if c.steps >= max(LENGTHS))
    times = {shipped.slug: _fills(shipped.family, shipped.slug, chorale) for shipped in SHIPPED}
    base = times["markov"]
    print("seconds of CPU a fill (ATB), best of", REPEATS, "and ratio to markov")
    for slug, found in times.items():
        row = (f"{s:8.3f} ({s / b:5.2f} x)" for s, b in zip(found, base, strict=True))
        print(f"{slug:14s}", "  ".join(row), " growth", f"{found[1] / found[0]:.1f} x")


def _fills(family: str, slug: str, chorale: Chorale) -> list[float]:
    path = next(shipped.path for shipped in SHIPPED if shipped.slug == slug)
    composer = family_class(family).load(path)
    return [_seconds(composer, chorale.slice(0, steps)) for steps in LENGTHS]


def _seconds(composer: Family, chorale: Chorale) -> float:
    found = []
    for seed in range(REPEATS):
        start = time.process_time()
        composer.fill(chorale, given_for("ATB", chorale.steps), seed=seed)
        found.append(time.process_time() - start)
    return min(found)


if __name__ == "__main__":
    main()
