"""Clips from before there were masters get one, if it comes out the same."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files.base import ContentFile

from generator.models import Piece, Rendering
from generator.music.formats.gridjson import to_json
from generator.rendering.clip import Clip, render_clip
from generator.rendering.events import clip_samples
from generator.services.rendered import masters
from generator.services.rendered.clips import new_row
from generator.services.rendered.masters import make_missing_masters
from generator.tasks import recover
from tests.builders import make_chorale, make_excerpt, make_piece, make_rendering

pytestmark = pytest.mark.django_db
CHORALE = make_chorale(16)


@pytest.fixture(scope="module", params=["its own length", "a longer one"])
def clip(request) -> Clip:
    longer = clip_samples(CHORALE) + 44_100 if request.param == "a longer one" else None
    return render_clip(CHORALE, soundfont=settings.SOUNDFONT, samples=longer)


@pytest.fixture
def piece(clip) -> Piece:
    piece = make_piece(make_excerpt(stop=16), grid=to_json(CHORALE))
    piece.renderings.all().delete()
    row = make_rendering(piece, clip.fingerprint, clip.mp3)
    row.seconds = clip.seconds
    row.save()
    return piece


def test_a_clip_without_a_master_gets_one_once(piece, clip):
    assert recover()["masters made of older clips"] == 1
    [master] = piece.renderings.filter(kind="master")
    assert master.file.read() == clip.master
    assert (master.bytes, master.seconds) == (len(clip.master), clip.seconds)
    assert make_missing_masters() == 0


def test_what_comes_out_otherwise_gets_none_and_is_not_tried_again(piece, monkeypatch):
    piece.renderings.update(sha256="e" * 64)
    assert make_missing_masters() == 0
    [none] = piece.renderings.filter(kind="master")
    assert (none.file.name, none.sha256) == ("", "")
    monkeypatch.setattr(masters, "render_clip", None)
    assert make_missing_masters() == 0


def test_a_try_that_was_broken_off_is_made_anew(piece, clip):
    broken = new_row(piece, clip.fingerprint, clip.profile, Rendering.Kind.MASTER)
    broken.file.storage.save(broken.file.name, ContentFile(b"half"))
    assert make_missing_masters() == 1
    [master] = piece.renderings.filter(kind="master")
    assert master.file.read() == clip.master
    assert not broken.file.storage.exists(broken.file.name)


def test_clips_of_another_renderer_are_left_alone(piece, monkeypatch):
    piece.renderings.update(fingerprint="e" * 64)
    monkeypatch.setattr(masters, "render_clip", None)
    assert make_missing_masters() == 0
    assert not piece.renderings.filter(kind="master").exists()
