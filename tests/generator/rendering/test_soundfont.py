"""The font that ships with the code: what it is, whose it is, how it is made."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from generator.rendering import events, synth
from generator.rendering.soundfont import build_pipes
from tests.generator.rendering.material import FONT, one_note

FOLDER = FONT.parent


def test_the_notice_beside_the_font_names_this_very_file_its_makers_and_licences():
    notice = (FOLDER / "NOTICE.md").read_text()

    assert hashlib.sha256(FONT.read_bytes()).hexdigest() in notice
    for word in ("Lars Palo", "GPL-2.txt", "CC-BY-SA-2.5.txt", "by-sa/2.5/se", "Changes"):
        assert word in notice
    assert "Version 2, June 1991" in (FOLDER / "GPL-2.txt").read_text()
    assert "CREATIVE COMMONS" in (FOLDER / "CC-BY-SA-2.5.txt").read_text()


def test_the_font_has_the_presets_and_samples_that_its_program_writes():
    chunks = FONT.read_bytes()
    tables = chunks[chunks.index(b"pdta") + 4 :]
    sizes = {}
    at = 0
    while at < len(tables):
        name, size = struct.unpack_from("<4sI", tables, at)
        sizes[name] = size
        at += 8 + size

    assert sizes[b"shdr"] // 46 - 1 == sum(map(len, build_pipes.STOPS.values())) == 47
    assert sizes[b"phdr"] // 38 - 1 == len(build_pipes.PRESETS) == 7


@pytest.fixture
def recording() -> bytes:
    """Two channels of a sine at 440 Hz with two loops, as the organ's files have them."""
    times = np.arange(44_100) / 44_100
    sine = np.rint(8000 * np.sin(2 * np.pi * 440 * times)).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(np.stack([sine, sine // 2]).T.tobytes())
    loops = ((0, 0, 10_000, 15_000, 0, 0), (0, 0, 11_025, 22_049, 0, 0))
    fields = struct.pack("<9I", 0, 0, 0, 69, 2**31, 0, 0, len(loops), 0)
    fields += b"".join(struct.pack("<6I", *loop) for loop in loops)
    return buffer.getvalue() + b"smpl" + struct.pack("<I", len(fields)) + fields


def test_a_recording_is_mixed_and_cut_after_its_longest_loop(recording):
    pipe = build_pipes.read_pipe("Montre8", 66, recording)

    assert pipe.loop == (11_025, 22_050)
    assert len(pipe.samples) == 22_050 + build_pipes.AFTER_LOOP
    assert pipe.cents == -50
    assert np.abs(pipe.samples).max() == pytest.approx(6000 / 32768, rel=1e-3)


def test_the_font_that_is_written_plays_its_pipes_in_tune(recording, tmp_path):
    pipe = build_pipes.read_pipe("Montre8", 69, recording)
    stops = {
        stop: [build_pipes.Pipe(f"{stop}{key}", key, pipe.samples, 44_100, pipe.loop, 0)
               for key in keys]
        for stop, keys in build_pipes.STOPS.items()
    }  # fmt: skip
    font = tmp_path / "sine.sf2"
    font.write_bytes(build_pipes.soundfont(stops))
    music = one_note(66, 32)
    heard = synth.play(events.key_events(music), events.clip_samples(music), font).mean(axis=0)

    held = heard[44_100 : 4 * 44_100] * np.hanning(3 * 44_100)
    peak = np.abs(np.fft.rfft(held, 2**20)).argmax() * 44_100 / 2**20
    assert peak == pytest.approx(440, rel=1e-3)


def test_a_missing_tool_is_named(tmp_path):
    with pytest.raises(build_pipes.BuildError, match="no program no-such-tool"):
        build_pipes._run(tmp_path, "no-such-tool")


def test_a_tool_that_fails_says_why(tmp_path):
    with pytest.raises(build_pipes.BuildError, match=r"`ls gone` failed: .*No such file"):
        build_pipes._run(tmp_path, "ls", "gone")


def test_the_recipe_names_every_stop_that_a_preset_plays():
    played = {stop for _, layers in build_pipes.PRESETS for stop, _, _ in layers}

    assert played <= set(build_pipes.STOPS)
    assert set(build_pipes.RANGES) == set(build_pipes.PIPES)
    assert Path(build_pipes.__file__).name in (FOLDER / "NOTICE.md").read_text()
