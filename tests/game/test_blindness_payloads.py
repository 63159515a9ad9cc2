"""Rules 2 and 5: nothing about the piece is sent before the answer, everything in reply to it."""

from __future__ import annotations

import json
import re

from bachtest.game.models import Game, Round, RoundClip

CLIP_KEYS = ["side", "url", "seconds"]


def secrets_of(row: Round) -> list[str]:
    """Everything that would name the piece or its composer."""
    machine = row.pair.machine
    work = machine.excerpt.work
    return [
        work.bwv,
        work.bwv[3:],
        work.title,
        work.tune,
        machine.version.composer.name,
        "SATB",
        "ATB",
    ]


def test_rule_02_both_sides_have_the_same_keys_in_the_same_order(ada):
    ada.start()
    for _ in range(5):
        current = ada.current()["round"]
        assert list(current) == ["id", "number", "listen_seconds", "clips", "heard"]
        left, right = current["clips"]
        assert list(left) == list(right) == CLIP_KEYS
        assert (left["side"], right["side"]) == ("left", "right")
        assert left["seconds"] == right["seconds"]
        ada.play_round()


def test_rule_02_nothing_about_the_piece_is_sent_before_the_answer(ada):
    texts = [json.dumps(ada.start())]
    row = Round.objects.get(number=1)
    texts.append(ada.client.get("/play/").content.decode())
    texts.append(ada.get("games/current/").content.decode())
    texts.append(ada.post(f"rounds/{row.id}/plays/", {"side": "left"}).content.decode())
    texts.append(ada.post(f"rounds/{row.id}/knew/", {"knew": "no"}).content.decode())
    for text in texts:
        data = text[text.find('id="round-data"') :] if "round-data" in text else text
        for secret in [*secrets_of(row), str(Game.objects.get().seed)]:
            assert secret not in data


def test_rule_02_the_answer_leaves_in_the_reply_to_it(ada):
    game = ada.start()
    reveal = ada.play_round()
    row = Round.objects.get(id=game["round"]["id"])
    assert reveal["bach"] == row.bach_side
    assert reveal["bwv"].replace(" ", "") == row.pair.machine.excerpt.work.bwv


def test_rule_02_the_server_scores_whatever_the_browser_claims(ada):
    current = ada.start()["round"]
    row = Round.objects.get(id=current["id"])
    wrong = "left" if row.bach_side == "right" else "right"
    ada.listen(current["id"])
    reveal = ada.answer(current["id"], wrong, correct=True, bach=wrong, bach_side=wrong).json()
    assert reveal["correct"] is False
    assert reveal["bach"] == row.bach_side


def test_rule_02_an_answer_too_early_or_not_valid_reveals_nothing(ada, settings):
    settings.LISTEN_SECONDS = 5.0
    current = ada.start()["round"]
    ada.listen(current["id"])
    for response in (ada.answer(current["id"]), ada.answer(current["id"], "middle")):
        assert response.status_code == 400
        assert list(response.json()) == ["error"]
        for secret in secrets_of(Round.objects.get(id=current["id"])):
            assert secret not in response.content.decode()


def test_rule_05_the_page_of_a_round_has_no_picture_score_or_waveform_of_it(ada):
    """The page is the same for every round, up to its number and its data."""
    pages = []
    for _ in range(2):
        ada.start()
        page = ada.client.get("/play/").content.decode()
        pages.append(re.sub(r'Round \d|<script id="round-data".*?</script>', "", page))
        ada.play_round()
    assert pages[0] == pages[1]


def test_rule_05_bach_as_left_and_as_right_look_the_same(ada, ben):
    """The same round with Bach on the other side differs only in random ids."""
    current = ada.start()["round"]
    row = Round.objects.get(id=current["id"])
    before, side = ada.get("games/current/").content, row.bach_side
    left, right = row.clips_in_order()
    for clip, piece in ((left, right.piece_id), (right, left.piece_id)):
        RoundClip.objects.filter(id=clip.id).update(piece=piece)
    assert Round.objects.get(id=row.id).bach_side != side
    assert ada.get("games/current/").content == before
