"""Old clips keep the profile they were made in, to the byte."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

import pytest

from generator.rendering import encoding, events, synth
from generator.rendering.clip import FADE_SECONDS, fingerprint, render_clip
from generator.rendering.fluidsynth_library import fluidsynth_library
from generator.rendering.own_bytes import own_mp3
from generator.rendering.profiles import FIRST, NEWEST, PROFILES
from tests.generator.rendering.material import FONT, chorale


def test_the_first_profile_has_the_fingerprint_that_clips_had_before_there_were_any():
    library = fluidsynth_library()
    makers = {
        "library": [library.kind, library.version],
        "font": hashlib.sha256(FONT.read_bytes()).hexdigest(),
        "encoder": [encoding.ENCODER, 96, 32_000, 7, 0.95],
        "loudness": [f"pyloudnorm {version('pyloudnorm')}", -18.0],
        "synth": [synth.SETTINGS, synth.REVERB, synth.REVERB_SEND, synth.PANS, synth.PROGRAMS],
        "velocity": synth.VELOCITY,
        "rate": [events.SAMPLE_RATE, events.BLOCK],
        "time": [events.LEAD_SECONDS, events.TAIL_SECONDS, events.REPEAT_GAP_SECONDS, FADE_SECONDS],
    }
    expected = hashlib.sha256(json.dumps(makers, sort_keys=True).encode()).hexdigest()
    assert fingerprint(FONT, profile=FIRST) == expected
    assert fingerprint(FONT, profile=NEWEST) != expected


@pytest.mark.parametrize("profile", PROFILES.values(), ids=str)
def test_a_clip_has_the_loudness_and_the_frames_of_its_profile_and_so_have_its_rounds(profile):
    clip = render_clip(chorale(), soundfont=FONT, profile=profile.number)
    assert (clip.profile, clip.loudness) == (
        profile.number,
        pytest.approx(profile.loudness, abs=0.1),
    )
    sound = encoding.decoded(clip.master)
    assert sound.rate == profile.rate
    assert encoding.mp3(sound, profile) == clip.mp3
    own = own_mp3(sound, bytes(32), profile)
    assert (len(own), own[:3]) == (len(clip.mp3), clip.mp3[:3])
    assert len(own) % profile.frame_bytes == 0
