from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class

import manage
from generator.management.fill_command import FillCommand
from generator.music.formats.gridjson import read_json
from generator.music.formats.midi import read_midi, write_midi
from generator.music.formats.musicxml import read_musicxml
from generator.music.grid.conditions import given_for
from generator.registry import Shipped
from generator.services.output_files import WRITERS
from tests.builders import make_miniature, save_miniature
from tests.generator.families.choir import registry_of
from tests.generator.music.formats.second_opinion import expected, understood

STEPS = "0:64"


@pytest.fixture(autouse=True)
def shipped(tmp_path_factory, settings, corpus) -> None:
    """A shipped miniature, so that no test here needs the database."""
    folder = tmp_path_factory.mktemp("checkpoints")
    save_miniature(folder / "mini.safetensors", trained_on=["BWV253"])
    settings.REGISTRY = registry_of(markov=[Shipped("mini", "Mini", folder=folder)])


def compose(out: Path, *arguments: str, **options: str) -> tuple[str, str]:
    """What the command prints on standard output and error."""
    chosen = {"composer": "mini", "work": "BWV269", "write": "ATB", "seed": "1"} | options
    named = [f"--{name}={value}" for name, value in chosen.items() if value]
    stdout, stderr = StringIO(), StringIO()
    call_command("compose", *named, *arguments, f"--out={out}", stdout=stdout, stderr=stderr)
    return stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize(
    ("ending", "read"), [("mid", read_midi), ("musicxml", read_musicxml), ("json", read_json)]
)
def test_scores_hold_the_given_voice_untouched(tmp_path, corpus, ending, read):
    bach = corpus.work("BWV269").chorale
    out = tmp_path / f"x.{ending}"
    assert compose(out)[0] == f"wrote {out}\n"
    piece = read(out)
    assert np.array_equal(piece.pitch[0], bach.pitch[0])
    assert np.array_equal(piece.onset[0], bach.onset[0])
    assert not np.array_equal(piece.pitch[1:], bach.pitch[1:])
    assert (piece.key, piece.metre, piece.anacrusis) == (bach.key, bach.metre, bach.anacrusis)


def test_all_endings_hold_the_same_piece(tmp_path):
    for ending in ("mid", "musicxml", "json"):
        compose(tmp_path / f"x.{ending}")
    piece = read_json(tmp_path / "x.json")
    assert read_midi(tmp_path / "x.mid") == piece
    assert read_musicxml(tmp_path / "x.musicxml") == piece


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"write": "NEXT"},
        {"composer": "bach", "write": "", "work": "BWV66.6"},
        {"work": "", "key": "Bb minor", "metre": "3/4", "pickup": "4", "write": ""},
    ],
    ids=["ATB", "NEXT", "bach", "from nothing"],
)
def test_pretty_midi_finds_the_same_piece_in_the_midi_file(tmp_path, options):
    for ending in ("mid", "json"):
        compose(tmp_path / f"x.{ending}", **options)
    piece = read_json(tmp_path / "x.json")
    assert understood((tmp_path / "x.mid").read_bytes()) == expected(piece)


@pytest.mark.parametrize(("ending", "head"), [("mp3", b"\xff\xfb"), ("wav", b"RIFF")])
def test_sound_is_written(tmp_path, ending, head):
    out = tmp_path / f"x.{ending}"
    compose(out, steps="0:32")
    assert out.read_bytes().startswith(head)
    assert out.stat().st_size > 20_000


