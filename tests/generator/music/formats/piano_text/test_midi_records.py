"""Our CSV is midicsv's, our MIDI is csvmidi's, byte by byte."""

from __future__ import annotations

from io import BytesIO

import mido
import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.midi import midi_bytes
from generator.music.formats.piano_text.midi_chunks import read_records, write_records
from generator.music.formats.piano_text.record_csv import csv_to_records, records_to_csv
from tests.generator.families.material import a_chorale
from tests.generator.music.formats.piano_text.midicsv_program import csvmidi, midicsv


def to_csv(data: bytes) -> bytes:
    return records_to_csv(read_records(data)).encode("latin-1")


def to_midi(csv: bytes) -> bytes:
    return write_records(csv_to_records(csv.decode("latin-1")))


def everything() -> bytes:
    """A MIDI file with every kind of event that midicsv has a name for."""
    meta, message = mido.MetaMessage, mido.Message
    track = mido.MidiTrack(
        [
            meta("track_name", name="".join(map(chr, range(256)))),
            *(meta(name, text=name) for name in ("text", "copyright", "lyrics", "marker")),
            meta("cue_marker", text=""),
            meta("instrument_name", name="organ"),
            meta("set_tempo", tempo=789474),
            meta("time_signature", numerator=6, denominator=8),
            meta("key_signature", key="F#m"),
            meta("key_signature", key="Cb"),
            meta("sequence_number", number=300),
            meta("midi_port", port=2),
            meta("channel_prefix", channel=4),
            meta("smpte_offset", frame_rate=25, hours=1, minutes=2, seconds=3, frames=4),
            meta("sequencer_specific", data=(1, 2, 255)),
            meta("device_name", name="unknown to midicsv"),
            mido.UnknownMetaMessage(0x55, data=(9, 8)),
            message("sysex", data=(1, 2, 3)),
            message("note_on", channel=3, note=60, velocity=80, time=10),
            message("note_on", channel=3, note=60, velocity=0, time=200),
            message("note_on", channel=3, note=61, velocity=10, time=20_000),
            message("note_off", channel=3, note=61, velocity=64, time=3_000_000),
            message("control_change", channel=1, control=64, value=127),
            message("program_change", channel=1, program=5),
            message("program_change", channel=1, program=6),
            message("pitchwheel", channel=1, pitch=-100),
            message("aftertouch", channel=1, value=7),
            message("polytouch", channel=1, note=60, value=7),
            meta("end_of_track", time=5),
        ]
    )
    file = mido.MidiFile(type=1, ticks_per_beat=480, tracks=[track, mido.MidiTrack()])
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def midi_file(*events: bytes, division: int = 480, tracks: int = 1) -> bytes:
    """A MIDI file of one track; each event has its time before it."""
    body = b"".join((*events, b"\0\xff\x2f\0"))
    header = b"\0\0" + tracks.to_bytes(2, "big") + division.to_bytes(2, "big", signed=True)
    return b"MThd\0\0\0\6" + header + b"MTrk" + len(body).to_bytes(4, "big") + body


def meta(kind: int, *data: int) -> bytes:
    return bytes([0, 0xFF, kind, len(data), *data])


FILES = {
    "every kind of event": everything(),
    "a chorale": midi_bytes(a_chorale(title="Ach wie fl\xfcchtig", bwv="BWV1")),
    "a type above 127": midi_file(meta(0x85, 7)),
    "no tempo": midi_file(meta(0x51, 0, 0, 0)),
    "no division": midi_file(division=0),
}
# midicsv prints them, and csvmidi does not make the same file of that.
ODD_FILES = {
    "running status after a text": midi_file(b"\0\x90\x3c\x40", meta(1, 97), b"\x10\x3c\0"),
    "running status after bytes": midi_file(b"\0\x90\x3c\x40", b"\0\xf0\1\xf7", b"\x10\x3c\0"),
    "eight sharps": midi_file(meta(0x59, 8, 0)),
    "many flats": midi_file(meta(0x59, 0x80, 1)),
    "a third mode": midi_file(meta(0x59, 0, 2)),
    "a longer key": midi_file(meta(0x59, 1, 0, 5)),
    "a longer tempo": midi_file(meta(0x51, 1, 2, 3, 4)),
    "a longer metre": midi_file(meta(0x58, 4, 2, 24, 8, 1)),
    "an end with a byte": midi_file(meta(0x2F, 7)),
    "frames of seconds": midi_file(b"\0\x90\x3c\x40", division=-6360),
}
SHORT_EVENTS = [meta(0x59, 1), meta(0x51, 1, 2), meta(0x58, 4, 2), meta(0, 1), meta(0x54, 1)]


