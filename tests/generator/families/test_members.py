"""A cross-fitted composer: each work by the member that never saw its tune."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from generator.families.checkpoint import CheckpointError, read_members
from generator.families.fill_run import Budget
from generator.models import Composer, Excerpt, Piece, Work
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.corpus.splits import FOLDS as FOLDS_OF_THE_CORPUS
from generator.music.corpus.splits import fold_split, folds
from generator.services.composer_source import ComposerError, ComposerSource
from generator.services.composers import (
    installed_source,
    listed_members,
    ready_version,
    unseen_fold,
)
from generator.services.pieces import OrderError, new_piece, produce_piece
from generator.services.pool import choose_excerpts
from generator.services.work_rows import sync_works
from tests.builders import make_excerpt, make_work
from tests.generator.families.choir import Choir, make_choir, registry_of, save_choir
from tests.generator.families.material import provenance_of

pytestmark = pytest.mark.django_db

ONE, TWO = "BWV269", "BWV254"  # works of two tunes
FOLDS = [[ONE], [TWO]]
WORKS = [[TWO], [ONE]]


@pytest.fixture(autouse=True)
def choir_family(settings) -> None:
    settings.REGISTRY = registry_of()


@pytest.fixture
def choir(tmp_path) -> Composer:
    return make_choir(tmp_path / "choir.safetensors", FOLDS, WORKS)


@pytest.fixture
def works(corpus) -> dict[str, Work]:
    return {bwv: make_work(bwv, tune=corpus.work(bwv).tune, part="train") for bwv in (ONE, TWO)}


def written(choir: Composer, work: Work, **settings: str) -> tuple[set[int], Piece]:
    """Pitches of the bass of a piece that was ordered and made, and the piece."""
    piece, _ = new_piece(make_excerpt(work, 0, 32), choir, "ATB", seed=0, settings=settings)
    produce_piece(piece.id)
    piece.refresh_from_db()
    assert piece.grid, piece.error
    return set(piece.grid["pitch"][3]), piece


class TestCheckpoint:
    def test_members_are_read_by_fold(self, tmp_path):
        path = save_choir(tmp_path / "x.safetensors", FOLDS, WORKS)
        members = read_members(path)
        assert [member.fold for member in members] == [{ONE}, {TWO}]
        assert [member.trained_on for member in members] == [{TWO}, {ONE}]

    @pytest.mark.parametrize(
        ("folds", "works", "message"),
        [
            ([[ONE], [TWO]], [[TWO]], "2 folds, but works for 1 members"),
            ([[ONE], [ONE]], [[TWO], [TWO]], "the same work in two folds"),
            ([[ONE], [TWO]], [[TWO], [ONE, TWO]], f"1 was trained on {TWO}, a work of its own"),
            ([], [], "0 folds"),
            ([1, 2], [[TWO], [ONE]], "in an unknown form"),
        ],
    )
    def test_lists_that_contradict_each_other_are_refused(self, tmp_path, folds, works, message):
        path = save_choir(tmp_path / "x.safetensors", folds, works, members=2)
        with pytest.raises(CheckpointError, match=message):
            read_members(path)

    def test_weights_of_fewer_members_than_listed_are_refused(self, tmp_path, works):
        composer = make_choir(tmp_path / "x.safetensors", FOLDS, WORKS, members=1)
        with pytest.raises(CheckpointError, match="works of 2 members but holds weights of 1"):
            installed_source(composer).load()


class TestWhoWrites:
    def test_the_member_whose_fold_holds_the_work(self, choir, works):
        members = listed_members(ready_version(choir))
        assert [unseen_fold("choir", members, works[bwv]) for bwv in (ONE, TWO)] == [0, 1]

    def test_never_one_that_learnt_from_another_work_of_the_tune(self, choir, works):
        Work.objects.filter(bwv=TWO).update(tune=works[ONE].tune)
        with pytest.raises(ComposerError, match=f"'choir' was trained on the tune of {ONE}"):
            new_piece(make_excerpt(works[ONE]), choir, "ATB", seed=0)

    def test_nobody_where_no_member_was_kept_from_the_work(self, choir, works):
        with pytest.raises(ComposerError, match="no member of composer 'choir' was kept from BWV9"):
            new_piece(make_excerpt(make_work("BWV9")), choir, "ATB", seed=0)

    @pytest.mark.parametrize(("bwv", "fold"), [(ONE, 0), (TWO, 1)])
    def test_the_piece_is_that_members_and_says_so(self, choir, works, bwv, fold):
        notes, piece = written(choir, works[bwv])
        assert notes == {60 + fold}
        assert (piece.fold, piece.settings) == (fold, {"up": 0})

    def test_a_piece_ordered_of_another_member_fails(self, choir, works):
        piece, _ = new_piece(make_excerpt(works[ONE], 0, 32), choir, "ATB", seed=0)
        Piece.objects.filter(id=piece.id).update(fold=1)
        assert produce_piece(piece.id) == Piece.Status.FAILED
        piece.refresh_from_db()
        assert "ordered from a member" in piece.error

    def test_without_folds_nothing_is_noted(self, tmp_path, works):
        path = tmp_path / "one.safetensors"
        Choir(60).save(path, provenance_of([TWO]))
        members = ComposerSource("one", "choir", path, registry_of()).members
        assert unseen_fold("one", members, works[ONE]) is None


class TestSettings:
    def test_they_are_used_and_stored(self, choir, works):
        notes, piece = written(choir, works[TWO], up="5")
        assert notes == {66}
        assert piece.settings == {"up": 5}

    @pytest.mark.parametrize("setting", ["down=5", "up=high"])
    def test_a_wrong_one_orders_nothing(self, choir, works, setting):
        make_excerpt(works[ONE], 0, 32)
        command = ("--composer=choir", "--condition=ATB", "--count=1", "--set", setting)
        with pytest.raises(CommandError, match=r"setting (.down|up=high)"):
            call_command("order_pieces", *command)
        assert not Piece.objects.exists()


class TestPool:
    def test_all_works_of_the_folds_are_played_whatever_their_part(self, choir, works):
        for work in (*works.values(), make_work("BWV9")):
            make_excerpt(work)
        chosen = {choice.excerpt.work.bwv for choice in choose_excerpts(choir, "ATB", 6)}
        assert chosen == {ONE, TWO}

    def test_a_work_whose_tune_its_member_knows_is_not(self, tmp_path, works):
        choir = make_choir(tmp_path / "x.safetensors", [[ONE], [TWO]], [[TWO], ["BWV9"]])
        make_work("BWV9", tune=works[TWO].tune)
        for work in works.values():
            make_excerpt(work)
        chosen = {choice.excerpt.work.bwv for choice in choose_excerpts(choir, "ATB", 6)}
        assert chosen == {ONE}


def test_each_excerpt_of_the_corpus_has_a_member_that_may_write_it(tmp_path, corpus):
    sync_works(corpus)
    split = [fold_split(corpus, fold) for fold in range(FOLDS_OF_THE_CORPUS)]
    choir = make_choir(
        tmp_path / "x.safetensors",
        [parts["test"] for parts in split],
        [parts["train"] + parts["valid"] for parts in split],
    )
    tunes = set(Excerpt.objects.values_list("work__tune", flat=True)) - SET_ASIDE_TUNES
    chosen = choose_excerpts(choir, "ATB", len(tunes))
    assert {choice.excerpt.work.tune for choice in chosen} == tunes
    members = listed_members(ready_version(choir))
    for work in Work.objects.all():
        assert unseen_fold("choir", members, work) == folds(corpus)[work.bwv]


def test_a_piece_that_is_there_with_other_settings_is_not_taken_for_the_one_asked_for(choir, works):
    _, piece = written(choir, works[ONE], up="2")
    order = {"excerpt": piece.excerpt, "composer": choir, "condition": "ATB", "seed": 0}
    assert new_piece(**order, settings={"up": "2"}) == (piece, False)
    with pytest.raises(OrderError, match=r"'up': 2. and a budget of None steps; use another seed"):
        new_piece(**order, settings={"up": "3"})
    with pytest.raises(OrderError, match="use another seed"):
        new_piece(**order)
    with pytest.raises(OrderError, match="use another seed"):
        new_piece(**order, settings={"up": "2"}, budget=Budget(steps=3))
