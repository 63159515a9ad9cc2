"""Why clips are not as loud as websites: true peaks at -14 LUFS, before the encoder and after it.

Excerpts of the corpus as Bach wrote them and as the Markov chain did, and random notes of the
machines' range, which no composer is worse than. Each is rendered as the site renders it, decoded,
and oversampled four times (ITU-R BS.1770-4, annex 2).

Run it as `python -m experiments.clip_peaks`; it takes about 5 minutes of one core. It writes the
table into docs/rendering.md.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import django
import numpy as np
import soundfile
from numpy.typing import NDArray
from tqdm import tqdm

from experiments.marked_block import write_block
from generator.families.base import Family
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import given_for
from generator.rendering import encoding, events, loudness, synth
from generator.rendering.profiles import NEWEST, PROFILES

PAGE = Path("docs/rendering.md")
FONT = Path("generator/rendering/soundfont/pipes.sf3")
EACH = {"Bach": 120, "the Markov chain": 40, "random notes": 40}
SEED = 0
# Of websites that stream music; no profile is that loud.
LUFS = -14.0
LOWEST, HIGHEST = (60, 55, 48, 36), (81, 74, 69, 64)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
    django.setup()
    rows: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in EACH}
    for kind, chorale in tqdm(clips(), total=sum(EACH.values())):
        rows[kind].append(measured(chorale))
    write_block(PAGE, "clip_peaks", table({kind: np.array(each) for kind, each in rows.items()}))


def clips() -> Iterator[tuple[str, Chorale]]:
    from generator.services.composers import find_source

    works = load_corpus().works
    spans = {name: excerpts_of(work.chorale) for name, work in works.items()}
    excerpts = [(name, *span) for name in sorted(works) for span in spans[name]]
    source, rng = find_source("markov"), np.random.default_rng(SEED)
    bach, markov, random = EACH
    order = np.random.default_rng(SEED).permutation(len(excerpts))
    for number, at in enumerate(order[: EACH[bach]]):
        name, start, stop = excerpts[at]
        original = works[name].chorale.slice(start, stop)
        yield bach, original
        if number < EACH[markov]:
            given = given_for(("ATB", "SATB", "S", "AT")[number % 4], original)
            yield markov, Family.fill(source.member(None), original, given, seed=SEED)
        if number < EACH[random]:
            yield random, random_notes(rng)


def random_notes(rng: np.random.Generator) -> Chorale:
    """Quarter notes, each voice within its range: unisons, clusters and drones."""
    beats = rng.integers(LOWEST, HIGHEST, size=(12, 4)).T
    if rng.random() < 0.5:  # a drone, the heaviest of all
        beats[:] = beats[:, :1]
    pitch = np.repeat(beats, 4, axis=1).astype(np.int16)
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros(pitch.shape)))


def measured(chorale: Chorale) -> tuple[float, float, float]:
    """Loudness of the decoded clip, and true peaks before and after the encoder, in dB."""
    from pyloudnorm import Meter

    profile = PROFILES[NEWEST]
    played = synth.play(events.key_events(chorale), events.clip_samples(chorale), FONT)
    sound, _ = loudness.levelled(played, LUFS)
    mp3 = encoding.mp3(encoding.encoder_input(sound, profile.rate), profile)
    heard, rate = soundfile.read(io.BytesIO(mp3), dtype="float32", always_2d=True)
    peaks = (loudness.true_peak(sound), loudness.true_peak(heard.T))
    return Meter(rate).integrated_loudness(heard), *(20 * np.log10(peak) for peak in peaks)


def table(rows: Mapping[str, NDArray[np.float64]]) -> str:
    lines = [
        "| | clips | LUFS, decoded | highest true peak before the encoder, dB | after it, dB |",
        "| --- " * 5 + "|",
    ]
    for kind, each in rows.items():
        lufs, before, after = each.T
        lines.append(
            f"| {kind} | {len(each)} | {lufs.min():.2f} to {lufs.max():.2f} | {before.max():.2f} |"
            f" {after.max():.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
