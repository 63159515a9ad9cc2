"""All objective scores of a composer: `manage.py evaluate` prints them.

Likelihoods and one-shot accuracy are taken on whole works, everything that needs a fill on one
excerpt a work, filled as the quiz fills it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from generator.evaluation.accuracy import Hits, fill_hits, one_shot_hits
from generator.evaluation.bootstrap import Ratio, ratio_over_works
from generator.evaluation.discriminator.discriminative_features import listener_scores
from generator.evaluation.discriminator.discriminator import LISTENERS, JudgedPair
from generator.evaluation.likelihood import Conditional, joint_nll, orderless_nll
from generator.evaluation.scores import Score
from generator.evaluation.test_set import Material
from generator.evaluation.viewpoints.surprisal import BachReader
from generator.families.base import Family
from generator.music.grid.chorale import QUIZ_CONDITIONS, VOICES, BoolArray, Chorale, given_for
from generator.music.measures.copying import CopyIndex
from generator.music.measures.counts import Comparison, Count, compare
from generator.music.measures.style import style_counts
from generator.music.measures.voice_leading import PER, parallels

ORDERLESS_MASKS = 10


@dataclass(frozen=True)
class Settings:
    """What to measure, and on how much."""

    conditions: Sequence[str] = QUIZ_CONDITIONS
    seed: int = 1
    temperature: float = 1.0
    fills: bool = True
    tells: int = 5
    """How many features to name that give the composer away, for each condition; 0: none."""
    progress: bool = False


@dataclass(frozen=True)
class Filled:
    """Fills of one condition, by work, and the CPU seconds they took."""

    condition: str
    pieces: Mapping[str, Chorale]
    seconds: float

    def given(self, name: str) -> BoolArray:
        return given_for(self.condition, self.pieces[name].steps)

    @property
    def written_steps(self) -> int:
        return sum(piece.steps for piece in self.pieces.values())


@dataclass(frozen=True)
class Known:
    """What the judges know of the training works: never of the works that are judged."""

    copies: CopyIndex
    reader: BachReader


def evaluate(
    family: Family, material: Material, settings: Settings, known: Known | None = None
) -> Iterator[Score]:
    """Scores as they are found; the slow ones last.

    `known` is what the judges know where that is not the material's training works.
    """
    if isinstance(family, Conditional):
        yield from likelihood_scores(family, material)
        if family.one_shot:
            yield from one_shot_scores(family, material, settings.conditions)
    if settings.fills:
        heard: list[Score] = []
        known = known or known_of(material.training)
        for condition in settings.conditions:
            filled = fill_all(family, material, condition, settings)
            scores = list(fill_scores(filled, material, known, settings.tells))
            yield from scores
            heard += scores
        for listener in LISTENERS:
            yield from _single_voices([score for score in heard if score.name == listener.score])


def known_of(training: Mapping[str, Chorale]) -> Known:
    return Known(CopyIndex(training), BachReader(list(training.values())))


def likelihood_scores(family: Conditional, material: Material) -> Iterator[Score]:
    """Negative log-likelihoods that the family has, orderless and joint, nats a frame."""
    works = list(material.works.values())
    if family.one_shot:
        rng = np.random.default_rng(0)
        orderless = [orderless_nll(family, w, masks=ORDERLESS_MASKS, rng=rng) for w in works]
        note = f"{ORDERLESS_MASKS} masks a work"
        yield from _nats("orderless NLL", [(n.total, n.frames) for n in orderless], note)
    joint = [joint_nll(family, w) for w in works]
    note = "time order, voices B S A T"
    yield from _nats("joint NLL", [(n.total, n.frames) for n in joint], note)


def one_shot_scores(
    family: Conditional, material: Material, conditions: Sequence[str]
) -> Iterator[Score]:
    """Fill accuracy by argmax, all written cells masked at once."""
    for condition in conditions:
        hits = [
            one_shot_hits(family, work, given_for(condition, work.steps))
            for work in material.works.values()
        ]
        yield from _accuracy("fill accuracy, one shot", condition, hits)


def fill_all(family: Family, material: Material, condition: str, settings: Settings) -> Filled:
    """One fill of every excerpt; the seed of the n-th is the settings' seed + n."""
    pieces, start = {}, time.process_time()
    excerpts = tqdm(
        material.excerpts.items(), desc=condition, leave=False, disable=not settings.progress
    )
    for index, (name, excerpt) in enumerate(excerpts):
        pieces[name] = family.fill(
            excerpt,
            given_for(condition, excerpt.steps),
            seed=settings.seed + index,
            temperature=settings.temperature,
        )
    return Filled(condition, pieces, time.process_time() - start)


