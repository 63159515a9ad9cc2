from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta as td
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.utils.timezone import now
from django_tasks import default_task_backend
from pytest_django import Settings

from generator.errors import GenerationError
from generator.models import Composer, Excerpt, Pair, Piece, Rendering
from generator.music.formats.gridjson import from_json
from generator.music.grid.conditions import given_for
from generator.rendering import encoding
from generator.rendering.profiles import NEWEST, PROFILES
from generator.services import pieces
from generator.services.claims import ClaimLost, Lease, claim, renewed_lease
from generator.services.rendered.clips import delete_stale_temp_files
from generator.tasks import enqueue_forgotten, order_piece, recover, retry_pieces
from tests.builders import clip_of, make_excerpt, make_miniature, make_piece, make_work

if TYPE_CHECKING:
    from pathlib import Path

    from generator.music.corpus.works import Corpus

pytestmark = pytest.mark.django_db
STOP = 32
OF_DEAD = "pieces of dead workers queued again"


@pytest.fixture
def mini(tmp_path: Path, corpus: Corpus) -> Composer:
    return make_miniature(tmp_path)


@pytest.fixture
def excerpt() -> Excerpt:
    return make_excerpt(make_work("BWV269"), 0, STOP)


@pytest.fixture
def made(mini, excerpt, django_capture_on_commit_callbacks) -> Piece:
    with django_capture_on_commit_callbacks(execute=True):
        piece = order_piece(excerpt, mini, "ATB", seed=3)
    piece.refresh_from_db()
    return piece


def waiting(**fields) -> Piece:
    return make_piece(status=Piece.Status.QUEUED, grid=None, done=None, **fields)


def clips() -> list[str]:
    return default_storage.listdir("clips")[1] if default_storage.exists("clips") else []


def test_an_ordered_piece_is_made_with_notes_and_sound(made):
    assert (made.status, made.error, made.tries, made.lease_until) == ("done", "", 1, None)
    assert clip_of(made).file.read()[:2] in (b"\xff\xfb", b"\xff\xfa")
    assert clip_of(made).loudness == pytest.approx(PROFILES[NEWEST].loudness, abs=0.1)
    assert made.copied_run is not None and made.done is not None


def test_given_voices_are_bachs_and_written_ones_are_not(made, corpus):
    bach, piece = corpus.work("BWV269").chorale.slice(0, STOP), from_json(made.grid)
    given = given_for("ATB", bach)
    assert np.array_equal(piece.pitch[given], bach.pitch[given])
    assert np.array_equal(piece.onset[given], bach.onset[given])
    assert not np.array_equal(piece.pitch, bach.pitch)


def test_bachs_piece_and_the_pair_come_with_it(made):
    pair = Pair.objects.playable().get(machine=made)
    assert pair.bach.version is None
    assert pair.bach.condition == ""
    bach, machine = clip_of(pair.bach), clip_of(made)
    assert (bach.seconds, bach.bytes) == (machine.seconds, machine.bytes)
    assert bach.bytes == bach.file.size
    assert 0 < pair.differing <= 1


def test_a_master_is_what_the_encoder_got(made):
    [master] = made.renderings.filter(kind="master")
    content = master.file.read()
    assert (len(content), sha256(content).hexdigest()) == (master.bytes, master.sha256)
    assert encoding.mp3(encoding.decoded(content), PROFILES[NEWEST]) == clip_of(made).file.read()


def test_names_of_clips_reveal_nothing(made):
    names = [row.file.name for row in Rendering.objects.all()]
    assert len(set(names)) == 4
    kept = re.compile(r"clips/[0-9a-f]{32}\.mp3|masters/[0-9a-f]{32}\.flac")
    assert all(kept.fullmatch(name) for name in names)


def test_the_same_seed_gives_the_same_piece_again(made):
    before = made.grid, clip_of(made).file.read(), clip_of(made).file.name
    Pair.objects.all().delete()
    Piece.objects.filter(id=made.id).update(status="queued")
    pieces.produce_piece(made.id)
    again = Piece.objects.get(id=made.id)
    assert (again.grid, clip_of(again).file.read()) == before[:2]
    assert clip_of(again).file.name != before[2]
    assert len(clips()) == 2, "the first clip is deleted"


def test_a_piece_that_is_rendered_in_another_way_keeps_the_old_clip(made, monkeypatch):
    old = clip_of(made)
    render = pieces.render_clip
    monkeypatch.setattr(
        pieces, "render_clip", lambda *a, **k: replace(render(*a, **k), fingerprint="e" * 64)
    )
    pieces._finish(again := claim_again(made), pieces._make(again, Lease(again)))
    assert [row.fingerprint for row in made.renderings.clips().order_by("id")] == [
        old.fingerprint,
        "e" * 64,
    ]
    assert default_storage.exists(old.file.name)
    assert Pair.objects.playable().get().clips(NEWEST)[made.id] == old, "Bach has no other yet"


def test_the_clip_of_a_try_that_was_broken_off_is_replaced(made):
    made.renderings.update(seconds=None, fingerprint="")
    pieces._finish(again := claim_again(made), pieces._make(again, Lease(again)))
    assert clip_of(made).sha256 == sha256(clip_of(made).file.read()).hexdigest()
    assert len(clips()) == 2


