"""The first page of the admin: what waits, what runs, what failed, and what there is."""

from __future__ import annotations

from datetime import timedelta as td

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from django_tasks import default_task_backend

from bachtest.composers.models import Upload, VersionScores
from bachtest.dashboard.panels.composer_rates import composer_rates
from bachtest.dashboard.panels.disk_space import DiskSpace, disk_space
from bachtest.dashboard.panels.item_cells import ItemCell, item_cells
from bachtest.dashboard.panels.running_studies import running_studies
from bachtest.studies.models import Study
from generator.models import Piece
from tests.builders import (
    add_to_study,
    make_composer,
    make_pair,
    make_piece,
    make_version,
    make_work,
)
from tests.results.rows import make_answer, make_game, quiz

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]
SCORE = {
    "name": "machine listener", "condition": "ATB", "unit": "share of pairs", "bach": 0.5,
    "composer": {"estimate": 0.81, "low": 0.75, "high": 0.86, "n": 60}, "note": "",
}  # fmt: skip


def a_site(number: int) -> None:
    """Some of everything that the dashboard counts."""
    bot = make_composer(f"bot{number}")
    add_to_study(quiz(), bot.versions.get())
    for condition in ("S", "ATB", "SATB"):
        pair = make_pair(condition, bot)
        make_answer(make_game(), pair, correct=True)
    make_pair("ATB", bot, excluded_reason="copies 15 events in a row")
    for status in ("queued", "running", "failed"):
        make_piece(composer=bot, condition="ATB", status=status, error=f"reason {number}")
    VersionScores.objects.create(version=bot.versions.get(), rows={"fills": [SCORE]})
    study = Study.objects.create(slug=f"study{number}", title="S", is_open=True)
    add_to_study(study, bot.versions.get())
    for status in ("scored", "checked", "quarantined", "receiving"):
        Upload.objects.create(
            slug=f"up{number}",
            kind="checkpoint",
            length=1,
            status=status,
            failure="out of memory" if status == "checked" else "",
            lease_until=now() + td(seconds=60) if status == "quarantined" else None,
        )


def queries(client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(reverse("admin:index")).status_code == 200
    return len(seen)


def test_the_number_of_queries_does_not_grow_with_rows(root):
    a_site(0)
    queries(root)  # content types are remembered from here on
    before = queries(root)
    for number in range(1, 5):
        a_site(number)
    assert queries(root) == before
    assert before <= 45


def test_what_waits_for_a_second_person_is_shown_with_its_uploader(member):
    Upload.objects.create(slug="new-net", kind="checkpoint", length=1, status="scored")
    Upload.objects.create(slug="old-net", kind="checkpoint", length=1, status="published")
    Upload.objects.create(
        slug="lost-net",
        kind="checkpoint",
        length=1,
        status="checked",
        failure="killed: out of memory",
    )
    page = member("composer manager").get(reverse("admin:index")).text
    assert "Waiting for you" in page
    assert "new-net" in page
    assert "killed: out of memory" in page
    assert "old-net" not in page


def test_a_running_upload_shows_its_stage_and_progress(root):
    Upload.objects.create(
        slug="net",
        kind="checkpoint",
        length=1,
        status="checked",
        stage="objective scores",
        done=31,
        total=80,
        lease_until=now() + td(minutes=1),
        heartbeat=now(),
    )
    page = root.get(reverse("admin:live")).text
    assert "objective scores" in page
    assert '<progress max="80" value="31"' in page
    assert "heartbeat just now" in page


def test_cells_count_what_is_playable_pending_and_excluded():
    bot = make_composer("bot")
    make_pair("ATB", bot)
    make_pair("ATB", bot, excluded_reason="copies")
    make_piece(composer=bot, condition="SATB", status="queued")
    [group] = item_cells().groups
    assert group.cells == (ItemCell("ATB", 1, 0, 1), ItemCell("SATB", 0, 1, 0))
    assert group.orderable


def test_only_the_newest_published_checkpoint_can_be_ordered_from():
    bot = make_composer("bot")
    newer = make_version(bot)
    make_version(bot, status="checking")
    make_version(make_composer("others", kind="collection"), kind="collection")
    assert newer in item_cells().orderable
    assert {version.kind for version in item_cells().orderable} == {"checkpoint"}
    assert bot.versions.order_by("id").first() not in item_cells().orderable


def test_pieces_are_ordered_with_a_button(member, django_capture_on_commit_callbacks):
    make_work("BWV254", part="train")
    make_composer("bot", members=[{"trained_on": ["BWV254"], "fold": []}])
    make_pair()
    data = {"composer": "bot", "condition": "SATB", "count": "3"}
    client = member("composer manager")
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("admin:order_more"), data, follow=True)
    assert "3 pieces of bot SATB are in the queue" in response.text
    assert Piece.objects.pending().filter(condition="SATB").count() == 3
    assert len(default_task_backend.results) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"condition": "XYZ"}, "unknown condition &#x27;XYZ&#x27;"),
        ({"count": "0"}, "order 1 to 200 at a time"),
        ({"count": "9" * 5000}, "order 1 to 200 at a time"),
        ({"count": "²"}, "order 1 to 200 at a time"),
        ({}, "lists no works"),
    ],
)
def test_an_order_that_cannot_be_made_says_why(root, change, words):
    make_pair("ATB", make_composer("bot"))
    data = {"composer": "bot", "condition": "ATB", "count": "3"} | change
    page = root.post(reverse("admin:order_more"), data, follow=True).text
    assert "Nothing was ordered" in page
    assert words in page
    assert not Piece.objects.pending().exists()


