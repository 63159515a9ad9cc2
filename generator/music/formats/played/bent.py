"""What was bent to put played notes on the grid, counted for one file and said in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from generator.music.formats.score import Remark, Score, bar_name
from generator.music.grid.spelling import note_name


@dataclass
class Bent:
    """How often each kind of bending was needed, and where first.

    `frame` is a score without notes, whose metre names the bars.
    """

    frame: Score
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    furthest: dict[str, Fraction] = field(default_factory=dict)

    def add(
        self, kind: str, part: str, pitch: int, step: int, by: Fraction | int = Fraction()
    ) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind not in self.first:
            place = f"{note_name(pitch)} in {bar_name(self.frame, step)} of {part}"
            self.first[kind] = place
        self.furthest[kind] = max(self.furthest.get(kind, Fraction()), Fraction(by))

    def remarks(self) -> list[Remark]:
        return [
            Remark("left out" if kind == "lost" else "bent", self._sentence(kind))
            for kind in _SENTENCES
            if kind in self.counts
        ]

    def _sentence(self, kind: str) -> str:
        count = self.counts[kind]
        one, many = _SENTENCES[kind]
        far = f"{float(self.furthest[kind]):.3f}".rstrip("0").rstrip(".")
        text = (one if count == 1 else many).format(count=count, far=far)
        return f"{text} (first: {self.first[kind]})"


_SENTENCES = {
    "moved": (
        "1 note that begins off the grid is moved to the nearest sixteenth, by {far} of one",
        "{count} notes that begin off the grid are moved to the nearest sixteenth, by up to {far} "
        "of one",
    ),
    "lost": (
        "1 note that falls on the sixteenth of another",
        "{count} notes that fall on the sixteenths of others",
    ),
    "early": (
        "1 note is let go a little early and lasts to the next beginning or line of the grid",
        "{count} notes are let go a little early and last to the next beginning or line of the "
        "grid",
    ),
    "held": (
        "1 note is held into the next and ends where that begins",
        "{count} notes are held into the next and end where it begins",
    ),
    "rounded": (
        "1 note that ends off the grid ends on the nearest sixteenth, {far} of one away",
        "{count} notes that end off the grid end on the nearest sixteenth, up to {far} of one away",
    ),
    "endless": (
        "1 note is never let go and lasts to the next beginning or the end of its track or bar",
        "{count} notes are never let go and last to the next beginning or the end of their track "
        "or bar",
    ),
    "doubled": (
        "1 note is struck twice at once and is one",
        "{count} notes are struck twice at once and are one each",
    ),
}
