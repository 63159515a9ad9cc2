"""The command `morph`: from the bars of one work to those of another."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generator.music.formats.gridjson import read_json
from generator.music.formats.midi import read_midi
from generator.music.formats.musicxml import read_musicxml
from generator.registry import OURS, Registered, Registry, Shipped
from tests.builders import save_miniature


@pytest.fixture(autouse=True)
def shipped(tmp_path_factory, settings, corpus) -> None:
    """Miniatures, so that no test here needs the database or a trained composer."""
    folder = tmp_path_factory.mktemp("checkpoints")
    entries = {}
    for slug, family in (("points", "music_vae"), ("chain", "markov")):
        save_miniature(folder / f"{slug}.safetensors", family=family, trained_on=["BWV278"])
        own = (Shipped(slug, slug, folder=folder),)
        entries[family] = Registered(OURS[family].family, "no.trainer", own)
    settings.REGISTRY = Registry(entries)


def morph(out: Path, *arguments: str, **options: str | int) -> tuple[str, str]:
    """What the command prints on standard output and error."""
    chosen = {"composer": "points", "from": "BWV269", "to": "BWV278"} | options
    named = [f"--{name}={value}" for name, value in chosen.items()]
    stdout, stderr = StringIO(), StringIO()
    call_command("morph", *named, *arguments, f"--out={out}", stdout=stdout, stderr=stderr)
    return stdout.getvalue(), stderr.getvalue()


def test_the_steps_stand_one_after_the_other_each_in_the_metre_of_the_nearer_work(tmp_path):
    out = tmp_path / "x.json"
    said, _ = morph(out)
    piece = read_json(out)
    assert said == f"wrote {out}\n"
    assert piece.metre == ((0, "3/4"), (4 * 24, "4/4"))
    assert piece.steps == 4 * 24 + 4 * 32
    assert (piece.key, piece.anacrusis) == ("G major", 0)
    assert piece.title == "BWV269 to BWV278"


@pytest.mark.parametrize(("ending", "read"), [("mid", read_midi), ("musicxml", read_musicxml)])
def test_all_endings_hold_the_same_piece(tmp_path, ending, read):
    morph(tmp_path / "x.json")
    morph(tmp_path / f"x.{ending}")
    assert np.array_equal(
        read(tmp_path / f"x.{ending}").pitch, read_json(tmp_path / "x.json").pitch
    )


def test_works_in_one_metre_have_one_metre(tmp_path):
    morph(tmp_path / "x.json", **{"from": "BWV66.6"}, steps=3, bars=1)
    piece = read_json(tmp_path / "x.json")
    assert (piece.metre, piece.steps) == (((0, "4/4"),), 48)


def test_the_same_seed_writes_the_same_and_settings_change_it(tmp_path):
    for name, options in (
        ("a", ()), ("b", ()), ("c", ("--seed=2",)), ("d", ("--settings=temperature=50",)),
        ("e", ("--settings=more_notes=2", "--settings=temperature=50")),
    ):  # fmt: skip
        morph(tmp_path / f"{name}.json", *options)
    a, b, c, d, e = ((tmp_path / f"{name}.json").read_bytes() for name in "abcde")
    assert a == b
    assert len({a, c, d, e}) >= 3


def test_a_composer_that_was_trained_on_a_tune_says_so(tmp_path):
    note = "note: points was trained on BWV278 or its tune, so it may have written from memory\n"
    assert morph(tmp_path / "x.json")[1] == note
    assert morph(tmp_path / "x.json", to="BWV66.6")[1] == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 1}, r"--steps 1; use 2 to 64, both ends included"),
        ({"steps": 65}, r"--steps 65"),
        ({"bars": 0}, r"--bars 0; use 1 to 32"),
        ({"seed": -1}, r"seed -1; use a whole number"),
        ({"from": "BWV9999"}, r"no work 'BWV9999' in the corpus"),
        ({"to": "nonsense"}, r"no work 'nonsense' in the corpus"),
        ({"composer": "bach"}, r"composer 'bach' has no latent space"),
        ({"composer": "chain"}, r"composer 'chain' has no latent space; use a composer such as"),
        ({"bars": 8}, r"--bars 8: 3 of BWV269 in 3/4 and 4 of BWV278 in 4/4 segments"),
        ({"bars": 30}, r"--bars 30: BWV269 ends before that; use fewer"),
        ({"settings": "colour=1"}, r"unknown setting 'colour'; these exist: temperature=0.5"),
        ({"settings": "minor=9"}, r"setting minor=9; use a number from -5.0 to 5.0"),
        ({"settings": "minor"}, r"--settings 'minor'; use a form such as"),
        ({"budget-steps": 3}, r"--budget-steps goes with compose"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(tmp_path, options, message):
    with pytest.raises(CommandError, match=message):
        morph(tmp_path / "x.json", **options)
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [("x.txt", "unknown extension '.txt'"), ("no/x.mid", "no folder"), ("", "unknown extension")],
)
def test_a_file_that_cannot_be_is_refused(tmp_path, out, message):
    with pytest.raises(CommandError, match=message):
        morph(tmp_path / out)


@pytest.mark.django_db
def test_a_composer_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(CommandError, match="unknown composer 'nobody'; use one of bach, points"):
        morph(tmp_path / "x.json", composer="nobody")


def test_a_work_that_changes_its_metre_is_refused_there(tmp_path, corpus):
    changing = next(
        name
        for name, work in corpus.works.items()
        if len(work.chorale.metre) > 1 and work.chorale.metre[1][0] < 300
    )
    with pytest.raises(CommandError, match=f"{changing} changes its metre before that"):
        morph(tmp_path / "x.json", **{"from": changing}, bars=32)
