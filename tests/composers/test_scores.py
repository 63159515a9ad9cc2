"""Scores on the pages: of the version that is shown, beside Bach's and the others'."""

from __future__ import annotations

import pytest

from bachtest.composers.page.score_figures import MeasuredScore, scale_of
from bachtest.composers.page.score_tables import score_tables
from generator.models import Version
from tests.builders import make_version
from tests.composers.page_rows import make_owned, make_scores, score_row

pytestmark = pytest.mark.django_db
LISTENER, PARALLELS = "machine listener", "parallels"


def version_of(slug: str, *rows: dict, **fields: object) -> Version:
    version = make_owned(slug, None, **fields).versions.get()
    if rows:
        make_scores(version, *rows)
    return version


def names(tables, title: int = 0) -> list[str]:
    return [row.name for row in tables.groups[title].rows]


def test_without_scores_there_is_no_picture(client):
    version_of("choir")
    assert "Not measured yet" in client.get("/composers/choir/").text


def test_others_stand_beside_it_and_bach_last(client):
    shown = version_of("choir", score_row(LISTENER, 0.8))
    version_of("alto", score_row(LISTENER, 0.9))
    version_of("bass", score_row(LISTENER, 0.6), status=Version.Status.RETIRED)
    version_of("draft", score_row(LISTENER, 0.7), status=Version.Status.CHECKING)
    version_of("silent")
    tables = score_tables(shown)
    assert names(tables) == ["Choir", "Alto", "Bass", "Bach"]
    assert [row.figure for row in tables.groups[0].rows] == ["80.0%", "90.0%", "60.0%", "50.0%"]
    assert tables.compared == 2
    page = client.get("/composers/choir/").text
    assert 'aria-label="Choir: 80.0%, interval 72.0% to 88.0%; Bach 50.0%"' in page
    assert "Draft" not in page


def test_of_others_the_version_that_plays_is_compared():
    shown = version_of("choir", score_row(LISTENER, 0.8))
    plays = version_of("alto", score_row(LISTENER, 0.9))
    retired = make_version(plays.composer, status=Version.Status.RETIRED)
    make_scores(retired, score_row(LISTENER, 0.1))
    assert [row.figure for row in score_tables(shown).groups[0].rows][1] == "90.0%"


def test_what_may_be_repaired_stands_beside_what_is_not_where_both_were_measured():
    unit = {"unit": "per 1,000 changes"}
    old = version_of("choir", score_row(PARALLELS, 1.0, **unit))
    between = score_row("parallels between beats", 20.0, **unit)
    new = version_of("alto", score_row(PARALLELS, 2.0, **unit), between)
    assert [group.headline.name for group in score_tables(old).groups] == [PARALLELS]
    tables = score_tables(new)
    assert [group.headline.name for group in tables.groups] == [PARALLELS, between["name"]]
    assert (names(tables, 0), names(tables, 1)) == (["Alto", "Choir", "Bach"], ["Alto", "Bach"])


def test_scores_belong_to_the_version_that_is_shown(client):
    old = version_of("choir", score_row(LISTENER, 0.8), sha256="a" * 64)
    new = make_version(old.composer, sha256="b" * 64)
    make_scores(new, score_row(LISTENER, 0.7))
    assert "70.0%" in client.get("/composers/choir/").text
    page = client.get(f"/composers/choir/?version={old.tag}").text
    assert "80.0%" in page
    assert "70.0%" not in page
    assert f"?version={old.tag}&amp;condition" not in page  # one condition, nothing to choose


def test_a_condition_is_chosen_by_the_address():
    rows = [score_row(LISTENER, value, name) for name, value in (("S", 0.6), ("SATB", 0.9))]
    rows.append(score_row(LISTENER, 0.7, "1"))
    shown = version_of("choir", *rows)
    tables = score_tables(shown)
    assert (tables.condition, tables.conditions) == ("SATB", ("S", "SATB"))
    assert score_tables(shown, "S").groups[0].rows[0].figure == "60.0%"
    assert score_tables(shown, "<script>").condition == "SATB"


def test_all_scores_are_listed_with_those_that_could_not_be_given(client):
    note = "23 features <b>"
    version_of(
        "choir",
        score_row(LISTENER, 0.8),
        score_row("tell: lines", 1.25, unit="sd of Bach", note=note),
        {"name": "joint NLL", "reason": "the family writes no likelihood"},
    )
    page = client.get("/composers/choir/").text
    assert "All 2 scores" in page
    assert "23 features &lt;b&gt;" in page
    assert "joint NLL: not given, the family writes no likelihood." in page


def test_bach_has_no_row_where_he_has_no_figure():
    shown = version_of("choir", score_row("joint NLL", 2.6, "", "nats/frame", bach=None))
    assert names(score_tables(shown)) == ["Choir"]


def test_another_unit_is_not_compared():
    shown = version_of("choir", score_row(PARALLELS, 10.0, unit="per 1,000 changes"))
    version_of("alto", score_row(PARALLELS, 0.01, unit="share"))
    assert names(score_tables(shown)) == ["Choir", "Bach"]


def test_a_figure_that_is_no_number_is_left_out():
    assert MeasuredScore.of_row(score_row(LISTENER, float("nan"))) is None
    assert MeasuredScore.of_row({"name": LISTENER, "reason": "none"}) is None


def test_a_scale_holds_all_that_is_drawn():
    low = MeasuredScore.of_row(score_row(PARALLELS, 0.0, unit="per 1,000 changes", bach=0.0))
    high = MeasuredScore.of_row(score_row(PARALLELS, 40.0, unit="per 1,000 changes", bach=60.0))
    share = MeasuredScore.of_row(score_row(LISTENER, 0.2))
    assert low and high and share
    assert scale_of([low]).place(0.0) == "0%"
    assert 60 < scale_of([low, high]).high < 70
    assert scale_of([share]).high == 1.0


def test_the_list_has_the_scores_and_bach_s(client):
    rows = [score_row(LISTENER, 0.8), score_row(PARALLELS, 53.75, unit="per 1,000 changes")]
    rows[1]["bach"] = 1.25
    version_of("choir", *rows)
    listed = client.get("/composers/").context["list"]
    assert (listed.bach_listener, listed.bach_parallels) == ("50.0%", "1.2")
    assert [each.listener.figure for each in listed.composers] == ["80.0%"]
    assert [each.parallels.figure for each in listed.composers] == ["53.8"]
