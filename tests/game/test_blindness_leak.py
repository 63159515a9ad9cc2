"""Rules 3, 4 and 6 on real clips: what both sides share, and an attack that finds nothing."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings
from django.test import Client

from bachtest.game.services import own_clips
from bachtest.lib import byte_ranges
from generator.models import Pair
from generator.music.formats.gridjson import from_json
from generator.rendering import encoding
from generator.rendering.clip import render_clip
from generator.rendering.profiles import NEWEST, PROFILES
from tests.builders import clip_of
from tests.game import leak_attack
from tests.game.item_bank import Item, crossed, render_bank, store_bank
from tests.game.player import Player

# A small bank in every run of the tests; the large one has a file of its own.
SIZE = 24
# One false alarm in a thousand runs.
ALPHA = 0.001
PROFILE = PROFILES[NEWEST]


@pytest.fixture(scope="module")
def bank(corpus) -> list[Item]:
    return render_bank(corpus, SIZE)


@pytest.fixture(scope="module")
def crossed_bank(bank) -> list[Item]:
    """What the attack sees: the music says nothing about which piece is stored as Bach's.

    The exchange is drawn in each run, as the sides are: a fixed one may lean to a side by chance,
    and would then do so in every run.
    """
    return crossed(bank, seed=secrets.randbits(32))


def attack(items: list[Item]) -> float:
    store_bank(items)
    return leak_attack.p_value(leak_attack.play_bank(Player(Client())))


def test_rule_03_both_clips_of_a_pair_are_alike_in_all_but_the_music(bank):
    for item in bank:
        bach, machine = item.bach_clip, item.machine_clip
        assert bach.mp3 != machine.mp3
        assert bach.fingerprint == machine.fingerprint
        assert bach.samples == machine.samples
        assert len(bach.mp3) == len(machine.mp3)
        assert abs(bach.loudness - machine.loudness) <= 0.1
        assert bach.loudness == pytest.approx(PROFILE.loudness, abs=0.1)


def test_rule_03_clips_are_constant_bit_rate_frames_without_tags(bank):
    for content in (each.mp3 for item in bank for each in (item.bach_clip, item.machine_clip)):
        size = leak_attack.frame_bytes(content[:4])
        assert len(content) % size == 0
        sizes = {
            leak_attack.frame_bytes(content[at : at + 4]) for at in range(0, len(content), size)
        }
        assert sizes == {size}
        # Any three bytes occur by chance in this much sound, so tags are sought where they belong.
        assert not content.startswith(b"ID3")
        assert content[-128:-125] != b"TAG"
        assert not any(mark in content for mark in (b"LAME", b"Xing", b"Info"))


def test_rule_03_the_silence_before_the_first_note_is_the_same(bank):
    for item in bank:
        starts = [
            leak_attack.audio_features(clip.mp3)[4] for clip in (item.bach_clip, item.machine_clip)
        ]
        # Pipes speak at different speeds: 20 ms are allowed.
        assert abs(starts[0] - starts[1]) <= 0.02 * PROFILE.rate


@pytest.mark.django_db
def test_rule_04_bachs_clip_is_rendered_from_the_stored_grid_as_the_machines_is(bank):
    store_bank(bank[:2])
    for pair in Pair.objects.all():
        for piece in (pair.bach, pair.machine):
            again = render_clip(from_json(piece.grid), soundfont=settings.SOUNDFONT)
            assert again.mp3 == clip_of(piece).file.read()


@pytest.mark.django_db
def test_rule_06_the_leak_attack_stays_at_chance(crossed_bank):
    assert attack(crossed_bank) > ALPHA


def louder(content: bytes, decibels: float) -> bytes:
    sound = encoding.decoded(content)
    gain = np.float32(10 ** (decibels / 20))
    samples = np.rint(sound.samples * gain).astype("<i2")
    return encoding.mp3(replace(sound, samples=samples), PROFILE)


def unchanged(content: bytes) -> bytes:
    return content


def plant(monkeypatch, *, bach=unchanged, machine=unchanged) -> None:
    """Whatever a round sends goes through a function, another one for each maker."""
    honest = own_clips._make

    def planted(order: own_clips.Order) -> bytes:
        by_bach = order.source.piece.version is None
        content = (bach if by_bach else machine)(honest(order))
        own_clips._store().keep(order.token, content)
        return content

    monkeypatch.setattr(own_clips, "_make", planted)


PLANTS = {
    "a tag after Bach's last frame": (lambda mp3: mp3 + b"TAG" + bytes(125), unchanged),
    "a byte more in the machine's file": (unchanged, lambda mp3: mp3 + b"\0"),
    "an encoder's name in Bach's frames": (lambda mp3: mp3[:-4] + b"LAME", unchanged),
    "Bach 0.3 dB louder": (lambda mp3: louder(mp3, 0.3), lambda mp3: louder(mp3, 0.0)),
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        next(iter(PLANTS)),
        *(pytest.param(each, marks=pytest.mark.slow) for each in list(PLANTS)[1:]),
    ],
)
def test_rule_06_the_leak_attack_finds_a_planted_leak(crossed_bank, monkeypatch, name):
    bach, machine = PLANTS[name]
    plant(monkeypatch, bach=bach, machine=machine)
    assert attack(crossed_bank) < ALPHA


@pytest.mark.slow
@pytest.mark.django_db
def test_rule_06_the_leak_attack_finds_a_header_of_the_file(crossed_bank, monkeypatch):
    """If the ETag belonged to the file, its size or date would do; here it names the composer."""
    honest = byte_ranges.HttpResponse
    bachs = set()

    def noted(content: bytes) -> bytes:
        bachs.add(content)
        return content

    def leaking(content: bytes, **kwargs):
        by_bach = content in bachs
        kwargs["headers"] = kwargs["headers"] | {"ETag": '"bach"' if by_bach else '"bot"'}
        return honest(content, **kwargs)

    plant(monkeypatch, bach=noted)
    monkeypatch.setattr(byte_ranges, "HttpResponse", leaking)
    assert attack(crossed_bank) < ALPHA
