"""Works of the corpus written and read in each format; MusicXML beside music21.

Milliseconds of processor time a work, the mean over all of them, best of some runs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from generator.music.corpus.works import load_corpus
from generator.music.formats.gridjson import read_json, write_json
from generator.music.formats.midi import read_midi, write_midi
from generator.music.formats.musicxml import read_musicxml, write_musicxml
from generator.music.formats.prettymidi import from_pretty_midi, to_pretty_midi

RUNS = 3
BESIDE_MUSIC21 = 20
FILES = {
    "JSON": (write_json, read_json, ".json"),
    "MIDI": (write_midi, read_midi, ".mid"),
    "MusicXML": (write_musicxml, read_musicxml, ".musicxml"),
}


def main() -> None:
    works = [work.chorale for work in load_corpus(Path("var/corpus.npz")).works.values()]
    print(f"milliseconds a work, {len(works)} works, best of {RUNS}")
    print(f"{'':<12}{'write':>8}{'read':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (write, read, ending) in FILES.items():
            paths = [Path(folder) / f"{number}{ending}" for number in range(len(works))]
            written = _best(write, works, paths)
            print(f"{name:<12}{written:>8.1f}{_best(read, paths):>8.1f}", flush=True)
        to_pretty_midi(works[0])  # imports it
        midis = [to_pretty_midi(work) for work in works]
        written = _best(to_pretty_midi, works)
        print(f"{'pretty_midi':<12}{written:>8.1f}{_best(from_pretty_midi, midis):>8.1f}")
        _beside_music21(sorted(Path(folder).glob("*.musicxml"))[:BESIDE_MUSIC21])


def _beside_music21(paths: Sequence[Path]) -> None:
    from music21 import converter

    theirs = _best(partial(converter.parse, forceSource=True), paths)
    ours = _best(read_musicxml, paths)
    print(f"MusicXML, {len(paths)} works: {ours:.1f}, music21 {theirs:.1f}: {ours / theirs:.2f} x")


def _best(do: Callable[..., object], *arguments: Sequence[object]) -> float:
    cases = list(zip(*arguments, strict=True))
    runs = []
    for _ in range(RUNS):
        start = time.process_time()
        for case in cases:
            do(*case)
        runs.append(1000 * (time.process_time() - start) / len(cases))
    return min(runs)


if __name__ == "__main__":
    main()
