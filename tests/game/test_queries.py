"""How often each request of the game asks the database; the processor's time goes with it."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

MOST = {"clip": 2, "plays": 7, "answer": 18, "knew": 9, "next": 7}


@pytest.mark.only_sqlite  # PostgreSQL locks rows by queries of their own
def test_no_request_of_a_round_asks_more_than_it_must(ada):
    asked: dict[str, int] = {}

    def count(name, request):
        with CaptureQueriesContext(connection) as queries:
            reply = request()
        assert reply.status_code == 200, reply.content
        asked[name] = max(asked.get(name, 0), len(queries))
        return reply.json() if name != "clip" else None

    ada.start()
    game = count("next", lambda: ada.post("games/current/", {}))["game"]
    for _ in range(3):
        for clip in game["round"]["clips"]:
            count("clip", partial(ada.client.get, clip["url"]))
        post = partial(_note, ada, game["round"]["id"])
        for side in ("left", "right"):
            count("plays", partial(post, "plays", {"side": side, "number": 1}))
        heard = {"left": 9, "right": 9}
        count("answer", partial(post, "answer", {"chosen": "left", "heard": heard}))
        count("knew", partial(post, "knew", {"knew": "no"}))
        game = count("next", lambda: ada.post("games/current/", {}))["game"]
    # A wrong answer asks for one thing less than a right one.
    assert asked.keys() == MOST.keys()
    assert {name: times for name, times in asked.items() if times > MOST[name]} == {}


def _note(player, number, what, body):
    return player.post(f"rounds/{number}/{what}/", body)
