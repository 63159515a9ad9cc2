"""Processor time of a round's requests, and as multiples of a request for which nothing is done.

python -m benchmarks.bench_round [GAMES]

Pairs have real clips and the notes of a mean excerpt, about 110 in each clip. The bytes of the next
round are ready when it is asked for, as they are after a listener has heard the round before.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.bench_rendering import FONT
from benchmarks.bench_results_page import fill, in_new_site

GAMES = 40
ANSWERS = 1000
STEPS = 100
HEARD = {"left": 60, "right": 60}


def main(games: int = GAMES) -> None:
    in_new_site(f"benchmarks.bench_round import measure; measure({games})")


def measure(games: int) -> None:
    from django.conf import settings

    settings.LISTEN_SECONDS = 0.0
    settings.ROUND_CLIPS_AHEAD = False
    settings.ALLOWED_HOSTS = ["testserver"]
    fill(ANSWERS)
    give_sound()
    times: dict[str, list[float]] = defaultdict(list)
    play(defaultdict(list))  # finds nothing loaded
    for _ in range(games):
        play(times)
    middle = {name: median(each) for name, each in times.items()}
    print(f"processor time of a request, median of {games} games")
    for name, seconds in middle.items():
        print(f"{name:8} {1000 * seconds:6.1f} ms  {seconds / middle['nothing']:5.1f} x nothing")
    both = middle["answer"] + middle["next"]
    print(f"an answer and its next round: {1000 * both:.1f} ms  {both / middle['nothing']:.1f} x")


def play(times: dict[str, list[float]]) -> None:
    from django.test import Client

    client = Client()

    def ask(name: str, path: str, **body: Any) -> Any:
        def job() -> Any:
            return client.post(f"/api/v1/{path}", body, content_type="application/json")

        seconds, reply = timed(job)
        times[name].append(seconds)
        return reply.json()

    game = ask("start", "games/", consent="2026-11")["game"]
    make_bytes_ready()
    while True:
        number = game["round"]["id"]
        ask("nothing", "nothing/")
        for side in ("left", "right"):
            ask("plays", f"rounds/{number}/plays/", side=side, number=1)
        reveal = ask("answer", f"rounds/{number}/answer/", chosen="left", heard=HEARD)
        ask("knew", f"rounds/{number}/knew/", knew="no")
        if reveal["game_finished"]:
            return
        game = ask("next", "games/current/")["game"]


def give_sound() -> None:
    """A real clip, and the notes of one, for every piece."""
    from hashlib import sha256

    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from generator.models import Piece, Rendering
    from generator.music.formats.gridjson import to_json
    from generator.rendering.clip import render_clip
    from tests.builders import make_chorale

    chorale = make_chorale(STEPS)
    clip = render_clip(chorale, soundfont=FONT)
    Piece.objects.update(grid=to_json(chorale))
    Rendering.objects.all().delete()
    for kind, content in (("clip", clip.mp3), ("master", clip.master)):
        fields = {
            "fingerprint": clip.fingerprint,
            "profile": clip.profile,
            "kind": kind,
            "seconds": clip.seconds,
            "file": default_storage.save(f"clips/sound.{kind}", ContentFile(content)),
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
        }
        pieces = Piece.objects.values_list("id", flat=True)
        Rendering.objects.bulk_create(Rendering(piece_id=piece, **fields) for piece in pieces)


def make_bytes_ready() -> None:
    """Of all rounds to come; which bytes they are makes no difference here."""
    from bachtest.game.models import RoundClip
    from bachtest.game.services.own_clips import _store

    tokens = RoundClip.objects.filter(round__game__finished_at=None)
    for token in tokens.values_list("token", flat=True):
        _store().keep(token, b"mp3")


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    start = time.thread_time()
    done = job()
    return time.thread_time() - start, done


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
