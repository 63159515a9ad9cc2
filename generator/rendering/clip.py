"""A chorale as a clip: the one path that every piece takes, Bach's and the machine's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from generator.errors import GenerationError
from generator.music.grid.chorale import REST, Chorale
from generator.rendering import encoding, events, loudness, synth
from generator.rendering.fluidsynth_library import fluidsynth_library
from generator.rendering.profiles import NEWEST, PROFILES, Profile

FADE_SECONDS = 0.75


@dataclass(frozen=True)
class Clip:
    """A rendered chorale.

    Attributes
    ----------
    mp3 : bytes
        Constant bit rate, no tags; as many bytes for every clip of the same length.
    master : bytes
        FLAC of what the encoder got; the bytes of a round are made from it.
    samples : int
        Length at `events.SAMPLE_RATE`.
    seconds : float
    loudness : float
        LUFS, measured after the gain.
    fingerprint : str
        sha256 of everything but the notes that shapes the sound.
    profile : int
        Number of the profile.
    """

    mp3: bytes
    master: bytes
    samples: int
    seconds: float
    loudness: float
    fingerprint: str
    profile: int


def render_clip(
    chorale: Chorale,
    *,
    soundfont: Path,
    samples: int | None = None,
    profile: int = NEWEST,
    or_softer: bool = False,
) -> Clip:
    """Render a chorale as MP3. The same chorale always gives the same bytes.

    Parameters
    ----------
    chorale : Chorale
    soundfont : Path
    samples : int, optional
        Length of the clip, where it is to be longer than the chorale needs: silence is added.
    profile : int, optional
        Number of the profile, which says how loud the clip is and how it is encoded.
    or_softer : bool
        Make a clip that would clip at this loudness softer. For what is heard by itself: the clips
        of a pair are equally loud.

    Raises
    ------
    GenerationError
        If the chorale is silent, longer than `samples` or would clip, FluidSynth is missing, or
        the SoundFont is missing or damaged.
    """
    chosen = PROFILES[profile]
    sound, lufs = _levelled_sound(chorale, soundfont, chosen, samples, or_softer=or_softer)
    encoded = encoding.encoder_input(sound, chosen.rate)
    return Clip(
        mp3=encoding.mp3(encoded, chosen),
        master=encoding.flac(encoded),
        samples=sound.shape[1],
        seconds=sound.shape[1] / events.SAMPLE_RATE,
        loudness=lufs,
        fingerprint=fingerprint(soundfont, samples, profile),
        profile=profile,
    )


def render_wav(chorale: Chorale, *, soundfont: Path, or_softer: bool = False) -> bytes:
    """The same sound at the same level as 16-bit WAV; raises as `render_clip` does."""
    sound, _ = _levelled_sound(chorale, soundfont, PROFILES[NEWEST], or_softer=or_softer)
    return encoding.wav(sound)


def check_rendering(soundfont: Path) -> None:
    """Raise `GenerationError` if the library or the SoundFont is missing.

    This loads the library and reads a dozen bytes of the font, so every start can afford it.
    """
    fluidsynth_library()
    synth.check_font_file(soundfont)


def fingerprint(soundfont: Path, samples: int | None = None, profile: int = NEWEST) -> str:
    """sha256 of library, font, encoder and all settings; a pair plays only if both are equal.

    A length that was asked for is one of the settings.
    """
    return _fingerprint(synth.font_sha256(soundfont), samples, PROFILES[profile])


@cache
def _fingerprint(font: str, samples: int | None, profile: Profile) -> str:
    library = fluidsynth_library()
    makers: dict[str, object] = {
        "library": [library.kind, library.version],
        "font": font,
        "encoder": [encoding.ENCODER, *encoding.settings(profile)],
        "loudness": [f"pyloudnorm {version('pyloudnorm')}", profile.loudness],
        "synth": [synth.SETTINGS, synth.REVERB, synth.REVERB_SEND, synth.PANS, synth.PROGRAMS],
        "velocity": synth.VELOCITY,
        "rate": [events.SAMPLE_RATE, events.BLOCK],
        "time": [events.LEAD_SECONDS, events.TAIL_SECONDS, events.REPEAT_GAP_SECONDS, FADE_SECONDS],
    }
    if samples is not None:
        makers["samples"] = samples
    return hashlib.sha256(json.dumps(makers, sort_keys=True).encode()).hexdigest()


def _levelled_sound(
    chorale: Chorale,
    soundfont: Path,
    profile: Profile,
    samples: int | None = None,
    *,
    or_softer: bool,
) -> tuple[synth.Stereo, float]:
    if not (chorale.pitch != REST).any():
        raise GenerationError(
            f"a chorale of {chorale.steps} steps has only rests; it needs at least one note",
            permanent=True,
        )
    needed = events.clip_samples(chorale)
    if samples is not None and samples < needed:
        raise GenerationError(
            f"a chorale of {needed} samples does not fit into {samples}", permanent=True
        )
    sound = synth.play(events.key_events(chorale), samples or needed, soundfont)
    fade = round(FADE_SECONDS * events.SAMPLE_RATE)
    sound[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return loudness.levelled(sound, profile.loudness, or_softer=or_softer)
