"""`read_file` shows what `compose --melody` would be given."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from generator.management.file_report_text import BLOCKS, report_lines
from generator.music.formats.midi import write_midi
from generator.music.formats.musicxml import write_musicxml
from generator.music.formats.score import bars_of
from generator.music.grid.notes import note_table
from generator.music.grid.spelling import note_name
from generator.services.compose_order import Melody
from generator.services.file_report import PartReport, file_report
from tests.generator.music.phrase_ends.lines import melody

TUNES = Path("tests/generator/music/phrase_ends/tunes")


def shown(path: Path, *arguments: str) -> list[str]:
    stdout = StringIO()
    call_command("read_file", str(path), *arguments, stdout=stdout)
    return stdout.getvalue().splitlines()


def test_everything_that_was_understood_is_shown():
    assert shown(TUNES / "happy.mid") == [
        "file      happy.mid",
        "part      track 1: 25 notes, D4 to D5, read as the soprano",
        "key       G major (named by the file)",
        "metre     3/4, a pickup of 4 sixteenths, 8 bars",
        "key       G major: the key signature",
        "metre     silence of 8/16 before the first note is cut off; "
        "it begins with a pickup of 4/16",
        "phrases   they end in bars 2, 4, 6 and 8 (found in the notes; --phrases says otherwise)",
        "soprano   1112221114433333311122211555444444111886664443332227766644455544444444",
        "ends                      ^                ^                ^                  ^",
    ]


def test_options_are_those_of_compose():
    lines = shown(TUNES / "twinkle.mid", "--phrases=4,8", "--voice=A")
    assert "phrases   they end in bars 4, 8 and 12 (as given)" in lines
    assert "part      track 1: 42 notes, F4 to D5, read as the alto" in lines
    assert lines[-2].startswith("alto      11")


def test_the_same_as_data(corpus, tmp_path):
    work = corpus.work("BWV269").chorale
    write_musicxml(work, tmp_path / "x.musicxml")
    report = file_report(Melody(tmp_path / "x.musicxml", "SB"))
    assert report.voices == (0, 3)
    assert [part.voice for part in report.parts] == ["soprano", "", "", "bass"]
    notes = note_table(work, 0)
    lowest, highest = note_name(notes[:, 2].min(), 1), note_name(notes[:, 2].max(), 1)
    assert report.parts[0] == PartReport("Soprano", len(notes), lowest, highest, "soprano")
    assert (report.key, report.key_origin) == (work.key, "named by the file")
    assert (report.metres, report.pickup) == (((1, "3/4"),), 4)
    assert report.bars == len(bars_of(work)) - 1  # the pickup is bar 0
    assert report.phrases.origin == "file"


@pytest.mark.parametrize("columns", [30, 80, 300])
@pytest.mark.parametrize("plain", [True, False])
def test_the_roll_fits_the_terminal(corpus, tmp_path, columns, plain):
    write_midi(corpus.work("BWV269").chorale, tmp_path / "x.mid")
    report = file_report(Melody(tmp_path / "x.mid"))
    *_, soprano, alto, tenor, bass, ends = report_lines(report, width=columns, plain=plain)
    assert max(map(len, (soprano, alto, tenor, bass, ends))) <= columns
    assert bass.startswith("bass      ")
    assert "".join([soprano, alto, tenor, bass, ends]).isascii() is plain
    assert ends.count("^") == len(report.phrases.ends)


def test_a_rest_is_a_gap_and_the_highest_note_the_tallest_block(tmp_path):
    write_midi(melody("F-c2", "--FF"), tmp_path / "x.mid")
    *_, soprano, ends = report_lines(
        file_report(Melody(tmp_path / "x.mid", "S")), width=18, plain=False
    )
    assert len(soprano) <= 30
    assert soprano[10] == BLOCKS[0]
    assert BLOCKS[-1] in soprano
    assert " " in soprano[10:].rstrip()
    assert ends.endswith("^")


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    (tmp_path / "x.mid").write_bytes(b"nothing")
    with pytest.raises(CommandError, match=r"x\.mid is neither a MIDI nor a MusicXML file"):
        shown(tmp_path / "x.mid")


def test_from_the_shell_a_pipe_gets_plain_text_without_a_database(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "read_file", str(TUNES / "amazing.mid")],
        env={**os.environ, "VAR_DIR": str(tmp_path), "COLUMNS": "60"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.isascii()
    assert max(len(line) for line in done.stdout.splitlines()[-2:]) <= 60
