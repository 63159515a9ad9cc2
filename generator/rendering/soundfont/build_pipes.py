"""Rebuilds pipes.sf3 from Debian's package of the GrandOrgue demo organ.

    python generator/rendering/soundfont/build_pipes.py --out pipes.sf3

Needs Debian, or a system based on it, with `apt-get install wavpack sf3convert`. The package
itself (`grandorgue-demo`, 21 MB) is downloaded into a temporary folder and not installed. The same
versions give the same bytes.

The licence asks us to name our changes to the recordings: five stops, one pipe for every six
semitones; two channels mixed into one; cut after the longest loop; equal peaks; levels moved 70 %
of the way to the stop's median; compressed.
"""

from __future__ import annotations

import argparse
import io
import struct
import subprocess
import sys
import tempfile
import wave
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACKAGE = "grandorgue-demo"
TOOLS = ("apt-get", "dpkg-deb", "wvunpack", "sf3convert")
# A fixed number for the Ogg streams; by itself sf3convert takes one from the clock.
OGG_SERIAL = "363967837"
OGG_QUALITY = "0.7"

# The recorded keys that are used; each serves its range of keys.
PIPES = (31, 42, 43, 54, 55, 66, 67, 78, 79, 90)
STOPS = {
    "Montre8": PIPES,
    "Bourdon8": PIPES,
    "FlHarm8": PIPES[1:],
    "Gamba8": PIPES[1:],
    "Octavin2": PIPES[1:],
}
RANGES = {31: (31, 36), 42: (37, 42), 43: (43, 48), 54: (49, 54), 55: (55, 60)} | {
    66: (61, 66), 67: (67, 72), 78: (73, 78), 79: (79, 84), 90: (85, 90)
}  # fmt: skip
# Name; then for each layer its stop, attenuation in centibels and transposition in semitones.
PRESETS: tuple[tuple[str, tuple[tuple[str, int, int], ...]], ...] = (
    ("Montre 8", (("Montre8", 0, 0),)),
    ("Bourdon 8", (("Bourdon8", 0, 0),)),
    ("Flute harm 8", (("FlHarm8", 0, 0),)),
    ("Gamba 8", (("Gamba8", 0, 0),)),
    ("Montre+Bourdon", (("Montre8", 20, 0), ("Bourdon8", 20, 0))),
    ("Bourdon+Flute", (("Bourdon8", 20, 0), ("FlHarm8", 20, 0))),
    ("Montre8+4", (("Montre8", 20, 0), ("Montre8", 110, 12))),
)
PEAK = 30_000 / 32_768
LEVELLING = 0.7
AFTER_LOOP = 8
# The silence that SoundFont 2.01 asks for after each sample.
SILENCE = 46
REVERB_SEND = 250
ATTACK_TIMECENTS, RELEASE_TIMECENTS = -9000, -1586
# Generators of SoundFont 2.01, section 8.1.2.
ATTENUATION, COARSE_TUNE, REVERB, INSTRUMENT = 48, 51, 16, 41
KEY_RANGE, ATTACK, RELEASE, LOOPS, SAMPLE = 43, 34, 38, 54, 53

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Pipe:
    """One recording, prepared; loop and pitch are those that the file itself states."""

    name: str
    key: int
    samples: Samples
    rate: int
    loop: tuple[int, int]
    cents: int

    @property
    def level(self) -> float:
        """Of the loop, in dB."""
        start, stop = self.loop
        return float(10 * np.log10((self.samples[start:stop] ** 2).mean()))


class BuildError(Exception):
    """Something outside this program is missing."""


def main() -> int:
    """Build the font and print its size."""
    parser = argparse.ArgumentParser(description="Rebuild pipes.sf3 from Debian's package.")
    parser.add_argument("--out", type=Path, required=True, help="the .sf3 file to write")
    out: Path = parser.parse_args().out
    try:
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder), out)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{out}: {out.stat().st_size} bytes\n")
    return 0


def build(folder: Path, out: Path) -> None:
    """Download, read, write SF2 and compress, all in `folder` until the file is complete."""
    _run(folder, "apt-get", "download", PACKAGE)
    package = next(folder.glob(f"{PACKAGE}_*.deb"))
    _run(folder, "dpkg-deb", "-x", str(package), "package")
    archive = next((folder / "package").rglob("*.orgue"))
    stops = {stop: read_stop(folder, archive, stop) for stop in STOPS}
    plain, small = folder / "pipes.sf2", folder / "pipes.sf3"
    plain.write_bytes(soundfont(stops))
    _run(folder, "sf3convert", "-z", "-q", OGG_QUALITY, "-S", OGG_SERIAL, plain.name, small.name)
    out.write_bytes(small.read_bytes())


def read_stop(folder: Path, archive: Path, stop: str) -> list[Pipe]:
    """The pipes of one stop, from the WavPack files in the zip archive."""
    pipes = []
    with zipfile.ZipFile(archive) as files:
        for name in sorted(files.namelist()):
            stem = Path(name).stem.split("-")[0]
            if name.startswith(f"{stop}/") and stem.isdigit() and int(stem) in STOPS[stop]:
                (folder / "pipe.wv").write_bytes(files.read(name))
                recording = _run(folder, "wvunpack", "-q", "-o", "-", "pipe.wv")
                pipes.append(read_pipe(stop, int(stem), recording))
    return pipes


