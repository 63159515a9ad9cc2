"""A piece for a file: voices for a work, a melody or a blank frame, kept nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from generator.errors import GeneratorError
from generator.music.corpus.works import load_corpus
from generator.music.formats.files import write_whole
from generator.music.formats.gridjson import write_json
from generator.music.formats.melody import read_melody
from generator.music.formats.midi import write_midi
from generator.music.formats.musicxml import write_musicxml
from generator.music.grid.chorale import CONDITIONS, VOICES, Chorale, given_for
from generator.music.grid.empty_chorale import blank_chorale, with_close
from generator.rendering.clip import render_clip, render_wav
from generator.services.composers import BACH, ComposerError, Source, find_source
from generator.services.writing import chosen_sampling, write_cells


class ComposeError(GeneratorError):
    """What was asked for cannot be written."""


@dataclass(frozen=True)
class Blank:
    """A whole chorale from nothing; see `generator.music.grid.empty_chorale`."""

    key: str
    metre: str = "4/4"
    bars: int = 8
    pickup: int = 0
    phrase: int | None = None


@dataclass(frozen=True)
class Order:
    """What to write, and with what.

    `melody` is a file whose voice is given, `blank` a frame in which nothing is; without them the
    work's own voices are. `steps` limits all three, before anything is written. `sampling` changes
    the composer's settings.
    """

    composer: str
    condition: str
    work: str = ""
    melody: Path | None = None
    blank: Blank | None = None
    voice: str | None = None
    seed: int = 0
    temperature: float = 1.0
    steps: tuple[int, int] | None = None
    sampling: Mapping[str, str] = field(default_factory=dict)


def write_mp3(chorale: Chorale, path: Path) -> None:
    write_whole(path, render_clip(chorale, soundfont=settings.SOUNDFONT).mp3)


def write_wav(chorale: Chorale, path: Path) -> None:
    write_whole(path, render_wav(chorale, soundfont=settings.SOUNDFONT))


WRITERS: dict[str, Callable[[Chorale, Path], None]] = {
    ".mid": write_midi,
    ".musicxml": write_musicxml,
    ".json": write_json,
    ".mp3": write_mp3,
    ".wav": write_wav,
}


def writer_for(path: Path) -> Callable[[Chorale, Path], None]:
    """By the ending of the file; the folder must be there and writable.

    Raises
    ------
    ComposeError
        Naming the ending or the folder.
    """
    if path.suffix.lower() not in WRITERS:
        raise ComposeError(f"unknown ending {path.suffix!r} of {path}; use {' '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise ComposeError(f"no folder {path.parent}; make it, or choose another for {path.name}")
    if path.is_dir():
        raise ComposeError(f"{path} is a folder; name a file")
    return WRITERS[path.suffix.lower()]


def compose(order: Order) -> Chorale:
    """The chorale with its written voices.

    Raises
    ------
    GeneratorError
        If anything that the order names does not exist or does not fit.
    """
    if order.composer == BACH:
        return _limited(_own(order), order.steps)
    source = find_source(order.composer)
    _check_numbers(order)
    chorale = _limited(_given(order), order.steps)
    family = chosen_sampling(source.member(_fold(source, order)), order.sampling)
    given = given_for(order.condition, chorale.steps)
    if order.blank is not None:
        chorale, given = with_close(chorale)
    return write_cells(family, chorale, given, seed=order.seed, temperature=order.temperature)


def known_work(order: Order) -> bool:
    """Whether who writes was trained on the work, or on another with its tune."""
    if order.composer == BACH or not order.work:
        return False
    corpus = load_corpus(settings.CORPUS_FILE)
    source = find_source(order.composer)
    trained_on = source.trained_on(_fold(source, order))
    tune = corpus.work(order.work).tune
    return any(bwv in trained_on for bwv, work in corpus.works.items() if work.tune == tune)


def _fold(source: Source, order: Order) -> int | None:
    """The member that was kept from the work; for anything else, the first."""
    if not order.work:
        return None
    try:
        return source.fold_of(load_corpus(settings.CORPUS_FILE).work(order.work).bwv)
    except ComposerError:
        return None


def _own(order: Order) -> Chorale:
    if not order.work:
        raise ComposeError("composer 'bach' has only his own works; name one with --work BWV269")
    return load_corpus(settings.CORPUS_FILE).work(order.work).chorale


def _given(order: Order) -> Chorale:
    if order.condition not in CONDITIONS:
        raise ComposeError(
            f"unknown condition {order.condition!r} for --write; use one of {', '.join(CONDITIONS)}"
        )
    if order.blank is not None:
        return _blank(order.blank, order.condition)
    if order.melody is None:
        return load_corpus(settings.CORPUS_FILE).work(order.work).chorale
    given_by_order = "".join(voice for voice in VOICES if voice not in order.condition)
    chorale, given = read_melody(order.melody, order.voice, expected=given_by_order)
    free = "".join(voice for voice in VOICES if voice not in given)
    if order.condition != free:
        raise ComposeError(
            f"--write {order.condition} does not fit {order.melody.name}, which gives "
            f"{''.join(sorted(given, key=VOICES.index))}; use --write {free}"
        )
    return chorale


def _blank(blank: Blank, condition: str) -> Chorale:
    if condition != VOICES:
        raise ComposeError(f"--write {condition}: nothing is given, so use --write {VOICES}")
    try:
        return blank_chorale(
            blank.key, blank.metre, blank.bars, pickup=blank.pickup, phrase=blank.phrase
        )
    except ValueError as error:
        raise ComposeError(str(error)) from error


def _check_numbers(order: Order) -> None:
    if not order.temperature > 0:
        raise ComposeError(f"temperature {order.temperature}; it must be above 0")
    if not 0 <= order.seed < 2**63:
        raise ComposeError(f"seed {order.seed}; use a whole number from 0 to 2^63 - 1")


def _limited(chorale: Chorale, steps: tuple[int, int] | None) -> Chorale:
    if steps is None:
        return chorale
    try:
        return chorale.slice(*steps)
    except ValueError as error:
        raise ComposeError(f"--steps {steps[0]}:{steps[1]}: {error}") from error
