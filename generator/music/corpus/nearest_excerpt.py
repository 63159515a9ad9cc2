"""Which of Bach's excerpts stands beside a foreign chorale, and which of its phrases are taken.

Rule
----
Both are whole phrases. Bach's excerpt is taken as it is; the foreign one is the span of whole
phrases that lies nearest to it: of the same metre, mode and place of the first note in its bar, at
most one bar longer or shorter, and at most 10 per cent. Of what fits, the fewest bars apart come
first, then the excerpt that was used least, then the tune family that was used least, and then
chance, which a seed decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from generator.music.corpus.excerpts import Span
from generator.music.corpus.foreign_phrases import foreign_spans
from generator.music.grid.chorale import Chorale, bar_steps

MAX_BARS_APART = 1
MAX_DIFFERENCE = 0.1


Frame = tuple[tuple[str, ...], int, str]


class NoMatch(ValueError):
    """Nothing of a foreign chorale can stand beside an excerpt; the message says why."""


@dataclass(frozen=True)
class BachExcerpt:
    """An excerpt by Bach: the key is the caller's."""

    key: int
    tune: str
    chorale: Chorale


@dataclass
class ExcerptChooser:
    """Chooses excerpts so that each is used as evenly as the rule allows.

    Parameters
    ----------
    excerpts : sequence of BachExcerpt
        In an order that does not change.
    seed : int
    """

    excerpts: Sequence[BachExcerpt]
    seed: int
    _uses: Counter[int] = field(default_factory=Counter)
    _tunes: Counter[str] = field(default_factory=Counter)
    _by_frame: dict[Frame, list[BachExcerpt]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_frame = {}
        for each in self.excerpts:
            self._by_frame.setdefault(frame_of(each.chorale), []).append(each)

    def choose(self, chorale: Chorale, name: str) -> tuple[BachExcerpt, Span]:
        """The excerpt, and the span of the foreign chorale that stands beside it.

        Raises
        ------
        NoMatch
            If no span of whole phrases fits any excerpt.
        """
        spans = foreign_spans(chorale)
        if not spans:
            raise NoMatch(
                "has no whole phrases of 10 to 25 seconds that end where all four voices do"
            )
        rng = Random(f"{self.seed} {name}")
        best: tuple[tuple[int, int, int, float], BachExcerpt, Span] | None = None
        for span in spans:
            part = chorale.slice(*span)
            for each in self._by_frame.get(frame_of(part), ()):
                if (apart := bars_apart(part, each.chorale)) is None:
                    continue
                rank = (apart, self._uses[each.key], self._tunes[each.tune], rng.random())
                if best is None or rank < best[0]:
                    best = (rank, each, span)
        if best is None:
            raise NoMatch(_reason(chorale, spans))
        _, chosen, span = best
        self._uses[chosen.key] += 1
        self._tunes[chosen.tune] += 1
        return chosen, span


def frame_of(chorale: Chorale) -> Frame:
    """Metres, steps of the pickup and mode, which two sides of a pair share."""
    return tuple(name for _, name in chorale.metre), chorale.anacrusis, chorale.mode


def bars_apart(foreign: Chorale, bach: Chorale) -> int | None:
    """How many bars longer or shorter, 0 or 1; None if that is too much."""
    difference = abs(foreign.steps - bach.steps)
    apart = -(-difference // bar_steps(bach.metre[0][1]))
    if apart > MAX_BARS_APART or difference > MAX_DIFFERENCE * max(foreign.steps, bach.steps):
        return None
    return apart


def _reason(chorale: Chorale, spans: Sequence[Span]) -> str:
    frames = {frame_of(chorale.slice(*span)) for span in spans}
    said = "; ".join(
        f"{mode}, {' then '.join(metres)}, pickup of {pickup} sixteenths"
        for metres, pickup, mode in sorted(frames)
    )
    lengths = ", ".join(str(steps) for steps in sorted({stop - start for start, stop in spans}))
    return (
        f"no excerpt by Bach fits its whole phrases ({said}; {lengths} sixteenths long), at most "
        "one bar and 10 per cent longer or shorter"
    )
