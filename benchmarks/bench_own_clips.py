"""The bytes that only one round has: what making them costs, and how soon the first byte comes.

A clip of 20 s. "On the spot" is a request that finds nothing ready, "ready" one that does; both are
the view's own time, without the network. Several at a time show what a thread more or less costs.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from benchmarks.bench_rendering import FONT, music
from benchmarks.bench_results_page import in_new_site
from generator.rendering import encoding
from generator.rendering.clip import render_clip
from generator.rendering.own_bytes import own_mp3
from generator.rendering.profiles import PROFILES

REPEATS = 40
AT_A_TIME = 4


def main() -> None:
    clip = render_clip(music(), soundfont=FONT)
    sound = encoding.decoded(clip.master)
    profile = PROFILES[clip.profile]
    print(f"profile {profile}")
    print(f"clip of {clip.seconds:.1f} s: MP3 {len(clip.mp3):,} bytes, master {len(clip.master):,}")
    jobs: dict[str, Callable[[], object]] = {
        "bytes of a round": lambda: own_mp3(
            encoding.decoded(clip.master), secrets.token_bytes(32), profile
        ),
        "  reading the master": lambda: encoding.decoded(clip.master),
        "  encoder alone": lambda: encoding.mp3(sound, profile),
    }
    for name, job in jobs.items():
        times = [_processor_time(job) for _ in range(REPEATS)]
        print(f"{name:<28}{np.median(times):8.3f} s of processor time", flush=True)
    in_new_site("benchmarks.bench_own_clips import measure; measure()")


def measure() -> None:
    """In a new site: the view, through Django's test client."""
    from django.test import Client
    from django.test.utils import setup_test_environment

    from bachtest.game.models import RoundClip
    from bachtest.game.services import own_clips

    setup_test_environment()
    _fill()
    client = Client()
    body = {"consent": "2026-11"}
    game = client.post("/api/v1/games/", body, content_type="application/json").json()["game"]
    urls = [clip["url"] for clip in game["round"]["clips"]]
    tokens = list(RoundClip.objects.values_list("token", flat=True))

    def fetch(url: str, *, cold: bool) -> float:
        if cold:
            own_clips.drop(tokens)
        start = time.perf_counter()
        response = client.get(url)
        assert response.status_code == 200
        return time.perf_counter() - start

    for name, cold in (("on the spot", True), ("ready", False)):
        times = [fetch(urls[n % 2], cold=cold) for n in range(REPEATS)]
        print(f"first byte, {name:<17}{_shown(times)}", flush=True)
    clip = render_clip(music(), soundfont=FONT)
    make = partial(own_mp3, encoding.decoded(clip.master), profile=PROFILES[clip.profile])
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        start = time.perf_counter()
        list(pool.map(make, [secrets.token_bytes(32) for _ in range(REPEATS)]))
    each = (time.perf_counter() - start) / REPEATS
    print(f"{AT_A_TIME} at a time: {1 / each:.1f} clips a second")


def _fill() -> None:
    """The pairs of a game, each with the same real clip on both sides."""
    from hashlib import sha256

    from django.core.files.base import ContentFile
    from django.core.management import call_command

    from generator.models import Piece, Rendering
    from tests.builders import make_composer, make_pair

    call_command("migrate", verbosity=0)
    clip = render_clip(music(), soundfont=FONT)
    for condition in ("S", "A", "T", "B", "AT", "AT", "ATB", "ATB", "SATB", "SATB", "SATB"):
        make_pair(condition, make_composer("bot"))
    Rendering.objects.all().delete()
    for piece in Piece.objects.all():
        for kind, content in (("clip", clip.mp3), ("master", clip.master)):
            row = Rendering(piece=piece, fingerprint=clip.fingerprint, kind=kind, seconds=20)
            row.profile = clip.profile
            row.bytes, row.sha256 = len(content), sha256(content).hexdigest()
            row.file.save(f"{piece.pk}.{kind}", ContentFile(content))


def _processor_time(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def _shown(times: list[float]) -> str:
    half, most = np.percentile(times, [50, 95]) * 1000
    return f"median {half:7.1f} ms, p95 {most:7.1f} ms"


if __name__ == "__main__":
    main()
