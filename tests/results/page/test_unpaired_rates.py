"""Answers to unpaired items have a table of their own, on the page and in the shell."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command

from bachtest.game.models import Answer
from bachtest.game.services import answers
from bachtest.results.counts import tallies
from bachtest.results.counts.answers import unpaired_rates
from bachtest.stats.__main__ import main
from generator.models import Pair
from tests.builders import make_pair, make_unpaired, make_version
from tests.results.page.test_page import text_of
from tests.results.rows import make_answer, make_game, quiz

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]
TITLE = "Beside whole pieces by other systems"


def answer_unpaired(count: int, slug: str = "outside", **fields: object) -> Pair:
    """So many answers, three of four right; the first listener knew the piece."""
    pair = make_unpaired(slug)
    for i in range(count):
        make_answer(make_game(), pair, correct=i % 4 > 0, knew="no" if i else "yes", **fields)
    return pair


def rates() -> dict[str, tuple[int, int]]:
    return {
        cell.labels[0]: (cell.rate.correct, cell.rate.n) for cell in unpaired_rates(quiz()).cells
    }


def test_the_page_gives_rates_with_intervals_by_composer(played, client):
    answer_unpaired(13)
    answer_unpaired(5, "other-system")
    text = text_of(client.get("/results/"))
    [rate] = [cell.rate for cell in unpaired_rates(played).cells if not cell.few]
    assert (rate.correct, rate.n) == (9, 12), "without the one that the design excludes"
    interval = f"{100 * rate.low:.1f} to {100 * rate.high:.1f}%"
    assert re.search(rf"{TITLE} .* Outside 75\.0% {interval} 12 0\.95 ", text)
    assert "Other-System hidden: fewer than 10 answers" in text
    assert "these rates are not compared with the others" in text


def test_no_other_table_counts_them(played, client):
    before = text_of(client.get("/results/"))
    answer_unpaired(13)
    text = text_of(client.get("/results/"))
    start = text.index(TITLE)
    end = text.index("How often a machine writes what Bach wrote")
    assert text[:start] + text[end:] == before


def test_they_are_shown_where_there_are_no_other_answers(client):
    answer_unpaired(13)
    text = text_of(client.get("/results/"))
    assert "Fewer than 10 answers so far" in text
    assert "Outside 75.0%" in text


def test_without_such_answers_there_is_no_such_table(played, client):
    make_unpaired()
    assert TITLE not in text_of(client.get("/results/"))


def test_counts_stay_true(played):
    tallies.rebuild(played)
    pair = answer_unpaired(6)
    assert rates() == {"outside": (4, 5)}
    last = Answer.objects.filter(round__pair=pair).last()
    answers.note_knew(last.round, Answer.Knew.YES)
    assert rates() == {"outside": (3, 4)}
    Answer.objects.filter(round__pair=pair, correct=True, knew="no").first().delete()
    for change in (lambda: None, lambda: tallies.merge(played), lambda: tallies.rebuild(played)):
        change()
        assert rates() == {"outside": (2, 3)}


def test_an_answer_that_comes_alone_asks_for_no_merge(played):
    tallies.rebuild(played)
    answer_unpaired(1)
    assert tallies.changes(played) == 1


def test_two_versions_share_no_row(played):
    first = answer_unpaired(3)
    old = first.machine.version
    new = make_version(first.composer, sha256="e" * 64, kind="collection", family="")
    pair = make_pair("SATB", first.composer)
    Pair.objects.filter(id=pair.id).update(kind=Pair.Kind.UNPAIRED, differing=None)
    make_answer(make_game(), pair, correct=True)
    assert rates() == {str(old): (2, 2), str(new): (1, 1)}


def test_the_shell_reads_them_from_the_export_and_says_the_same(played, tmp_path, capsys):
    answer_unpaired(13)
    out = tmp_path / "out"
    call_command("export_study", "quiz", "--out", str(out))
    capsys.readouterr()
    assert main([str(out / "unpaired_answers.csv"), "--json", "--pooled"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["overall"]["correct"], report["overall"]["n"]) == (9, 12)
    assert report["flags"][0] == {"flag": "knew", "answers": 1, "left_out": True}
    assert report["alike"] == []
    assert main([str(out), "--json", "--pooled"]) == 0
    assert json.loads(capsys.readouterr().out)["overall"]["n"] == 26
