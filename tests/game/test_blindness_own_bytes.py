"""Rule 12: the bytes that a round sends are its own, and nobody else can make them."""

from __future__ import annotations

import time
from hashlib import sha256

import pytest
from django.utils.crypto import get_random_string

from bachtest.game.models import Round, RoundClip
from bachtest.game.services import own_clips
from generator.models import Pair, Piece, Rendering
from generator.rendering import encoding
from generator.rendering.profiles import NEWEST
from generator.services.rendered.clip_files import files_of
from tests.builders import clip_of, make_rendering


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ROUND_CLIPS_DIR = tmp_path / "round_clips"
    return settings.ROUND_CLIPS_DIR


def sides(player) -> list[bytes]:
    return [player.client.get(clip["url"]).content for clip in player.current()["round"]["clips"]]


def add_master(piece: Piece) -> Rendering:
    sound = encoding.decoded(clip_of(piece).file.open().read())
    master = make_rendering(piece, mp3=encoding.flac(sound), kind=Rendering.Kind.MASTER)
    assert encoding.decoded(master.file.open().read()).samples.size
    return master


def test_rule_12_a_table_of_what_anybody_renders_names_no_side(ada, ben):
    """The attack that knew 28 of 28 sides before any answer: the sha256 of each clip by Bach."""
    bachs = {clip_of(pair.bach).sha256 for pair in Pair.objects.all()}
    seen, plain = [], []
    for player in (ada, ben):
        game = player.start()
        for _ in range(2):
            seen += [sha256(content).hexdigest() for content in sides(player)]
            player.play_round()
        for _ in range(3):
            player.play_round()
        result = player.get(f"games/{game['id']}/").json()
        for clip in (clip for line in result["rounds"] for clip in line["clips"]):
            plain.append(sha256(player.client.get(clip["url"]).content).hexdigest())
    assert len(set(seen)) == 8
    assert not bachs & set(seen)
    assert sum(each in bachs for each in plain) >= 10, "the result page hides nothing: it works"


def test_rule_12_a_reload_and_a_range_bring_the_same_bytes(ada):
    url = ada.start()["round"]["clips"][0]["url"]
    whole = ada.client.get(url).content
    own_clips.drop(RoundClip.objects.values_list("token", flat=True))
    assert ada.client.get(url).content == whole
    own_clips.drop(RoundClip.objects.values_list("token", flat=True))
    assert ada.client.get(url, headers={"Range": "bytes=500-"}).content == whole[500:]


def test_rule_12_another_round_of_the_same_pair_has_other_bytes_of_the_same_length(ada, ben):
    ada.start()
    ben.start()
    pair = Round.objects.get(number=1, game__participation__experience="expert").pair
    Round.objects.filter(number=1).update(pair=pair)
    for clips in RoundClip.objects.filter(round__number=1).order_by("round", "position"):
        clips.piece_id = pair.bach_id if clips.position == 1 else pair.machine_id
        clips.save()
    four = sides(ada) + sides(ben)
    assert len(set(four)) == 4
    assert len({len(content) for content in four}) == 1


def test_rule_12_the_bytes_follow_from_a_secret(ada, settings):
    ada.start()
    row = Round.objects.get(number=1)
    [one, _] = own_clips.orders(row, files_of([row.pair], NEWEST)[row.pair_id])
    settings.SECRET_KEY = get_random_string(50)
    [other, _] = own_clips.orders(row, files_of([row.pair], NEWEST)[row.pair_id])
    row.game.seed += 1
    [third, _] = own_clips.orders(row, files_of([row.pair], NEWEST)[row.pair_id])
    assert len({one.key, other.key, third.key}) == 3


@pytest.mark.parametrize("masters", [0, 1, 2])
def test_rule_12_both_sides_are_made_from_masters_or_neither_is(ada, masters):
    ada.start()
    pair = Round.objects.get(number=1).pair
    for piece in (pair.bach, pair.machine)[:masters]:
        add_master(piece)
    files = files_of([pair], NEWEST)[pair.pk]
    kinds = {row.kind for row in files.sources.values()}
    assert kinds == {"master" if masters == 2 else "clip"}
    assert len({len(content) for content in sides(ada)}) == 1


def test_bytes_are_made_ahead_of_the_round_and_of_the_next(ada, settings):
    settings.ROUND_CLIPS_AHEAD = True
    ada.start()
    tokens = list(RoundClip.objects.filter(round__number__lte=2).values_list("token", flat=True))
    deadline = time.monotonic() + 60
    while not all(map(own_clips.ready, tokens)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    later = RoundClip.objects.filter(round__number=3).values_list("token", flat=True)
    assert not any(map(own_clips.ready, later))
    ahead = sides(ada)
    own_clips.drop(tokens)
    assert sides(ada) == ahead


def test_bytes_are_dropped_when_the_reveal_has_been_left(ada):
    ada.start()
    sides(ada)
    [first, second] = [Round.objects.get(number=number) for number in (1, 2)]
    assert own_clips.are_ready(first)
    played = ada.play_round()
    assert own_clips.are_ready(first), "the reveal plays them"
    sides(ada)
    assert not own_clips.are_ready(first), "the next round was sent"
    assert own_clips.are_ready(second)
    assert ada.post(f"rounds/{played['round']}/knew/", {"knew": "no"}).status_code == 200
    played = ada.play_round()
    ada.post(f"rounds/{played['round']}/knew/", {"knew": "passed"})
    assert not own_clips.are_ready(second), "the question was passed"


def test_where_none_can_be_kept_they_are_made_each_time(ada, settings, tmp_path, caplog):
    (tmp_path / "file").touch()
    settings.ROUND_CLIPS_DIR = tmp_path / "file" / "folder"
    ada.start()
    assert sides(ada) == sides(ada)
    assert "cannot be kept" in caplog.text


def test_plain_clips_are_for_the_answered_rounds_of_a_listener(ada, ben):
    ada.start()
    token = Round.objects.get(number=1).clips.get(position=1).token
    assert ada.client.get(f"/clips/{token}.plain.mp3").status_code == 404
    ada.play_round()
    assert ada.client.get(f"/clips/{token}.plain.mp3").status_code == 200
    ben.start()
    assert ben.client.get(f"/clips/{token}.plain.mp3").status_code == 404
