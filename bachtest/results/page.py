"""What the results page shows of a report: names for people, figures, intervals to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bachtest.game.scoring import written_voices
from bachtest.stats.audibility import Likeness
from bachtest.stats.published import BACHBOT, BACHBOT_NAME, Anchor
from bachtest.stats.report import Report
from bachtest.stats.summary import Breakdown, Cell

EXPERIENCE_WORDS = {
    "novice": "listens to music",
    "intermediate": "has played an instrument",
    "advanced": "has studied music theory",
    "expert": "teaches or researches music",
    "unstated": "did not say",
}
_ANCHORS = {anchor.condition: anchor for anchor in BACHBOT}


@dataclass(frozen=True)
class Row:
    """A group on the page. `cell` is None where it has too few answers to be shown."""

    name: str
    words: str
    cell: Cell | None
    anchor: Anchor | None = None

    @property
    def alternative(self) -> str:
        """The picture in words."""
        parts = []
        if self.cell is not None and self.cell.rate.estimate is not None:
            rate = self.cell.rate
            parts.append(
                f"{percent(rate.estimate)}, interval {percent(rate.low)} to {percent(rate.high)}"
            )
        if self.anchor is not None:
            parts.append(
                f"{BACHBOT_NAME}: {percent(self.anchor.rate)}, interval"
                f" {percent(self.anchor.low)} to {percent(self.anchor.high)}"
            )
        return "; ".join(parts)


@dataclass(frozen=True)
class Section:
    title: str
    column: str
    rows: tuple[Row, ...]
    anchored: bool = False


@dataclass(frozen=True)
class AlikeRow:
    """How alike a composer's pairs are. Rates are None where too few answered."""

    name: str
    likeness: Likeness
    rate: float | None
    rate_if_guessed: float | None


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def sections_of(report: Report, composer_names: Mapping[str, str]) -> list[Section]:
    by = {breakdown.by: breakdown for breakdown in report.breakdowns}
    return [
        Section(
            "By the voices that the machine wrote",
            "Written",
            _condition_rows(by["condition",]),
            anchored=True,
        ),
        Section(
            "By composer",
            "Composer",
            tuple(
                Row(composer_names.get(cell.labels[0], cell.labels[0]), "", _shown(cell))
                for cell in by["composer",].cells
            ),
        ),
        Section(
            "By the listeners' experience",
            "Listener",
            tuple(
                Row(cell.labels[0].capitalize(), EXPERIENCE_WORDS[cell.labels[0]], _shown(cell))
                for cell in by["experience",].cells
            ),
        ),
    ]


def _condition_rows(breakdown: Breakdown) -> tuple[Row, ...]:
    return tuple(
        Row(
            cell.labels[0],
            condition_words(cell.labels[0]),
            _shown(cell),
            _ANCHORS.get(cell.labels[0]),
        )
        for cell in breakdown.cells
    )


def condition_words(condition: str) -> str:
    voices = written_voices(condition)
    if len(voices) == 4:
        return "all four voices"
    return " and ".join(filter(None, [", ".join(voices[:-1]), voices[-1]]))


def _shown(cell: Cell) -> Cell | None:
    return None if cell.few else cell


def alike_rows(report: Report, composer_names: Mapping[str, str]) -> list[AlikeRow]:
    return [
        AlikeRow(
            composer_names.get(row.composer, row.composer),
            row,
            None if row.few else row.rate,
            None if row.few else row.rate_if_guessed,
        )
        for row in report.alike
    ]
