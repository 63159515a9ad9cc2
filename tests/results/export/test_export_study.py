from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bachtest.game.models import Game, Listener, Round, RoundClip
from bachtest.results.counts.answers import study_report
from bachtest.results.export import write_study_folder
from bachtest.results.export.columns import CHANGED_SINCE_1
from bachtest.results.fit.model_fit import included_answers
from bachtest.stats.__main__ import main
from bachtest.stats.rates.order import EXPERIENCES
from bachtest.stats.report.counts_text import to_json
from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.read_study_folder import read_source
from bachtest.stats.tables.table import read_table
from generator.models import Pair, Version, Work
from generator.rendering.profiles import NEWEST, PROFILES
from tests.builders import make_composer, make_pair, make_rendering, make_version
from tests.results.rows import make_answer, make_game

VERSION_1 = Path(__file__).parents[2] / "stats" / "data" / "export-1"
# The order of DESIGN.md, section 8; further columns may follow.
ANSWERS = [
    "listener", "game", "trial", "item", "work", "excerpt", "tune", "condition", "composer",
    "experience", "side", "first", "chosen", "correct", "seconds", "plays_left", "plays_right",
    "knew", "differing",
]  # fmt: skip


@pytest.fixture
def out(played, tmp_path) -> Path:
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"))
    return tmp_path / "out"


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_export_gives_the_numbers_of_the_page(played, out):
    page = to_json(study_report(played))
    shell = to_json(make_report(read_source(out)))
    for row in (*page["alike"], *shell["alike"]):
        # A sum over pairs, whose last digit depends on the order of adding.
        row["mean_differing"] = pytest.approx(row["mean_differing"])
    assert page.pop("source") == "quiz"
    assert shell.pop("source") == str(out / "answers.csv")
    assert shell == page
    assert page["overall"]["n"] == 26
    assert len(page["alike"]) == 2


def test_the_export_gives_the_numbers_of_each_version_too(played, tmp_path):
    markov = make_composer("markov")
    version = make_version(markov, sha256="e" * 64)
    for _ in range(2):
        make_answer(make_game(), make_pair("AT", markov), correct=False)
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"))
    by = [("condition", "composer")]
    page = to_json(study_report(played, by=by))
    shell = to_json(make_report(read_source(tmp_path / "out"), by=by))
    assert shell["by"] == page["by"]
    rows = [[(row["composer"], row["alike"]) for row in each["alike"]] for each in (shell, page)]
    assert rows[0] == rows[1]
    report = make_report(read_source(tmp_path / "out"))
    [by_composer] = [each for each in report.breakdowns if each.by == ("composer",)]
    labels = {cell.labels[0]: cell.rate.n for cell in by_composer.cells}
    old = markov.versions.exclude(id=version.id).get()
    assert labels == {"flagship": 22, str(old): 4, str(version): 2}
    model = included_answers(played)
    table = read_source(tmp_path / "out").included
    assert Counter(model.values("composer")) == Counter(table.values("composer")) == labels


