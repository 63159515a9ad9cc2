"""The program that reads a kern file with music21: `python music21_child.py FOLDER`.

It runs locked in, and imports nothing of ours. In its folder it finds `INPUT` and `NAMES`, and
leaves a score as MusicXML. What goes wrong is the last line of what it prints.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

INPUT, NAMES, OUTPUT = "input.krn", "names.json", "score.musicxml"


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    try:
        from music21.converter import parseData
        from music21.musicxml.m21ToXml import GeneralObjectExporter

        score: Any = parseData((folder / INPUT).read_text("utf-8"), format="humdrum")
        if not score.parts:
            sys.exit("it has no spine with notes")
        names = json.loads((folder / NAMES).read_text("utf-8"))
        for part in score.parts:
            part.partName = names.get(str(part.id).removeprefix("spine_"), part.partName)
            if not part.getElementsByClass("Measure"):
                part.makeMeasures(inPlace=True)
        exporter = GeneralObjectExporter(score.splitAtDurations(recurse=True)[0])
        # Otherwise bars that are not full are filled up with rests.
        exporter.makeNotation = False
        (folder / OUTPUT).write_bytes(exporter.parse())
    except Exception as error:  # noqa: BLE001  it may raise anything
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
