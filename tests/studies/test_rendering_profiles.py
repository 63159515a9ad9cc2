"""A study keeps the rendering it began with, whatever else the site renders."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from bachtest.game.models import Listener, Round
from bachtest.game.pool import candidates
from bachtest.studies.coverage import Coverage
from bachtest.studies.models import Study
from bachtest.studies.refilling import choose_next
from generator.models import Composer, Pair, Piece, Rendering
from generator.rendering.profiles import FIRST, NEWEST, PROFILES
from generator.services import pieces
from generator.services.pieces import bach_piece, new_piece, produce_piece
from generator.services.rendered import missing_clips
from generator.services.rendered.missing_clips import make_missing_clips
from generator.services.rendered.profiles_in_use import profiles_in_use
from tests.builders import (
    make_composer,
    make_excerpt,
    make_miniature,
    make_pair,
    make_rendering,
    make_work,
)
from tests.game.player import CONSENT, Player

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiz() -> Study:
    """Open since before there was a second profile."""
    quiz = Study.objects.get(slug="quiz")
    quiz.rendering, quiz.rounds = FIRST, [["ATB"]]
    quiz.save()
    return quiz


@pytest.fixture
def later(quiz: Study) -> Study:
    return Study.objects.create(
        slug="later",
        title="Later",
        is_open=True,
        rounds=[["ATB"]],
        consent_version=CONSENT,
        consent_text="Yes.",
        listen_seconds=0.0,
    )


@pytest.fixture
def bot(quiz: Study, later: Study) -> Composer:
    return make_composer("bot")


def rendered_in(pair: Pair, profile: int) -> Pair:
    Rendering.objects.filter(piece__in=[pair.bach_id, pair.machine_id]).update(profile=profile)
    return pair


def also_in(pair: Pair, profile: int) -> None:
    for piece in (pair.bach, pair.machine):
        make_rendering(piece, f"{profile}" * 64, profile=profile)


def test_a_new_study_begins_with_the_newest_and_so_does_the_quiz_of_a_new_site():
    assert {Study().rendering, Study.objects.get(slug="quiz").rendering} == {NEWEST}


def test_a_study_plays_pairs_of_its_own_profile_alone(bot, quiz, later):
    old, new = rendered_in(make_pair(), FIRST), make_pair()
    assert [each.pair for each in candidates(quiz)] == [old.pk]
    assert [each.pair for each in candidates(later)] == [new.pk]
    also_in(old, NEWEST)
    assert [each.pair for each in candidates(quiz)] == [old.pk]
    assert [each.pair for each in candidates(later)] == [old.pk, new.pk]


def test_a_pair_with_one_side_in_another_profile_is_played_nowhere(bot, quiz, later):
    pair = make_pair()
    pair.machine.renderings.update(profile=FIRST)
    assert candidates(quiz) == candidates(later) == []


def test_a_clip_that_is_only_begun_is_played_nowhere(bot, quiz, later):
    pair = rendered_in(make_pair(), FIRST)
    also_in(pair, NEWEST)
    pair.machine.renderings.filter(profile=NEWEST).update(seconds=None)
    assert candidates(later) == []
    assert [each.pair for each in candidates(quiz)] == [pair.pk]
    assert set(pair.clips(NEWEST)) == {pair.bach_id}


def test_a_round_is_withdrawn_whose_pair_has_no_clip_of_the_profile_any_more(bot, quiz):
    pairs = {rendered_in(make_pair(), FIRST).pk for _ in range(2)}
    player = Player(Client())
    player.start(study="quiz")
    drawn = Round.objects.get()
    rendered_in(drawn.pair, NEWEST)
    assert player.current()["round"]["number"] == 1
    assert {drawn.pair_id, Round.objects.standing().get().pair_id} == pairs


def sent_frames(study: Study) -> set[bytes]:
    """The first bytes of both clips of a round."""
    player = Player(Client())
    player.start(study=study.slug)
    clips = player.current()["round"]["clips"]
    return {player.client.get(clip["url"]).content[:3] for clip in clips}


def test_one_piece_sounds_in_each_study_as_that_study_began(
    quiz, later, tmp_path: Path, corpus: object, monkeypatch
):
    monkeypatch.setattr(pieces, "copied_run", lambda *parts: 0)  # saves reading all works
    mini = make_miniature(tmp_path)
    piece, _ = new_piece(make_excerpt(make_work("BWV269"), 0, 16), mini, "ATB", seed=1)
    for each in (bach_piece(piece.excerpt)[0], piece):
        assert produce_piece(each.pk) == "done"
    pair = Pair.objects.get()
    for study in (quiz, later):
        profile = PROFILES[study.rendering]
        played = pair.clips(profile.number).values()
        assert {row.profile for row in played} == {profile.number}
        assert [row.loudness for row in played] == [pytest.approx(profile.loudness, abs=0.1)] * 2
        plain = {row.file.read()[:3] for row in played}
        assert sent_frames(study) == plain
    assert sent_frames(quiz) != sent_frames(later)


def test_pieces_are_rendered_for_studies_that_are_open_or_not_played_yet(quiz, later):
    assert profiles_in_use() == [FIRST, NEWEST]
    Listener.objects.create().participations.create(study=quiz)
    assert profiles_in_use() == [FIRST, NEWEST]
    Study.objects.update(is_open=False)
    assert profiles_in_use() == [NEWEST], "nobody has played the later one"
    later.delete()
    assert profiles_in_use() == [NEWEST], "where nobody asks for any"


@pytest.fixture
def old_pair(bot: Composer) -> Pair:
    """Made while the quiz was the only study."""
    return rendered_in(make_pair(excerpt=make_excerpt(make_work(tune="tune 1"), 0, 8)), FIRST)


def test_pairs_get_the_clips_that_a_new_study_lacks(old_pair, quiz, later):
    before = set(old_pair.bach.renderings.values_list("id", "sha256"))
    assert make_missing_clips(60) == 2
    assert [each.pair for each in candidates(later)] == [old_pair.pk]
    clips = old_pair.clips(NEWEST).values()
    assert {row.seconds for row in clips} and len({row.bytes for row in clips}) == 1
    assert before < set(old_pair.bach.renderings.values_list("id", "sha256"))
    assert make_missing_clips(60) == 0


def test_nothing_new_is_ordered_for_what_will_be_rendered(old_pair, quiz, later):
    coverage = Coverage([quiz, later])
    for study in (quiz, later):
        [cell] = coverage.cells(study)
        assert (cell.covered, choose_next(study, coverage, 8)) == (cell.tunes & {"tune 1"}, [])


def test_what_cannot_be_rendered_is_tried_once(old_pair, monkeypatch, caplog):
    monkeypatch.setattr(missing_clips, "_refused", set())
    Piece.objects.filter(pk=old_pair.bach_id).update(grid=silent(old_pair.bach))
    assert make_missing_clips(60) == 1
    assert "has no clip in profile 2" in caplog.text
    caplog.clear()
    assert make_missing_clips(60) == 0
    assert not caplog.text


def silent(piece: Piece) -> dict[str, object]:
    from generator.music.formats.gridjson import from_json, to_json
    from generator.music.grid.chorale import REST

    chorale = from_json(piece.grid)
    return to_json(chorale.with_voices(chorale.pitch * 0 + REST, chorale.onset & False))


def test_an_unpaired_item_is_rendered_at_the_length_of_its_longer_side(old_pair, quiz, later):
    longer = make_excerpt(stop=16)
    machine = rendered_in(make_pair(excerpt=longer), FIRST).machine
    pair = Pair.objects.create(
        kind=Pair.Kind.UNPAIRED,
        excerpt=old_pair.excerpt,
        tune="x",
        bach=old_pair.bach,
        machine=machine,
    )
    make_missing_clips(60)
    bach, whole = (pair.clips(NEWEST)[piece] for piece in (pair.bach_id, pair.machine_id))
    assert (bach.seconds, bach.bytes) == (whole.seconds, whole.bytes)
    own = old_pair.clips(NEWEST)[old_pair.bach_id]
    assert own.seconds < bach.seconds
    assert make_missing_clips(60) == 0


def test_the_admin_changes_it_until_somebody_takes_part(admin_client, quiz):
    page = f"/admin/studies/study/{quiz.pk}/change/"
    assert b'name="rendering"' in admin_client.get(page).content
    Listener.objects.create().participations.create(study=quiz)
    content = admin_client.get(page).content
    assert b'name="rendering"' not in content
    assert str(PROFILES[FIRST]).encode() in content
    assert f"have profile {PROFILES[FIRST]}" in admin_client.get("/admin/").content.decode()
