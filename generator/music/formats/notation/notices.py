"""What a reader has to say of a file, collected while it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from generator.music.formats.score import Remark, RemarkKind

MAX_REMARKS = 40


@dataclass
class Notices:
    """Remarks in the order in which they came up; what happens often is one of them.

    Examples
    --------
    >>> notices = Notices()
    >>> for bar in "1", "2":
    ...     notices.count("left out", "grace note", "left out", f"Alto, bar {bar}")
    >>> [remark.text for remark in notices.remarks()]
    ['2 grace notes are left out; the first: Alto, bar 1']
    """

    _said: dict[tuple[RemarkKind, str, str], tuple[int, str, Fraction]] = field(
        default_factory=dict
    )

    def say(self, kind: RemarkKind, text: str) -> None:
        """A remark of its own."""
        self._said[kind, text, ""] = (0, "", Fraction(0))

    def count(
        self, kind: RemarkKind, thing: str, fate: str, place: str, by: Fraction | None = None
    ) -> None:
        """One more thing of a sort; of these the first place is told, and the largest distance.

        `thing` gets an s where there are several, at its end or in the place of a star.
        """
        number, first, largest = self._said.get((kind, thing, fate), (0, place, Fraction(0)))
        self._said[kind, thing, fate] = (number + 1, first, max(largest, by or Fraction(0)))

    def add(self, others: Notices) -> None:
        """Take over what was collected apart."""
        for key, (number, place, by) in others._said.items():
            before, first, largest = self._said.get(key, (0, place, by))
            self._said[key] = (before + number, first, max(largest, by))

    def remarks(self) -> tuple[Remark, ...]:
        found = []
        for (kind, thing, fate), (number, place, by) in self._said.items():
            text = thing
            if number:
                thing = thing if "*" in thing else f"{thing}*"
                thing = thing.replace("*", "s" if number > 1 else "")
                verb, first = ("are", "; the first: ") if number > 1 else ("is", ": ")
                far = f" by at most {_steps(by)}" if by else ""
                text = f"{number} {thing} {verb} {fate}{far}{first}{place}"
            found.append(Remark(kind, text))
        return tuple(found[:MAX_REMARKS])


def _steps(by: Fraction) -> str:
    """
    >>> _steps(Fraction(1, 3)), _steps(Fraction(311, 480))
    ('1/3 of a sixteenth', '0.65 of a sixteenth')
    """
    if by == 1:
        return "a sixteenth"
    name = str(by) if by.denominator <= 64 else f"{float(by):.2g}"
    return f"{name} of a sixteenth" if by < 1 else f"{name} sixteenths"
