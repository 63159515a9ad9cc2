"""Rounds and answers of which nothing is right or wrong: revealed, exported, and not scored."""

from __future__ import annotations

import csv
import json

import pytest
from django.core.management import call_command
from django.utils.timezone import now

from bachtest.game.models import Answer, Game, Round, RoundClip
from bachtest.results.counts import tallies
from bachtest.results.counts.answers import study_report
from bachtest.stats.__main__ import main
from bachtest.studies.models import Study
from generator.models import Pair
from tests.builders import make_bach, make_excerpt, make_pair, make_piece

ANY = Answer.Response


def answered(row: Round, **fields) -> Answer:
    """The round as if it had been sent and answered."""
    row.sent_at = now()
    row.save()
    return Answer.objects.create(round=row, seconds=9.0, **fields)


def all_bach(row: Round) -> None:
    """The round plays two pieces by Bach."""
    excerpt = row.pair.excerpt
    other = make_piece(make_excerpt(excerpt.work, start=16, stop=80), make_bach())
    pair = Pair.objects.create(
        kind=Pair.Kind.BACH, excerpt=excerpt, tune=excerpt.work.tune, bach=row.pair.bach,
        machine=other,
    )  # fmt: skip
    RoundClip.objects.filter(round=row, piece=row.pair.machine).update(piece=other)
    Round.objects.filter(id=row.id).update(pair=pair, kind=Round.Kind.NO_TRUTH)
    row.refresh_from_db()


@pytest.fixture
def game(ada) -> Game:
    """Of ada: a right answer, one without an idea, one without a truth, an all-Bach round."""
    game = Game.objects.get(id=ada.start()["id"])
    right, no_idea, no_truth, bach, last = game.rounds.order_by("number")
    answered(right, response=str(right.bach_position), correct=True, first=True)
    answered(no_idea, response=ANY.NONE)
    no_truth.kind = Round.Kind.NO_TRUTH
    answered(no_truth, response=ANY.FIRST)
    all_bach(bach)
    answered(bach, response=ANY.SECOND)
    answered(last, response=str(3 - last.bach_position), correct=False, first=True)
    Game.objects.filter(id=game.id).update(finished_at=now())
    return game


def test_each_reveal_says_what_there_is_to_say(game, ada):
    result = ada.get(f"games/{game.id}/").json()
    assert (result["correct"], result["scored"]) == (1, 2)
    _, no_idea, no_truth, bach, _ = result["rounds"]
    assert [each["correct"] for each in result["rounds"]] == [True, None, None, None, False]
    assert (no_idea["chosen"], no_idea["composer"]) == (None, "Bot")
    assert no_idea["bach"] in ("left", "right")
    assert (no_truth["chosen"], no_truth["composer"]) == ("left", "Bot")
    assert (bach["chosen"], bach["bach"], bach["composer"]) == ("right", None, None)
    assert bach["written"] == []


def test_the_result_page_gives_no_verdict_where_there_is_none(game, ada):
    page = ada.client.get(f"/games/{game.id}/").content.decode()
    assert "1 of 2</span>" in page
    assert page.count("You got it right") == page.count("You took the machine for Bach") == 1
    assert page.count("You had no idea") == 1
    assert page.count("In this round no answer was right or wrong") == 2
    assert page.count("neither right nor wrong") == 3
    assert page.count("Both clips are Bach.") == 1
    assert "None" not in page


def test_a_game_without_any_truth_has_no_score(game, ada):
    Answer.objects.update(correct=None)
    page = ada.client.get(f"/games/{game.id}/").content.decode()
    assert "Thank you for listening" in page
    assert "0 of 0" not in page


def test_the_play_page_shows_such_a_reveal_again(game, ada):
    Round.objects.filter(game=game, number=5).delete()
    stored = ada.stored()["reveal"]
    assert (stored["number"], stored["bach"], stored["correct"]) == (4, None, None)
    assert ada.client.get("/play/").status_code == 200


def test_others_are_those_who_were_right_or_wrong(game, ben):
    no_truth = game.rounds.get(number=3)
    mine = Game.objects.get(id=ben.start()["id"])
    row = mine.rounds.get(number=1)
    Round.objects.filter(id=row.id).update(pair=no_truth.pair)
    RoundClip.objects.filter(round=row, position=1).update(piece=no_truth.pair.bach)
    RoundClip.objects.filter(round=row, position=2).update(piece=no_truth.pair.machine)
    row.refresh_from_db()
    answered(row, response=ANY.FIRST, correct=True, first=True)
    assert ben.stored()["reveal"]["others"] == {"answers": 0, "correct": 0}


def test_what_is_neither_right_nor_wrong_is_exported_and_not_counted(game, tmp_path, capsys):
    study = Study.objects.get(slug="quiz")
    out = tmp_path / "out"
    call_command("export_study", "quiz", "--out", str(out))
    with (out / "answers.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["trial"])
    assert [row["correct"] for row in rows] == ["1", "", "", "", "0"]
    assert (rows[3]["composer"], rows[3]["version"], rows[3]["side"]) == ("", "", "")
    capsys.readouterr()
    assert main([str(out), "--json", "--pooled"]) == 0
    overall = json.loads(capsys.readouterr().out)["overall"]
    report = study_report(study)
    assert (report.overall.rate.correct, report.overall.rate.n) == (1, 2)
    assert (overall["correct"], overall["n"]) == (1, 2)


def test_the_sides_are_of_answers_that_chose_a_side(game):
    pair = make_pair("S")
    row = game.rounds.create(number=6, pair=pair, kind=Round.Kind.TRAP, tokens_expire=now())
    answered(row, response=ANY.BACH, correct=True)
    study = Study.objects.get(slug="quiz")
    tallies.rebuild(study)
    assert sum(cell.n for cell in tallies.read(study, "trials")) == 3
    sides = tallies.read(study, "sides")
    assert sum(cell.n for cell in sides) == 2
    assert all(cell.labels[0] and cell.labels[2] for cell in sides)


@pytest.mark.parametrize("both_by_bach", [True, False])
def test_an_answer_to_a_round_without_truth_is_stored_and_neither_right_nor_wrong(
    ada, both_by_bach
):
    row = Round.objects.get(id=ada.start()["round"]["id"])
    if both_by_bach:
        all_bach(row)
    Round.objects.filter(id=row.id).update(kind=Round.Kind.NO_TRUTH)
    ada.listen(row.id)
    reveal = ada.answer(row.id, "right").json()
    assert (reveal["chosen"], reveal["correct"]) == ("right", None)
    answer = Answer.objects.get()
    assert (answer.response, answer.correct, answer.first) == ("2", None, None)


def test_the_side_chosen_between_two_clips_by_bach_is_analysed_apart(game, tmp_path, capsys):
    call_command("export_study", "quiz", "--out", str(tmp_path / "out"))
    capsys.readouterr()
    assert main([str(tmp_path / "out"), "--protocol", "all-bach", "--json", "--pooled"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["side"], report["overall"]["chosen"], report["overall"]["n"]) == ("left", 0, 1)
    assert any("4 answers to rounds that were not of two clips" in it for it in report["notes"])
