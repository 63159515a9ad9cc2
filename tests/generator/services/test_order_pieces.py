from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django_tasks import default_task_backend

from generator.errors import OrderError
from generator.management.fill_command import settings_help
from generator.models import Composer, Piece, Version, Work
from generator.registry import OURS
from generator.services.composer_source import ComposerError
from generator.services.pieces import new_piece
from generator.services.pool import (
    FIRST_GAME,
    choose_excerpts,
    missing_for_game,
    missing_for_starter,
)
from generator.tasks import order_pieces
from tests.builders import (
    make_composer,
    make_excerpt,
    make_miniature,
    make_pair,
    make_piece,
    make_work,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recorded_queue")]


@pytest.fixture
def mini(tmp_path: Path) -> Composer:
    return make_miniature(tmp_path)


@pytest.fixture
def tunes() -> list[str]:
    """Four tune families of one, two, three and four works; each work has two excerpts."""
    for number in range(1, 5):
        for _ in range(number):
            work = make_work(tune=f"tune {number}")
            make_excerpt(work, 0, 64)
            make_excerpt(work, 64, 128)
    return [f"tune {number}" for number in range(1, 5)]


def order(*arguments: str) -> str:
    out = StringIO()
    call_command("order_pieces", *arguments, stdout=out)
    return out.getvalue()


def test_pieces_and_bachs_are_queued(mini, tunes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        out = order("--composer", "mini", "--condition", "ATB", "--count", "4")
    assert out == "4 pieces in the queue\n"
    assert (
        Piece.objects.filter(version__composer=mini, condition="ATB", status="queued").count() == 4
    )
    assert Piece.objects.by_bach().filter(condition="").count() == 4
    queued = [result.args[0] for result in default_task_backend.results]
    assert sorted(queued) == sorted(Piece.objects.values_list("id", flat=True))


def test_tune_families_get_as_many_pieces_whatever_their_size(mini, tunes):
    order_pieces(mini, "AT", 8)
    pieces = Counter(Piece.objects.written().values_list("excerpt__work__tune", flat=True))
    assert pieces == dict.fromkeys(tunes, 2)


def test_the_tune_with_the_fewest_pieces_comes_first(mini, tunes):
    order_pieces(mini, "AT", 3)
    ordered = set(Piece.objects.written().values_list("excerpt__work__tune", flat=True))
    [choice] = choose_excerpts(mini, "AT", 1)
    assert choice.excerpt.work.tune not in ordered


def test_conditions_are_spread_over_tunes_too(mini, tunes):
    for condition in ("S", "AT", "ATB", "SATB"):
        order_pieces(mini, condition, 1)
    assert Piece.objects.written().values("excerpt__work__tune").distinct().count() == 4


def test_the_same_seed_chooses_the_same(mini, tunes):
    assert choose_excerpts(mini, "S", 5, seed=7) == choose_excerpts(mini, "S", 5, seed=7)


def test_what_a_seed_chooses_does_not_depend_on_how_the_database_sorts_names(mini):
    # Where a locale passes over the point, BWV16.6 comes before BWV1.7, and so on.
    for bwv in ("BWV1.7", "BWV16.6", "BWV167.5", "BWV2.9", "BWV28.6"):
        make_excerpt(make_work(bwv, tune=f"tune of {bwv}"))
    chosen = [choice.excerpt.work.bwv for choice in choose_excerpts(mini, "S", 5, seed=7)]
    assert chosen == ["BWV1.7", "BWV167.5", "BWV28.6", "BWV16.6", "BWV2.9"]


def test_an_excerpt_ordered_again_gets_another_seed(mini):
    make_excerpt()
    order_pieces(mini, "B", 2, seed=5)
    assert sorted(Piece.objects.written().values_list("seed", flat=True)) == [5, 6]


@pytest.mark.parametrize("part", ["train", "valid"])
def test_only_works_of_the_test_part_are_ordered(mini, part):
    make_excerpt(make_work(part=part))
    with pytest.raises(CommandError, match="no excerpt is new to composer 'mini'"):
        order("--composer", "mini", "--condition", "ATB")


def test_a_tune_known_from_training_is_not_ordered(mini):
    known = make_excerpt(make_work(tune=Work.objects.get(bwv="BWV253").tune))
    with pytest.raises(CommandError, match="no excerpt is new to composer 'mini'"):
        order("--composer", "mini", "--condition", "ATB")
    with pytest.raises(ComposerError, match=f"trained on the tune of {known.work.bwv}"):
        new_piece(known, mini, "ATB", seed=0)


def test_a_composer_trained_on_works_without_a_tune_is_refused(tmp_path, tunes):
    make_miniature(tmp_path, "odd", trained_on=["jsb/train/1"])
    Work.objects.filter(bwv="jsb/train/1").delete()
    with pytest.raises(CommandError, match="'odd' was trained on 'jsb/train/1'"):
        order("--composer", "odd", "--condition", "ATB")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--composer", "nobody", "--condition", "ATB"), "unknown composer 'nobody'; use one of"),
        (("--composer", "mini", "--condition", "BAT"), "unknown condition 'BAT'; use one of S, A"),
        (("--composer", "mini", "--condition", "S", "--count", "0"), "count 0; order at least 1"),
        (("--composer", "bach", "--condition", "S"), "composer 'bach' is"),
        (
            ("--composer", "mini", "--condition", "S", "--budget-steps", "2147483648"),
            "a budget of 2147483648 steps; use at most 2147483647",
        ),
        (
            ("--composer", "mini", "--condition", "S", "--seed", "2147483648"),
            "use a whole number from 0 to",
        ),
        *(
            (
                ("--composer", "mini", "--condition", "S", f"--set=temperature={temperature}"),
                f"setting temperature={temperature}; use a number from 0.01 to 100.0",
            )
            for temperature in ("nan", "-3", "0", "inf")
        ),
    ],
)
def test_a_wrong_order_is_named(mini, tunes, arguments, message):
    with pytest.raises(CommandError, match=message):
        order(*arguments)
    assert not Piece.objects.exists()


