"""One order for a file: voices for a work, a melody or an empty frame. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from django.conf import settings as site_settings

from generator.errors import OrderError
from generator.families.base import Family
from generator.families.continues import ChordEvent, Continues, continued
from generator.families.fill_run import Budget, Progress
from generator.families.settings import Choices
from generator.music.corpus.works import load_corpus
from generator.music.formats.melody import MelodyReading, melody_reading
from generator.music.formats.score import Remark, Repeats
from generator.music.grid.chorale import REST, VOICES, BoolArray, Chorale
from generator.music.grid.conditions import VOICE_CONDITIONS, checked_condition, given_for
from generator.music.grid.empty_chorale import empty_chorale, with_close
from generator.music.measures.open_phrases import OpenPhrase, open_phrases
from generator.music.phrase_ends.melody_phrases import phrases_of_fermatas
from generator.registry import BACH
from generator.services.composer_source import ComposerSource
from generator.services.composers import find_source
from generator.services.site_registry import site_registry


@dataclass(frozen=True)
class Melody:
    """A file with one or more voices, which are given, and how to read it.

    A `key` counts before the file's; `quantise` moves notes that begin off the grid; `repeats` says
    what becomes of the repeats of a score. `phrases` are
    the bars in which phrases end; by default the file's fermatas say so, or its notes.
    """

    path: Path
    voice: str | None = None
    key: str = ""
    quantise: bool = False
    repeats: Repeats | None = None
    phrases: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Frame:
    """A whole chorale from nothing; see `generator.music.grid.empty_chorale`."""

    key: str
    metre: str = "4/4"
    bars: int = 8
    pickup: int = 0
    phrase: int | None = None


@dataclass(frozen=True)
class ComposeOrder:
    """What to write, and with what. Numbers and names are checked here.

    Bach needs only a work: he wrote all of it, so condition and seed change nothing.

    `music` is a work's BWV number, a melody or a frame; `steps` limits it before anything is
    written. `settings` changes the composer's own.
    """

    composer: str
    music: str | Melody | Frame
    condition: str
    seed: int = 0
    steps: tuple[int, int] | None = None
    settings: Choices = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        if self.composer == BACH:
            if not isinstance(self.music, str):
                raise OrderError(
                    "composer 'bach' has only his own works; name one with --work BWV269"
                )
            if self.settings:
                raise OrderError("composer 'bach' has no settings; leave out --settings")
            return
        try:
            checked_condition(self.condition)
        except ValueError as error:
            raise OrderError(f"--write: {error}") from error
        if isinstance(self.music, Frame) and self.condition != VOICES:
            raise OrderError(f"--write {self.condition}: nothing is given, so use --write {VOICES}")
        if isinstance(self.music, Melody) and self.condition not in VOICE_CONDITIONS:
            raise OrderError(
                f"--write {self.condition} goes with --work; a melody gives whole voices, so write "
                "others, such as ATB"
            )
        if not 0 <= self.seed < 2**63:
            raise OrderError(f"seed {self.seed}; use a whole number from 0 to 2^63 - 1")


@dataclass(frozen=True)
class Composed:
    """The chorale, and whether its composer was trained on the work or on its tune.

    Of a melody also what was decided and bent in reading its file; of one and of a chorale from
    nothing also the phrases that were left open.
    """

    chorale: Chorale
    knew_tune: bool = False
    remarks: tuple[Remark, ...] = ()
    left_open: tuple[OpenPhrase, ...] = ()


def compose(order: ComposeOrder, progress: Progress | None = None) -> Composed:
    """Carry an order out.

    Raises
    ------
    GeneratorError
        If anything that the order names does not exist or does not fit.
    """
    if order.composer == BACH:
        return Composed(_chorale(order))
    source = find_source(order.composer)
    melody = _melody(order.music, order.condition) if isinstance(order.music, Melody) else None
    chorale = _chorale(order, melody)
    # A melody's file may carry a BWV number too, but only a work belongs to a fold.
    bwv = chorale.bwv if isinstance(order.music, str) else ""
    fold = source.fold_of(bwv)
    family = source.member(fold) if isinstance(order.music, str) else source.averaged()
    given = _given(order, chorale)
    try:
        settings = source.values(order.settings)
    except ValueError as error:
        raise OrderError(str(error)) from error
    written = Family.fill(
        family,
        chorale,
        given,
        seed=order.seed,
        settings=settings,
        budget=order.budget,
        progress=progress,
    )
    if melody is not None:
        return _with_own_fermatas(written, melody, order)
    if isinstance(order.music, Frame):
        phrases = phrases_of_fermatas(chorale)
        return Composed(written, left_open=tuple(open_phrases(written, phrases)))
    return Composed(written, knew_tune=bool(bwv) and _knew_tune(source, fold, bwv))


@dataclass(frozen=True)
class EndlessPiece:
    """What a composer goes on with, event by event, and the metre in which it does."""

    events: Iterator[ChordEvent]
    metre: str


def go_on(order: ComposeOrder) -> EndlessPiece:
    """What the composer writes without end, after a work or from nothing in a key.

    Raises
    ------
    GeneratorError
        If the composer cannot go on (the message names those that can), or anything that the order
        names does not exist or does not fit. The events raise it later if the composer fails.
    """
    if order.composer == BACH:
        raise OrderError(f"composer 'bach' cannot go on without end; {_those_that_can()}")
    beginning = _chorale(order)
    source = find_source(order.composer)
    family = source.member(source.fold_of(beginning.bwv))
    if not isinstance(family, Continues):
        raise OrderError(
            f"composer {order.composer!r} cannot go on without end; {_those_that_can()}"
        )
    if isinstance(order.music, Frame):
        beginning = empty_chorale(order.music.key, order.music.metre, bars=1)
    try:
        settings = source.values(order.settings)
        events = continued(family, beginning, seed=order.seed, settings=settings)
    except ValueError as error:
        raise OrderError(str(error)) from error
    return EndlessPiece(events, beginning.metre[-1][1])


def _those_that_can() -> str:
    registry = site_registry()
    able = [
        shipped.slug
        for shipped, name in registry.shipped
        if hasattr(registry.family(name), "continue_from")
    ]
    return f"use one that can: {', '.join(able)}" if able else "no composer of this site can"


def _chorale(order: ComposeOrder, melody: MelodyReading | None = None) -> Chorale:
    """What is written to: the whole work, the melody's voices, or the frame with its close."""
    try:
        if isinstance(order.music, Melody):
            chorale = (melody or _melody(order.music, order.condition)).marked
        elif isinstance(order.music, Frame):
            frame = order.music
            chorale = empty_chorale(
                frame.key, frame.metre, frame.bars, pickup=frame.pickup, phrase=frame.phrase
            )
        else:
            chorale = load_corpus(site_settings.CORPUS_FILE).work(order.music).chorale
        if order.steps is not None:
            chorale = chorale.slice(*order.steps)
    except ValueError as error:
        raise OrderError(str(error)) from error
    return with_close(chorale)[0] if isinstance(order.music, Frame) else chorale


