"""The share of real files that is read.

The unofficial MusicXML test suite, short scores of music21's corpus, and its kern and ABC files,
all inside the installed music21. A file counts as the same if the notes of all parts together
(beginning, end and pitch) are those that music21 finds; this is asked of MusicXML alone.

`python -m experiments.read_share` writes the table into docs/formats.md; it takes about a quarter
of an hour of one core. With options it only prints its rows.
"""

from __future__ import annotations

import argparse
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.marked_block import write_block
from generator.music.formats.format_errors import FormatError
from generator.music.formats.outside_files import score_of
from generator.music.formats.score import Score, chorale_of
from generator.music.formats.voices.choice import four_voices

PAGE = Path("docs/formats.md")
MAX_BARS = 40
XML = (".xml", ".mxl", ".musicxml")


class RealFile(NamedTuple):
    """The contents of a file; `path` is where music21 finds the same, if it is a second opinion."""

    name: str
    data: bytes
    path: Path | None = None


def music21_folder() -> Path:
    import music21

    return Path(music21.__file__).parent


def bars(data: bytes) -> int:
    """How many measures the longest part of a score has, about."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if not n.startswith("META-INF")]
            data = archive.read(names[0])
    return data.count(b"<measure ") // max(1, data.count(b"<part "))


def suite() -> list[RealFile]:
    folder = music21_folder() / "musicxml/lilypondTestSuite"
    return [
        RealFile(p.name, p.read_bytes(), p) for p in sorted(folder.iterdir()) if p.suffix in XML
    ]


def short_scores(count: int, rng: np.random.Generator) -> list[RealFile]:
    paths = sorted(p for p in (music21_folder() / "corpus").rglob("*") if p.suffix in XML)
    files = []
    for index in rng.permutation(len(paths)):
        data = paths[index].read_bytes()
        if bars(data) <= MAX_BARS:
            files.append(RealFile(paths[index].name, data, paths[index]))
        if len(files) == count:
            break
    return files


def kern_files(count: int, rng: np.random.Generator) -> list[RealFile]:
    paths = sorted((music21_folder() / "corpus").rglob("*.krn"))
    chosen = rng.choice(len(paths), min(count, len(paths)), replace=False)
    return [RealFile(paths[i].name, paths[i].read_bytes()) for i in chosen]


def tunes(count: int, rng: np.random.Generator) -> list[RealFile]:
    """Single tunes, out of their books."""
    found = []
    for path in sorted((music21_folder() / "corpus").rglob("*.abc")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for tune in re.split(r"(?m)^(?=X:)", text)[1:]:
            found.append(RealFile(path.name, tune.encode()))
    return [found[i] for i in rng.choice(len(found), count, replace=False)]


def music21_notes(path: Path) -> set[tuple[Fraction, Fraction, int]]:
    """Beginning, end and pitch of all notes of a score, in sixteenths, without graces and cues."""
    from music21 import converter

    score = converter.parse(path, forceSource=True).toSoundingPitch()
    found: set[tuple[Fraction, Fraction, int]] = set()
    for part in score.parts:
        for element in part.stripTies().flatten().notes:
            if element.duration.isGrace or getattr(element.style, "noteSize", None) == "cue":
                continue
            start = Fraction(element.offset) * 4
            end = start + Fraction(element.quarterLength) * 4
            found.update((start, end, pitch.midi) for pitch in sounding(element))
    return found


def sounding(element: Any) -> Iterable[Any]:
    if "ChordSymbol" in element.classes or "NoChord" in element.classes:
        return ()
    return getattr(element, "pitches", ())


def our_notes(score: Score) -> set[tuple[Fraction, Fraction, int]]:
    return {
        (Fraction(note.start), Fraction(note.end), note.pitch)
        for part in score.parts
        for note in part.notes
    }


def outcomes(files: list[RealFile], compare: bool) -> Iterator[tuple[RealFile, list[str], str]]:
    """Each file with what can be said of it, and why not."""
    for file in files:
        said, reason = [], ""
        try:
            score = score_of(file.data, file.name)
            if any(part.notes for part in score.parts):
                said.append("read")
            chorale_of(score, four_voices(score))
            said.append("four voices")
        except FormatError as error:
            reason = str(error)
        if compare and file.path is not None and "read" in said:
            try:
                theirs = music21_notes(file.path)
            except Exception as error:  # noqa: BLE001  whatever music21 raises
                reason = f"music21: {error}"
            else:
                said.append("compared")
                said += ["same"] if theirs == our_notes(score) else []
        yield file, said, reason


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=200, help="of each folder of the corpus")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="letters a folder's name begins with")
    parser.add_argument("--no-comparison", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="a line for each file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folders = {
        "MusicXML test suite": lambda _: suite(),
        "MusicXML, short scores": lambda rng: short_scores(options.sample, rng),
        "kern": lambda rng: kern_files(options.sample, rng),
        "ABC": lambda rng: tunes(options.sample, rng),
    }
    rows = [
        "| files | number | read | four voices | compared with music21 | same notes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, files_of in folders.items():
        if not name.startswith(options.only):
            continue
        files = files_of(np.random.default_rng(options.seed))
        counts: Counter[str] = Counter()
        for file, said, reason in outcomes(files, not options.no_comparison):
            counts.update(said)
            if options.verbose:
                print(f"{file.name}: {', '.join(said)} {reason}", flush=True)
        cells = [str(counts[kind]) for kind in ("read", "four voices", "compared", "same")]
        if not counts["compared"]:
            cells[2:] = ["", ""]
        rows.append(f"| {name} | {len(files)} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    if vars(options) == vars(parser.parse_args([])):
        write_block(PAGE, "read_share", "\n".join(rows))


if __name__ == "__main__":
    main()
