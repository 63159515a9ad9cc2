"""Processor time for a clip of 20 s, compared with the `fluidsynth` program playing the same keys.

The program gets the same events as a MIDI file, with the same SoundFont, preset and settings, and
writes floats. Its start counts, and so does loading the font for our first clip. Times are
processor time, since other programs may be running.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import mido
import numpy as np

from generator.music.grid.chorale import Chorale, repaired_onsets
from generator.rendering import encoding, events, loudness, synth
from generator.rendering.clip import render_clip
from generator.rendering.fluidsynth_library import fluidsynth_library
from generator.rendering.profiles import NEWEST, PROFILES

FONT = Path(__file__).parent.parent / "generator/rendering/soundfont/pipes.sf3"
SECONDS = 20
REPEATS = 7
PROGRAM = synth.PROGRAMS[-1]
MAX_SECONDS, MAX_RATIO = 1.0, 1.0
Timed = Callable[[], float]
FIRST_CLIP = """
import time
from benchmarks import bench_rendering as bench
music = bench.music()
bench.fluidsynth_library()
before = time.process_time()
bench.played(music)
print(time.process_time() - before)
"""


def main() -> None:
    clip = music()
    sound = played(clip)
    profile = PROFILES[NEWEST]
    level_it = partial(loudness.levelled, sound, profile.loudness)
    level, _ = level_it()
    encoded = encoding.encoder_input(level, profile.rate)
    with tempfile.TemporaryDirectory() as folder:
        timed: dict[str, Timed] = {
            "whole clip": partial(_processor_time, partial(render_clip, clip, soundfont=FONT)),
            "  synthesis": partial(_processor_time, partial(played, clip)),
            "  loudness": partial(_processor_time, level_it),
            "  encoder": partial(_processor_time, partial(encoding.mp3, encoded, profile)),
            "synthesis, first clip of a process": _first_clip_time,
        }
        program = shutil.which("fluidsynth")
        if program is not None:
            midi(clip).save(Path(folder) / "clip.mid")
            timed["the program"] = partial(_program_time, program, Path(folder))
        # In turn, so that other programs disturb all of them alike.
        times = [{name: measure() for name, measure in timed.items()} for _ in range(REPEATS)]
    seconds = {name: median(row[name] for row in times) for name in timed}
    print(f"clip of {sound.shape[1] / events.SAMPLE_RATE:.1f} s, processor seconds, median of")
    print(f"{REPEATS}; FluidSynth {fluidsynth_library().version}; {encoding.ENCODER}")
    for name, value in seconds.items():
        print(f"{name:<40}{value:8.3f}")
    whole = seconds["whole clip"]
    print(f"{'whole clip, at most':<40}{MAX_SECONDS:8.3f}  {_verdict(whole, MAX_SECONDS)}")
    if program is None:
        print("no `fluidsynth` program to compare with; run `apt-get install fluidsynth`")
        return
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    print(f"the program is FluidSynth {done.stdout.split()[3]}")
    ratio = seconds["  synthesis"] / seconds["the program"]
    print(f"{'synthesis / the program, at most 1':<40}{ratio:8.2f}  {_verdict(ratio, MAX_RATIO)}")
    first = seconds["synthesis, first clip of a process"] / seconds["the program"]
    print(f"{'first clip of a process / the program':<40}{first:8.2f}")


def music() -> Chorale:
    """Four voices that change on every beat, with passing eighths, for a clip of 20 s."""
    rng = np.random.default_rng(1685)
    steps = 4
    while (events.clip_samples(_random_chorale(rng, steps + 2))) / events.SAMPLE_RATE <= SECONDS:
        steps += 2
    return _random_chorale(rng, steps)


def played(clip: Chorale) -> synth.Stereo:
    return synth.play(events.key_events(clip), events.clip_samples(clip), FONT)


def midi(clip: Chorale) -> mido.MidiFile:
    """The events that our synthesiser gets; a tick is a block of 64 samples."""
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    beat = 480 * events.BLOCK / events.SAMPLE_RATE
    track.append(mido.MetaMessage("set_tempo", tempo=round(beat * 1e6)))
    for voice, pan in enumerate(synth.PANS):
        track.append(mido.Message("program_change", channel=voice, program=PROGRAM))
        for control, value in ((10, pan), (91, synth.REVERB_SEND)):
            track.append(
                mido.Message("control_change", channel=voice, control=control, value=value)
            )
    now = 0
    for event in events.key_events(clip):
        kind, velocity = ("note_on", synth.VELOCITY) if event.down else ("note_off", 0)
        track.append(
            mido.Message(kind, channel=event.voice, note=event.pitch, velocity=velocity,
                         time=event.sample // events.BLOCK - now)
        )  # fmt: skip
        now = event.sample // events.BLOCK
    # The program plays on for two seconds after the end of the file.
    end = events.clip_samples(clip) // events.BLOCK - round(2 * events.SAMPLE_RATE / events.BLOCK)
    track.append(mido.MetaMessage("end_of_track", time=end - now))
    return file


def _random_chorale(rng: np.random.Generator, steps: int) -> Chorale:
    beats = rng.integers(0, 12, size=(4, steps // 2 + 1)) + np.array([[62], [55], [50], [43]])
    pitch = np.repeat(beats, 2, axis=1)[:, :steps]
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros(pitch.shape)))


def _program_time(program: str, folder: Path) -> float:
    command = [
        program, "-n", "-i", "-q", "-r", str(events.SAMPLE_RATE), "-O", "float", "-T", "wav",
        "-F", f"{folder}/clip.wav", *_program_settings(), str(FONT), f"{folder}/clip.mid",
    ]  # fmt: skip
    run = partial(subprocess.run, command, check=True, capture_output=True)
    return _processor_time(run, resource.RUSAGE_CHILDREN)


def _program_settings() -> list[str]:
    room, damping, width, level = synth.REVERB
    settings = synth.SETTINGS | {
        "synth.reverb.room-size": room,
        "synth.reverb.damp": damping,
        "synth.reverb.width": width,
        "synth.reverb.level": level,
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _processor_time(run: Callable[[], object], usage: int = resource.RUSAGE_SELF) -> float:
    before = resource.getrusage(usage)
    run()
    after = resource.getrusage(usage)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _first_clip_time() -> float:
    done = subprocess.run([sys.executable, "-c", FIRST_CLIP], check=True, capture_output=True)
    return float(done.stdout)


def _verdict(value: float, limit: float) -> str:
    return "met" if value <= limit else "MISSED"


if __name__ == "__main__":
    main()
