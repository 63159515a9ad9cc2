"""The running total, sides, learning and published rates: numbers in, figures out."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from django.urls import reverse

from bachtest.results.counts.tallies import TallyCell, included_cells
from bachtest.results.page.bias_rows import learning, rates_by_place, side_bias_rows
from bachtest.results.page.charts import BOTTOM, TOP, tenths, upwards
from bachtest.results.page.published_results import bachbot_rate, published_rates
from bachtest.results.page.running_total import running_total
from bachtest.stats.clustered.population_band import BandLook


def cell(*labels, n, correct):
    return TallyCell(labels, frozenset(), n, correct)


def test_the_running_total_ends_with_all_answers_and_the_last_look_at_the_band():
    hours = [cell(f"2026-11-{day:02} 08", n=20, correct=12) for day in range(20, 0, -1)]
    looks = [BandLook(n, 0.6, 0.3 + n / 2000, 0.9 - n / 2000) for n in (110, 250, 380)]
    running = running_total(hours, looks)
    last = running.last
    assert (last.n, last.correct, last.time) == (400, 240, "2026-11-20 08:59")
    assert [point.n for point in running.rows] == sorted(point.n for point in running.rows)
    bands = {point.n: point.band and point.band.n for point in running.points}
    assert (bands[100], bands[120], bands[240], bands[260]) == (None, 110, 110, 250)
    assert bands[400] == 380, "answers since the last fit widen nothing"


def test_no_part_of_the_band_is_cut_off():
    hours = [cell(f"2026-11-{day:02} 08", n=20, correct=12) for day in range(20, 0, -1)]
    looks = [BandLook(110, 0.6, 0.23, 0.88), BandLook(400, 0.6, 0.55, 0.65)]
    picture = running_total(hours, looks).picture
    points = re.search(r'class="band" points="([^"]+)"', picture)[1].split()
    heights = [float(point.split(",")[1]) for point in points]
    assert len(set(heights)) == 4
    assert TOP < min(heights) < max(heights) < BOTTOM


def test_without_a_band_the_line_is_drawn_alone():
    hours = [cell(f"2026-11-{day:02} 08", n=20, correct=12) for day in range(20, 0, -1)]
    assert 'class="band"' not in running_total(hours).picture
    assert "no band yet" in running_total(hours).picture
    assert 'class="band"' in running_total(hours, [BandLook(300, 0.6, 0.5, 0.7)]).picture


def test_no_step_of_the_running_total_shows_fewer_than_ten_answers():
    hours = [cell(f"2026-11-{day:02} 08", n=3, correct=1) for day in range(1, 29)]
    steps = [0, *(point.n for point in running_total(hours).rows)]
    assert min(b - a for a, b in pairwise(steps)) >= 10


def test_one_moment_is_no_line():
    assert running_total([]) is None
    assert running_total([cell("2026-11-01 08", n=50, correct=20)]) is None


def test_the_table_of_the_page_agrees_with_all_answers(busy, client, recorded_queue):
    page = client.get(reverse("results:index"))
    overall = page.context["report"].overall.rate
    for table in ("trials", "sides", "items", "hours"):
        cells = included_cells(busy, table)
        sums = sum(cell.n for cell in cells), sum(cell.correct for cell in cells)
        assert sums == (overall.n, overall.correct)


def test_a_listener_who_always_picks_the_left_has_a_bias():
    cells = [
        cell("left", "first", "left", n=30, correct=30),
        cell("right", "second", "left", n=30, correct=0),
    ]
    left, first = side_bias_rows(cells)
    assert left.rate.estimate == 1.0
    assert left.bias.estimate > 1
    assert first.rate.estimate == 1.0
    right = {row.label: row.rate and row.rate.estimate for row in rates_by_place(cells)}
    assert right == {
        "Bach on the left": 1.0,
        "Bach on the right": 0.0,
        "Bach heard first": 1.0,
        "Bach heard second": 0.0,
    }


def test_the_first_clip_may_be_on_either_side():
    # Bach is on the right and heard second; the right is chosen: not the clip heard first.
    [_, first] = side_bias_rows([cell("right", "second", "right", n=10, correct=10)])
    assert first.rate.estimate == 0.0
    [_, first] = side_bias_rows([cell("right", "first", "right", n=10, correct=10)])
    assert first.rate.estimate == 1.0


def test_sides_with_few_answers_are_hidden():
    cells = [cell("left", "first", "left", n=9, correct=9)]
    assert {row.rate for row in (*side_bias_rows(cells), *rates_by_place(cells))} == {None}


def test_learning_hides_rounds_with_few_answers():
    trials = [cell("1", n=40, correct=20), cell("2", n=40, correct=30), cell("10", n=9, correct=9)]
    shown = learning(trials)
    assert [trial.number for trial in shown.trials] == [1, 2, 10]
    assert [trial.rate and trial.rate.estimate for trial in shown.trials] == [0.5, 0.75, None]
    assert learning(trials[1:]) is None


def test_a_round_with_more_right_answers_is_drawn_higher_up():
    picture = learning([cell("1", n=40, correct=20), cell("2", n=40, correct=30)]).picture
    first, second = re.findall(r'<circle cx="[\d.]+%" cy="([\d.]+)%"', picture)
    assert float(second) < float(first)


def test_the_scale_of_rates_has_guessing_inside_and_a_line_at_it():
    assert (upwards([0.55, 0.72]).low, upwards([0.55, 0.72]).high) == (0.4, 0.8)
    assert tenths(upwards([0.55, 0.72])) == [4, 5, 6, 7, 8]
    assert tenths(upwards([0.02, 0.98])) == [1, 3, 5, 7, 9]


def test_published_rates_are_brought_to_one_scale():
    bachbot, deepbach, js_fakes = published_rates()
    assert bachbot.estimate == pytest.approx(0.642, abs=0.001)
    assert deepbach.estimate == pytest.approx(0.683, abs=0.001)
    assert (js_fakes.estimate, js_fakes.low) == pytest.approx((0.5734, 0.558), abs=0.001)
    assert bachbot_rate("AT").estimate == 0.73
    assert bachbot_rate("AT", "expert").estimate == 0.94
    assert bachbot_rate("AT", "unstated") is None
    assert bachbot_rate("TB") is None


def test_answers_can_be_grouped_by_more_than_one_thing(busy, client, recorded_queue):
    page = client.get(reverse("results:index"), {"by": ["experience", "condition", "nonsense"]})
    titles = [group.title for group in page.context["crossing"]]
    assert titles == ["S · soprano", "SATB · all four voices"]
    [rows, _] = [group.rows for group in page.context["crossing"]]
    assert [row.name for row in rows] == ["Novice", "Expert"]
    assert [row.published.estimate for row in rows] == [0.67, 1.0]
    default = client.get(reverse("results:index"), {"by": "condition"})
    assert default.context["by"] == ("condition", "composer")
