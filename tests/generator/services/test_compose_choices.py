"""`compose` from nothing, with settings, and by members."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generator.music.formats.gridjson import read_json
from generator.music.formats.midi import read_midi, write_midi
from generator.music.formats.musicxml import read_musicxml
from generator.music.grid.chorale import REST
from generator.registry import Shipped
from tests.builders import save_miniature
from tests.generator.families.choir import registry_of, save_choir

FOLDS = [["BWV269"], ["BWV254"]]
WORKS = [["BWV254"], ["BWV269"]]


@pytest.fixture(autouse=True)
def shipped(tmp_path_factory, settings, corpus) -> None:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_miniature(folder / "mini.safetensors")
    save_choir(folder / "choir.safetensors", FOLDS, WORKS)
    settings.REGISTRY = registry_of(
        markov=[Shipped("mini", "Mini", folder=folder)],
        choir=[Shipped("choir", "Choir", folder=folder)],
    )


def compose(out: Path, *arguments: str) -> None:
    call_command("compose", *arguments, f"--out={out}")


def notes(out: Path, *arguments: str) -> set[int]:
    """Pitches of the written bass."""
    compose(out, *arguments, "--composer=choir", "--write=ATB")
    return set(read_json(out).pitch[3].tolist())


class TestFromNothing:
    def test_a_whole_chorale_in_the_key_metre_and_length_asked_for(self, tmp_path):
        out = tmp_path / "x.json"
        compose(out, "--composer=mini", "--key=D minor", "--metre=3/4", "--bars=6", "--pickup=4")
        piece = read_json(out)
        assert (piece.key, piece.metre, piece.steps) == ("D minor", ((0, "3/4"),), 72)
        assert piece.anacrusis == 4
        assert (piece.pitch != REST).any(axis=1).all()
        assert piece.fermata[40:48].all()
        assert piece.fermata[-8:].all()

    def test_eight_bars_of_common_time_unless_told_otherwise(self, tmp_path):
        compose(tmp_path / "x.json", "--composer=mini", "--key=G major", "--write=SATB")
        piece = read_json(tmp_path / "x.json")
        assert (piece.steps, piece.metre) == (128, ((0, "4/4"),))

    def test_scores_can_be_written_of_it(self, tmp_path):
        for ending, read in (("mid", read_midi), ("musicxml", read_musicxml)):
            compose(tmp_path / f"x.{ending}", "--composer=mini", "--key=Bb major", "--bars=2")
            assert read(tmp_path / f"x.{ending}").key == "Bb major"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--key=H minor",), "key 'H minor'; use a form such as"),
            (("--key=C major", "--metre=4/5"), "metre '4/5'; use"),
            (("--key=C major", "--bars=0"), "0 bars of 4/4; use 1 to 125"),
            (("--key=C major", "--pickup=99"), "a pickup of 99 sixteenths; a bar of 4/4 has 16"),
            (
                ("--key=C major", "--write=ATB"),
                "--write ATB: nothing is given, so",
            ),
            (("--work=BWV269", "--write=ATB", "--bars=4"), "--bars goes with --key"),
            (("--work=BWV269", "--key=C major"), "not allowed with argument"),
            ((), "one of the arguments --work --melody --key is required"),
        ],
    )
    def test_what_does_not_fit_is_named(self, tmp_path, arguments, message):
        with pytest.raises(CommandError, match=message):
            compose(tmp_path / "x.json", "--composer=mini", *arguments)
        assert list(tmp_path.iterdir()) == []

    def test_bach_writes_no_chorale_from_nothing(self, tmp_path):
        with pytest.raises(CommandError, match="only his own works"):
            compose(tmp_path / "x.json", "--composer=bach", "--key=C major")


class TestMembers:
    def test_a_work_is_written_by_the_member_that_never_saw_it(self, tmp_path, capsys):
        out = tmp_path / "x.json"
        assert notes(out, "--work=BWV269", "--steps=0:32") == {60}
        assert notes(out, "--work=BWV254", "--steps=0:32") == {61}
        assert "note" not in capsys.readouterr().err

    def test_a_work_of_no_fold_is_written_by_the_first(self, tmp_path):
        assert notes(tmp_path / "x.json", "--work=BWV253", "--steps=0:32") == {60}

    def test_a_melody_is_written_to_by_the_first(self, tmp_path, corpus):
        chorale = corpus.work("BWV254").chorale.slice(0, 32)
        pitch, onset = np.full_like(chorale.pitch, REST), np.zeros_like(chorale.onset)
        pitch[0], onset[0] = chorale.pitch[0], chorale.onset[0]
        write_midi(chorale.with_voices(pitch, onset), tmp_path / "tune.mid")
        melody = f"--melody={tmp_path / 'tune.mid'}"
        assert notes(tmp_path / "x.json", melody, "--voice=S") == {60}


class TestSettings:
    @pytest.mark.parametrize("option", ["--settings", "--set"])
    def test_a_setting_changes_what_is_written(self, tmp_path, option):
        work = ("--work=BWV269", "--steps=0:32")
        assert notes(tmp_path / "x.json", *work, option, "up=5") == {65}

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            ("down=5", "unknown setting 'down'; these exist: up=0: semitones above the member's"),
            ("up=five", "setting up=five; use a whole number from 0 to 12"),
            ("up=13", "setting up=13; use a whole number from 0 to 12"),
            ("up", "--settings 'up'; use a form such as"),
            ("up=", "--settings 'up='; use a form such as"),
        ],
    )
    def test_a_wrong_setting_is_named(self, tmp_path, setting, message):
        with pytest.raises(CommandError, match=message):
            notes(tmp_path / "x.json", "--work=BWV269", "--settings", setting)

    def test_a_setting_given_twice_is_refused(self, tmp_path):
        twice = ("--settings", "up=1", "--set", "up=2")
        with pytest.raises(CommandError, match="--settings up is given twice"):
            notes(tmp_path / "x.json", "--work=BWV269", *twice)

    def test_another_composers_setting_is_unknown(self, tmp_path):
        with pytest.raises(CommandError, match="unknown setting 'up'; these exist: temperature"):
            compose(tmp_path / "x.json", "--composer=mini", "--key=C major", "--settings", "up=1")
