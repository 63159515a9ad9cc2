"""What should never be so is said on the dashboard."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from bachtest.dashboard.panels import integrity
from bachtest.dashboard.panels.integrity import compare_clips, file_alarms, study_alarms
from bachtest.dashboard.panels.item_cells import item_cells
from bachtest.dashboard.panels.running_studies import running_studies
from bachtest.studies.models import StudyItem
from generator.models import Piece, Rendering, Version
from tests.builders import make_composer, make_pair, make_piece, make_version
from tests.results.rows import quiz

pytestmark = pytest.mark.django_db
ROUNDS = [["ATB"]]


@pytest.fixture
def study():
    row = quiz()
    row.rounds = ROUNDS
    row.save()
    return row


def of_studies() -> list[str]:
    return list(study_alarms(running_studies(), item_cells()))


def overwrite(clip: Rendering, content: bytes) -> None:
    default_storage.delete(clip.file.name)
    assert default_storage.save(clip.file.name, ContentFile(content)) == clip.file.name


def test_a_site_in_order_has_no_alarm(root, study):
    make_pair("ATB", make_composer("bot"))
    assert of_studies() == []
    assert list(file_alarms()) == []
    assert "No fault was found" in root.get(reverse("admin:index")).text


@pytest.mark.parametrize(
    ("status", "words"), [("retired", "no longer played"), ("failed", "refused")]
)
def test_a_study_that_plays_a_version_that_left_is_an_alarm(root, study, status, words):
    make_pair("ATB", make_composer("bot"))
    version = make_version(make_composer("bot"))
    Version.objects.filter(id=version.id).update(status=status)
    assert of_studies() == [f"Study quiz plays {version}, which is {words}"]
    assert f"which is {words}" in root.get(reverse("admin:index")).text


def test_a_condition_that_cannot_be_played_is_an_alarm(study):
    make_pair("S", make_composer("bot"))
    assert of_studies() == ["Study quiz has no pair to play for ATB"]


def test_pairs_of_a_version_that_the_study_does_not_play_do_not_count(study):
    make_composer("bot")
    other = make_composer("other")
    other.in_studies.all().delete()
    make_pair("ATB", other)
    assert of_studies() == ["Study quiz has no pair to play for ATB"]


def test_a_clip_whose_file_is_missing_or_cut_is_an_alarm():
    missing, cut = (
        make_piece(make_pair().excerpt, make_composer("x"), "SATB").renderings.get() for _ in "ab"
    )
    default_storage.delete(missing.file.name)
    overwrite(cut, b"half")
    alarms = list(file_alarms())
    assert any(f"clip of piece {missing.piece_id} is missing" in alarm for alarm in alarms)
    assert any(f"clip of piece {cut.piece_id} has 4 bytes" in alarm for alarm in alarms)


def test_a_finished_piece_without_a_clip_is_an_alarm():
    make_pair().machine.renderings.all().delete()
    assert list(file_alarms()) == ["1 pieces are done and have no clip"]


def test_a_published_version_whose_file_is_gone_is_an_alarm(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "checkpoints": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    version = make_version(make_composer("bot"), file="net.safetensors")
    assert list(file_alarms()) == [f"The file of version {version} is missing: net.safetensors"]


def test_all_clips_are_compared_byte_by_byte_on_demand(member):
    clip = make_pair().machine.renderings.get()
    content = clip.file.open().read()
    overwrite(clip, b"x" + content[1:])
    assert list(file_alarms()) == [], "its length is right"
    check = compare_clips()
    assert (check.checked, check.total, len(check.faults)) == (2, 2, 1)
    page = member("researcher").post(reverse("admin:compare_files"), follow=True).text
    assert f"clip of piece {clip.piece_id} has other bytes" in page
    assert "2 of 2 clips were read: 1 are not as their rows say" in page


def test_the_comparison_ends_in_time(monkeypatch):
    make_pair()
    monkeypatch.setattr(integrity, "BATCH", 1)
    assert compare_clips(seconds=-1).checked == 0


def test_wrong_counts_of_items_are_corrected_on_demand(member):
    StudyItem.objects.create(study=quiz(), pair=make_pair(), exposures=7)
    client = member("researcher")
    assert (
        "Study quiz: 1 counts were corrected"
        in client.post(reverse("admin:recount_items"), follow=True).text
    )
    assert (
        "Study quiz: 0 counts were corrected"
        in client.post(reverse("admin:recount_items"), follow=True).text
    )


def test_a_few_clips_are_looked_at_and_not_all():
    for _ in range(integrity.SAMPLE):
        make_pair()
    assert Piece.objects.count() == 2 * integrity.SAMPLE
    assert len(integrity._some(Rendering.objects.clips())) <= integrity.SAMPLE
