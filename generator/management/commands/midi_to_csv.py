from __future__ import annotations

from typing import Any

from generator.management.convert_command import ConvertCommand
from generator.music.formats.piano_text.midi_chunks import read_records
from generator.music.formats.piano_text.record_csv import records_to_csv


class Command(ConvertCommand):
    help = "Write the events of a MIDI file as CSV, as midicsv does."

    def converted(self, data: bytes, options: dict[str, Any]) -> bytes:
        return records_to_csv(read_records(data)).encode("latin-1")
