"""FluidSynth: events in, samples out.

Every clip has a synthesiser of its own, because one that has played before gives other samples even
after a reset. One idle synthesiser holds the SoundFont's samples in memory, so that a new one costs
milliseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.rendering.errors import RenderError
from generator.rendering.events import SAMPLE_RATE, Event
from generator.rendering.fluidsynth_library import fluidsynth_library

Stereo = NDArray[np.float32]

VELOCITY = 100
PANS = (54, 60, 68, 74)
REVERB_SEND = 70
# Room size, damping, width, level: a church, with a tail of about 2.4 s.
REVERB = (0.75, 0.25, 0.8, 0.5)
# General MIDI's church organ where the font has it, or else the pipes' Montre 8 + 4.
PROGRAMS = (19, 6)
SETTINGS: dict[str, int | float] = {
    "synth.polyphony": 256,
    "synth.cpu-cores": 1,
    "synth.dynamic-sample-loading": 1,
    "synth.reverb.active": 1,
    "synth.chorus.active": 0,
}
_CC_PAN, _CC_REVERB = 10, 91


@dataclass
class _Idle:
    """The synthesiser that keeps a font in memory, and what is known of that font."""

    state: tuple[str, int, int]
    synth: Any
    program: int
    sha256: str


@dataclass
class _Holder:
    idle: _Idle | None = None
    lock: Lock = field(default_factory=Lock)


_holder = _Holder()


def play(events: Sequence[Event], samples: int, soundfont: Path) -> Stereo:
    """The sound of the events.

    Parameters
    ----------
    events : sequence of Event
        In the order of time.
    samples : int
        Length of the result.
    soundfont : Path

    Returns
    -------
    float32[2, samples]
        Left and right, at no particular level.

    Raises
    ------
    RenderError
        If there is no FluidSynth, or no sound SoundFont at the path.
    """
    program = _held(soundfont).program
    sound: Stereo = np.zeros((2, samples), dtype=np.float32)
    synth = _loaded(soundfont, program)
    try:
        done = 0
        for event in events:
            _write(synth, sound, done, event.sample)
            done = event.sample
            if event.down:
                synth.noteon(event.voice, event.pitch, VELOCITY)
            else:
                synth.noteoff(event.voice, event.pitch)
        _write(synth, sound, done, samples)
    finally:
        synth.delete()
    return sound


def font_sha256(soundfont: Path) -> str:
    """Of the font as it lies in memory; raises `RenderError` as `play` does."""
    return _held(soundfont).sha256


def _held(soundfont: Path) -> _Idle:
    """The idle synthesiser, made anew where the file has changed."""
    check_font_file(soundfont)
    about = soundfont.stat()
    state = (str(soundfont), about.st_mtime_ns, about.st_size)
    with _holder.lock:
        if _holder.idle is None or _holder.idle.state != state:
            program = _program(soundfont)
            fresh = _Idle(
                state=state,
                synth=_loaded(soundfont, program),
                program=program,
                sha256=hashlib.sha256(soundfont.read_bytes()).hexdigest(),
            )
            if _holder.idle is not None:
                _holder.idle.synth.delete()
            _holder.idle = fresh
        return _holder.idle


def check_font_file(soundfont: Path) -> None:
    """Look at the first bytes only: cheap enough for every start of a process.

    Raises
    ------
    RenderError
        If the path is no file, or the file no SoundFont.
    """
    way_out = "set SOUNDFONT to an .sf2 or .sf3 file, or unset it for the pipes that come along"
    try:
        with soundfont.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise RenderError(f"no SoundFont at {soundfont} ({error.strerror}); {way_out}") from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise RenderError(f"{soundfont} is no SoundFont; {way_out}")


def _program(soundfont: Path) -> int:
    synth, font = _opened(soundfont)
    try:
        for program in PROGRAMS:
            if synth.sfpreset_name(font, 0, program) is not None:
                return program
    finally:
        synth.delete()
    wanted = " or ".join(map(str, PROGRAMS))
    raise RenderError(f"SoundFont {soundfont} has no program {wanted} in bank 0; use another")


def _opened(soundfont: Path) -> tuple[Any, int]:
    synth = fluidsynth_library().module.Synth(samplerate=SAMPLE_RATE, channels=16, **SETTINGS)
    font = synth.sfload(str(soundfont))
    if font < 0:
        synth.delete()
        raise RenderError(
            f"SoundFont {soundfont} is damaged: FluidSynth cannot read it; fetch it anew"
        )
    return synth, font


def _loaded(soundfont: Path, program: int) -> Any:
    synth, font = _opened(soundfont)
    synth.set_reverb(*REVERB)
    for voice, pan in enumerate(PANS):
        if synth.program_select(voice, font, 0, program) != 0:
            synth.delete()
            raise RenderError(
                f"SoundFont {soundfont} does not give program {program}; fetch it anew"
            )
        synth.cc(voice, _CC_PAN, pan)
        synth.cc(voice, _CC_REVERB, REVERB_SEND)
    return synth


def _write(synth: Any, sound: Stereo, start: int, stop: int) -> None:
    if stop <= start:
        return
    left, right = (sound[channel].ctypes.data for channel in (0, 1))
    write = fluidsynth_library().write_float
    if write(synth.synth, stop - start, left, start, 1, right, start, 1) != 0:
        raise RenderError(f"FluidSynth gave no sound for samples {start} to {stop}")
