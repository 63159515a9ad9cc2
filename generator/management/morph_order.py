"""One order for a morph: bars of one work turn into those of another, by way of a latent space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from django.conf import settings as site_settings

from generator.errors import OrderError
from generator.families.latent import Latent
from generator.families.settings import Choices
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import Chorale, bar_steps
from generator.registry import BACH
from generator.services.composer_source import ComposerSource
from generator.services.composers import find_source

MOST_STEPS = 64
MOST_BARS = 32


@dataclass(frozen=True)
class MorphOrder:
    """From the first full bars of one work to those of another; numbers are checked here.

    `steps` counts both ends; `bars` are those of each step. The first half of the steps is in the
    metre of the first work, the other half in that of the second. `settings` changes the
    composer's own.
    """

    composer: str
    start: str
    end: str
    steps: int = 8
    bars: int = 2
    seed: int = 0
    settings: Choices = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 2 <= self.steps <= MOST_STEPS:
            raise OrderError(f"--steps {self.steps}; use 2 to {MOST_STEPS}, both ends included")
        if not 1 <= self.bars <= MOST_BARS:
            raise OrderError(f"--bars {self.bars}; use 1 to {MOST_BARS}")
        if not 0 <= self.seed < 2**63:
            raise OrderError(f"seed {self.seed}; use a whole number from 0 to 2^63 - 1")


@dataclass(frozen=True)
class Morphed:
    """All steps one after the other, and the works that the composer was trained on."""

    chorale: Chorale
    knew: tuple[str, ...] = ()


def morph(order: MorphOrder) -> Morphed:
    """Carry an order out.

    Raises
    ------
    GeneratorError
        If anything that the order names does not exist or does not fit.
    """
    if order.composer == BACH:
        raise OrderError("composer 'bach' has no latent space; use a composer such as music_vae")
    source = find_source(order.composer)
    ends = [_work(name) for name in (order.start, order.end)]
    excerpts = [_bars(work, order.bars) for work in ends]
    fold = source.fold_of(ends[0].bwv)
    family = source.member(fold)
    if not isinstance(family, Latent):
        raise OrderError(
            f"composer {order.composer!r} has no latent space; use a composer such as music_vae"
        )
    try:
        values = source.values(order.settings)
    except ValueError as error:
        raise OrderError(str(error)) from error
    points = [family.encode(each) for each in excerpts]
    if len(points[0]) != len(points[1]):
        told = " and ".join(
            f"{len(each)} of {work.bwv} in {work.metre[0][1]}"
            for each, work in zip(points, ends, strict=True)
        )
        raise OrderError(f"--bars {order.bars}: {told} segments; use fewer bars")
    written = [
        family.decode(own, excerpts[2 * step >= order.steps], seed=order.seed, settings=values)
        for step, own in enumerate(family.interpolate(points[0], points[1], order.steps))
    ]
    title = f"{ends[0].bwv} to {ends[1].bwv}"
    return Morphed(_joined(written, title), tuple(_known(source, fold, ends)))


def _work(name: str) -> Chorale:
    return load_corpus(site_settings.CORPUS_FILE).work(name).chorale


def _bars(work: Chorale, bars: int) -> Chorale:
    """The first full bars of a work, without the pickup."""
    metre = work.metre[0][1]
    start, length = work.anacrusis, bars * bar_steps(metre)
    changes = [step for step, _ in work.metre[1:]]
    if start + length > min(changes, default=work.steps):
        until = "changes its metre" if changes else "ends"
        raise OrderError(f"--bars {bars}: {work.bwv} {until} before that; use fewer")
    return work.slice(start, start + length)


def _joined(pieces: list[Chorale], title: str) -> Chorale:
    """The pieces one after the other, in the key of the first, each in its metre."""
    starts = [0, *np.cumsum([each.steps for each in pieces]).tolist()]
    metre = [(start, each.metre[0][1]) for start, each in zip(starts, pieces, strict=False)]
    return Chorale(
        pitch=np.concatenate([each.pitch for each in pieces], axis=1),
        onset=np.concatenate([each.onset for each in pieces], axis=1),
        metre=tuple(
            entry for at, entry in enumerate(metre) if not at or entry[1] != metre[at - 1][1]
        ),
        key=pieces[0].key,
        title=title,
    )


def _known(source: ComposerSource, fold: int | None, ends: list[Chorale]) -> Iterator[str]:
    """Those of the works that the composer was trained on, or on their tunes."""
    works, trained = load_corpus(site_settings.CORPUS_FILE).works, source.trained_on(fold)
    for name in dict.fromkeys(each.bwv for each in ends):
        if any(work.tune == works[name].tune and own in trained for own, work in works.items()):
            yield name
