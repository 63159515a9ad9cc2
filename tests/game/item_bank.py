"""An item bank of real clips: Bach from the corpus, and the shipped Markov chain in his place.

Short excerpts keep it fast. The path is the site's own: grid, synthesiser, level, encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile

from bachtest.studies.models import Study
from generator.models import Pair
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import Corpus
from generator.music.formats.gridjson import to_json
from generator.music.grid.chorale import Chorale
from generator.music.grid.conditions import given_for
from generator.rendering.clip import Clip, render_clip
from generator.services.composers import find_source
from tests.builders import (
    add_to_study,
    clip_of,
    make_bach,
    make_composer,
    make_excerpt,
    make_piece,
    make_work,
)
from tests.game.player import CONSENT

CONDITIONS = ("SATB", "ATB", "AT", "B")
MIN_STEPS, MORE_STEPS = 12, 4


@dataclass(frozen=True)
class Item:
    tune: str
    condition: str
    bach: Chorale
    machine: Chorale
    bach_clip: Clip
    machine_clip: Clip


def render_bank(corpus: Corpus, size: int) -> list[Item]:
    """One item of 12 to 24 steps for each tune family, with the conditions in turn."""
    family = find_source("markov").load()
    items: dict[str, Item] = {}
    for bwv in sorted(corpus.works):
        work = corpus.works[bwv]
        spans = excerpts_of(work.chorale)
        if work.tune in items or not spans:
            continue
        number = len(items)
        start = spans[0][0]
        bach = work.chorale.slice(start, start + MIN_STEPS + MORE_STEPS * (number % 4))
        condition = CONDITIONS[number % len(CONDITIONS)]
        machine = family.fill(bach, given_for(condition, bach), seed=number)
        if machine == bach:
            continue
        items[work.tune] = Item(
            work.tune,
            condition,
            bach,
            machine,
            render_clip(bach, soundfont=settings.SOUNDFONT),
            render_clip(machine, soundfont=settings.SOUNDFONT),
        )
        if len(items) == size:
            return list(items.values())
    raise AssertionError(f"the corpus has only {len(items)} tunes with an excerpt")


def store_bank(items: list[Item]) -> Study:
    """The bank as rows, and a study in which a listener hears every item once."""
    bot = make_composer("bot")
    for item in items:
        excerpt = make_excerpt(make_work(tune=item.tune), stop=item.bach.steps)
        Pair.objects.create(
            excerpt=excerpt,
            tune=item.tune,
            bach=_piece(excerpt, make_bach(), item.bach, item.bach_clip),
            machine=_piece(excerpt, bot, item.machine, item.machine_clip, item.condition),
            differing=0.5,
        )
    study = Study.objects.create(
        slug="bank",
        title="The whole bank",
        is_open=True,
        rounds=[list(CONDITIONS)] * len(items),
        consent_version=CONSENT,
        consent_text="Yes.",
        listen_seconds=0.0,
    )
    add_to_study(study, bot.versions.get())
    return study


def _piece(excerpt, composer, chorale, clip, condition=""):
    piece = make_piece(
        excerpt,
        composer,
        condition,
        grid=to_json(chorale),
        fingerprint=clip.fingerprint,
    )
    rendering = clip_of(piece)
    rendering.seconds, rendering.loudness = clip.seconds, clip.loudness
    rendering.file.save("x.mp3", ContentFile(clip.mp3))
    return piece


def with_bytes(items: list[Item], *, bach, machine) -> list[Item]:
    """The same items, with each side's bytes passed through a function."""
    return [
        replace(
            item,
            bach_clip=replace(item.bach_clip, mp3=bach(item.bach_clip.mp3)),
            machine_clip=replace(item.machine_clip, mp3=machine(item.machine_clip.mp3)),
        )
        for item in items
    ]


def crossed(items: list[Item], seed: int) -> list[Item]:
    """Half of the items with their music exchanged: each is stored as the other's.

    Loudness and the last audible sample follow from the notes and would tell the two apart. Here
    they say nothing about whose piece it is stored as.
    """
    exchanged = np.random.default_rng(seed).permutation(np.arange(len(items)) % 2)
    return [
        replace(
            item,
            bach=item.machine,
            machine=item.bach,
            bach_clip=item.machine_clip,
            machine_clip=item.bach_clip,
        )
        if exchange
        else item
        for item, exchange in zip(items, exchanged, strict=True)
    ]
