"""Hostile checkpoints through the real door: each is refused in its own words."""

from __future__ import annotations

import re

import pytest

from bachtest.composers.models import Upload
from tests.composers.adversary.hostile_checkpoints import CHECKPOINTS, sound
from tests.composers.adversary.the_door import nothing_left_behind, send, work

AT_THE_DOOR = [name for name, attack in CHECKPOINTS.items() if attack.at_the_door]
# Their children load torch.
LONG = ("infinity in a tensor", "markov's tensors as a flagship", "a width of 10^9", "10^9 layers")
IN_THE_WORKER = [
    pytest.param(name, marks=[pytest.mark.slow] * (name in LONG))
    for name, attack in CHECKPOINTS.items()
    if not attack.at_the_door
]


def assert_refused(upload: Upload, words: str) -> None:
    assert upload.status == Upload.Status.REFUSED
    assert re.search(words, upload.reason), upload.reason
    assert len(upload.reason) < 600
    assert [step.status for step in upload.steps.all()] == ["quarantined", "refused"]
    assert upload.steps.last().reason == upload.reason
    assert upload.failure == ""


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_it_is_refused_at_the_door(name, author):
    with nothing_left_behind():
        assert_refused(send(author, CHECKPOINTS[name].make()), CHECKPOINTS[name].words)


@pytest.mark.parametrize("name", IN_THE_WORKER)
def test_it_is_refused_in_an_isolated_child(name, author, excerpts):
    with nothing_left_behind():
        upload = send(author, CHECKPOINTS[name].make())
        assert upload.status == Upload.Status.QUARANTINED
        assert_refused(work(upload), CHECKPOINTS[name].words)


def test_what_is_sound_is_not_refused(author, excerpts):
    upload = work(send(author, sound()))
    assert (upload.status, upload.reason) == (Upload.Status.CHECKED, "")
    assert upload.file_deleted
