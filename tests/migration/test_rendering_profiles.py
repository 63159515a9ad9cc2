"""Studies that are open go on as they sounded; the way back leaves one clip of each piece."""

from __future__ import annotations

from django.core.files.storage import default_storage

from bachtest.studies.models import Study
from generator.models import Pair, Rendering
from generator.rendering.profiles import FIRST, NEWEST, PROFILES
from tests.builders import make_rendering
from tests.migration.old_site import migrate

BEFORE = {"generator": "0016_masters"}


def test_an_old_site_goes_on_in_the_first_profile(old_site):
    assert set(Study.objects.values_list("rendering", flat=True)) == {FIRST}
    assert set(Rendering.objects.values_list("profile", flat=True)) == {FIRST}


def test_the_way_back_leaves_what_old_studies_play_and_what_there_is_alone(old_site):
    both, newer = Pair.objects.playable()[:2]
    twice = [make_rendering(piece, "e" * 64, profile=NEWEST) for piece in (both.bach, both.machine)]
    of_newer = Rendering.objects.filter(piece__in=[newer.bach_id, newer.machine_id])
    of_newer.update(profile=NEWEST, fingerprint="e" * 64, loudness=PROFILES[NEWEST].loudness)
    kept = list(of_newer.order_by("id").values_list("id", "file"))

    migrate(BEFORE)
    assert [default_storage.exists(row.file.name) for row in twice] == [False, False]
    assert [default_storage.exists(name) for _, name in kept] == [True, True]

    migrate()
    assert {row.profile for row in both.clips(FIRST).values()} == {FIRST}
    assert not both.clips(NEWEST)
    assert list(of_newer.order_by("id").values_list("id", "file")) == kept
    assert set(of_newer.values_list("profile", flat=True)) == {NEWEST}
    assert set(Study.objects.values_list("rendering", flat=True)) == {FIRST}


def test_a_site_that_began_with_the_newest_is_known_again(old_site):
    """All its clips are of that profile, with their masters."""
    Rendering.objects.update(profile=NEWEST, loudness=PROFILES[NEWEST].loudness)
    Study.objects.update(rendering=NEWEST)
    migrate(BEFORE)
    migrate()
    assert set(Rendering.objects.values_list("profile", flat=True)) == {NEWEST}
    assert set(Study.objects.values_list("rendering", flat=True)) == {NEWEST}