def test_a_piece_that_waits_was_ordered_with_what_is_so_by_default(mini):
    excerpt = make_excerpt()
    piece, _ = new_piece(excerpt, mini, "ATB", seed=0)
    with pytest.raises(OrderError, match=r"exists already, ordered with \{\}"):
        new_piece(excerpt, mini, "ATB", seed=0, settings={"temperature": 0.5})
    default = mini.versions.get().settings["temperature"]["default"]
    assert new_piece(excerpt, mini, "ATB", seed=0, settings={"temperature": default})[0] == piece


def test_a_setting_that_exists_no_more_does_not_stand_in_the_way(mini):
    excerpt = make_excerpt()
    piece, _ = new_piece(excerpt, mini, "ATB", seed=0, settings={"temperature": 0.5})
    Piece.objects.update(settings={"temperature": 0.5, "stride": 2})
    wanted = {"settings": {"temperature": 0.5}}
    assert new_piece(excerpt, mini, "ATB", seed=0, **wanted) == (piece, False)


def test_help_lists_composers_that_write_and_no_collections(mini):
    make_composer("others", kind="collection")
    Version.objects.filter(composer__slug="others").update(kind="collection", family="")
    assert settings_help().startswith("settings of mini:\n  temperature=")
    assert "settings of others" not in settings_help()


def test_a_first_game_has_each_condition_and_its_tunes_differ(mini, tunes):
    missing = missing_for_game("mini", count_pending=True)
    assert tuple(missing) == FIRST_GAME
    order_pieces(mini, "SATB", 1)
    assert missing_for_game("mini", count_pending=True).count("SATB") == 1
    assert missing_for_game("mini", count_pending=False).count("SATB") == 2


def test_pairs_in_the_pool_are_not_made_again():
    bot = make_composer("markov")
    for condition in ("S", "AT"):
        make_pair(condition, bot)
    wanted = sum(OURS["markov"].starter.pairs.values())
    assert len(missing_for_starter("markov")) == wanted - 2


def test_excluded_pairs_are_replaced():
    make_pair("S", make_composer("markov"), excluded_reason="copies")
    make_piece(composer=make_composer("markov"), condition="A", status=Piece.Status.FAILED)
    assert len(missing_for_starter("markov")) == sum(OURS["markov"].starter.pairs.values())
