"""FluidSynth: events in, samples out.

Every clip has a synthesiser of its own, because one that has played before gives other samples,
even after a reset. One idle synthesiser keeps the SoundFont in memory, so that a new one costs only
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

from generator.errors import GenerationError
from generator.rendering.events import SAMPLE_RATE, KeyEvent
from generator.rendering.fluidsynth_library import fluidsynth_library

Stereo = NDArray[np.float32]

VELOCITY = 100
PANS = (54, 60, 68, 74)
REVERB_SEND = 70
# Room size, damping, width, level: a church, reverberating for about 2.4 s.
REVERB = (0.75, 0.25, 0.8, 0.5)
# General MIDI's church organ if the font has it, otherwise the Montre 8 + 4 of our pipes.
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
class _IdleSynth:
    """A synthesiser that keeps a font in memory, and what is known about that font."""

    state: tuple[str, int, int]
    synth: Any
    program: int
    sha256: str


@dataclass
class _FontCache:
    idle: _IdleSynth | None = None
    lock: Lock = field(default_factory=Lock)


_cache = _FontCache()


def play(events: Sequence[KeyEvent], samples: int, soundfont: Path) -> Stereo:
    """The sound of the events.

    Parameters
    ----------
    events : sequence of KeyEvent
        In order of time.
    samples : int
        Length of the result.
    soundfont : Path

    Returns
    -------
    float32[2, samples]
        Left and right, at no particular level.

    Raises
    ------
    GenerationError
        If there is no FluidSynth, or the SoundFont is missing or damaged.
    """
    program = _idle_synth(soundfont).program
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
    """Of the font in memory; raises `GenerationError` as `play` does."""
    return _idle_synth(soundfont).sha256


def _idle_synth(soundfont: Path) -> _IdleSynth:
    """The idle synthesiser, made again if the file has changed."""
    check_font_file(soundfont)
    stat = soundfont.stat()
    state = (str(soundfont), stat.st_mtime_ns, stat.st_size)
    with _cache.lock:
        if _cache.idle is None or _cache.idle.state != state:
            program = _program(soundfont)
            fresh = _IdleSynth(
                state=state,
                synth=_loaded(soundfont, program),
                program=program,
                sha256=hashlib.sha256(soundfont.read_bytes()).hexdigest(),
            )
            if _cache.idle is not None:
                _cache.idle.synth.delete()
            _cache.idle = fresh
        return _cache.idle


def check_font_file(soundfont: Path) -> None:
    """Look at the first bytes only, so that every start of a process can afford it.

    Raises
    ------
    GenerationError
        If there is no file at the path, or it is not a SoundFont.
    """
    way_out = "set SOUNDFONT to an .sf2 or .sf3 file, or unset it to use the pipes that ship"
    try:
        with soundfont.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise GenerationError(
            f"no SoundFont at {soundfont} ({error.strerror}); {way_out}"
        ) from error
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise GenerationError(f"{soundfont} is not a SoundFont; {way_out}")


def _program(soundfont: Path) -> int:
    synth, font = _opened(soundfont)
    try:
        for program in PROGRAMS:
            if synth.sfpreset_name(font, 0, program) is not None:
                return program
    finally:
        synth.delete()
    wanted = " or ".join(map(str, PROGRAMS))
    raise GenerationError(
        f"SoundFont {soundfont} has no program {wanted} in bank 0; use another font"
    )


def _opened(soundfont: Path) -> tuple[Any, int]:
    synth = fluidsynth_library().module.Synth(samplerate=SAMPLE_RATE, channels=16, **SETTINGS)
    font = synth.sfload(str(soundfont))
    if font < 0:
        synth.delete()
        raise GenerationError(
            f"SoundFont {soundfont} is damaged, FluidSynth cannot read it; get a new copy"
        )
    return synth, font


def _loaded(soundfont: Path, program: int) -> Any:
    synth, font = _opened(soundfont)
    synth.set_reverb(*REVERB)
    for voice, pan in enumerate(PANS):
        if synth.program_select(voice, font, 0, program) != 0:
            synth.delete()
            raise GenerationError(
                f"SoundFont {soundfont} does not load program {program}; get a new copy"
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
        raise GenerationError(f"FluidSynth gave no sound for samples {start} to {stop}")
