from __future__ import annotations

import numpy as np
import pytest

from generator.music.corpus.excerpts import excerpts_of
from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.music.grid.conditions import (
    CONDITIONS,
    GAP,
    NEXT,
    VOICE_CONDITIONS,
    given_for,
    given_voices,
    written_span,
)
from generator.music.grid.phrases import cuts, phrase_ends
from tests.builders import make_chorale

SPANS = (NEXT, GAP)


@pytest.mark.parametrize("condition", VOICE_CONDITIONS)
def test_a_set_of_voices_is_named_by_its_letters(condition):
    given = given_for(condition, make_chorale(16))
    assert np.array_equal(given, given_voices(condition, 16))
    assert "".join(v for v, kept in zip("SATB", given[:, 0], strict=True) if not kept) == condition
    assert (given == given[:, :1]).all()


def test_an_unknown_condition_is_named():
    with pytest.raises(ValueError, match="unknown condition 'TA'"):
        given_for("TA", make_chorale(4))
    with pytest.raises(ValueError, match="unknown condition 'NEXT'"):
        given_voices("NEXT", 4)


def test_no_name_is_longer_than_its_column():
    assert len(set(CONDITIONS)) == 17
    assert max(map(len, CONDITIONS)) <= 12


def with_phrases(*ends: int, steps: int = 96) -> Chorale:
    """Quarters in 4/4, with a fermata on the last quarter of each phrase."""
    fermata = np.zeros(steps, dtype=bool)
    for end in ends:
        fermata[end - 4 : end] = True
    chorale = make_chorale(steps)
    return Chorale(chorale.pitch, chorale.onset, fermata)


@pytest.mark.parametrize(
    ("ends", "following", "gap"),
    [
        ((36, 68, 96), (36, 96), (36, 68)),  # phrases, though they do not end at bar lines
        ((60, 96), (60, 96), (32, 64)),  # two phrases have none between them: whole bars
        ((96,), (48, 96), (32, 64)),  # bar lines alone
        ((8, 96), (48, 96), (32, 64)),  # too early to be half of the excerpt
        ((44, 48, 96), (48, 96), (32, 64)),  # too short to be a gap
    ],
)
def test_a_span_is_a_phrase_where_it_can_be_and_otherwise_whole_bars(ends, following, gap):
    chorale = with_phrases(*ends)
    assert written_span(NEXT, chorale) == slice(*following)
    assert written_span(GAP, chorale) == slice(*gap)


def test_all_voices_are_written_in_a_span_and_none_outside():
    chorale = with_phrases(48, 96)
    written = ~given_for(NEXT, chorale)
    assert written[:, 48:].all() and not written[:, :48].any()
    written = ~given_for(GAP, chorale)
    assert written[:, 32:64].all() and not written[:, :32].any() and not written[:, 64:].any()


@pytest.mark.parametrize("condition", SPANS)
def test_every_excerpt_of_the_corpus_has_a_place_where_no_note_is_cut(corpus, condition):
    by_phrase = 0
    for work in corpus.works.values():
        for start, stop in excerpts_of(work.chorale):
            excerpt = work.chorale.slice(start, stop)
            span = written_span(condition, excerpt)
            assert 0 < span.start < span.stop <= excerpt.steps
            assert cuts(excerpt)[[span.start, span.stop]].all()
            by_phrase += span.start in phrase_ends(excerpt)
    assert by_phrase >= (1000 if condition == NEXT else 150)


@pytest.mark.parametrize("condition", SPANS)
def test_notes_that_are_held_throughout_leave_no_place(condition):
    pitch = np.full((4, 16), 60)
    held = Chorale(pitch, repaired_onsets(pitch, np.zeros((4, 16))))
    with pytest.raises(ValueError, match=f"condition {condition} does not fit these 16 steps"):
        given_for(condition, held)
