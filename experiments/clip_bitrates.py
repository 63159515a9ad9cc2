"""The smallest clips whose noise the music hides: encoder settings by the noise-to-mask ratio.

Works of the test part are rendered as Bach wrote them and as machines did, at the newest profile's
loudness; each clip is encoded in each way, decoded, and compared with what was rendered. A probe
then tries to tell Bach's side of a pair by the encoder's noise alone.

Run it as `python -m experiments.clip_bitrates`; it takes about 10 minutes of one core. It writes
the table into docs/rendering.md.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import django
import numpy as np
import soundfile
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from experiments.marked_block import write_block
from experiments.noise_to_mask import (
    DISTURBED_DB,
    RATE,
    Floats,
    Mask,
    bands,
    mask_of,
    noise_to_mask,
    resampled,
    spectrum,
)
from generator.evaluation.test_set import load_test_set
from generator.families.base import Family
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.rendering import encoding, events, loudness, synth
from generator.rendering.profiles import NEWEST, PROFILES, Profile

PAGE = Path("docs/rendering.md")
FONT = Path("generator/rendering/soundfont/pipes.sf3")
PAIRS, SEED = 24, 1
COMPOSERS, CONDITIONS = ("markov", "gru_pairs", "deepbach", "splice"), ("ATB", "SATB", "S", "AT")
SETTINGS = (
    *((32_000, 7, rate) for rate in (48, 64, 80, 96, 128)),
    *((32_000, 5, rate) for rate in (48, 56, 64, 80, 96, 128)),
    *((24_000, 5, rate) for rate in (64, 80)),
)
# Ranges whose noise the probe sees, in Hz.
EDGES = (0, 500, 1000, 2000, 4000, 8000, 18_000)
FLOOR_DB = -60.0
LAME_DELAY = 1105


@dataclass(frozen=True)
class Music:
    """A rendered clip at the model's rate, and what it hides, channel by channel."""

    sound: NDArray[np.float32]
    length: int
    masks: list[Mask]
    bandwidth: float


@dataclass(frozen=True)
class Noise:
    """Of one clip in one setting; ratios are in dB."""

    total: float
    disturbed: float
    loudest: float
    """Of the worst band, in all but one frame of a hundred."""
    ranges: Floats
    bandwidth: float
    seconds: float


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
    django.setup()
    found: dict[tuple[int, int, int], list[tuple[Noise, Noise]]] = {each: [] for each in SETTINGS}
    tunes, own = [], []
    for tune, *chorales in tqdm(pairs(), total=PAIRS):
        both = [music(chorale) for chorale in chorales]
        tunes.append(tune)
        own += [each.bandwidth for each in both]
        for setting in SETTINGS:
            bach, machine = (noise(each, profile_of(*setting)) for each in both)
            found[setting].append((bach, machine))
    write_block(PAGE, "clip_bitrates", table(found, tunes, own))


