"""How loud clips are and how they are encoded. A profile never changes; what is new gets a number.

A study keeps the profile it began with, so that its listeners hear one loudness and one encoder.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Loudness in LUFS; what LAME gets: kbit/s, samples a second, and its quality (2 to 7)."""

    number: int
    loudness: float
    bit_rate: int
    rate: int
    quality: int

    @property
    def frame_bytes(self) -> int:
        """Of 1152 samples."""
        return 1152 * self.bit_rate * 1000 // 8 // self.rate

    def __str__(self) -> str:
        return f"{self.number}: {self.loudness:g} LUFS, {self.bit_rate} kbit/s"


# At each rate every frame has the same size. The figures behind each are in docs/rendering.md.
PROFILES = {
    1: Profile(1, loudness=-18.0, bit_rate=96, rate=32_000, quality=7),
    2: Profile(2, loudness=-17.0, bit_rate=80, rate=32_000, quality=5),
}
FIRST, NEWEST = min(PROFILES), max(PROFILES)