def _melody(melody: Melody, condition: str) -> MelodyReading:
    given_by_order = "".join(voice for voice in VOICES if voice not in condition)
    reading = melody_reading(
        melody.path,
        melody.voice,
        expected=given_by_order,
        key=melody.key,
        quantise=melody.quantise,
        repeats=melody.repeats,
        phrases=melody.phrases,
    )
    missing = "".join(voice for voice in VOICES if voice not in reading.voices)
    if condition != missing:
        raise OrderError(
            f"--write {condition} does not fit {melody.path.name}, which gives "
            f"{''.join(sorted(reading.voices, key=VOICES.index))}; use --write {missing}"
        )
    return reading


def _with_own_fermatas(written: Chorale, melody: MelodyReading, order: ComposeOrder) -> Composed:
    """The phrase ends that were found have steered the composer; a score does not show them."""
    phrases = melody.phrases
    if order.steps is not None:
        phrases = phrases.between(*order.steps)
    return Composed(
        replace(written, fermata=phrases.written),
        remarks=melody.remarks,
        left_open=tuple(open_phrases(written, phrases)),
    )


def _given(order: ComposeOrder, chorale: Chorale) -> BoolArray:
    """bool[4, T]: True where a cell is kept. Of a frame, only the close is given."""
    if isinstance(order.music, Frame):
        return np.asarray(chorale.pitch != REST)
    try:
        return given_for(order.condition, chorale)
    except ValueError as error:
        raise OrderError(f"--write: {error}") from error


def _knew_tune(source: ComposerSource, fold: int | None, bwv: str) -> bool:
    works = load_corpus(site_settings.CORPUS_FILE).works
    same_tune = {name for name, work in works.items() if work.tune == works[bwv].tune}
    return not same_tune.isdisjoint(source.trained_on(fold))
