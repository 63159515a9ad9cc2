"""Files that are missing, cut or changed on the disk: no side is named by them, nobody is stuck."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage

from bachtest.dashboard.overview import overview
from bachtest.game.models import Game, Round
from bachtest.game.services import own_clips
from generator.models import Pair, Piece, Rendering
from generator.rendering import encoding
from generator.services.pairs import DAMAGED
from generator.services.rendered.clip_files import ClipFault, check_size, whole_content
from tests.builders import clip_of, make_rendering
from tests.game.player import Player

DAMAGES = {
    "missing": lambda content: None,
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "longer": lambda content: content + b"\0",
    "other bytes": lambda content: bytes(len(content)),
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ROUND_CLIPS_DIR = tmp_path / "round_clips"


def damage(row: Rendering, kind: str) -> None:
    content = DAMAGES[kind](row.file.storage.open(row.file.name).read())
    default_storage.delete(row.file.name)
    if content is not None:
        default_storage.save(row.file.name, ContentFile(content))


def first_round() -> Round:
    return Round.objects.get(number=1, withdrawn=False)


def statuses(player: Player, clips: list[dict]) -> list[int]:
    return [player.client.get(clip["url"]).status_code for clip in clips]


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("side", ["bach", "machine"])
def test_a_clip_that_is_damaged_before_it_is_sent_is_replaced(ada, kind, side):
    ada.client.post("/start/", {"consent": "2026-11"})
    row = first_round()
    damage(clip_of(getattr(row.pair, side)), kind)
    current = ada.current()["round"]
    after = Round.objects.get(id=current["id"])
    assert after.pair_id != row.pair_id
    assert (after.number, after.bach_side) == (row.number, row.bach_side)
    assert statuses(ada, current["clips"]) == [200, 200]
    assert Pair.objects.get(id=row.pair_id).excluded_reason.startswith(DAMAGED)


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("side", ["bach", "machine"])
def test_of_a_clip_that_is_damaged_while_it_is_heard_neither_side_is_sent(ada, kind, side):
    clips = ada.start()["round"]["clips"]
    row = first_round()
    ahead = next(clip for clip in row.clips.all() if clip.piece_id == getattr(row.pair, side).id)
    other = next(clip for clip in row.clips.all() if clip != ahead)
    damage(clip_of(ahead.piece), kind)
    assert ada.client.get(f"/clips/{ahead.token}.mp3").status_code == 404
    assert ada.client.get(f"/clips/{other.token}.mp3").status_code == 404
    current = ada.current()["round"]
    assert current["id"] != str(row.id)
    assert (current["number"], statuses(ada, current["clips"])) == (1, [200, 200])
    assert statuses(ada, clips) == [404, 404]


@pytest.mark.parametrize("kind", ["missing", "cut", "empty", "longer"])
def test_a_damaged_clip_is_not_drawn(ada, kind):
    best = Pair.objects.filter(machine__condition="S").first()
    Pair.objects.filter(machine__condition="S").exclude(id=best.id).update(excluded_reason="no")
    damage(clip_of(best.machine), kind)
    response = ada.post("games/", {"consent": "2026-11"})
    drawn = Round.objects.values_list("pair", flat=True)
    assert best.id not in drawn
    if response.status_code == 201:
        assert len(drawn) == 5


def test_a_damaged_master_counts_as_its_clip_does(ada):
    ada.client.post("/start/", {"consent": "2026-11"})
    row = first_round()
    for piece in (row.pair.bach, row.pair.machine):
        sound = encoding.decoded(clip_of(piece).file.open().read())
        make_rendering(piece, mp3=encoding.flac(sound), kind=Rendering.Kind.MASTER)
    damage(row.pair.bach.renderings.filter(kind="master").get(), "cut")
    assert ada.current()["round"]["id"] != str(row.id)
    assert "master of piece" in Pair.objects.get(id=row.pair_id).excluded_reason


def test_other_pairs_with_the_damaged_clip_are_excluded_too(ada):
    ada.client.post("/start/", {"consent": "2026-11"})
    pair = first_round().pair
    machine = Piece.objects.written().exclude(id=pair.machine_id).first()
    same = Pair.objects.create(
        excerpt=pair.excerpt, tune=pair.tune, bach=pair.bach, machine=machine, differing=1
    )
    untouched = Pair.objects.filter(excluded_reason="").count() - 2
    damage(clip_of(pair.bach), "cut")
    ada.current()
    same.refresh_from_db()
    assert same.excluded_reason.startswith(DAMAGED)
    assert Pair.objects.filter(excluded_reason="").count() == untouched


@pytest.mark.parametrize("whole_storage", ["gone", "failing"])
def test_an_outage_of_the_storage_excludes_nothing(ada, monkeypatch, whole_storage):
    ada.start()
    games = Game.objects.count()
    error = FileNotFoundError if whole_storage == "gone" else PermissionError

    def broken(self, name, *args):
        raise error(name)

    with monkeypatch.context() as patch:
        for method in ("size", "_open"):
            patch.setattr(InMemoryStorage, method, broken)
        patch.setattr(InMemoryStorage, "exists", lambda self, name: False)
        assert ada.post("games/current/", {}).status_code == 503
        clips = first_round().clips.all()
        replies = [ada.client.get(f"/clips/{clip.token}.mp3") for clip in clips]
        assert [reply.status_code for reply in replies] == [503, 503]
        assert all(reply["Retry-After"] for reply in replies)
        newcomer = Player(ada.client.__class__())
        assert newcomer.post("games/", {"consent": "2026-11"}).status_code == 503
    assert not Pair.objects.exclude(excluded_reason="").exists()
    assert Game.objects.count() == games
    assert statuses(ada, ada.current()["round"]["clips"]) == [200, 200]


def test_bytes_that_are_made_already_are_sent_whatever_befalls_the_file(ada):
    current = ada.start()["round"]
    assert statuses(ada, current["clips"]) == [200, 200]
    damage(clip_of(first_round().pair.bach), "cut")
    assert ada.current()["round"]["id"] == current["id"]
    assert statuses(ada, current["clips"]) == [200, 200]
    own_clips.drop(clip.token for clip in first_round().clips.all())
    assert ada.current()["round"]["id"] != current["id"]


def test_the_admin_is_told_and_may_take_it_back(ada, client):
    ada.start()
    pair = first_round().pair
    row = clip_of(pair.bach)
    content = row.file.open().read()
    damage(row, "cut")
    ada.current()
    admin = User.objects.create_superuser("root")
    alarms = [each for each in overview(admin)["alarms"] if "excluded for damaged" in each]
    assert [f"piece {pair.bach_id} has" in each for each in alarms] == [True]
    default_storage.delete(row.file.name)
    default_storage.save(row.file.name, ContentFile(content))
    client.force_login(admin)
    form = {"action": "take_back", "_selected_action": [pair.id], "confirmed": "yes"}
    client.post("/admin/generator/pair/", form)
    pair.refresh_from_db()
    assert pair.excluded_reason == ""


def test_a_folder_in_its_place_is_no_clip(ada):
    class Folder(InMemoryStorage):
        def size(self, name: str) -> int:
            return 4096

    ada.start()
    row = clip_of(first_round().pair.bach)
    row.file.storage = Folder()
    with pytest.raises(ClipFault, match="has 4096 bytes"):
        check_size(row)


def test_a_row_that_knows_of_no_file_is_a_fault(ada):
    ada.start()
    row = clip_of(first_round().pair.bach)
    row.sha256 = ""
    with pytest.raises(ClipFault, match="is missing"):
        whole_content(row)
