"""`compose --melody`: phrase ends steer the composer and are written only where they were given."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generator.families.base import Family
from generator.music.formats.gridjson import read_json
from generator.music.formats.midi import read_midi, write_midi
from generator.music.formats.musicxml import read_musicxml
from generator.registry import Shipped
from tests.generator.families.choir import registry_of, save_choir
from tests.generator.music.phrase_ends.lines import TWINKLE, melody

TUNE = Path("tests/generator/music/phrase_ends/tunes/twinkle.mid")
LAST_NOTES = [step for start in range(24, 192, 32) for step in range(start, start + 8)]


@pytest.fixture(autouse=True)
def shipped(tmp_path_factory, settings) -> None:
    """A composer that holds one note in each voice, from middle C on."""
    folder = tmp_path_factory.mktemp("checkpoints")
    save_choir(folder / "choir.safetensors", [["BWV269"], ["BWV254"]], [["BWV254"], ["BWV269"]])
    settings.REGISTRY = registry_of(choir=[Shipped("choir", "Choir", folder=folder)])


@pytest.fixture
def told(monkeypatch) -> list[list[int]]:
    """The steps under fermatas that the composer was told of, a list for each fill."""
    seen, fill = [], Family.fill

    def listening(family, chorale, given, **options):
        seen.append(np.flatnonzero(chorale.fermata).tolist())
        return fill(family, chorale, given, **options)

    monkeypatch.setattr(Family, "fill", listening)
    return seen


def compose(out: Path, *arguments: str, tune: Path = TUNE) -> str:
    stdout = StringIO()
    named = ("--composer=choir", f"--melody={tune}", "--write=ATB", f"--out={out}")
    call_command("compose", *named, *arguments, stdout=stdout)
    return stdout.getvalue()


READERS = {"mid": read_midi, "musicxml": read_musicxml, "json": read_json}


@pytest.mark.parametrize("ending", READERS)
def test_ends_that_were_found_steer_and_are_not_written(tmp_path, told, ending):
    printed = compose(tmp_path / f"x.{ending}")
    assert "phrases: they end in bars 2, 4, 6, 8, 10 and 12 (found" in printed
    assert told == [LAST_NOTES]
    assert not READERS[ending](tmp_path / f"x.{ending}").fermata.any()


@pytest.mark.parametrize("ending", READERS)
def test_ends_that_were_given_steer_and_are_written(tmp_path, told, ending):
    printed = compose(tmp_path / f"x.{ending}", "--phrases=12,4")
    assert "phrases: they end in bars 4 and 12 (as given)" in printed
    assert told == [[*range(56, 64), *range(184, 192)]]
    written = READERS[ending](tmp_path / f"x.{ending}").fermata
    assert np.flatnonzero(written).tolist() == told[0]


def test_fermatas_of_the_file_stay_as_they_are(tmp_path, told):
    fermata = np.zeros(192, dtype=np.bool_)
    fermata[56:64] = True
    write_midi(melody(*TWINKLE, fermata=fermata), tmp_path / "tune.mid")
    printed = compose(tmp_path / "x.json", "--voice=S", tune=tmp_path / "tune.mid")
    assert "phrases: it ends in bar 4 (where the file has fermatas)" in printed
    assert told == [list(range(56, 64))]
    assert np.array_equal(read_json(tmp_path / "x.json").fermata, fermata)


def test_phrases_that_stay_open_are_named(tmp_path):
    """All voices are on middle C: it closes below a G, but neither below an F nor another C."""
    lines = compose(tmp_path / "x.json").splitlines()
    assert [line for line in lines if "left open" in line] == [
        "phrase 1 is left open: bar 2 ends it on C4 C4 C4 C5",
        "phrase 2 is left open: bar 4 ends it on C4 C4 C4 F4",
        "phrase 5 is left open: bar 10 ends it on C4 C4 C4 C5",
        "phrase 6 is left open: bar 12 ends it on C4 C4 C4 F4",
    ]
    assert lines[-1] == f"wrote {tmp_path / 'x.json'}"


def test_of_a_part_of_the_melody_its_own_phrases_count(tmp_path, told):
    lines = compose(tmp_path / "x.json", "--steps=32:96").splitlines()
    assert told == [[*range(24, 32), *range(56, 64)]]
    assert [line for line in lines if "left open" in line] == [
        "phrase 1 is left open: bar 4 ends it on C4 C4 C4 F4"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--phrases=4,x"], "--phrases '4,x'; use numbers of bars such as 4,8,12"),
        (["--phrases="], "--phrases ''; use numbers of bars"),
        (["--phrases=13"], "twinkle.mid: no phrase can end in bar 13; the melody has bars 1 to 12"),
        (["--key=H"], "--key 'H'; use a form such as 'G major'"),
        (["--key="], "--key ''; use a form such as"),
    ],
)
def test_options_that_name_nothing_are_named(tmp_path, arguments, message):
    with pytest.raises(CommandError, match=message):
        compose(tmp_path / "x.json", *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["a minor", "A MINOR", " a  Minor "])
def test_a_key_has_any_case(tmp_path, key):
    assert "key: A minor, as asked for" in compose(tmp_path / "x.json", f"--key={key}")


def test_phrases_go_with_a_melody(tmp_path):
    with pytest.raises(CommandError, match="--phrases goes with --melody"):
        call_command(
            "compose", "--composer=choir", "--work=BWV269", "--phrases=4", f"--out={tmp_path}/x.mid"
        )


def test_phrases_of_a_chorale_from_nothing_that_stay_open_are_named(tmp_path):
    stdout = StringIO()
    out = tmp_path / "x.mid"
    call_command("compose", "--composer=choir", "--key=D major", f"--out={out}", stdout=stdout)
    *lines, last = stdout.getvalue().splitlines()
    assert lines[0] == "phrase 1 is left open: bar 2 ends it on C4 C4 C4 C4"
    assert len(lines) == 4 and last == f"wrote {out}"
