"""The notes of both clips and the machine's line: with the reveal, and nowhere before it."""

from __future__ import annotations

import json

from bachtest.game.models import Round
from generator.models import Composer, Pair, Piece
from generator.music.formats.gridjson import from_json, to_json
from generator.music.grid.voice_runs import voice_runs
from tests.builders import make_unpaired

VOICES = ("soprano", "alto", "tenor", "bass")
MARK = ("kind", "voices", "step", "bar", "sentence")


def test_rule_02_the_notes_leave_in_the_reply_to_the_answer_alone(ada):
    current = ada.start()["round"]
    ada.listen(current["id"])
    refused = ada.answer(current["id"], "middle")
    page = ada.client.get("/play/").content.decode()
    for before in (json.dumps(current), json.dumps(ada.stored()), refused.content.decode(), page):
        quoted = before.replace("&quot;", '"')
        assert 'voices":' not in quoted
        assert 'marks":' not in quoted
    assert [each["side"] for each in ada.answer(current["id"]).json()["notes"]] == ["left", "right"]


def test_each_side_has_the_notes_of_its_own_clip(ada):
    reveal = [ada.start(), ada.play_round()][1]
    row = Round.objects.get(id=reveal["round"])
    for clip, notes in zip(row.clips_in_order(), reveal["notes"], strict=True):
        chorale = from_json(clip.piece.grid)
        for number, voice in enumerate(VOICES):
            runs = [tuple(run) for run in notes["voices"][voice]]
            assert runs == voice_runs(chorale, number)
            assert sum(length for length, _ in runs) == notes["steps"] == chorale.steps
        assert notes["bars"][:2] == [0, 16]
        assert notes["lead"] + notes["step"] * notes["steps"] > 0


def test_both_sides_have_the_same_keys_and_differ_where_the_machine_wrote(ada):
    ada.start()
    for _ in range(5):
        reveal = ada.play_round()
        left, right = reveal["notes"]
        assert list(left) == list(right)
        assert reveal["paired"] is True
        differing = [each for each in VOICES if left["voices"][each] != right["voices"][each]]
        assert differing == reveal["written"]


def leaping(piece: Piece) -> None:
    """Every voice of a piece leaps down two octaves in the first bar, and up again."""
    chorale = from_json(piece.grid)
    pitch = chorale.pitch.copy()
    pitch[:, 4:8] -= 24
    Piece.objects.filter(id=piece.id).update(
        grid=to_json(chorale.with_voices(pitch, chorale.onset))
    )


def test_both_sides_are_marked_in_the_cells_that_the_machine_wrote(ada):
    ada.start()
    for piece in Piece.objects.all():
        leaping(piece)
    for _ in range(5):
        reveal = ada.play_round()
        for notes in reveal["notes"]:
            of_one_voice = [mark for mark in notes["marks"] if len(mark["voices"]) == 1]
            assert {tuple(mark) for mark in of_one_voice} == {MARK}
            leaps = [mark for mark in of_one_voice if mark["kind"] == "leap beyond the octave"]
            assert sorted({voice for mark in leaps for voice in mark["voices"]}) == sorted(
                reveal["written"]
            )
            assert {mark["step"] for mark in leaps} == {4, 8}
            assert {(mark["bar"], mark["sentence"][:7]) for mark in leaps} == {(1, "Bar 1: ")}


def test_pieces_that_are_not_compared_are_marked_all_over(pool, ada):
    Piece.objects.filter(condition="SATB").update(status=Piece.Status.FAILED)
    for piece in (piece for _ in range(2) for piece in _pieces(make_unpaired())):
        leaping(piece)
    outside = [each for each in ada.play_game() if each["composer"] == "Outside"]
    for notes in (notes for each in outside for notes in each["notes"]):
        leaps = [
            mark["voices"] for mark in notes["marks"] if mark["kind"] == "leap beyond the octave"
        ]
        assert sorted({voice for [voice] in leaps}) == sorted(VOICES)


def _pieces(pair: Pair) -> tuple[Piece, Piece]:
    return pair.bach, pair.machine


def test_pieces_that_have_nothing_in_common_are_not_compared(pool, ada):
    Piece.objects.filter(condition="SATB").update(status=Piece.Status.FAILED)
    for _ in range(2):
        make_unpaired()
    reveals = ada.play_game()
    outside = [each for each in reveals if each["composer"] == "Outside"]
    assert len(outside) == 2
    assert {each["paired"] for each in outside} == {False}


def test_without_a_grid_a_reveal_has_no_notes(ada):
    current = ada.start()["round"]
    Piece.objects.by_bach().update(grid=None)
    ada.listen(current["id"])
    assert ada.answer(current["id"]).json()["notes"] == []


def test_the_machine_is_described_in_a_sentence(ada):
    Composer.objects.update(about="It hums. It also whistles.")
    reveal = [ada.start(), ada.play_round()][1]
    assert (reveal["composer"], reveal["about"]) == ("Bot", "It hums.")
    Composer.objects.update(about="")
    assert ada.stored()["reveal"]["about"] == ""