def test_the_shell_prints_them_from_the_folder_or_from_the_answers(out, capsys):
    for path in (out, out / "answers.csv"):
        assert main([str(path), "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["overall"]["correct"], report["overall"]["n"]) == (18, 26)
        assert report["flags"] == [
            {"flag": "knew", "answers": 2, "left_out": True},
            {"flag": "too_good_too_fast", "answers": 0, "left_out": False},
        ]


def test_an_export_of_version_1_says_the_same(out):
    """The folder holds the study of the fixture `played`, as an earlier release exported it."""
    old, new = (to_json(make_report(read_source(folder))) for folder in (VERSION_1, out))
    assert old.pop("source") != new.pop("source")
    assert old.pop("flags") == [each for each in new.pop("flags") if each["flag"] == "knew"]
    assert old == new
    design = json.loads((VERSION_1 / "design.json").read_text())
    assert design["export_version"] == 1
    changed = {
        "export_version": 6,
        "flags_version": 2,
        "rendering": str(PROFILES[NEWEST]),
        "rounds": [*design["rounds"][:-1], ["SATB", "NEXT"]],
    }
    assert json.loads((out / "design.json").read_text()) == design | changed
    for name in ("answers", "games", "listeners", "items", "composers"):
        header = (out / f"{name}.csv").read_text().splitlines()[0].split(",")
        added = {
            "version", "budget_steps", "paired", "finish_rank", "title", "flag_too_good_too_fast",
            "rendering",
        }  # fmt: skip
        assert [column for column in header if column not in added] == (
            VERSION_1 / f"{name}.csv"
        ).read_text().splitlines()[0].split(",")


def test_tables_name_the_version_that_wrote_the_piece(played, tmp_path):
    markov = make_composer("markov")
    make_version(markov, sha256="e" * 64)
    pair = make_pair("AT", markov)
    make_rendering(pair.machine, "a" * 64)
    make_rendering(pair.bach, "a" * 64)
    pair.bach.renderings.filter(fingerprint="a" * 64).update(loudness=-17.0)
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"))
    tags = {version.id: version.tag for version in Version.objects.all()}
    items = {row["item"]: row for row in rows_of(tmp_path / "out" / "items.csv")}
    for row in Pair.objects.filter(id__in=items):
        assert items[str(row.id)]["version"] == tags[row.machine.version_id]
    assert items[str(pair.id)]["version"] == "e" * 12
    assert (items[str(pair.id)]["fingerprint"], items[str(pair.id)]["loudness_bach"]) == (
        "a" * 64,
        "-17.0",
    )
    answers = rows_of(tmp_path / "out" / "answers.csv")
    assert {(row["item"], row["version"]) for row in answers} <= {
        (item, row["version"]) for item, row in items.items()
    }
    composers = rows_of(tmp_path / "out" / "composers.csv")
    assert [row["composer"] for row in composers] == ["flagship", "markov", "markov"]
    assert {row["version"] for row in composers} == set(tags.values())
    assert {row["sha256"][:12] for row in composers} == set(tags.values())


def test_answers_have_the_columns_of_the_contract(out):
    table = read_table(out / "answers.csv")
    assert [name for name in table.columns if name in ANSWERS] == ANSWERS
    assert set(table.columns) - set(ANSWERS) == {
        "version",
        "paired",
        "heard_left",
        "heard_right",
        "finish_rank",
        "flag_knew",
        "flag_too_good_too_fast",
    }
    assert len(table) == 28
    first = rows_of(out / "answers.csv")[0]
    assert first["trial"] == "1"
    assert first["condition"] == "S"
    assert first["excerpt"] == f"{first['work']}:0-64"
    assert first["experience"] in EXPERIENCES
    assert (first["first"], first["seconds"], first["plays_right"]) == ("1", "12.5", "2")
    assert {row["correct"] for row in rows_of(out / "answers.csv")} == {"0", "1"}


def test_nothing_in_the_export_points_to_a_person(played, out):
    text = "".join(path.read_text() for path in out.rglob("*") if path.is_file())
    for model in (Listener, Game, Round):
        for row in model.objects.all():
            assert str(row.id) not in text
            assert row.id.hex not in text
    for clip in RoundClip.objects.all():
        assert clip.token not in text
    columns = {row["column"] for row in rows_of(out / "codebook.csv")}
    assert not {name for name in columns if name in ("ip", "address", "user_agent", "email")}
    assert not {name for name in columns if "created" in name or name.endswith("_at")}


def test_pseudonyms_agree_inside_an_export_and_not_between_two(played, out, tmp_path):
    call_command("export_study", "quiz", "--out", str(tmp_path / "again"))
    first, again = (rows_of(folder / "listeners.csv") for folder in (out, tmp_path / "again"))
    ids = {row["listener"] for row in first}
    assert len(ids) == 12
    assert ids == {row["listener"] for row in rows_of(out / "answers.csv")}
    assert ids == {row["listener"] for row in rows_of(out / "games.csv")}
    assert not ids & {row["listener"] for row in again}


def test_the_other_tables_say_what_the_answers_rest_on(out):
    games = rows_of(out / "games.csv")
    assert {(row["finished"], row["answers"]) for row in games} == {("1", "3"), ("0", "2")}
    assert all(bool(row["seed"]) == (row["finished"] == "1") for row in games)
    listeners = rows_of(out / "listeners.csv")
    assert sum(int(row["answers"]) for row in listeners) == 28
    assert {row["age_group"] for row in listeners} == {"unstated"}
    items = rows_of(out / "items.csv")
    assert [row["alike"] for row in items] == ["0", "0", "0", "1", "0"]
    assert [row["answers"] for row in items] == ["12", "12", "4", "0", "0"]
    titles = dict(Work.objects.values_list("bwv", "title"))
    assert [row["title"] for row in items] == [titles[row["work"]] for row in items]
    assert [row["correct"] for row in items] == ["9", "6", "4", "0", "0"]
    assert {(row["sampling"], row["fold"]) for row in items} == {("{}", "")}
    composers = rows_of(out / "composers.csv")
    assert [(row["composer"], row["weight"]) for row in composers] == [
        ("flagship", "3"),
        ("markov", "1"),
    ]


def test_the_design_and_the_codebook_are_complete(out):
    design = json.loads((out / "design.json").read_text())
    assert design["exclusions"] == ["knew"]
    assert design["rounds"][4] == ["SATB", "NEXT"]
    assert design["flags_version"] == 2
    described = {(row["file"], row["column"]) for row in rows_of(out / "codebook.csv")}
    for name in ("answers", "games", "listeners", "items", "composers"):
        file = out / f"{name}.csv"
        header = file.read_text().splitlines()[0].split(",")
        assert {(file.name, column) for column in header} <= described
    assert all(row["meaning"] for row in rows_of(out / "codebook.csv"))


def test_the_codebook_says_what_was_otherwise_in_version_1(out):
    assert json.loads((out / "design.json").read_text())["export_version"] == 6
    codebook = {(row["file"], row["column"]): row for row in rows_of(out / "codebook.csv")}
    assert set(CHANGED_SINCE_1) <= set(codebook)
    assert "spacing" in codebook["items.csv", "sampling"]["version_1"]
    assert codebook["items.csv", "seed"]["version_1"] == ""


def test_it_is_a_psych_ds_data_set(out):
    description = json.loads((out / "dataset_description.json").read_text())
    assert description["@type"] == "Dataset"
    assert description["@context"] == "https://schema.org/"
    assert description["name"] == "Bach or bot?"
    variables = {variable["name"] for variable in description["variableMeasured"]}
    data = sorted((out / "data").iterdir())
    assert len(data) == 5
    for path in data:
        assert path.name.startswith("study-quiz_description-")
        assert path.name.endswith("_data.csv")
        assert set(path.read_text().splitlines()[0].split(",")) <= variables
    answers = out / "data" / "study-quiz_description-answers_data.csv"
    assert answers.read_bytes() == (out / "answers.csv").read_bytes()


def refusal(*arguments):
    with pytest.raises(CommandError) as caught:
        call_command("export_study", *map(str, arguments))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_folder_with_something_in_it_is_refused_and_untouched(played, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert f"{tmp_path} is not empty" in refusal("quiz", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(played, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    call_command("export_study", "quiz", "--out", str(folder))
    assert (folder / "answers.csv").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_bad_places_and_studies_are_named(played, tmp_path):
    (tmp_path / "file").write_text("")
    assert "is a file" in refusal("quiz", "--out", tmp_path / "file")
    assert f"{tmp_path / 'no'} is not a folder" in refusal("quiz", "--out", tmp_path / "no" / "x")
    assert "no study 'nope'; there is other, quiz" in refusal("nope", "--out", tmp_path / "x")


def test_a_design_with_an_unknown_flag_is_not_exported(played, tmp_path):
    played.exclusions = ["late"]
    played.save()
    assert "the flag 'late', which does not exist" in refusal("quiz", "--out", tmp_path / "x")


def test_nothing_half_written_is_left_behind(played, tmp_path, monkeypatch):
    def full_disk(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write_study_folder, "_description", full_disk)  # of the last file
    assert "No space left on device" in refusal("quiz", "--out", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_study_without_answers_can_be_exported(db, tmp_path, capsys):
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"))
    assert main([str(tmp_path / "out")]) == 0
    assert "There are no answers yet." in capsys.readouterr().out
