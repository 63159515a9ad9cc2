"""Bytes that follow from a key: not to be heard, not to be guessed, as long as any others."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
import soundfile
from pyloudnorm import Meter

from generator.rendering import encoding, own_bytes
from generator.rendering.encoding import Sound
from generator.rendering.own_bytes import own_mp3
from generator.rendering.profiles import NEWEST, PROFILES

PROFILE = PROFILES[NEWEST]
KEYS = [bytes([number]) * 32 for number in range(4)]


@cache
def sound(rate: int = PROFILE.rate) -> Sound:
    """Silence, and then four seconds of two voices."""
    time = np.arange(4 * rate) / rate
    voices = sum(np.sin(2 * np.pi * pitch * time * (1 + time / 50)) for pitch in (220, 331))
    heard = np.concatenate([np.zeros(8000), 6000 * voices, np.zeros(16000)])
    return Sound(np.column_stack([heard, heard]).astype("<i2"), rate)


@cache
def plain() -> bytes:
    return encoding.mp3(sound(), PROFILE)


@cache
def own(key: bytes) -> bytes:
    return own_mp3(sound(), key, PROFILE)


def frames(mp3: bytes) -> set[bytes]:
    size = PROFILE.frame_bytes
    return {mp3[at : at + size] for at in range(0, len(mp3), size)}


def test_the_same_key_gives_the_same_bytes():
    assert own_mp3(sound(), KEYS[0], PROFILE) == own(KEYS[0])


def test_they_are_as_long_as_without_a_key():
    assert {len(own(key)) for key in KEYS} == {len(plain())}


def test_no_frame_that_sounds_is_anybody_elses():
    """Neither a table of files nor one of frames recognises them."""
    everybodys = [frames(plain()), *(frames(own(key)) for key in KEYS)]
    for number, some in enumerate(everybodys):
        for others in everybodys[:number]:
            assert len(some & others) <= 0.2 * len(some), "silence alone may be alike"


def test_dither_alone_makes_other_bytes(monkeypatch):
    monkeypatch.setattr(own_bytes, "MAX_SHIFT_SECONDS", 0.0)
    monkeypatch.setattr(own_bytes, "MAX_GAIN_DB", 0.0)
    assert own_mp3(sound(), KEYS[0], PROFILE) != own_mp3(sound(), KEYS[1], PROFILE)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=str)
def test_each_profile_has_frames_of_its_own_size(profile):
    mp3 = own_mp3(sound(profile.rate), KEYS[0], profile)
    heads = {mp3[at : at + 2] for at in range(0, len(mp3), profile.frame_bytes)}
    assert len(heads) == 1, "MPEG 1 or 2, layer III, no checksum"
    assert len(mp3) % profile.frame_bytes == 0


def test_the_music_is_the_same():
    loudness, starts = [], []
    for mp3 in (plain(), *map(own, KEYS)):
        heard, rate = soundfile.read(io.BytesIO(mp3))
        loudness.append(Meter(rate).integrated_loudness(heard))
        starts.append(np.flatnonzero(np.abs(heard).max(axis=1) > 0.01)[0] / rate)
    assert np.ptp(loudness) <= 2 * own_bytes.MAX_GAIN_DB + 0.01
    assert 0 < np.ptp(starts) <= 2 * own_bytes.MAX_SHIFT_SECONDS + 0.001


def test_flac_keeps_every_sample_and_mp3_nearly_so():
    again = encoding.decoded(encoding.flac(sound()))
    assert (again.rate, np.array_equal(again.samples, sound().samples)) == (sound().rate, True)
    near = encoding.decoded(plain()).samples[: len(sound().samples)]
    error = near.astype(float) - sound().samples[: len(near)]
    assert error.std() < 0.05 * sound().samples.std()


def test_what_is_no_sound_is_said_to_be_none():
    with pytest.raises(ValueError, match="no sound"):
        encoding.decoded(b"nothing")
