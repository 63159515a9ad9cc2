"""A claim that ended never stands again, whatever became of its piece."""

from __future__ import annotations

import pytest

from generator.models import Piece, Rendering
from generator.rendering.clip import Clip
from generator.services import pieces
from generator.services.claims import claim, claimed, give_up, put_back
from generator.tasks import cancel_pieces, retry_pieces
from tests.builders import make_excerpt, make_miniature, make_piece, make_work

pytestmark = pytest.mark.django_db


def waiting(**fields) -> Piece:
    return make_piece(status=Piece.Status.QUEUED, grid=None, done=None, **fields)


def test_a_claim_ends_for_good_when_its_piece_is_cancelled_and_retried(recorded_queue):
    old = claim(waiting().id)
    cancel_pieces(Piece.objects.all())
    retry_pieces(Piece.objects.all())
    new = claim(old.id)
    assert (new.tries, new.claims) == (1, 2)
    assert not claimed(old).exists()
    give_up(old, "what befell the first worker", permanent=True)
    assert claimed(new).exists()


def test_a_claim_ends_for_good_when_its_piece_is_put_back():
    old = claim(waiting().id)
    put_back(old, OSError(28, "No space left on device"))
    assert claimed(claim(old.id)).exists()
    assert not claimed(old).exists()


def test_a_piece_that_is_cancelled_at_the_very_end_is_not_done(tmp_path, corpus, monkeypatch):
    excerpt = make_excerpt(make_work("BWV269"), 0, 32)
    piece = waiting(excerpt=excerpt, composer=make_miniature(tmp_path))
    store = pieces.store_clip

    def stored_and_cancelled(row: Piece, clip: Clip) -> list[Rendering]:
        renderings = store(row, clip)
        assert cancel_pieces(Piece.objects.filter(id=row.id)) == 1
        return renderings

    monkeypatch.setattr(pieces, "store_clip", stored_and_cancelled)
    assert pieces.produce_piece(piece.id) == "failed"
    piece.refresh_from_db()
    assert (piece.error, piece.grid) == ("cancelled by an admin", None)
    assert not Rendering.objects.exists()
