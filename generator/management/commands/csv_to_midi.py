from __future__ import annotations

from typing import Any

from generator.management.convert_command import ConvertCommand, as_text
from generator.music.formats.piano_text.midi_chunks import write_records
from generator.music.formats.piano_text.record_csv import csv_to_records


class Command(ConvertCommand):
    help = "Write the MIDI file of a CSV, as csvmidi does."

    def converted(self, data: bytes, options: dict[str, Any]) -> bytes:
        return write_records(csv_to_records(as_text(data)))
