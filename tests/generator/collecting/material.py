"""Collections for tests: files as an outside system would write them, and hostile ZIPs."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import mido
import numpy as np

from generator.models import Excerpt
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.works import Corpus
from generator.music.formats.midi import midi_bytes
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.builders import make_excerpt, make_work


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def many_entries(path: Path, count: int) -> Path:
    """A ZIP with so many empty files, whose end tells of 65,535 at most."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, *[min(count, 65535)] * 2, len(entry) * count, 0, 0
    )
    path.write_bytes(entry * count + end)
    return path


def foreign_midi(chorale: Chorale) -> bytes:
    """As a program writes it that knows nothing of fermatas and keys."""
    file = mido.MidiFile(file=BytesIO(midi_bytes(chorale)))
    for track in file.tracks:
        held = 0
        kept = []
        for message in track:
            if message.type in ("text", "marker", "key_signature"):
                held += message.time
            else:
                kept.append(message.copy(time=message.time + held))
                held = 0
        track[:] = kept
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def phrases(bars: int = 8, *, minor: bool = False) -> Chorale:
    """Quarters in C, and a half note at the end of every second bar."""
    chords = [(72, 67, 64, 48), (74, 67, 65, 55), (72, 69, 65, 53), (71, 67, 62, 55)]
    if minor:
        chords = [(72, 67, 63, 48), (74, 67, 65, 55), (72, 68, 65, 53), (71, 67, 62, 55)]
    steps = 16 * bars
    pitch = np.array([chords[step // 4 % 4] for step in range(steps)]).T
    onset = np.zeros((4, steps), dtype=bool)
    onset[:, ::4] = True
    for end in range(32, steps + 1, 32):
        pitch[:, end - 8 : end] = np.array(chords[0])[:, None]
        onset[:, end - 4] = False
    return Chorale(pitch, repaired_onsets(pitch, onset), key="C minor" if minor else "C major")


def rewritten(chorale: Chorale, condition: str, semitones: int = -1) -> Chorale:
    """The written voices moved, as if a system had written others."""
    given = given_voices(condition, chorale.steps)
    pitch = np.where(given | (chorale.pitch < 0), chorale.pitch, chorale.pitch + semitones)
    return chorale.with_voices(pitch, chorale.onset)


def rows_for(corpus: Corpus, *works: str) -> list[Excerpt]:
    """Rows of works and of all their excerpts."""
    rows = []
    for bwv in works:
        work = make_work(bwv, corpus.works[bwv].tune)
        rows += [make_excerpt(work, *span) for span in excerpts_of(corpus.works[bwv].chorale)]
    return rows