def test_failed_pieces_of_one_reason_are_tried_again_once_it_is_confirmed(member):
    client = member("composer manager")
    bot = make_composer("bot")
    alike = [make_piece(composer=bot, status="failed", error="the disk is full") for _ in range(2)]
    other = make_piece(composer=bot, status="failed", error="a bug")
    assert "the disk is full" in client.get(reverse("admin:index")).text
    data = {"like": str(alike[0].id)}
    asked = client.post(reverse("admin:retry_alike"), data)
    assert "Try 2 failed pieces again?" in asked.text
    assert not Piece.objects.pending().exists()
    done = client.post(reverse("admin:retry_alike"), data | {"confirmed": "yes"}, follow=True)
    assert "2 pieces are in the queue again" in done.text
    assert set(Piece.objects.pending()) == set(alike)
    other.refresh_from_db()
    assert other.status == "failed"


def test_rates_and_scores_of_a_composer_stand_side_by_side(root):
    bot = make_composer("bot")
    pair = make_pair("ATB", bot)
    for number in range(12):
        make_answer(make_game(), pair, correct=number < 9)
    VersionScores.objects.create(version=bot.versions.get(), rows={"fills": [SCORE]})
    [row] = composer_rates()
    assert (row.rate.correct, row.rate.n, row.few) == (9, 12, False)
    assert (row.scores[0].value, row.scores[0].bach, row.scores[1].value) == (0.81, 0.5, None)
    page = root.get(reverse("admin:index")).text
    assert "75.0%" in page
    assert "0.81" in page


def test_answers_that_a_design_excludes_do_not_count():
    pair = make_pair("ATB", make_composer("bot"))
    make_answer(make_game(), pair, correct=True, knew="yes")
    make_answer(make_game(), pair, correct=False, knew="no")
    assert quiz().exclusions == ["knew"]
    [row] = composer_rates()
    assert (row.rate.correct, row.rate.n) == (0, 1)


def test_open_studies_count_answers_of_today_and_of_all_days():
    pair = make_pair("ATB", make_composer("bot"))
    make_answer(make_game(), pair, correct=True, created=now() - td(days=2))
    make_answer(make_game(), pair, correct=True)
    Study.objects.create(slug="closed", title="closed")
    [running] = running_studies()
    assert (running.study.slug, running.today, running.total) == ("quiz", 1, 2)
    assert [row.version for row in running.played] == list(make_composer("bot").versions.all())


def test_quarantine_is_measured_and_a_full_disk_is_an_alarm(settings, tmp_path):
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    assert disk_space().quarantine == 0
    (tmp_path / "quarantine" / "one").mkdir(parents=True)
    (tmp_path / "quarantine" / "one" / "file").write_bytes(b"x" * 1000)
    assert disk_space().quarantine == 1000
    assert DiskSpace(tmp_path, 10**12, 0, 10**9, 0, 0).alarm
    assert not DiskSpace(tmp_path, 10**12, 0, 10**11, 0, 0).alarm


def test_a_composer_with_scores_and_no_answers_has_a_row(root):
    version = make_version(make_composer("scored"))
    VersionScores.objects.create(version=version, rows={"ATB": []})
    [row] = composer_rates()
    assert (row.version, row.rate.n, row.few) == (version, 0, True)
    assert root.get("/admin/").status_code == 200