def test_the_same_seed_writes_the_same_file_and_another_does_not(tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        compose(tmp_path / f"{name}.json", seed=seed)
    a, b, c = ((tmp_path / f"{name}.json").read_bytes() for name in "abc")
    assert a == b != c


def test_steps_limit_what_is_seen_and_written(tmp_path, corpus):
    compose(tmp_path / "x.json", steps="4:68")
    piece = read_json(tmp_path / "x.json")
    assert piece.steps == 64
    assert np.array_equal(piece.pitch[0], corpus.work("BWV269").chorale.pitch[0, 4:68])


@pytest.mark.parametrize("condition", ["NEXT", "GAP"])
def test_a_span_of_a_work_is_written_and_the_rest_is_bach(tmp_path, corpus, condition):
    bach = corpus.work("BWV269").chorale
    compose(tmp_path / "x.json", write=condition)
    piece, given = read_json(tmp_path / "x.json"), given_for(condition, bach)
    assert np.array_equal(piece.pitch[given], bach.pitch[given])
    assert not np.array_equal(piece.pitch[~given], bach.pitch[~given])


def test_a_melody_has_no_span_to_write(tmp_path, melody):
    with pytest.raises(CommandError, match="--write NEXT goes with --work; a melody gives whole"):
        compose(tmp_path / "x.json", work="", voice="T", melody=str(melody), write="NEXT")


def test_bach_writes_his_own(tmp_path, corpus):
    compose(tmp_path / "x.json", composer="bach", write="")
    assert read_json(tmp_path / "x.json") == corpus.work("BWV269").chorale


def test_what_bach_wrote_is_the_same_whatever_the_voices_and_the_seed(tmp_path, corpus):
    compose(tmp_path / "x.json", composer="bach", write="ATB", seed="7")
    assert read_json(tmp_path / "x.json") == corpus.work("BWV269").chorale


def test_a_work_may_be_named_in_small_letters(tmp_path):
    compose(tmp_path / "x.json", work="bwv269", steps=STEPS)
    assert json.loads((tmp_path / "x.json").read_text())["bwv"] == "BWV269"


@pytest.fixture
def melody(tmp_path, corpus) -> Path:
    """The tenor of a work alone, as a MIDI file."""
    chorale = corpus.work("BWV269").chorale.slice(0, 64)
    pitch, onset = np.full_like(chorale.pitch, -1), np.zeros_like(chorale.onset)
    pitch[2], onset[2] = chorale.pitch[2], chorale.onset[2]
    write_midi(chorale.with_voices(pitch, onset), tmp_path / "tenor.mid")
    return tmp_path / "tenor.mid"


def test_a_melody_is_given_its_other_voices(tmp_path, melody, corpus):
    compose(tmp_path / "x.json", "--melody", str(melody), work="", voice="T", write="SAB")
    piece = read_json(tmp_path / "x.json")
    assert np.array_equal(piece.pitch[2], corpus.work("BWV269").chorale.pitch[2, :64])
    assert (piece.pitch[[0, 1, 3]] >= 0).any(axis=1).all()


def test_what_is_written_must_fit_the_melody(tmp_path, melody):
    with pytest.raises(CommandError, match="gives T; use --write SAB"):
        compose(tmp_path / "x.json", "--melody", str(melody), work="", voice="T", write="ATB")


@pytest.mark.parametrize(
    ("work", "noted"), [("BWV253", True), ("BWV269", False)], ids=["known", "new"]
)
def test_a_work_that_the_composer_knows_is_written_with_a_note(tmp_path, work, noted):
    _, note = compose(tmp_path / "x.json", work=work, steps=STEPS)
    assert ("mini was trained on BWV253 or its tune" in note) is noted
    assert (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"write": "BAT"}, "--write: unknown condition 'BAT'; use one of S, A"),
        ({"write": ""}, "--write: unknown condition ''; use one of S, A"),
        ({"work": "BWV9999"}, "no work 'BWV9999' in the corpus"),
        ({"steps": "0-64"}, "--steps '0-64'; use two numbers"),
        ({"steps": "0:999999"}, "steps 0:999999 are not inside"),
        ({"settings": "temperature=0"}, "temperature=0; use a number from 0.01 to 100.0"),
        ({"settings": "temperature=nan"}, "temperature=nan; use a number from 0.01 to 100.0"),
        ({"settings": "temperature=inf"}, "temperature=inf; use a number from 0.01 to 100.0"),
        ({"budget-steps": "-1"}, "a budget of -1 steps; use 0 or more"),
        ({"budget-seconds": "0"}, "a budget of 0.0 seconds; use more than 0"),
        ({"budget-seconds": "1e-9"}, "family 'markov' used up its budget of 1e-09 seconds"),
        ({"voice": "S"}, "--voice goes with --melody"),
        ({"composer": "bach", "settings": "up=1"}, "composer 'bach' has no settings; leave out"),
        ({"seed": "-1"}, "seed -1; use a whole number"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_written(tmp_path, options, message):
    with pytest.raises(CommandError, match=message):
        compose(tmp_path / "x.json", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("x.pdf", "unknown extension '.pdf' of .*x.pdf; use .mid .musicxml .json .mp3 .wav"),
        ("x", "unknown extension ''"),
        ("nowhere/x.mid", "no folder .*nowhere; make it, or choose another for x.mid"),
    ],
)
def test_a_wrong_file_or_folder_is_named(tmp_path, out, message):
    with pytest.raises(CommandError, match=message):
        compose(tmp_path / out)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_writable_is_named():
    with pytest.raises(CommandError, match=r"cannot write /proc/x\.json"):
        compose(Path("/proc/x.json"), steps=STEPS)


