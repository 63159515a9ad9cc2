"""A hostile family in the place of a known one: what its checkpoint does ends in a refusal."""

from __future__ import annotations

import pytest

from bachtest.composers.models import Upload
from generator.families.markov.markov import Markov
from generator.isolation import run_isolated
from generator.isolation.self_test import Isolation, IsolationReport, self_test
from tests.composers.adversary import hostile_families
from tests.composers.adversary.hostile_checkpoints import sound
from tests.composers.adversary.hostile_registry import in_place_of_markov
from tests.composers.adversary.the_door import nothing_left_behind, send, work


@pytest.mark.parametrize("name", hostile_families.REFUSED)
def test_it_is_refused_in_words_and_the_worker_goes_on(name, author, excerpts, tmp_path):
    with in_place_of_markov(name, tmp_path), nothing_left_behind():
        upload = work(send(author, sound()))
        if self_test().outcome == Isolation.NONE:
            assert str(self_test()) in upload.failure  # nothing of it ran
            return
        assert upload.status == Upload.Status.REFUSED
        assert hostile_families.REFUSED[name] in upload.reason
        assert upload.steps.last().reason == upload.reason
        assert upload.failure == ""


def test_where_nothing_can_be_isolated_nothing_runs(monkeypatch, settings, author, excerpts):
    monkeypatch.setattr(run_isolated, "self_test", lambda: IsolationReport(Isolation.NONE))
    monkeypatch.setattr(
        Markov, "load", lambda path: pytest.fail("it was loaded without a smoke run")
    )
    upload = work(send(author, sound()))
    assert (upload.status, upload.version) == (Upload.Status.QUARANTINED, None)
    assert "not isolated" in upload.failure  # of the site: an admin can have it tried again
