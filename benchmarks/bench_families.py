"""Seconds for a fill on one core: alto, tenor and bass under a soprano.

Each shipped composer at three lengths, beside DeepBach as it installs from PyPI; then many fills at
once. Times are processor time, since other programs may be running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from bachtest.lib.threads import use_one_thread

use_one_thread()

import numpy as np
import torch

from benchmarks.peer_deepbach import BATCH, ITERATIONS, PACKAGE, DeepBach, PeerMissing
from generator.families.base import Family
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.kernel_weights import cell_weights
from generator.families.flagship.network import Network
from generator.families.flagship.sampling_kernels import CONTEXT, read_context, sequential_logits
from generator.families.flagship.tokens import encode_grid
from generator.families.flagship.window import BACK, padded_tokens, window
from generator.music.corpus.jsb import load_jsb
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from generator.registry import SHIPPED
from generator.services.composer_source import ComposerSource

LENGTHS = (64, 256, 1024)
BATCHES = (1, 8, 64)
REPEATS = 3
CELLS = 500
BASS = 3
# Of the flagship, in seconds.
TARGETS = {64: 0.5, 256: 2.0}
Times = dict[int, float]


def main() -> None:
    loaded = {s.slug: ComposerSource(s.slug, s.family, s.path).load() for s in SHIPPED}
    # A left-to-right network only gives likelihoods; it fills nothing.
    composers = {slug: each for slug, each in loaded.items() if getattr(each, "one_shot", True)}
    print(f"seconds a fill (ATB) of so many steps, best of {REPEATS}; growth from 64 to 1,024")
    _header(LENGTHS, "growth")
    times = {slug: _timed(slug, family) for slug, family in composers.items()}
    _verdicts(times["flagship"])
    _beside_deepbach(times)
    _cells(Flagship.load(next(s.path for s in SHIPPED if s.slug == "flagship")).network)
    print(f"\nsteps a second, fills of {LENGTHS[0]} steps in batches of")
    _header(BATCHES)
    for slug, family in composers.items():
        _row(slug, [f"{_steps_a_second(family, batch):,.0f}" for batch in BATCHES])


def _timed(slug: str, family: Family) -> Times:
    times = _times(partial(_fill, family), LENGTHS, REPEATS)
    _row(slug, [*(f"{s:.3f}" for s in times.values()), f"{times[1024] / times[64]:.1f} x"])
    return times


def _verdicts(flagship: Times) -> None:
    for steps, target in TARGETS.items():
        verdict = "met" if flagship[steps] <= target else "MISSED"
        _row(f"flagship, {steps} steps", [f"at most {target:.1f}", verdict])


def _beside_deepbach(times: dict[str, Times]) -> None:
    try:
        peer = DeepBach()
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


def _cells(network: Network) -> None:
    """One cell at a time, as the flagship writes them."""
    grid, _ = encode_grid(_soprano(LENGTHS[0]), network.vocabulary)
    given = torch.zeros(grid.tokens.shape, dtype=torch.bool)
    step, at = 32, (torch.tensor([0]), torch.tensor([32]))
    weights, context = cell_weights(network), np.empty(CONTEXT, np.int64)
    with torch.inference_mode():
        embeddings = network.cell_embeddings(grid, given)
        around = window(BASS, grid.tokens, given, at, network.vocabulary).numpy()[0]
        padded = padded_tokens(grid.tokens, given, network.vocabulary).numpy()[:, 0, BASS]
        embedding = embeddings[0, step, BASS].numpy()

        def compiled() -> None:
            read_context(weights, *padded, step + BACK, context)
            sequential_logits(weights, BASS, embedding, around, context, 1.0)

        def torch_alone() -> None:
            network.sequential_logits(BASS, embeddings, grid.tokens, given, at)

        print("\nflagship, microseconds for the logits of a cell")
        for name, cell in (("compiled", compiled), ("PyTorch", torch_alone)):
            cell()  # compiled or loaded now
            seconds = _seconds(lambda cell=cell: [cell() for _ in range(CELLS)])
            _row(name, [f"{1e6 * seconds / CELLS:.0f}"])


def _steps_a_second(family: Family, batch: int) -> float:
    steps = LENGTHS[0]
    tasks = [(_soprano(steps, start * steps), given_voices("ATB", steps)) for start in range(batch)]
    seconds = _seconds(lambda: family.fill_many(tasks, range(batch)))
    return batch * steps / seconds


def _fill(family: Family, steps: int) -> None:
    family.fill(_soprano(steps), given_voices("ATB", steps), seed=0)


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
