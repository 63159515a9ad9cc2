"""An item bank of real clips: Bach from the corpus, and the shipped Markov chain in his place.

Short excerpts keep it fast. The path is the site's own: grid, synthesiser, level, encoder.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile

from bachtest.studies.models import Study, StudyComposer
from generator.models import Pair, Rendering
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
    make_rendering,
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


def render_bank(corpus: Corpus, size: int, *, of_a_tune: int = 1) -> list[Item]:
    """Items of 12 to 24 steps, so many at most of a tune family, with the conditions in turn."""
    family = find_source("markov").load()
    items: list[Item] = []
    tunes: Counter[str] = Counter()
    for bwv in sorted(corpus.works):
        work = corpus.works[bwv]
        for start, _ in excerpts_of(work.chorale):
            if tunes[work.tune] == of_a_tune:
                break
            number = len(items)
            stop = start + MIN_STEPS + MORE_STEPS * (number % 4)
            if stop > work.chorale.steps:
                continue
            bach = work.chorale.slice(start, stop)
            condition = CONDITIONS[number % len(CONDITIONS)]
            machine = family.fill(bach, given_for(condition, bach), seed=number)
            if machine == bach:
                continue
            clips = (render_clip(each, soundfont=settings.SOUNDFONT) for each in (bach, machine))
            items.append(Item(work.tune, condition, bach, machine, *clips))
            tunes[work.tune] += 1
            if len(items) == size:
                return items
    raise AssertionError(f"the corpus has only {len(items)} such excerpts")


def store_banks(items: list[Item]) -> list[str]:
    """Items whose tunes recur, as studies in which each tune is heard once; their slugs."""
    seen: Counter[str] = Counter()
    layers: dict[int, list[Item]] = {}
    for item in items:
        layers.setdefault(seen[item.tune], []).append(item)
        seen[item.tune] += 1
    return [store_bank(layer, f"bank{number}").slug for number, layer in layers.items()]


def store_bank(items: list[Item], slug: str = "bank") -> Study:
    """The bank as rows, and a study in which a listener hears every item once."""
    bot = make_composer(f"bot-of-{slug}")
    StudyComposer.objects.filter(composer=bot).delete()  # no other study draws these
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
        slug=slug,
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
    rendering.bytes, rendering.sha256 = len(clip.mp3), sha256(clip.mp3).hexdigest()
    rendering.file.save("x.mp3", ContentFile(clip.mp3))
    make_rendering(piece, clip.fingerprint, clip.master, kind=Rendering.Kind.MASTER)
    return piece


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