@pytest.mark.parametrize("name", [*FILES, *ODD_FILES])
def test_the_csv_is_what_midicsv_prints(name, tmp_path):
    data = {**FILES, **ODD_FILES}[name]
    assert to_csv(data) == midicsv(data, tmp_path)


@pytest.mark.parametrize("name", ODD_FILES)
def test_a_csv_that_we_print_can_be_read_again(name):
    csv = to_csv(ODD_FILES[name])
    assert to_csv(to_midi(csv)) == csv


@pytest.mark.parametrize("event", SHORT_EVENTS)
def test_an_event_with_too_few_bytes_keeps_them(event):
    """In its place midicsv prints bytes of the next event."""
    data = midi_file(event)
    kind, length, *body = event[2:]
    line = f"1, 0, Unknown_meta_event, {', '.join(map(str, (kind, length, *body)))}\n"
    assert line in to_csv(data).decode()
    assert to_midi(to_csv(data)) == data


def test_a_long_text_comes_back(tmp_path):
    text = bytes(range(256)) * 1000
    length = b"\x8f\xd0\0"  # 256,000
    data = midi_file(b"\0\xff\1" + length + text)
    csv = to_csv(data)
    assert csv == midicsv(data, tmp_path)
    assert to_midi(csv) == data == csvmidi(csv, tmp_path)


