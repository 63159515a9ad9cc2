"""The hundred MIDI files of JS Fake Chorales, where they are at hand."""

from __future__ import annotations

from collections import Counter

import pytest
from django.conf import settings

from generator.collecting.importing import CollectionOrder, import_collection
from generator.models import Pair
from generator.services.work_rows import sync_works

FILES = settings.BASE_DIR.parent / "shared/data/js-fakes-midi"


if FILES.is_dir():  # where they are not, there is no such test, and none is skipped

    @pytest.mark.django_db
    @pytest.mark.usefixtures("recorded_queue")
    def test_nearly_all_of_them_find_an_excerpt_of_their_own(corpus):
        sync_works(corpus)
        imported = import_collection(CollectionOrder("js-fakes", FILES, licence="CC BY 4.0"))
        accepted = [file for file in imported.files if file.accepted]
        assert (len(imported.files), len(accepted)) == (100, 96)
        assert {file.reason for file in imported.files} == {
            "",
            "has no whole phrases of 10 to 25 seconds that end where all four voices do",
        }
        pairs = Pair.objects.filter(machine__version=imported.version)
        uses = Counter(pairs.values_list("excerpt", flat=True))
        assert pairs.count() == 96
        assert set(uses.values()) == {1}
