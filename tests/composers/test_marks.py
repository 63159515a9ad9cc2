"""What a teacher of counterpoint would mark: under a sample, and counted among the scores."""

from __future__ import annotations

import numpy as np
import pytest

from bachtest.composers.page.score_tables import score_tables
from generator.models import Piece, Version
from generator.music.formats.gridjson import from_json, to_json
from generator.music.grid.chorale import Chorale
from tests.builders import make_chorale
from tests.composers.page_rows import make_owned, make_sample, make_scores, score_row

pytestmark = pytest.mark.django_db
LEAP = "Bar {}: the bass leaps by more than an octave, C {} to C"
UNIT = {"unit": "per 100 beats"}


def leaping(*steps: int) -> Chorale:
    """The bass falls two octaves for each of the quarters."""
    chorale = make_chorale()
    pitch = chorale.pitch.copy()
    pitch[:] = np.array([[72], [67], [64], [60]])
    for step in steps:
        pitch[3, step : step + 4] = 36
    return chorale.with_voices(pitch, chorale.onset)


@pytest.fixture
def version() -> Version:
    return make_owned("choir", None).versions.get()


@pytest.fixture
def by_bach(monkeypatch):
    """The works of Bach that the page finds."""
    works: list[Chorale] = []
    monkeypatch.setattr("bachtest.composers.page.heard_samples._work", lambda bwv: works[-1])
    return works


def sample_of(version: Version, chorale: Chorale, **fields: object) -> None:
    sample = make_sample(version)
    Piece.objects.filter(id=sample.piece_id).update(grid=to_json(chorale), **fields)


def page_of(client) -> str:
    text: str = client.get("/composers/choir/").text
    return text


def test_a_sample_is_marked_and_bach_s_setting_beside_it(client, version, by_bach):
    by_bach.append(leaping(16))
    sample_of(version, leaping(4))
    page = page_of(client)
    assert [page.count(LEAP.format(1, way)) for way in ("down", "up")] == [1, 1]
    assert [page.count(LEAP.format(2, way)) for way in ("down", "up")] == [1, 1]
    assert page.index("In the piece") < page.index(LEAP.format(1, "down"))
    assert page.index("In Bach’s setting") < page.index(LEAP.format(2, "down"))


def test_only_what_the_machine_wrote_is_looked_at_on_both_sides(client, version, by_bach):
    by_bach.append(leaping(16))
    sample_of(version, leaping(4), condition="SA")
    page = page_of(client)
    assert page.count("Nothing to mark.") == 2
    assert "mark</strong> in the soprano and alto" in page


def test_a_few_lines_are_open_and_the_rest_is_asked_for(client, version, by_bach):
    by_bach.append(leaping(16, 32))
    sample_of(version, leaping(4, 20, 36))
    sample = client.get("/composers/choir/").context["page"].samples[0]
    piece, bach = sample.marks.piece, sample.marks.bach
    assert (len(piece.open), len(piece.more)) == (3, 3)
    assert (len(bach.open), len(bach.more)) == (4, 0)
    assert page_of(client).count("<summary>3 more</summary>") == 1


def test_without_the_work_or_the_notes_nothing_is_said(client, version):
    sample_of(version, leaping(4))
    assert "teacher would mark</strong>" not in page_of(client)
    Piece.objects.update(grid=None)
    assert "teacher would mark</strong>" not in page_of(client)


def test_the_scores_have_the_rules_beside_bach_where_they_were_counted(client, version):
    make_scores(
        version,
        score_row("machine listener", 0.8),
        score_row("counterpoint: open_ends", 0.4, **UNIT) | {"bach": 0.21},
        score_row("counterpoint: cross_relations", 3.2, **UNIT) | {"bach": 0.01},
        score_row("counterpoint: cross_relations", 9.9, "ATB", **UNIT),
    )
    tables = score_tables(version)
    rows = [(row.score.figure, row.score.bach_figure) for row in tables.counterpoint]
    assert rows == [("3.20", "0.01"), ("0.40", "0.21")]
    assert "Phrases that end without a triad in root position" in page_of(client)


def test_scores_from_before_have_no_rules(client, version):
    make_scores(version, score_row("machine listener", 0.8))
    assert score_tables(version).counterpoint == ()
    assert "Rules of counterpoint" not in page_of(client)


def test_every_measure_has_a_title():
    from bachtest.composers.page.counterpoint_rows import TITLES
    from generator.music.measures.counterpoint import counterpoint_counts

    assert list(TITLES) == list(counterpoint_counts(make_chorale(), [True] * 4))


def test_a_whole_piece_of_a_collection_is_marked_by_itself(version, by_bach):
    from bachtest.composers.page.sample_marks import sample_marks

    piece = make_sample(version).piece
    piece.excerpt, piece.grid = None, to_json(leaping(4))
    marks = sample_marks(piece, lambda bwv: from_json(piece.grid))
    assert marks is not None
    assert marks.bach is None
    assert len(marks.piece.open) == 2
