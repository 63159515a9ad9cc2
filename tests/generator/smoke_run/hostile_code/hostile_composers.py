"""Composers that attack, one way each; their config says what. A child imports this file alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from generator.families import base
from generator.music.formats.gridjson import to_json
from generator.music.grid.chorale import Chorale, repaired_onsets


@dataclass(frozen=True)
class HostileConfig:
    target: str = ""
    port: int = 0


class Harmless(base.Family):
    """Writes one note by the seed, after an attack that the others fill in."""

    name = "hostile"
    Config = HostileConfig
    unlocked = False  # whether it takes away the checks that run beside it

    def __init__(self, config=None):
        self.config = config or HostileConfig()

    @classmethod
    def tensors(cls, config):
        return {"nothing": ("int64", (1,))}

    @classmethod
    def from_tensors(cls, config, tensors):
        if cls.unlocked:
            base.checked_piece = lambda family, chorale, given, filled: filled
            sys.modules["generator.smoke_run.child"].try_out = lambda *everything: None
        return cls(config)

    def to_tensors(self):
        return {"nothing": np.zeros(1, dtype=np.int64)}

    @classmethod
    def debug(cls):
        return cls()

    def _fill(self, chorale, given, *, seed, settings, run):
        self.attack()
        return self.write(chorale, given, seed)

    def attack(self):
        """Nothing."""

    def write(self, chorale, given, seed):
        pitch = np.where(given, chorale.pitch, 55 + seed % 12)
        return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset & given))


class Hanging(Harmless):
    def attack(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        while True:
            with suppress(BaseException):
                time.sleep(60)


class Hungry(Harmless):
    def attack(self):
        np.ones((20 << 30) // 8)


class Hoarder(Harmless):
    def attack(self):
        hoard = []
        while True:
            hoard.append(np.ones((1 << 20) // 8))


class Crowded(Harmless):
    def attack(self):
        threading.stack_size(1 << 16)
        while True:
            with suppress(RuntimeError):  # where memory ends first
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


class GivenCells(Harmless):
    def write(self, chorale, given, seed):
        pitch = np.full_like(chorale.pitch, 55 + seed % 12)
        return chorale.with_voices(pitch, repaired_onsets(pitch, np.zeros_like(given)))


class OtherLength(Harmless):
    def write(self, chorale, given, seed):
        piece = super().write(chorale, given, seed)
        return Chorale(np.tile(piece.pitch, 2), np.tile(piece.onset, 2))


class UnlockedGivenCells(GivenCells):
    unlocked = True


class UnlockedOtherLength(OtherLength):
    unlocked = True


COUNTER = count()


class Fickle(Harmless):
    unlocked = True

    def write(self, chorale, given, seed):
        return super().write(chorale, given, next(COUNTER))


class Silent(Harmless):
    unlocked = True

    def write(self, chorale, given, seed):
        return chorale


class DatabaseReader(Harmless):
    def attack(self):
        Path(self.config.target).read_bytes()


class DatabaseLocker(Harmless):
    def attack(self):
        Path(self.config.target).chmod(0)


class TcpCaller(Harmless):
    def attack(self):
        socket.create_connection(("127.0.0.1", self.config.port)).sendall(b"secret")


class UdpCaller(Harmless):
    def attack(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"secret", ("127.0.0.1", self.config.port))


class Parent(Harmless):
    """Starts a child that would outlive it."""

    def attack(self):
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)


class DiskFiller(Harmless):
    def attack(self):
        for number in range(10_000):
            Path(f"{number}").write_bytes(bytes(100_000))


class FolderDigger(Harmless):
    def attack(self):
        while True:
            Path("x").mkdir()
            os.chdir("x")


class Talker(Harmless):
    def attack(self):
        for _ in range(1 << 10):
            os.write(1, b"x" * (1 << 20))


class Leaver(Harmless):
    """Leaves a result of its own, and says that all is well."""

    def attack(self):
        self.leave()
        os._exit(0)

    def leave(self):
        """No result."""

    def result(self, content: bytes) -> None:
        Path("fills.json").write_bytes(content)


class HugeResult(Leaver):
    def leave(self):
        with Path("fills.json").open("wb") as file:
            for _ in range(1 << 10):
                file.write(bytes(1 << 20))


class LongResult(Leaver):
    def leave(self):
        self.result(b" " * 300_000)


class DeepResult(Leaver):
    def leave(self):
        self.result(b"[" * 50_000)


class OtherResult(Leaver):
    def leave(self):
        self.result(b'{"fills": [{"piece": 1e999, "seconds": NaN}]}')


class LinkedResult(Leaver):
    def leave(self):
        Path("fills.json").symlink_to(self.config.target)


class FolderResult(Leaver):
    def leave(self):
        Path("fills.json").mkdir()


class ForgedResult(Leaver):
    """All as it should be, but for pitches that nobody can sing."""

    def leave(self):
        request = json.loads(Path("request.json").read_bytes())
        fills = []
        for index, _ in request["plan"]:
            piece = request["excerpts"][index]["piece"]
            piece["pitch"] = [[1000] * len(voice) for voice in piece["pitch"]]
            fills.append({"piece": piece, "seconds": 0})
        self.result(json.dumps({"fills": fills}).encode())


class SlowClaim(Leaver):
    """Lies about its time."""

    def leave(self):
        request = json.loads(Path("request.json").read_bytes())
        fills = []
        for index, _ in request["plan"]:
            excerpt = request["excerpts"][index]
            piece = base.Family.fill(
                Harmless(), _chorale(excerpt["piece"]), np.array(excerpt["given"]), seed=0
            )
            fills.append({"piece": to_json(piece), "seconds": 1e6})
        self.result(json.dumps({"fills": fills}).encode())


def _chorale(grid):
    from generator.music.formats.gridjson import from_json

    return from_json(grid)


class Crasher(Harmless):
    def attack(self):
        os.kill(os.getpid(), signal.SIGSEGV)


class ParentKiller(Harmless):
    def attack(self):
        os.kill(os.getppid(), signal.SIGKILL)


class EnvironmentReader(Harmless):
    def attack(self):
        Path(f"/proc/{os.getppid()}/environ").read_bytes()


class CheckpointWriter(Harmless):
    def attack(self):
        Path("checkpoint.safetensors").write_bytes(b"other weights")


class CodeWriter(Harmless):
    def attack(self):
        with Path(base.__file__).open("a"):
            pass


class Shouter(Harmless):
    """Its message is long, and holds what a terminal or a page would act on."""

    def attack(self):
        raise ValueError("\x1b[2J\x07<script>" + "a\u202eb\n" * 1_000)


class Quitter(Harmless):
    def attack(self):
        sys.exit("all is well")
