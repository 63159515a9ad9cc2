"""The running total, sides, learning, and published marks: numbers in, figures out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.urls import reverse

from bachtest.results.counts.tallies import Cell, kept_cells
from bachtest.results.page.bias_rows import by_place, leanings, learning_picture
from bachtest.results.page.published_results import bachbot, elsewhere
from bachtest.results.page.running_total import running_picture
from bachtest.results.page.svg_scale import Scale, rate_scale, rate_ticks
from bachtest.stats.clustered.anytime_valid import coin_sequence


def cell(*labels, n, correct):
    return Cell(labels, frozenset(), n, correct)


def test_the_running_total_ends_with_all_answers_and_its_band():
    hours = [cell(f"2026-11-{day:02} 08", n=20, correct=12) for day in range(20, 0, -1)]
    picture = running_picture(hours)
    last = picture.last
    assert (last.n, last.correct, last.when) == (400, 240, "2026-11-20, 08 h")
    same = coin_sequence(240, 400)
    assert (last.low, last.high) == pytest.approx((same.low, same.high))
    assert [point.n for point in picture.rows] == sorted(point.n for point in picture.rows)


def test_no_step_of_the_running_total_shows_fewer_than_ten_answers():
    hours = [cell(f"2026-11-{day:02} 08", n=3, correct=1) for day in range(1, 29)]
    steps = [0, *(point.n for point in running_picture(hours).rows)]
    assert min(b - a for a, b in pairwise(steps)) >= 10


def test_one_moment_is_no_line():
    assert running_picture([]) is None
    assert running_picture([cell("2026-11-01 08", n=50, correct=20)]) is None


def test_the_table_of_the_page_agrees_with_all_answers(busy, client, recorded_queue):
    page = client.get(reverse("results:index"))
    overall = page.context["report"].overall.rate
    for table in ("trials", "sides", "items", "hours"):
        cells = kept_cells(busy, table)
        sums = sum(cell.n for cell in cells), sum(cell.correct for cell in cells)
        assert sums == (overall.n, overall.correct)


def test_whoever_takes_the_left_always_is_seen_to():
    cells = [
        cell("left", "first", "left", n=30, correct=30),
        cell("right", "second", "left", n=30, correct=0),
    ]
    left, first = leanings(cells)
    assert left.rate.estimate == 1.0
    assert left.bias.estimate > 1
    assert first.rate.estimate == 1.0
    right = {habit.words: habit.rate and habit.rate.estimate for habit in by_place(cells)}
    assert right == {
        "Bach on the left": 1.0,
        "Bach on the right": 0.0,
        "Bach heard first": 1.0,
        "Bach heard second": 0.0,
    }


def test_the_first_clip_may_be_on_either_side():
    # Bach is on the right and heard second; the right is chosen: not the clip heard first.
    [_, first] = leanings([cell("right", "second", "right", n=10, correct=10)])
    assert first.rate.estimate == 0.0
    [_, first] = leanings([cell("right", "first", "right", n=10, correct=10)])
    assert first.rate.estimate == 1.0


def test_sides_with_few_answers_are_hidden():
    cells = [cell("left", "first", "left", n=9, correct=9)]
    assert {habit.rate for habit in (*leanings(cells), *by_place(cells))} == {None}


def test_learning_leaves_out_rounds_with_few_answers():
    trials = [cell("1", n=40, correct=20), cell("2", n=40, correct=30), cell("10", n=9, correct=9)]
    picture = learning_picture(trials)
    assert [trial.number for trial in picture.trials] == [1, 2, 10]
    assert [trial.rate and trial.rate.estimate for trial in picture.trials] == [0.5, 0.75, None]
    assert picture.trials[1].y < picture.trials[0].y  # higher up
    assert learning_picture(trials[1:]) is None


def test_scales_have_guessing_inside_and_cut_what_is_outside():
    scale = rate_scale([0.55, 0.72])
    assert (scale.low, scale.high) == (0.4, 0.8)
    assert scale(0.2) == scale(0.4) == scale.start
    assert "50 %" in [tick.text for tick in rate_ticks(scale)]
    assert Scale(3, 3, 10, 90)(3) == 10


def test_published_rates_are_brought_to_one_scale():
    found, deepbach, fakes = elsewhere()
    assert found.rate == pytest.approx(0.642, abs=0.001)
    assert deepbach.rate == pytest.approx(0.683, abs=0.001)
    assert (fakes.rate, fakes.low) == pytest.approx((0.5734, 0.558), abs=0.001)
    assert bachbot("AT").rate == 0.73
    assert bachbot("AT", "expert").rate == 0.94
    assert bachbot("AT", "unstated") is None
    assert bachbot("TB") is None


def test_answers_can_be_sorted_by_more_than_one_thing(busy, client, recorded_queue):
    page = client.get(reverse("results:index"), {"by": ["experience", "condition", "nonsense"]})
    titles = [group.title for group in page.context["crossing"]]
    assert titles == ["S · soprano", "SATB · all four voices"]
    [rows, _] = [group.rows for group in page.context["crossing"]]
    assert [row.name for row in rows] == ["Novice", "Expert"]
    assert [row.anchor.rate for row in rows] == [0.67, 1.0]
    default = client.get(reverse("results:index"), {"by": "condition"})
    assert default.context["by"] == ("condition", "composer")
