"""What `music_vae_latent` measures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from generator.music.grid.chorale import REST, VOICE_RANGES, VOICES, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.keys import estimated_key, tonic_class
from generator.music.measures.counts import Count, total
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import parallels

SEED = 1
COLD = 0.05  # nearly the likeliest event each time
PAIRS, STEPS = 60, 8
SAMPLES = 200
STRENGTHS = (-2, -1, 0, 1, 2)
MEASURES: dict[str, Callable[[Chorale], float]] = {
    "more_notes": lambda piece: piece.onset.sum() / 2,
    "higher": lambda piece: piece.pitch.mean(),
    "minor": lambda piece: 100 * estimated_key(piece.pitch.ravel()).endswith("minor"),
}
"""Of two bars: notes a bar, the mean MIDI pitch, and whether it is heard as minor."""
ROUNDS = (0, 1, 2, 4, 6, 12)
FILLS = 30
SHIFTS_OF_A_WORK = 3
ACTIVE = 0.01

Rows = list[list[str]]
Read = Callable[[Chorale], np.ndarray]


def rewritten(family: Any, chorale: Chorale, **chosen: float) -> Chorale:
    """A chorale encoded and written again from the means of its z."""
    return family.decode(
        family.encode(chorale), chorale, seed=SEED, settings=settings(family, **chosen)
    )


def settings(family: Any, **chosen: float) -> dict[str, float]:
    return {name: each.default for name, each in family.settings.items()} | chosen


def bars_of(works: Sequence[Chorale]) -> list[Chorale]:
    """Of works in 4/4: the first two whole bars, and two from the middle."""
    found = []
    for work in works:
        bars = np.flatnonzero(work.bar_phase() == 0)
        if work.metre == ((0, "4/4"),) and work.steps >= 128:
            found += [work.slice(int(at), int(at) + 32) for at in (bars[0], bars[len(bars) // 2])]
    return found


def reconstruction(family: Any, works: Sequence[Chorale]) -> dict[str, float]:
    """Shares of cells with the right pitch by voice, and the F score of notes."""
    right, notes, cells = np.zeros(4), np.zeros(3), 0
    for work in works:
        own = rewritten(family, work, temperature=COLD)
        right += (own.pitch == work.pitch).sum(axis=1)
        cells += work.steps
        found = own.onset & work.onset & (own.pitch == work.pitch)
        notes += [each.sum() for each in (found, own.onset, work.onset)]
    return {
        **dict(zip(VOICES, right / cells, strict=True)),
        "notes": 2 * notes[0] / (notes[1] + notes[2]),
    }


def information(family: Any, works: Sequence[Chorale]) -> tuple[float, int, int]:
    """Bits of z a segment, its active numbers, and all of them."""
    parts = zip(*map(family.posterior, works), strict=True)
    means, deviations = (np.concatenate(each) for each in parts)
    nats = 0.5 * (means**2 + deviations**2 - 1 - 2 * np.log(deviations))
    active = means.var(axis=0) > ACTIVE
    return nats.sum(axis=1).mean() / np.log(2), int(active.sum()), len(active)


def style(pieces: Iterable[Chorale]) -> list[str]:
    """Notes a bar, repeated notes, leaps, dissonances on the beat, crossings and parallels."""
    pieces = list(pieces)
    counts = [style_counts(piece, [True] * 4) for piece in pieces]
    notes = sum(int(piece.onset.sum()) for piece in pieces)
    names = ("repeated_notes", "leaps", "dissonances_on", "crossings")
    return [
        f"{16 * notes / sum(piece.steps for piece in pieces):.1f}",
        *(percent(total([each[name] for each in counts])) for name in names),
        f"{1000 * rate(total([parallels(piece, [True] * 4) for piece in pieces])):.0f}",
    ]


def rate(count: Count) -> float:
    return count.count / max(1, count.of)


def percent(count: Count) -> str:
    return f"{100 * rate(count):.1f}"


class Ways:
    """Interpolations between pairs of segments; and the same pairs with half their beats exchanged.

    `start` and `end` are the shares of cells as in the first and the last step, `changed` those
    that change from one step to the next, all by step; `largest` is the largest change of each way,
    as a share of the distance between its ends.
    """

    def __init__(self, family: Any, found: Sequence[Chorale]) -> None:
        rng = np.random.default_rng(SEED)
        self.steps: list[list[Chorale]] = []
        self.mixed: list[Chorale] = []
        for _ in range(PAIRS):
            one, two = (found[int(pick)] for pick in rng.choice(len(found), 2, replace=False))
            points = family.interpolate(family.encode(one), family.encode(two), STEPS)
            cold = settings(family, temperature=COLD)
            self.steps.append([family.decode(z, one, seed=SEED, settings=cold) for z in points])
            self.mixed.append(exchanged(one, two, rng.permutation(8) < 4))
        pitch = np.array([[piece.pitch for piece in way] for way in self.steps])
        self.start = (pitch == pitch[:, :1]).mean(axis=(0, 2, 3))
        self.end = (pitch == pitch[:, -1:]).mean(axis=(0, 2, 3))
        changes = (pitch[:, 1:] != pitch[:, :-1]).mean(axis=(2, 3))
        self.changed = changes.mean(axis=0)
        distance = (pitch[:, 0] != pitch[:, -1]).mean(axis=(1, 2))
        self.largest = changes.max(axis=1) / np.maximum(distance, 1e-9)


def exchanged(one: Chorale, two: Chorale, taken: np.ndarray) -> Chorale:
    """The beats of the second segment where they are taken, else those of the first."""
    beats = np.repeat(taken, 4)
    pitch = np.where(beats, two.pitch, one.pitch)
    onset = np.where(beats, two.onset, one.onset)
    return one.with_voices(pitch, repaired_onsets(pitch, onset))


def samples(family: Any) -> dict[str, list[Chorale]]:
    """Segments from nothing: of any point, and of points of a key."""
    rng = np.random.default_rng(SEED)
    frames = [empty_chorale(key, bars=2) for key in ("G major", "A minor")]
    points = rng.normal(size=(SAMPLES, 1, family.config.latent)).astype(np.float32)
    free = np.zeros((4, 32), dtype=bool)
    return {
        "drawn from the standard normal": [
            family.decode(z, frames[0], seed=SEED + at, settings=settings(family))
            for at, z in enumerate(points)
        ],
        "drawn by the key (G major, A minor)": [
            family.fill(frames[at % 2], free, seed=SEED + at) for at in range(SAMPLES)
        ],
    }


def steering(family: Any, found: Sequence[Chorale], name: str) -> list[float]:
    """The measure of an attribute at each of `STRENGTHS`."""
    return [
        float(np.mean([MEASURES[name](rewritten(family, each, **{name: s})) for each in found]))
        for s in STRENGTHS
    ]


def searched(family: Any, works: Sequence[Chorale]) -> Rows:
    """ATB of 64 steps by rounds: same pitch as Bach, dissonances, parallels, seconds."""
    excerpts = [work.slice(0, 64) for work in works if work.steps >= 64][:FILLS]
    given = given_voices("ATB", 64)
    rows = []
    for rounds in ROUNDS:
        start = time.process_time()
        pieces = [family.fill(c, given, seed=SEED, settings={"rounds": rounds}) for c in excerpts]
        seconds = (time.process_time() - start) / len(excerpts)
        same = [
            (piece.pitch == bach.pitch)[~given].mean()
            for piece, bach in zip(pieces, excerpts, strict=True)
        ]
        clashes = total([style_counts(piece, ~given)["dissonances_on"] for piece in pieces])
        parallel = total([parallels(piece, ~given) for piece in pieces])
        row = [f"{100 * np.mean(same):.1f}", percent(clashes), f"{1000 * rate(parallel):.0f}"]
        rows.append([str(rounds), *row, f"{seconds:.2f}"])
    return rows


def with_keys(works: Sequence[Chorale], *, transposed: bool) -> list[tuple[Chorale, int]]:
    """Works with the numbers of their keys, each moved to several others if wanted."""
    rng = np.random.default_rng(SEED)
    found = []
    for work in works:
        shifts = [shift for shift in range(-5, 7) if in_range(moved(work, shift))]
        chosen = rng.permutation(shifts)[:SHIFTS_OF_A_WORK].tolist() if transposed else [0]
        tonic, minor = tonic_class(work.key), 12 * work.key.endswith("minor")
        found += [(moved(work, shift), (tonic + shift) % 12 + minor) for shift in chosen]
    return found


def moved(work: Chorale, shift: int) -> Chorale:
    return replace(work, pitch=np.where(work.pitch == REST, REST, work.pitch + shift))


def in_range(work: Chorale) -> bool:
    low, high = (np.array(each)[:, None] for each in zip(*VOICE_RANGES, strict=True))
    return bool(((work.pitch == REST) | ((low <= work.pitch) & (work.pitch <= high))).all())


def probed(read: Read, split: dict[str, list[Chorale]], *, transposed: bool) -> float:
    """Share of test segments whose key, one of 24, a linear probe reads."""
    data = {}
    for part in ("train", "test"):
        rows = [(read(work), key) for work, key in with_keys(split[part], transposed=transposed)]
        keys = np.concatenate([np.full(len(z), key) for z, key in rows])
        data[part] = np.concatenate([z for z, _ in rows]), keys
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return float(probe.fit(*data["train"]).score(*data["test"]))


def histograms(work: Chorale) -> np.ndarray:
    """Of the twelve pitch classes in each segment: what there is to be read at all."""
    parts = [work.pitch[:, at : at + 32] for at in range(0, work.steps, 32)]
    return np.array([np.bincount(p[p != REST] % 12, minlength=12) / max(1, p.size) for p in parts])