def pairs() -> Iterator[tuple[str, Chorale, Chorale]]:
    """Tune family, Bach's excerpt, and a machine's in its place; composers in turn."""
    from generator.services.composers import find_source

    tests = load_test_set("tunes", "test", frozenset())
    names = sorted(tests.excerpts)
    chosen = [names[at * len(names) // PAIRS] for at in range(PAIRS)]
    for number, name in enumerate(chosen):
        source = find_source(COMPOSERS[number % len(COMPOSERS)])
        family = source.member(source.fold_of(name))
        bach = tests.excerpts[name]
        condition = CONDITIONS[number // len(COMPOSERS) % len(CONDITIONS)]
        machine = Family.fill(family, bach, given_for(condition, bach), seed=SEED)
        yield tests.tunes[name], bach, machine


def profile_of(rate: int, quality: int, bit_rate: int) -> Profile:
    return replace(PROFILES[NEWEST], rate=rate, quality=quality, bit_rate=bit_rate)


def music(chorale: Chorale) -> Music:
    played = synth.play(events.key_events(chorale), events.clip_samples(chorale), FONT)
    sound, _ = loudness.levelled(played, PROFILES[NEWEST].loudness)
    reference = resampled(sound.astype(np.float64), events.SAMPLE_RATE)
    masks = [mask_of(channel) for channel in reference]
    own = bandwidth([mask.amplitude**2 for mask in masks])
    return Music(sound, reference.shape[1], masks, own)


def noise(clip: Music, profile: Profile) -> Noise:
    given = encoding.encoder_input(clip.sound, profile.rate)
    start = time.process_time()
    mp3 = encoding.mp3(given, profile)
    seconds = time.process_time() - start
    heard = [spectrum(channel) for channel in _aligned(mp3, clip.length)]
    ratios = np.concatenate([noise_to_mask(*each) for each in zip(clip.masks, heard, strict=True)])
    worst = 10 * np.log10(ratios.max(axis=1))
    centres = bands().centres
    inside = [(centres >= low) & (centres < high) for low, high in pairwise(EDGES)]
    return Noise(
        total=_decibels(ratios),
        disturbed=float(np.mean(worst > DISTURBED_DB)),
        loudest=float(np.quantile(worst, 0.99)),
        ranges=np.array([_decibels(ratios[:, each]) for each in inside]),
        bandwidth=bandwidth(heard),
        seconds=seconds,
    )


def _aligned(mp3: bytes, length: int) -> Floats:
    """float[channels, length]: decoded, without the encoder's delay."""
    samples, rate = soundfile.read(io.BytesIO(mp3), always_2d=True)
    heard = resampled(samples[LAME_DELAY:].T, rate)[:, :length]
    return np.pad(heard, ((0, 0), (0, length - heard.shape[1])))


def bandwidth(channels: Sequence[Floats]) -> float:
    """Highest frequency, in kHz, whose mean power is within 60 dB of the strongest."""
    power = np.mean([channel.mean(axis=0) for channel in channels], axis=0)
    highest = np.flatnonzero(power > power.max() * 10 ** (FLOOR_DB / 10))[-1]
    return float(highest * RATE / (2 * (len(power) - 1)) / 1000)


def _decibels(ratios: Floats) -> float:
    return float(10 * np.log10(ratios.mean()))


def table(
    found: dict[tuple[int, int, int], list[tuple[Noise, Noise]]], tunes: list[str], own: list[float]
) -> str:
    chance = 1.96 * np.sqrt((PAIRS + 1) / (3 * PAIRS**2))
    rows = [
        f"{2 * PAIRS} clips. What was rendered has energy within 60 dB of its strongest up to "
        f"{np.median(own):.1f} kHz (median). By chance the probe has 0.50 ± {chance:.2f}.\n",
        "| samples a second | quality | kbit/s | kB of 20 s | noise to mask, dB | "
        "frames disturbed, % | worst band, dB | kHz | Bach - machine, dB | probe, AUC | s |",
        "| --- " * 11 + "|",
    ]
    for (rate, quality, bit_rate), pairs_of in found.items():
        both = [each for pair in pairs_of for each in pair]
        difference = np.array([bach.total - machine.total for bach, machine in pairs_of])
        margin = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
        cells = (
            f"{rate:,}",
            f"{quality}",
            f"{bit_rate}",
            f"{bit_rate * 20 / 8:.0f}",
            f"{np.mean([each.total for each in both]):.1f}",
            f"{100 * np.mean([each.disturbed for each in both]):.0f}",
            f"{np.mean([each.loudest for each in both]):.1f}",
            f"{np.median([each.bandwidth for each in both]):.1f}",
            f"{difference.mean():+.2f} ± {margin:.2f}",
            f"{probe(pairs_of, tunes):.2f}",
            f"{np.median([each.seconds for each in both]):.2f}",
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def probe(pairs_of: list[tuple[Noise, Noise]], tunes: list[str]) -> float:
    """Area under the curve of a regression that sees the noise of both sides, by tune family."""
    rng = np.random.default_rng(SEED)
    left = rng.permutation(np.arange(len(pairs_of)) % 2).astype(bool)
    seen = np.array([_seen(bach) - _seen(machine) for bach, machine in pairs_of])
    features = np.where(left[:, None], seen, -seen)
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    folds = GroupKFold(8)
    chances = cross_val_predict(
        learner, features, left, groups=tunes, cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(left, chances[:, 1]))


def _seen(clip: Noise) -> Floats:
    return np.array([clip.total, clip.disturbed, clip.loudest, clip.bandwidth, *clip.ranges])


if __name__ == "__main__":
    main()
