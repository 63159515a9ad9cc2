from __future__ import annotations

import pytest

from generator.errors import GenerationError
from generator.models import Pair, Piece
from generator.music.corpus.excerpts import excerpts_of
from generator.rendering.profiles import NEWEST
from generator.services.pairs import (
    MAX_COPIED_RUN,
    copied_run,
    differing_share,
    join_pairs,
    shared_run,
)
from tests.builders import (
    altered,
    make_bach,
    make_chorale,
    make_composer,
    make_excerpt,
    make_pair,
    make_piece,
    make_rendering,
    make_work,
)
from tests.generator.collecting.material import rewritten


def test_the_share_counts_written_cells_alone():
    chorale = make_chorale()
    assert differing_share(chorale, altered(chorale, "ATB"), "ATB") == 1
    assert differing_share(chorale, altered(chorale, "A"), "ATB") == pytest.approx(1 / 3)
    assert differing_share(chorale, chorale, "SATB") == 0


def test_a_repeated_note_instead_of_a_held_one_is_a_difference():
    chorale = make_chorale(8)
    onset = chorale.onset.copy()
    onset[1, 1] = True
    share = differing_share(chorale, chorale.with_voices(chorale.pitch, onset), "A")
    assert share == pytest.approx(1 / 8)


@pytest.mark.django_db
class TestJoining:
    def test_the_last_of_the_two_makes_the_pair(self):
        excerpt = make_excerpt()
        machine = make_piece(excerpt, make_composer(), "AT")
        assert join_pairs(machine) == []
        [pair] = join_pairs(make_piece(excerpt, make_bach()))
        assert (pair.machine, pair.differing, pair.excluded_reason) == (machine, 1, "")

    def test_bach_joins_all_that_waited_for_him(self):
        excerpt = make_excerpt()
        for condition in ("S", "ATB"):
            make_piece(excerpt, make_composer(), condition)
        assert len(join_pairs(make_piece(excerpt, make_bach()))) == 2

    def test_a_pair_is_made_once(self):
        pair = make_pair()
        assert join_pairs(pair.machine) == []
        assert Pair.objects.count() == 1

    def test_failed_pieces_are_not_joined(self):
        excerpt = make_excerpt()
        make_piece(excerpt, make_bach())
        failed = make_piece(excerpt, status=Piece.Status.FAILED)
        assert join_pairs(failed) == []

    def test_a_pair_without_a_difference_is_excluded(self):
        excerpt = make_excerpt()
        bach = make_piece(excerpt, make_bach())
        [pair] = join_pairs(make_piece(excerpt, grid=bach.grid))
        assert pair.excluded_reason == "no written note differs from Bach's"
        assert not Pair.objects.playable().exists()

    @pytest.mark.parametrize(
        ("run", "playable"), [(MAX_COPIED_RUN, True), (MAX_COPIED_RUN + 1, False)]
    )
    def test_a_copy_is_excluded(self, run, playable):
        excerpt = make_excerpt()
        make_piece(excerpt, make_bach())
        [pair] = join_pairs(make_piece(excerpt, copied_run=run))
        assert (pair.excluded_reason == "") is playable
        assert Pair.objects.playable().exists() is playable
        assert playable or str(run) in pair.excluded_reason

    def test_a_pair_rendered_in_two_ways_is_not_played(self):
        excerpt = make_excerpt()
        make_piece(excerpt, make_bach(), fingerprint="a" * 64)
        [pair] = join_pairs(make_piece(excerpt, fingerprint="b" * 64))
        assert not Pair.objects.playable().exists()
        assert {row.fingerprint[0] for row in pair.clips(NEWEST).values()} == {"a", "b"}

    def test_the_newest_way_in_which_both_were_rendered_is_played(self):
        pair = make_pair()
        for piece, way in ((pair.bach, "a"), (pair.machine, "b"), (pair.machine, "a")):
            make_rendering(piece, way * 64)
        make_rendering(pair.bach, "c" * 64)
        clips = pair.clips(NEWEST)
        assert {piece: row.fingerprint for piece, row in clips.items()} == {
            pair.bach_id: "a" * 64,
            pair.machine_id: "a" * 64,
        }
        assert list(Pair.objects.playable()) == [pair]

    def test_stems_are_no_clips(self):
        pair = make_pair()
        pair.machine.renderings.update(kind="stem", voice="S")
        assert not Pair.objects.playable().exists()

    def test_a_pair_keeps_its_own_excerpt_and_tune(self):
        work = make_work(tune="Jesu, meine Freude")
        bach = make_piece(make_excerpt(work), make_bach())
        [pair] = join_pairs(make_piece(bach.excerpt))
        assert (pair.kind, pair.excerpt, pair.tune) == ("paired", bach.excerpt, work.tune)


def test_another_work_is_copied_whether_it_was_learnt_from_or_not(corpus):
    original, other = corpus.work("BWV269").chorale, corpus.work("BWV253").chorale
    for trained_on in (["BWV253"], ["BWV254"]):
        assert copied_run(other, original, trained_on) > MAX_COPIED_RUN
    assert copied_run(make_chorale(), original, ["BWV253"]) <= MAX_COPIED_RUN


def test_the_work_itself_and_its_near_copies_are_not_copied_unless_they_were_learnt(corpus):
    """BWV398 contains BWV197.7-a, so a piece that is close to one is close to the other."""
    original = corpus.work("BWV398").chorale
    assert copied_run(original, original, ["BWV253"]) <= MAX_COPIED_RUN
    assert copied_run(original, original, ["BWV197.7-a"]) > MAX_COPIED_RUN


def test_no_excerpt_by_bach_is_a_copy(corpus):
    for bwv in list(corpus.works)[::40]:
        for span in excerpts_of(corpus.works[bwv].chorale):
            original = corpus.works[bwv].chorale.slice(*span)
            assert copied_run(original, original, ["BWV253"]) <= MAX_COPIED_RUN


@pytest.mark.django_db
def test_the_shared_run_is_the_one_that_was_counted_and_says_where_it_stands(corpus):
    composer = make_composer(members=[{"trained_on": ["BWV253"], "fold": []}])
    original = corpus.work("BWV269").chorale
    span = excerpts_of(original)[0]
    excerpt = make_excerpt(make_work("BWV269"), *span)
    for bwv in ("BWV253", "BWV254", "BWV269"):
        chorale = rewritten(corpus.works[bwv].chorale, "SATB", 2).slice(*span)
        piece = make_piece(excerpt, composer, condition="S", seed=int(bwv[3:]))
        run = shared_run(piece, chorale)
        assert run.events == copied_run(chorale, original.slice(*span), ["BWV253"])
        assert (run.work == bwv) is (bwv != "BWV269")
        assert run.work == "BWV269" or run.transposition == 2 or run.events < 8


def test_a_piece_whose_copying_cannot_be_checked_is_refused(corpus):
    with pytest.raises(GenerationError, match="copying cannot be checked"):
        copied_run(make_chorale(), make_chorale(), ["jsb/train/1"])
