"""Hostile collections through the real door: ZIPs refused whole, and music file by file."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from bachtest.composers.models import Upload
from generator.collecting import drafts
from generator.collecting.drafts import Drafter
from generator.models import Version
from tests.composers.adversary.hostile_music import MIDI, XML, sound_midi
from tests.composers.adversary.hostile_zips import ZIPS, of, zipped
from tests.composers.adversary.the_door import nothing_left_behind, send, work

FILES = {f"{name}.mid": attack for name, attack in MIDI.items()}
FILES |= {f"{name}.xml": attack for name, attack in XML.items()}
FILES = {re.sub("[^a-z0-9.]+", "-", name): attack for name, attack in FILES.items()}
# Their names, as files have them; each takes up to some seconds.
LONG = ("million", "300-000", "60-000", "65-535")
QUICK = {name: each for name, each in FILES.items() if not any(word in name for word in LONG)}
AT_THE_DOOR = [name for name, attack in ZIPS.items() if attack.at_the_door]
IN_THE_WORKER = [name for name, attack in ZIPS.items() if not attack.at_the_door]


def assert_refused(upload: Upload, words: str) -> None:
    assert upload.status == Upload.Status.REFUSED
    assert re.search(words, upload.reason), upload.reason
    assert (upload.failure, upload.version) == ("", None)


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_a_zip_is_refused_at_the_door(name, author):
    with nothing_left_behind():
        assert_refused(send(author, ZIPS[name].make(), "collection"), ZIPS[name].words)


@pytest.mark.parametrize("name", IN_THE_WORKER)
def test_a_zip_is_refused_by_the_worker(name, author, excerpts):
    with nothing_left_behind():
        upload = send(author, ZIPS[name].make(), "collection")
        assert upload.status == Upload.Status.QUARANTINED
        assert_refused(work(upload), ZIPS[name].words)


@pytest.mark.parametrize("attacks", [QUICK, pytest.param(FILES, marks=pytest.mark.slow)])
def test_each_hostile_file_has_its_own_line_beside_a_sound_one(attacks, author, excerpts):
    def write(archive):
        archive.writestr("sound.mid", sound_midi())
        for name, attack in attacks.items():
            archive.writestr(name, attack.make())

    # Their bombs shrink to less than the door lets in, so they come uncompressed.
    upload = send(author, zipped(write, method=0), "collection")
    upload = work(upload)
    assert upload.status == Upload.Status.CHECKED, upload.reason
    lines = dict(line.split(": ", 1) for line in upload.report["files"])
    assert "whole chorale" in lines.pop("sound.mid")
    assert lines.keys() == attacks.keys()
    for name, line in lines.items():
        assert re.search(f"^refused: .*({FILES[name].words})", line), f"{name}: {line}"
        assert len(line) < 500
        assert line.isprintable()
    assert upload.version.pieces.count() == 1


def test_nothing_but_hostile_files_is_refused_and_the_reason_names_them(author, excerpts):
    def write(archive):
        for name in QUICK:
            archive.writestr(name, FILES[name].make()[:2000])

    with nothing_left_behind():
        upload = work(send(author, zipped(write, method=0), "collection"))
        assert_refused(upload, "no file was accepted:\n.*: refused: ")
    assert len(upload.reason) <= 4000


def test_files_are_read_while_everybody_else_may_write(author, excerpts, monkeypatch):
    """SQLite has one writer: a transaction around minutes of reading would stop the site."""
    depths = []
    draft = Drafter.draft

    def noted(*arguments):
        depths.append(len(connection.savepoint_ids))
        return draft(*arguments)

    monkeypatch.setattr(Drafter, "draft", noted)
    outside = len(connection.savepoint_ids)
    upload = work(send(author, of("a.mid", sound_midi()), "collection"))
    assert upload.status == Upload.Status.CHECKED
    assert depths == [outside]
    assert upload.version.composer.page.owner == author


def test_a_collection_that_takes_too_long_is_refused(author, excerpts, monkeypatch):
    monkeypatch.setattr(drafts, "MAX_SECONDS", -1.0)
    with nothing_left_behind():
        upload = work(send(author, of("a.mid", sound_midi()), "collection"))
        assert_refused(upload, "reading took longer than -1 seconds at 'a.mid'")


def test_the_same_collection_again_changes_no_licence(author, excerpts):
    """That of a published version decides where it is played."""
    first = work(send(author, of("a.mid", sound_midi()), "collection", licence="CC0-1.0"))
    version = first.version
    version.status = Version.Status.READY
    version.save()
    again = work(send(author, of("a.mid", sound_midi()), "collection", licence="none"))
    assert_refused(again, "already")
    version.refresh_from_db()
    assert version.licence == "CC0-1.0"