def fill_scores(filled: Filled, material: Material, known: Known, tells: int) -> Iterator[Score]:
    """All scores of finished fills of one condition."""
    own = {name: material.excerpts[name] for name in filled.pieces}
    hits = [fill_hits(own[n], piece, filled.given(n)) for n, piece in filled.pieces.items()]
    yield from _accuracy("fill accuracy, as played", filled.condition, hits)
    yield from _parallels(filled, own)
    yield from _copying(filled, own, known.copies)
    if material.split != "jsb":  # the published grid has no onsets, keys or phrase ends
        yield from _style(filled, own)
        pairs = _pairs(filled, own, material)
        yield from listener_scores(filled.condition, pairs, known.reader, most=tells)
    rate = filled.written_steps / max(filled.seconds, 1e-9)
    yield Score("speed", filled.condition, "steps/CPU s", Ratio(rate, rate, rate, len(own)))


def _parallels(filled: Filled, own: Mapping[str, Chorale]) -> Iterator[Score]:
    pairs = [
        (parallels(piece, ~filled.given(name)), parallels(own[name], ~filled.given(name)))
        for name, piece in filled.pieces.items()
    ]
    yield from _rates("parallels", filled.condition, "per 1,000 changes", pairs, PER)


def _style(filled: Filled, own: Mapping[str, Chorale]) -> Iterator[Score]:
    tables = [
        (style_counts(piece, ~filled.given(name)), style_counts(own[name], ~filled.given(name)))
        for name, piece in filled.pieces.items()
    ]
    for name in tables[0][0]:
        pairs = [(machine[name], bach[name]) for machine, bach in tables]
        yield from _rates(f"style: {name}", filled.condition, "%", pairs, 100)


def _copying(filled: Filled, own: Mapping[str, Chorale], copies: CopyIndex) -> Iterator[Score]:
    ours = [copies.longest_run(piece) for piece in filled.pieces.values()]
    bachs = [copies.longest_run(chorale) for chorale in own.values()]
    for name, share in (("median", 0.5), ("90th percentile", 0.9)):
        rng = np.random.default_rng(0)
        drawn = np.quantile(rng.choice(ours, size=(1000, len(ours))), share, axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        found = Ratio(float(np.quantile(ours, share)), float(low), float(high), len(ours))
        bach = float(np.quantile(bachs, share))
        yield Score(f"copying, longest run, {name}", filled.condition, "events", found, bach)


def _pairs(
    filled: Filled, own: Mapping[str, Chorale], material: Material
) -> dict[str, list[JudgedPair]]:
    """By tune family."""
    pairs: dict[str, list[JudgedPair]] = {}
    for name, piece in filled.pieces.items():
        pair = JudgedPair(own[name], piece, ~filled.given(name))
        pairs.setdefault(material.tunes[name], []).append(pair)
    return pairs


def _single_voices(heard: Sequence[Score]) -> Iterator[Score]:
    """The listener's mean over S, A, T and B, where all four were judged."""
    single = [score.composer for score in heard if len(score.condition) == 1]
    if len(single) == len(VOICES):
        mean = Ratio(
            float(np.mean([r.estimate for r in single])),
            float(np.mean([r.low for r in single])),
            float(np.mean([r.high for r in single])),
            single[0].n,
        )
        note = "mean of S, A, T, B; the interval is the mean of theirs"
        yield Score(heard[0].name, "1", "share of pairs", mean, 0.5, note)


def _nats(name: str, pairs: Iterable[tuple[float, float]], note: str) -> Iterator[Score]:
    totals, frames = zip(*pairs, strict=True)
    if found := ratio_over_works(totals, frames, rng=np.random.default_rng(0)):
        yield Score(name, "", "nats/frame", found, note=note)


def _accuracy(name: str, condition: str, hits: Sequence[Hits]) -> Iterator[Score]:
    right, written = [h.right for h in hits], [h.written for h in hits]
    if found := ratio_over_works(right, written, rng=np.random.default_rng(0)):
        yield Score(name, condition, "share", found)


def _rates(
    name: str, condition: str, unit: str, pairs: Sequence[tuple[Count, Count]], scale: float
) -> Iterator[Score]:
    machine, bach = [m for m, _ in pairs], [b for _, b in pairs]
    found = ratio_over_works(
        [m.count for m in machine],
        [m.of for m in machine],
        rng=np.random.default_rng(0),
        scale=scale,
    )
    if found:
        beside = compare(machine, bach)
        yield Score(name, condition, unit, found, beside.bach.rate * scale, _beside(beside))


def _beside(found: Comparison) -> str:
    interval = f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
    if found.kind == "ratio":
        return f"ratio to Bach {interval}"
    if found.kind == "difference":
        return f"points above Bach {interval}"
    return f"too few to compare: {found.machine.count} against {found.bach.count}"
