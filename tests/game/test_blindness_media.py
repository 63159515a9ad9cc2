"""Rules 1 and 3: media addresses and headers reveal nothing, and work for one listener only."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils.timezone import now

from bachtest.game.models import Round
from bachtest.game.services import own_clips
from tests.builders import clip_of
from tests.game.player import Player


@pytest.fixture
def clips(ada) -> list[dict]:
    return ada.start()["round"]["clips"]


def headers_of(player: Player, clip: dict, **headers: str) -> dict[str, str]:
    return dict(player.client.get(clip["url"], headers=headers).items())


def test_rule_01_media_addresses_are_random_for_each_round_and_side(ada, ben):
    urls = []
    for player in (ada, ben):
        player.start()
        for _ in range(5):
            urls += [clip["url"] for clip in player.current()["round"]["clips"]]
            player.play_round()
    assert len(set(urls)) == 20
    assert all(re.fullmatch(r"/clips/[\w-]{32}\.mp3", url) for url in urls)


def test_rule_01_an_address_names_neither_piece_nor_composer(ada, clips):
    pair = Round.objects.get(number=1).pair
    for clip in clips:
        for piece in (pair.bach, pair.machine):
            assert clip_of(piece).file.name.split("/")[-1][:8] not in clip["url"]
        assert "bach" not in clip["url"].lower()


def test_rule_01_an_address_expires_and_a_reload_brings_new_ones(ada, clips):
    Round.objects.update(tokens_expire=now() - timedelta(seconds=1))
    for clip in clips:
        assert ada.client.get(clip["url"]).status_code == 404
    fresh = ada.current()["round"]["clips"]
    assert {clip["url"] for clip in fresh}.isdisjoint(clip["url"] for clip in clips)
    for clip in fresh:
        assert ada.client.get(clip["url"]).status_code == 200


def test_rule_01_an_address_plays_for_its_own_listener_only(ben, client, clips):
    ben.start()
    for clip in clips:
        assert ben.client.get(clip["url"]).status_code == 404
        assert client.get(clip["url"]).status_code == 404


def test_rule_01_the_clips_of_a_later_round_do_not_play_yet(ada, clips):
    for clip in Round.objects.get(number=2).clips.all():
        assert ada.client.get(f"/clips/{clip.token}.mp3").status_code == 404


def test_rule_01_etag_and_last_modified_are_the_rounds(ada):
    ada.start()
    seen = []
    for _ in range(3):
        left, right = (headers_of(ada, clip) for clip in ada.current()["round"]["clips"])
        assert left["ETag"] == right["ETag"]
        assert left["Last-Modified"] == right["Last-Modified"]
        seen.append(left["ETag"])
        ada.play_round()
    assert len(set(seen)) == 3


@pytest.mark.parametrize("wanted", ["", "bytes=0-", "bytes=10-99", "bytes=-50"])
def test_rule_03_both_sides_carry_the_same_headers_in_the_same_order(ada, clips, wanted):
    asked = {"Range": wanted} if wanted else {}
    left, right = (list(headers_of(ada, clip, **asked).items()) for clip in clips)
    assert left == right


def test_rule_03_headers_are_neutral_and_forbid_caching(ada, clips):
    headers = headers_of(ada, clips[0])
    assert headers["Content-Type"] == "audio/mpeg"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Accept-Ranges"] == "bytes"
    assert "Content-Disposition" not in headers
    assert "Server" not in headers


def test_a_clip_comes_whole_with_its_length(ada, clips):
    response = ada.client.get(clips[0]["url"])
    row = Round.objects.get(number=1)
    content = own_clips.ready(row.clips.get(position=1).token)
    assert response.content == content
    assert int(response["Content-Length"]) == len(content)
    assert ada.client.head(clips[0]["url"])["Content-Length"] == str(len(content))


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None)],
)
def test_a_range_is_answered_with_206(ada, clips, wanted, start, stop):
    whole = ada.client.get(clips[0]["url"]).content
    response = ada.client.get(clips[0]["url"], headers={"Range": wanted})
    first = start % len(whole)
    last = (stop or len(whole)) - 1
    assert response.status_code == 206
    assert response.content == whole[start:stop]
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    assert int(response["Content-Length"]) == len(response.content)


def test_a_range_past_the_end_is_cut_to_it(ada, clips):
    response = ada.client.get(clips[0]["url"], headers={"Range": "bytes=10-99999999"})
    size = len(ada.client.get(clips[0]["url"]).content)
    assert response["Content-Range"] == f"bytes 10-{size - 1}/{size}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_a_range_outside_the_clip_is_answered_with_416(ada, clips, wanted):
    size = len(ada.client.get(clips[0]["url"]).content)
    response = ada.client.get(clips[0]["url"], headers={"Range": wanted})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{size}"
    assert response.content == b""


@pytest.mark.parametrize("wanted", ["bytes=9-5", "bytes=0-1,4-5", "lines=1-2", "bytes=-", "x"])
def test_an_invalid_range_gets_the_whole_clip(ada, clips, wanted):
    response = ada.client.get(clips[0]["url"], headers={"Range": wanted})
    assert response.status_code == 200
    assert response.content == ada.client.get(clips[0]["url"]).content


def test_a_range_of_another_version_gets_the_whole_clip(ada, clips):
    url = clips[0]["url"]
    etag = ada.client.get(url)["ETag"]
    same = ada.client.get(url, headers={"Range": "bytes=0-4", "If-Range": etag})
    other = ada.client.get(url, headers={"Range": "bytes=0-4", "If-Range": '"older"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_a_clip_that_is_gone_from_the_disk_is_not_found_and_logged(ada, clips, caplog):
    piece = Round.objects.get(number=1).clips.get(position=1).piece
    default_storage.delete(clip_of(piece).file.name)
    assert ada.client.get(clips[0]["url"]).status_code == 404
    assert f"the clip of piece {piece.pk} is missing" in caplog.text


def test_a_clip_cannot_be_posted_to(ada, clips):
    assert ada.client.post(clips[0]["url"]).status_code == 405


def test_a_range_of_absurd_numbers_gets_the_whole_clip(ada, clips):
    for asked in (f"bytes=0-{'9' * 5000}", f"bytes={'9' * 5000}-", f"bytes=-{'9' * 5000}"):
        response = ada.client.get(clips[0]["url"], headers={"Range": asked})
        assert response.status_code == 200
