"""Pieces in which the machine writes a span of time instead of voices."""

from __future__ import annotations

import numpy as np
import pytest

from generator.models import Pair, Piece
from generator.music.formats.gridjson import from_json
from generator.music.grid.conditions import given_for
from generator.services.pieces import produce_piece
from generator.tasks import order_pieces
from tests.builders import make_excerpt, make_miniature, make_piece, make_work

pytestmark = pytest.mark.django_db
STOP = 32


@pytest.mark.parametrize("family", ["markov", "flagship"])
@pytest.mark.parametrize("condition", ["NEXT", "GAP"])
def test_a_span_is_ordered_filled_and_paired(
    tmp_path, corpus, django_capture_on_commit_callbacks, condition, family
):
    composer = make_miniature(tmp_path, family=family)
    excerpt = make_excerpt(make_work("BWV269"), 0, STOP)
    with django_capture_on_commit_callbacks(execute=True):
        [piece] = order_pieces(composer, condition, 1)
    piece.refresh_from_db()
    assert (piece.status, piece.error, piece.excerpt) == ("done", "", excerpt)
    bach, filled = corpus.work("BWV269").chorale.slice(0, STOP), from_json(piece.grid)
    given = given_for(condition, bach)
    assert np.array_equal(filled.pitch[given], bach.pitch[given])
    assert np.array_equal(filled.onset[given], bach.onset[given])
    pair = Pair.objects.playable().get()
    differs = (filled.pitch != bach.pitch) | (filled.onset != bach.onset)
    assert pair.differing == pytest.approx(differs[~given].mean())
    assert pair.differing > 0


def test_a_span_that_does_not_fit_says_so(tmp_path, corpus):
    mini, excerpt = make_miniature(tmp_path), make_excerpt(make_work("BWV269"), 0, 2)
    piece = make_piece(excerpt, mini, status=Piece.Status.QUEUED, grid=None)
    Piece.objects.update(condition="NEXT")
    assert produce_piece(piece.id) == "failed"
    assert "condition NEXT does not fit these 2 steps" in Piece.objects.get(id=piece.id).error
