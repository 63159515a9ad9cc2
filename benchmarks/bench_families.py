"""Seconds for a fill on one core: alto, tenor and bass under a soprano.

Each composer of a new site at three lengths, beside DeepBach as it installs from PyPI; then many
fills at once. Times are processor time, since other programs may be running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from bachtest.lib.threads import use_one_thread

use_one_thread()

import numpy as np

from benchmarks.peer_deepbach import BATCH, ITERATIONS, PACKAGE, InstalledDeepBach, PeerMissing
from generator.families.base import Family
from generator.music.corpus.jsb import load_jsb
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from generator.registry import installed
from generator.services.composer_source import ComposerSource

LENGTHS = (64, 256, 1024)
BATCHES = (1, 8, 64)
REPEATS = 3
# Of the composer that a new site begins with, in seconds: four times what it took before it chose
# among several drafts.
TARGETS = {64: 1.7, 256: 3.9}
Times = dict[int, float]


def main() -> None:
    registry = installed()
    composers = {}
    for slug in registry.starters:
        shipped, family = registry.find_shipped(slug)
        composers[slug] = ComposerSource(slug, family, shipped.path).load()
    print(f"seconds a fill (ATB) of so many steps, best of {REPEATS}; growth from 64 to 1,024")
    _header(LENGTHS, "growth")
    times = {slug: _timed(slug, family) for slug, family in composers.items()}
    _verdicts(*next(iter(times.items())))
    _beside_deepbach(times)
    print(f"\nsteps a second, fills of {LENGTHS[0]} steps in batches of")
    _header(BATCHES)
    for slug, family in composers.items():
        _row(slug, [f"{_steps_a_second(family, batch):,.0f}" for batch in BATCHES])


def _timed(slug: str, family: Family) -> Times:
    times = _times(partial(_fill, family), LENGTHS, REPEATS)
    _row(slug, [*(f"{s:.3f}" for s in times.values()), f"{times[1024] / times[64]:.1f} x"])
    return times


def _verdicts(slug: str, times: Times) -> None:
    for steps, target in TARGETS.items():
        verdict = "met" if times[steps] <= target else "MISSED"
        _row(f"{slug}, {steps} steps", [f"at most {target:.1f}", verdict])


def _beside_deepbach(times: dict[str, Times]) -> None:
    try:
        peer = InstalledDeepBach()
    except PeerMissing as missing:
        print(f"\nnothing to compare with: {missing}")
        return
    lengths = LENGTHS[:2]
    peers = _times(peer.fill, lengths, 1)
    print(f"\n{PACKAGE} {peer.version}, {ITERATIONS} iterations of {BATCH}, random weights")
    _header(lengths)
    _row("seconds a fill", [f"{peers[steps]:.3f}" for steps in lengths])
    for slug, seconds in times.items():
        _row(f"{slug} / DeepBach", [f"{seconds[steps] / peers[steps]:.4f}" for steps in lengths])


def _steps_a_second(family: Family, batch: int) -> float:
    steps = LENGTHS[0]
    tasks = [(_soprano(steps, start * steps), given_voices("ATB", steps)) for start in range(batch)]
    seconds = _seconds(lambda: Family.fill_many(family, tasks, range(batch)))
    return batch * steps / seconds


def _fill(family: Family, steps: int) -> None:
    Family.fill(family, _soprano(steps), given_voices("ATB", steps), seed=0)


def _soprano(steps: int, start: int = 0) -> Chorale:
    """A stretch of the published test pieces, joined end to end in an endless loop."""
    whole = np.concatenate([chorale.pitch for chorale in load_jsb()["test"]], axis=1)
    pitch = np.take(whole, np.arange(start, start + steps), axis=1, mode="wrap")
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros(pitch.shape)))


def _times(fill: Callable[[int], None], lengths: Iterable[int], repeats: int) -> Times:
    if repeats > 1:
        fill(LENGTHS[0])  # a process compiles and loads only once: not counted
    return {steps: min(_seconds(partial(fill, steps)) for _ in range(repeats)) for steps in lengths}


def _seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def _header(columns: Iterable[int], *more: str) -> None:
    _row("", [*(f"{column:,}" for column in columns), *more])


def _row(name: str, cells: Iterable[str]) -> None:
    print(f"{name:<28}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