def read_pipe(stop: str, key: int, recording: bytes) -> Pipe:
    """One channel of a recording, cut after its longest loop."""
    with wave.open(io.BytesIO(recording)) as file:
        rate = file.getframerate()
        frames = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        mono = frames.reshape(-1, file.getnchannels()).mean(axis=1) / 32768
    sampler = next(body for name, body in riff_chunks(recording) if name == b"smpl")
    fraction, count = struct.unpack_from("<I8xI", sampler, 16)
    loops = [struct.unpack_from("<II", sampler, 36 + 24 * at + 8) for at in range(count)]
    start, last = max(loops, key=lambda loop: loop[1] - loop[0])
    return Pipe(
        name=f"{stop}{key}",
        key=key,
        samples=mono[: last + 1 + AFTER_LOOP],
        rate=rate,
        loop=(start, last + 1),
        cents=-round(fraction / 2**32 * 100),
    )


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each chunk of a RIFF file."""
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def soundfont(stops: dict[str, list[Pipe]]) -> bytes:
    """The SF2 file: information, samples, and the tables that join them."""
    pipes = [pipe for stop in stops.values() for pipe in stop]
    silence = bytes(2 * SILENCE)
    pcm = [_pcm(pipe) for pipe in pipes]
    information = _list(
        b"INFO",
        _chunk(b"ifil", struct.pack("<HH", 2, 1)),
        _chunk(b"isng", b"EMU8000\0"),
        _chunk(b"INAM", b"GO demo organ\0"),
    )
    samples = _list(b"sdta", _chunk(b"smpl", b"".join(part + silence for part in pcm)))
    tables = _list(
        b"pdta",
        *_tables(b"p", [_preset_zones(layers, list(stops)) for _, layers in PRESETS],
                 [_name(name) + struct.pack("<HH", at, 0) for at, (name, _) in enumerate(PRESETS)]),
        *_tables(b"i", _instrument_zones(stops), [_name(stop) for stop in stops]),
        _chunk(b"shdr", _sample_headers(pipes, pcm)),
    )  # fmt: skip
    return _chunk(b"RIFF", b"sfbk" + information + samples + tables)


def _pcm(pipe: Pipe) -> bytes:
    scaled = pipe.samples * (PEAK / np.abs(pipe.samples).max())
    return bytes(np.rint(scaled * 32768).astype("<i2").tobytes())


def _preset_zones(layers: tuple[tuple[str, int, int], ...], stops: list[str]) -> list[bytes]:
    zones = []
    for stop, attenuation, semitones in layers:
        zone = _generator(ATTENUATION, attenuation)
        if semitones:
            zone += _generator(COARSE_TUNE, semitones)
        zone += _generator(REVERB, REVERB_SEND) + _generator(INSTRUMENT, stops.index(stop))
        zones.append(zone)
    return zones


def _instrument_zones(stops: dict[str, list[Pipe]]) -> list[list[bytes]]:
    zones: list[list[bytes]] = []
    sample = 0
    for pipes in stops.values():
        median = float(np.median([pipe.level for pipe in pipes]))
        zones.append([])
        for pipe in pipes:
            low, high = RANGES[pipe.key]
            if pipe is pipes[0] and pipe.key != PIPES[0]:
                low = 0
            raised = 20 * np.log10(PEAK / np.abs(pipe.samples).max())
            attenuation = round(10 * (raised + LEVELLING * (pipe.level - median)))
            zones[-1].append(
                _generator(KEY_RANGE, low | high << 8)
                + _generator(ATTENUATION, attenuation)
                + _generator(ATTACK, ATTACK_TIMECENTS)
                + _generator(RELEASE, RELEASE_TIMECENTS)
                + _generator(LOOPS, 1)
                + _generator(SAMPLE, sample)
            )
            sample += 1
    return zones


def _sample_headers(pipes: list[Pipe], pcm: list[bytes]) -> bytes:
    headers, at = b"", 0
    for pipe, part in zip(pipes, pcm, strict=True):
        start, stop = pipe.loop
        end = at + len(part) // 2
        headers += _name(pipe.name) + struct.pack(
            "<5IBbHH", at, end, at + start, at + stop, pipe.rate, pipe.key, pipe.cents, 0, 1
        )
        at = end + SILENCE
    return headers + _name("EOS") + bytes(26)


def _tables(
    kind: bytes, owners: list[list[bytes]], headers: list[bytes]
) -> tuple[bytes, bytes, bytes, bytes]:
    """The header, bag, modulator and generator chunks of presets or of instruments."""
    bags, generators, heads = b"", b"", b""
    tail = bytes(12) if kind == b"p" else b""
    for head, zones in zip(headers, owners, strict=True):
        heads += head + struct.pack("<H", len(bags) // 4) + tail
        for zone in zones:
            bags += struct.pack("<HH", len(generators) // 4, 0)
            generators += zone
    last = _name("EOP" if kind == b"p" else "EOI") + bytes(4 if kind == b"p" else 0)
    heads += last + struct.pack("<H", len(bags) // 4) + tail
    bags += struct.pack("<HH", len(generators) // 4, 0)
    header = b"phdr" if kind == b"p" else b"inst"
    return (
        _chunk(header, heads),
        _chunk(kind + b"bag", bags),
        _chunk(kind + b"mod", bytes(10)),
        _chunk(kind + b"gen", generators + bytes(4)),
    )


def _generator(operator: int, amount: int) -> bytes:
    return struct.pack("<Hh", operator, amount)


def _name(name: str) -> bytes:
    return name.encode().ljust(20, b"\0")


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def _run(folder: Path, *command: str) -> bytes:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    except FileNotFoundError as error:
        raise BuildError(
            f"no program {command[0]}; run `apt-get install wavpack sf3convert` on Debian"
        ) from error
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout).decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "it printed nothing"
        raise BuildError(f"`{' '.join(command)}` failed: {reason}") from error
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