def test_another_seed_gives_another_piece(made, mini, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        other = order_piece(made.excerpt, mini, "ATB", seed=4)
    other.refresh_from_db()
    assert other.grid != made.grid
    assert Piece.objects.by_bach().count() == 1, "Bach is rendered once"


def test_what_was_ordered_already_is_not_ordered_again(made, mini, recorded_queue):
    assert order_piece(made.excerpt, mini, "ATB", seed=3) == made
    assert Piece.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_rolled_back_queues_nothing(mini, excerpt, recorded_queue, monkeypatch):
    def broken(excerpt: Excerpt) -> None:
        raise RuntimeError("no Bach")

    order_piece(excerpt, mini, "ATB", seed=1)
    queued = len(default_task_backend.results)
    monkeypatch.setattr("generator.tasks.bach_piece", broken)
    with pytest.raises(RuntimeError, match="no Bach"):
        order_piece(excerpt, mini, "S", seed=1)
    assert (queued, len(default_task_backend.results)) == (2, 2)
    assert not Piece.objects.filter(version__composer=mini, condition="S").exists()


def test_a_piece_is_claimed_once():
    piece = waiting()
    assert claim(piece.id) is not None
    assert claim(piece.id) is None


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_the_work_lasts(settings: Settings):
    settings.LEASE_SECONDS = 0.3
    piece = claim(waiting().id)
    with renewed_lease(piece):
        time.sleep(0.6)
        assert Piece.objects.get(id=piece.id).lease_until > now()


def test_a_dead_workers_piece_is_queued_again(recorded_queue):
    piece = waiting(tries=1)
    Piece.objects.update(status="running", lease_until=now() - td(seconds=1))
    assert recover()[OF_DEAD] == 1
    assert default_task_backend.results[0].args == [piece.id]
    assert Piece.objects.get().status == "queued"


def test_a_living_workers_piece_is_left_alone(recorded_queue):
    claim(waiting().id)
    assert set(recover().values()) == {0}
    assert Piece.objects.get().status == "running"


def test_after_three_deaths_a_piece_fails(recorded_queue):
    waiting(tries=3)
    Piece.objects.update(status="running", lease_until=now() - td(seconds=1))
    assert set(recover().values()) == {0}
    assert Piece.objects.get().status == "failed"
    assert "3 workers died" in Piece.objects.get().error


def test_a_worker_that_lost_its_claim_writes_nothing(made):
    lost = claim_again(made)
    result = pieces._make(lost, Lease(lost))
    Piece.objects.filter(id=made.id).update(claims=lost.claims + 1)
    with pytest.raises(ClaimLost):
        pieces._finish(lost, result)
    assert Piece.objects.get(id=made.id).status == "running"


def claim_again(piece: Piece) -> Piece:
    Pair.objects.all().delete()
    Piece.objects.filter(id=piece.id).update(status="queued")
    return claim(piece.id)


def test_a_known_reason_is_written_to_the_row(mini, excerpt, settings: Settings, tmp_path):
    settings.SOUNDFONT = tmp_path / "no.sf3"
    piece = waiting(excerpt=excerpt, composer=mini)
    assert pieces.produce_piece(piece.id) in ("failed", "queued")
    assert "no.sf3" in Piece.objects.get(id=piece.id).error


def test_a_bug_is_marked_and_raised(mini, excerpt, monkeypatch, caplog):
    monkeypatch.setattr(pieces, "copied_run", lambda *_: 1 / 0)
    piece = waiting(excerpt=excerpt, composer=mini)
    with pytest.raises(ZeroDivisionError):
        pieces.produce_piece(piece.id)
    piece.refresh_from_db()
    assert (piece.status, piece.error) == ("failed", "ZeroDivisionError: division by zero")
    assert "Traceback" in caplog.text
    assert clips() == []


def test_a_passing_fault_is_tried_three_times(
    mini, excerpt, monkeypatch, django_capture_on_commit_callbacks
):
    def fault(*_) -> int:
        raise GenerationError("disk full for a moment")

    monkeypatch.setattr(pieces, "copied_run", fault)
    with django_capture_on_commit_callbacks(execute=True):
        piece = order_piece(excerpt, mini, "ATB", seed=1)
    piece.refresh_from_db()
    assert (piece.status, piece.tries, piece.error) == ("failed", 3, "disk full for a moment")


def test_a_changed_checkpoint_is_refused(mini, excerpt):
    mini.versions.update(sha256="0" * 64)
    piece = waiting(excerpt=excerpt, composer=mini)
    assert pieces.produce_piece(piece.id) == "failed"
    assert "is not the file of version 000000000000" in Piece.objects.get(id=piece.id).error


def test_failed_pieces_wait_again_with_all_their_tries(recorded_queue):
    piece = waiting(tries=3)
    Piece.objects.update(status="failed", error="why")
    done = make_piece()
    assert retry_pieces(Piece.objects.all()) == 1
    piece.refresh_from_db()
    assert (piece.status, piece.tries, piece.error) == ("queued", 0, "")
    assert Piece.objects.get(id=done.id).status == "done"


def test_waiting_pieces_whose_tasks_were_lost_are_queued(recorded_queue):
    piece = waiting()
    make_piece()
    enqueue_forgotten()
    assert [result.args for result in default_task_backend.results] == [[piece.id]]


def test_what_a_dead_worker_had_begun_to_write_is_deleted(settings: Settings, tmp_path):
    settings.TEMP_CLIPS_DIR = tmp_path
    settings.LEASE_SECONDS = 0.05
    (tmp_path / "half").write_bytes(b"ID")
    time.sleep(0.1)
    (tmp_path / "fresh").write_bytes(b"ID")
    delete_stale_temp_files()
    assert [path.name for path in tmp_path.iterdir()] == ["fresh"]
