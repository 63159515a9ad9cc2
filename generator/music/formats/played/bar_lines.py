"""Where the bars of a score begin."""

from __future__ import annotations

from bisect import bisect_right

from generator.music.formats.score import Score, bar_length


class BarLines:
    """The bar lines of a frame, which is a score without notes."""

    def __init__(self, frame: Score) -> None:
        self._starts = [start for start, _ in frame.metre]
        self._lengths = [bar_length(metre) for _, metre in frame.metre]
        self._anacrusis = frame.anacrusis

    def phase(self, step: int) -> int:
        """Steps since the bar line.

        Examples
        --------
        >>> BarLines(Score((), 0, ((0, "4/4"), (20, "3/4")), anacrusis=4)).phase(33)
        1
        """
        index = bisect_right(self._starts, step) - 1
        since = step - self._starts[index] - (0 if index else self._anacrusis)
        return since % self._lengths[index]
