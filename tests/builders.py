"""Rows for tests, with everything filled in that a test does not care about. No calls collide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import lameenc
import numpy as np
from django.core.files.base import ContentFile
from django.utils.timezone import now

from bachtest.studies.models import Study, StudyComposer
from generator.families.checkpoint import read_metadata, sha256_of
from generator.families.settings import as_json
from generator.models import Composer, Excerpt, Pair, Piece, Rendering, Version, Work
from generator.music.formats.gridjson import to_json
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import given_for
from generator.registry import Registry, installed
from generator.rendering.profiles import NEWEST, PROFILES
from generator.services.composer_source import ComposerSource
from generator.services.describe_version import listed
from tests.generator.families.material import provenance_of

STEPS = 64
FINGERPRINT = "f" * 64
_numbers = count(1)


def make_chorale(steps: int = STEPS, **frame: Any) -> Chorale:
    """Quarter notes, C F G C over and over; a fermata on the last quarter."""
    chords = [(72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55), (72, 67, 64, 48)]
    quarters = [chords[i // 4 % 4] for i in range(steps)]
    onset = np.zeros((4, steps), dtype=bool)
    onset[:, ::4] = True
    fermata = np.zeros(steps, dtype=bool)
    fermata[-4:] = True
    return Chorale(np.array(quarters).T, onset, fermata, **frame)


def altered(chorale: Chorale, condition: str) -> Chorale:
    """The written voices moved up a step, as a machine might have written them."""
    written = ~given_for(condition, chorale)
    pitch = np.where(written, chorale.pitch + 2, chorale.pitch)
    return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset))


def make_work(bwv: str | None = None, tune: str | None = None, part: str = "test") -> Work:
    number = next(_numbers)
    return Work.objects.create(
        bwv=bwv or f"BWV{number}.{number}",
        title=f"Chorale {number}",
        tune=tune or f"tune-{number}",
        part=part,
    )


def make_excerpt(work: Work | None = None, start: int = 0, stop: int = STEPS) -> Excerpt:
    return Excerpt.objects.create(work=work or make_work(), start=start, stop=stop)


def make_bach() -> Composer:
    return Composer.objects.get_or_create(
        slug="bach", defaults={"name": "J. S. Bach", "kind": Composer.Kind.BACH}
    )[0]


def make_composer(slug: str = "bot", **fields: Any) -> Composer:
    """A composer with one version that is ready and in the quiz; the fields may be of either."""
    defaults = {"name": slug.title(), "kind": Composer.Kind.CHECKPOINT}
    own = {name: fields.pop(name) for name in defaults if name in fields}
    composer, _ = Composer.objects.get_or_create(slug=slug, defaults=defaults | own)
    if not composer.versions.exists():
        make_version(composer, **fields)
    return composer


def make_version(composer: Composer, **fields: Any) -> Version:
    number = next(_numbers)
    defaults = {"sha256": f"{number:064x}", "family": "markov", "status": Version.Status.READY}
    version = Version.objects.create(composer=composer, **defaults | fields)
    for study in Study.objects.all():
        add_to_study(study, version)
    return version


def add_to_study(study: Study, version: Version, weight: float = 1.0) -> None:
    StudyComposer.objects.get_or_create(
        study=study, composer=version.composer, version=version, defaults={"weight": weight}
    )


def make_piece(
    excerpt: Excerpt | None = None,
    composer: Composer | None = None,
    condition: str = "ATB",
    **fields: Any,
) -> Piece:
    """A piece that is done, with grid and clip; by the newest version of the composer."""
    version = fields.pop("version", None)
    version = version or (composer or make_composer()).versions.ready().first()
    if version is None:
        condition = ""
    fingerprint = fields.pop("fingerprint", FINGERPRINT)
    piece = _piece(excerpt or make_excerpt(), version, condition, **fields)
    piece.save()
    if piece.status == Piece.Status.DONE:
        make_rendering(piece, fingerprint)
    return piece


def _piece(excerpt: Excerpt, version: Version | None, condition: str, **fields: Any) -> Piece:
    chorale = make_chorale(excerpt.stop - excerpt.start)
    return Piece(
        **{
            "excerpt": excerpt,
            "version": version,
            "tune": excerpt.work.tune,
            "condition": condition,
            "seed": 0,
            "status": Piece.Status.DONE,
            "grid": to_json(altered(chorale, condition) if condition else chorale),
            "done": now(),
        }
        | fields
    )


def make_rendering(
    piece: Piece, fingerprint: str = FINGERPRINT, mp3: bytes = b"", **fields: Any
) -> Rendering:
    rendering = _rendering(piece, fingerprint, mp3, **fields)
    rendering.save()
    return rendering


def _rendering(
    piece: Piece, fingerprint: str = FINGERPRINT, mp3: bytes = b"", **fields: Any
) -> Rendering:
    number = next(_numbers)
    mp3 = mp3 or make_mp3(number)
    rendering = Rendering(
        piece=piece,
        fingerprint=fingerprint,
        sha256=sha256(mp3).hexdigest(),
        bytes=len(mp3),
        seconds=2.0,
        loudness=PROFILES[NEWEST].loudness,
        **{"profile": NEWEST} | fields,
    )
    rendering.file.save(f"{number:08x}.mp3", ContentFile(mp3), save=False)
    return rendering


def clip_of(piece: Piece) -> Rendering:
    return piece.renderings.clips().get()


def make_pair(
    condition: str = "ATB",
    composer: Composer | None = None,
    tune: str | None = None,
    excerpt: Excerpt | None = None,
    **fields: Any,
) -> Pair:
    """A playable pair; every call has a new tune family unless it names one."""
    excerpt = excerpt or make_excerpt(make_work(tune=tune))
    bach = Piece.objects.by_bach().filter(excerpt=excerpt).first()
    return Pair.objects.create(
        excerpt=excerpt,
        tune=excerpt.work.tune,
        bach=bach or make_piece(excerpt, make_bach()),
        machine=make_piece(excerpt, composer, condition),
        differing=fields.pop("differing", 1.0),
        **fields,
    )


def make_pairs(conditions: Sequence[str], composer: Composer) -> list[Pair]:
    """Playable pairs as `make_pair` makes them, of a tune family each; in a few statements."""
    version = composer.versions.ready().first()
    numbers = [next(_numbers) for _ in conditions]
    works = Work.objects.bulk_create(
        Work(bwv=f"BWV{n}.{n}", title=f"Chorale {n}", tune=f"tune-{n}", part="test")
        for n in numbers
    )
    excerpts = Excerpt.objects.bulk_create(
        Excerpt(work=work, start=0, stop=STEPS) for work in works
    )
    by_bach = Piece.objects.bulk_create(_piece(excerpt, None, "") for excerpt in excerpts)
    by_machine = Piece.objects.bulk_create(
        _piece(excerpt, version, condition)
        for excerpt, condition in zip(excerpts, conditions, strict=True)
    )
    Rendering.objects.bulk_create(_rendering(piece) for piece in (*by_bach, *by_machine))
    return Pair.objects.bulk_create(
        Pair(excerpt=bach.excerpt, tune=bach.tune, bach=bach, machine=machine, differing=1.0)
        for bach, machine in zip(by_bach, by_machine, strict=True)
    )


def make_unpaired(slug: str = "outside") -> Pair:
    """Bach beside a whole chorale of a collection that may be played."""
    kind = Composer.Kind.COLLECTION
    composer = make_composer(slug, kind=kind, licence="CC0", family="", members=[])
    composer.versions.update(kind=Version.Kind.COLLECTION)
    pair = make_pair("SATB", composer)
    machine = {"excerpt": None, "tune": "", "source": f"{next(_numbers)}.mid#0-64"}
    Piece.objects.filter(id=pair.machine_id).update(**machine)
    Pair.objects.filter(id=pair.id).update(kind=Pair.Kind.UNPAIRED, differing=None)
    return Pair.objects.get(id=pair.id)


@lru_cache(maxsize=16)
def _tone(pitch: int, seconds: float) -> bytes:
    time = np.arange(int(44100 * seconds)) / 44100
    wave = 8000 * np.sin(2 * np.pi * 220 * 2 ** (pitch / 12) * time)
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(96)
    encoder.set_in_sample_rate(44100)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(wave.astype(np.int16).tobytes()) + encoder.flush())


def make_mp3(number: int = 0, seconds: float = 2.0) -> bytes:
    """A real clip: a plain tone whose pitch depends on the number, but not its length."""
    return _tone(number % 16, seconds)


def save_miniature(
    path: Path, *, family: str = "markov", trained_on: Sequence[str] = ("BWV253",)
) -> Path:
    """A checkpoint of a family's miniature, which writes real, if poor, voices."""
    miniature = installed().family(family).debug()
    miniature.save(path, provenance_of(trained_on))
    return path


def file_of(path: Path, family: str, registry: Registry | None = None) -> dict[str, Any]:
    """Fields of a version whose checkpoint this is, as installing it would write them."""
    registry = registry or installed()
    source = ComposerSource("", family, path, registry)
    return {
        "family": family,
        "shipped": True,
        "file": str(path),
        "sha256": sha256_of(path),
        "settings": as_json(registry.family(family).settings),
        "members": listed(source.members),
    }


def make_miniature(
    folder: Path, slug: str = "mini", *, family: str = "markov", **saved: Any
) -> Composer:
    """A composer that can write, and rows for the works it was trained on."""
    path = save_miniature(folder / f"{slug}.safetensors", family=family, **saved)
    for bwv in json.loads(read_metadata(path)["works"]):
        Work.objects.get_or_create(bwv=bwv, defaults={"tune": f"tune-{bwv}", "part": "train"})
    return make_composer(slug, **file_of(path, family))
