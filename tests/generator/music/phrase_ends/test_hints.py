"""Breath marks and sung words, in both kinds of files."""

from __future__ import annotations

import mido
import pytest

from generator.music.formats.melody import melody_reading
from generator.music.formats.musicxml_writer import musicxml_bytes
from generator.music.phrase_ends.hints import EndHint, syllable_hint
from generator.music.phrase_ends.melody_phrases import phrases_of
from tests.generator.music.phrase_ends.lines import TWINKLE, melody

EVEN = "FGAGFGAGFGAGFGAGFGAGF222"


def starts(phrases) -> list[int]:
    return [end.start for end in phrases.ends]


@pytest.mark.parametrize("kind", ["breath", "line"])
@pytest.mark.parametrize("note", [3, 6, 11])
def test_a_breath_or_the_end_of_a_line_always_ends_a_phrase(kind, note):
    assert 4 * note in starts(phrases_of(melody(EVEN), 0, hints=[EndHint(4 * note, kind)]))


def test_no_phrase_ends_within_a_word():
    assert 24 in starts(phrases_of(melody(*TWINKLE), 0))
    assert 24 not in starts(phrases_of(melody(*TWINKLE), 0, hints=[EndHint(24, "word")]))


def test_a_hint_belongs_to_the_note_that_began_before_it():
    hints = [EndHint(31, "breath")]
    assert 24 in starts(phrases_of(melody(*TWINKLE), 0, hints=hints))
    assert starts(phrases_of(melody("-", EVEN), 0, hints=[EndHint(2, "word")])) == starts(
        phrases_of(melody("-", EVEN), 0)
    )


def test_fermatas_go_before_hints():
    fermata = [False] * 184 + [True] * 8
    line = melody(*TWINKLE, fermata=fermata)
    assert starts(phrases_of(line, 0, hints=[EndHint(24, "breath")])) == [184]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("star,", ["comma"]),
        ("are!", ["stop"]),
        ("sky.”", ["stop"]),
        ("Twin-", ["word"]),
        ("-", []),
        ("high", []),
        ("", []),
        ("/", ["line"]),
        ("\\Like", ["line"]),
        ("sky.\r", ["line", "stop"]),
    ],
)
def test_what_a_syllable_says(text, kinds):
    assert [hint.kind for hint in syllable_hint(8, text)] == kinds


def midi(path, words: dict[int, str], kind: str = "lyrics"):
    """Even quarters with words at some of them, after a bar of silence."""
    events = [(480 * (at + 4), 0, mido.MetaMessage(kind, text=word)) for at, word in words.items()]
    for at, pitch in enumerate([65, 67, 69, 67] * 6):
        events.append((480 * (at + 4), 2, mido.Message("note_on", note=pitch)))
        events.append((480 * (at + 5), 1, mido.Message("note_off", note=pitch)))
    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    return path


def test_lyrics_of_a_midi_file(tmp_path):
    plain = starts(melody_reading(midi(tmp_path / "x.mid", {})).phrases)
    with_words = midi(tmp_path / "x.mid", {0: "How ", 10: "are;", 11: "/Up "})
    assert 40 not in plain
    assert 40 in starts(melody_reading(with_words).phrases)


def test_texts_of_a_karaoke_file_and_of_no_other(tmp_path):
    words = {0: "@KMIDI KARAOKE FILE", 11: "/Up "}
    karaoke = starts(melody_reading(midi(tmp_path / "x.mid", words, "text")).phrases)
    assert 40 in karaoke
    other = midi(tmp_path / "x.mid", {11: "/Up "}, "text")
    assert 40 not in starts(melody_reading(other).phrases)


NOTE = "<pitch><step>{}</step><octave>4</octave></pitch>"


@pytest.mark.parametrize(
    ("extra", "ends"),
    [
        ("<notations><articulations><breath-mark/></articulations></notations>", True),
        ("<notations><articulations><caesura/></articulations></notations>", True),
        ("<lyric><syllabic>end</syllabic><text>are.</text></lyric>", True),
        ("<lyric><syllabic>begin</syllabic><text>lit</text></lyric>", False),
    ],
)
def test_marks_and_words_of_a_score(tmp_path, extra, ends):
    score = musicxml_bytes(melody(EVEN)).decode()
    notes = score.split("</note>")
    assert "<pitch>" in notes[10]
    notes[10] += extra
    (tmp_path / "x.musicxml").write_text("</note>".join(notes))
    assert (40 in starts(melody_reading(tmp_path / "x.musicxml", "S").phrases)) is ends