@pytest.mark.parametrize("division", [0, 32767, 32768, 60000, 65535])
def test_a_division_is_written_as_csvmidi_writes_it(division, tmp_path):
    csv = (BEGUN.replace("480", str(division)) + ENDED).encode()
    assert to_midi(csv) == csvmidi(csv, tmp_path)
    assert to_csv(to_midi(csv)) == midicsv(to_midi(csv), tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_the_midi_file_is_what_csvmidi_makes(name, tmp_path):
    csv = to_csv(FILES[name])
    assert to_midi(csv) == csvmidi(csv, tmp_path) == FILES[name]


def test_works_of_the_corpus_have_the_csv_that_midicsv_prints(corpus, tmp_path):
    for work in list(corpus.works.values())[::40]:
        data = midi_bytes(work.chorale)
        assert to_csv(data) == midicsv(data, tmp_path)


def test_comments_and_capitals_are_read_as_csvmidi_reads_them(tmp_path):
    csv = (
        b"# a comment\n; another\n0,0,HEADER,0,1,96\n1, 0, start_track\n"
        b'1, 0, title_t, "a ""b"" \\101\\\\"\n1, 96, End_Track\n0, 0, End_of_file\n'
    )
    assert to_midi(csv) == csvmidi(csv, tmp_path)
    assert b'Title_t, "a ""b"" A\\\\"' in to_csv(to_midi(csv))
    assert to_midi(csv.replace(b"\n", b" \r\n\n")) == to_midi(csv)  # csvmidi stops at a blank line


HEADER = "0, 0, Header, 0, 1, 480\n"
BEGUN = HEADER + "1, 0, Start_track\n"
ENDED = "1, 960, End_track\n0, 0, End_of_file\n"


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("", "the CSV has no record; it begins with 0, 0, Header"),
        (BEGUN, "the CSV breaks off; its last record is 0, 0, End_of_file"),
        ("1, 0, Start_track\n", "line 1: the first record, and no other, is Header; this is Start"),
        (HEADER + HEADER, "line 2: the first record, and no other, is Header"),
        ("0, 0, Header, 3, 1, 480\n", "line 1: Header 3, 1, 480; use format 0 to 2"),
        ("0, 0, Header, 1, 1\n", "line 1: Header has 2 values; it needs format, tracks, division"),
        (HEADER + "1, 0\n", "line 2: a record has a track, a time and a name"),
        (HEADER + "2, 0, Start_track\n", "line 2: track 2; the next one is 1"),
        (BEGUN + "2, 0, Start_track\n", "line 3: track 1 has not ended"),
        (HEADER + "1, 0, Tempo, 9\n", "line 2: Tempo of track 1, which has not begun or has ended"),
        (BEGUN + "1, 0, Note_on, 0, 60, 80\n", "line 3: unknown record 'Note_on'"),
        (BEGUN + "1, 0, Note_on_c, 0, 60, 200\n", "line 3: Note_on_c with velocity 200; use 0 to"),
        (BEGUN + "1, 0, Note_on_c, 0, 60\n", "line 3: Note_on_c has 2 values; it needs 3: channel"),
        (BEGUN + "1, 0, Note_on_c, 0, C4, 80\n", "line 3: Note_on_c with 'C4'; use whole numbers"),
        (BEGUN + "1, x, Tempo, 9\n", "line 3: time 'x'; use a whole number of 0 to 9"),
        (BEGUN + "1, -1, Tempo, 9\n", "line 3: time '-1'; use a whole number of 0 to 9"),
        (BEGUN + f"1, {10**13}, Tempo, 9\n", f"time '{10**13}'; use a whole number of 0 to 99999"),
        ("0, 0, Header, 0, 0, 480\n", "line 1: Header 0, 0, 480; use format 0 to 2, 1 to 65535"),
        ("0, 0, Header, 0, 1, 65536\n", "line 1: Header 0, 1, 65536; use format 0 to 2"),
        ("0, 0, Header, 0, 1, x\n", "line 1: Header 0, 1, x; use format 0 to 2"),
        (BEGUN + "1, 0, Tempo, 16777216\n", "line 3: Tempo with tempo 16777216; use 0 to 16777215"),
        (BEGUN + '1, 0, Title_t, "open\n', "line 3: it cannot be read"),
        (BEGUN + "1, 0, Title_t\n", "line 3: Title_t needs one text in quotes"),
        (BEGUN + '1, 0, Key_signature, 0, "dorian"\n', 'needs a number and "major" or "minor"'),
        (BEGUN + '1, 0, Key_signature, 128, "major"\n', "key 128; use -128 to 127"),
        (BEGUN + "1, 0, System_exclusive, 3, 1\n", "does not say how many bytes follow"),
        (BEGUN + "1, 0, System_exclusive, 1, 256\n", "System_exclusive with byte 256; use 0 to"),
        (BEGUN + "1, 9, Tempo, 9\n1, 8, Tempo, 9\n", "line 4: time 8 after 9; times of a track"),
        (BEGUN + "0, 0, End_of_file\n", "line 3: 0 tracks have ended here; the Header says 1"),
        (BEGUN + ENDED + "1, 0, Tempo, 9\n", "line 5: Tempo after End_of_file"),
    ],
)
def test_a_csv_that_is_wrong_is_refused_by_its_line(csv, message):
    with pytest.raises(FormatError) as caught:
        csv_to_records(csv)
    assert message in str(caught.value)


def test_a_midi_file_that_breaks_off_anywhere_is_refused():
    data = FILES["every kind of event"]
    for length in range(len(data)):
        with pytest.raises(FormatError):
            read_records(data[:length])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"RIFF" + bytes(20), "it does not begin with MThd; give a .mid file"),
        (b"MThd\0\0\0\6\0\5\0\1\1\xe0", "a MIDI file of type 5"),
        (midi_file(tracks=0), "the MIDI file has no track"),
        (midi_file(tracks=2), "the MIDI file has 1 of 2 tracks"),
        (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\x01\x01\0", "has the status byte 0"),
        (midi_file(b"\0\xf8"), "has the status byte 248"),
        (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\5\xff\xff\xff\xff\1", "a number that never ends"),
        (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\x90\xf0\0", "note 240; use 0 to 127"),
    ],
)
def test_bytes_that_are_no_midi_file_are_refused(data, message):
    with pytest.raises(FormatError) as caught:
        read_records(data)
    assert message in str(caught.value)


def test_chunks_of_other_programs_are_skipped():
    header, track = FILES["a chorale"][:14], FILES["a chorale"][14:]
    strange = header + b"XFIH\0\0\0\3abc" + track
    assert to_csv(strange) == to_csv(FILES["a chorale"])
