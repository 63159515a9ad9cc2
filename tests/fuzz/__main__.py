"""A campaign guided by what code is reached: `python -m tests.fuzz header|midi|musicxml SECONDS`.

It needs atheris (pip install atheris==3.0.0), which is no requirement of the tests. It begins with
sound and hostile files, changes them, and stops at the first exception that is no refusal.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bachtest.settings")
with atheris.instrument_imports(include=["generator", "mido", "defusedxml", "json", "zipfile"]):
    import django

    django.setup()
    from tests.fuzz.music_readers import check_header, check_music


def corpus(kind: str) -> list[bytes]:
    from tests.composers.adversary.hostile_checkpoints import CHECKPOINTS, sound
    from tests.composers.adversary.hostile_music import MIDI, XML, mxl, sound_midi, sound_xml

    if kind == "header":
        first, attacks = [sound()], CHECKPOINTS
    elif kind == "midi":
        first, attacks = [sound_midi()], MIDI
    else:
        first, attacks = [sound_xml(), mxl("a.xml", sound_xml())], XML
    made = (attack.make() for attack in attacks.values())
    return [*first, *(data for data in made if len(data) < 50_000)]


def main() -> None:
    kind, seconds = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(corpus(kind)):
            Path(folder, str(number)).write_bytes(data)
        options = [
            f"-max_total_time={seconds}",
            "-max_len=50000",
            "-timeout=20",
            "-print_final_stats=1",
        ]
        options.append(f"-artifact_prefix={tempfile.gettempdir()}/{kind}-")
        atheris.Setup(
            [sys.argv[0], folder, *options], check_header if kind == "header" else check_music
        )
        atheris.Fuzz()


main()