def test_a_failure_leaves_the_old_file_untouched(tmp_path, monkeypatch):
    out = tmp_path / "x.mid"
    compose(out, steps=STEPS)
    before = out.read_bytes()
    with pytest.raises(CommandError, match="no work"):
        compose(out, work="BWV9999")
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.mid"]


def test_without_sound_one_line_says_what_is_missing(tmp_path, monkeypatch, settings):
    settings.SOUNDFONT = tmp_path / "no.sf3"
    with pytest.raises(CommandError, match=r"no\.sf3"):
        compose(tmp_path / "x.mp3", steps=STEPS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_an_unknown_composer_is_named_beside_all_known_ones(tmp_path):
    make_miniature(tmp_path, "mine")
    with pytest.raises(CommandError, match=r"use one of bach, mini, mine$"):
        compose(tmp_path / "x.mid", composer="nobody")


@pytest.mark.django_db
def test_a_composer_of_the_database_writes_too(tmp_path):
    make_miniature(tmp_path, "mine")
    compose(tmp_path / "x.mid", composer="mine", steps=STEPS)
    assert (tmp_path / "x.mid").exists()


def test_the_writers_are_those_of_the_contract():
    assert list(WRITERS) == [".mid", ".musicxml", ".json", ".mp3", ".wav"]


class TestFromTheShell:
    """As a person runs it, in a folder where nothing was set up."""

    def run(self, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "compose", *arguments],
            env={**os.environ, "VAR_DIR": str(tmp_path)},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )

    def test_an_unknown_composer_is_one_line_without_a_database(self, tmp_path):
        order = ("--composer=nobody", "--work=BWV269", "--write=ATB", f"--out={tmp_path}/x.mid")
        done = self.run(tmp_path, *order)
        assert done.returncode == 1
        assert done.stderr.startswith("CommandError: unknown composer 'nobody'; use one of bach")
        assert done.stderr.count("\n") == 1

    def test_a_missing_corpus_is_one_line(self, tmp_path):
        order = ("--composer=bach", "--work=BWV269", f"--out={tmp_path}/x.mid")
        done = self.run(tmp_path, *order)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "make setup" in done.stderr

    @pytest.mark.parametrize(
        "option", [("--settings", "up=1"), ("--settings=up=1",), ("--set", "up=1")]
    )
    def test_settings_are_those_of_a_fill_and_not_djangos(self, tmp_path, option):
        order = ("--composer=markov", "--key=C major", "--bars=1", f"--out={tmp_path}/x.mid")
        done = self.run(tmp_path, *order, *option)
        assert "unknown setting 'up'; these exist: temperature=1.0: how freely" in done.stderr


def test_only_commands_that_fill_have_settings_of_their_own():
    filling = {
        name
        for name, app in get_commands().items()
        if app == "generator" and isinstance(load_command_class(app, name), FillCommand)
    }
    assert set(manage.FILL_COMMANDS) == filling
    migrate = ["manage.py", "migrate", "--settings", "bachtest.settings"]
    assert manage.spelled_for_django(migrate) == migrate
