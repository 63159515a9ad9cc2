"""Families that do harm, as far as they can, when their checkpoint is loaded or fills."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import time
from pathlib import Path

import numpy as np

from generator.families.markov.markov import Markov
from generator.music.grid.chorale import repaired_onsets

# Of the site; this file lies elsewhere when it runs.
PROJECT = Path(sys.modules[Markov.__module__].__file__).parents[3]


class Hangs(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        while True:
            time.sleep(1)


class Allocates(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        return np.ones(20 * 2**30, dtype=np.uint8)


class WritesGivenCells(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        pitch = np.full_like(chorale.pitch, 55 + seed % 12)
        onset = repaired_onsets(pitch, np.zeros_like(chorale.onset))
        return chorale.with_voices(pitch, onset)


class ReadsTheDatabase(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        sqlite3.connect(PROJECT / "var/db.sqlite3").execute("SELECT * FROM auth_user")


class ReadsCode(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        raise ValueError((PROJECT / "bachtest/settings.py").read_text())


class ReadsSettings(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        raise ValueError(f"key: {os.environ['SECRET_KEY']}")


class WritesFiles(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        (PROJECT / "generator/hostile.py").write_text("import os")


class OpensTcp(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        socket.create_connection(("127.0.0.1", 22), timeout=5)


class OpensUdp(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"secret", ("127.0.0.1", 53))


class StartsPrograms(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        os.execv("/bin/sh", ["/bin/sh", "-c", "sleep 600"])


class Forks(Markov):
    def _fill(self, chorale, given, *, seed, settings, run):
        while True:
            if os.fork() == 0:
                time.sleep(600)


class SaysWhatItLikes(Markov):
    """Newlines, escapes and markup in the reason of its failure."""

    def _fill(self, chorale, given, *, seed, settings, run):
        raise ValueError("a\nERROR the site burns\x1b[31m <script>alert(1)</script>")


class IsMoody(Markov):
    """Another piece for the same seed."""

    def _fill(self, chorale, given, *, seed, settings, run):
        drawn = np.random.default_rng().integers(55, 67, chorale.pitch.shape)
        pitch = np.where(given, chorale.pitch, drawn)
        return chorale.with_voices(pitch, repaired_onsets(pitch, chorale.onset & given))


REFUSED = {
    "Hangs": "did not end within 3 seconds",
    "Allocates": "used more than 2 GB of memory",
    "WritesGivenCells": "given",
    "ReadsTheDatabase": "failed (OperationalError: unable to open database file)",
    "ReadsCode": "failed (PermissionError: ",
    "ReadsSettings": "failed (KeyError: 'SECRET_KEY')",
    "WritesFiles": "failed (PermissionError: ",
    "OpensTcp": "failed (PermissionError: ",
    "OpensUdp": "failed (PermissionError: ",
    "StartsPrograms": "failed (PermissionError: ",
    "Forks": "failed (PermissionError: ",
    "SaysWhatItLikes": "a ERROR the site burns",
    "IsMoody": "wrote two pieces for seed 1",
}
