"""Single clips judged "Bach" or "machine": what they say, with and without Bach's clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import Result
from bachtest.stats.rates.yes_no import FakesOnly, YesNo, fakes_only, yes_no
from bachtest.stats.tables.table import Table
from bachtest.stats.tables.validation import BACH
from bachtest.stats.verdict.finding import POOLED, Finding, Verdict, no_answers
from bachtest.stats.verdict.sample_size import Decision


@dataclass(frozen=True)
class Judged(Result):
    """One of the two, and the verdict that follows."""

    yes_no: YesNo | None
    fakes: FakesOnly | None
    verdict: Verdict


def judged(table: Table, protocol: DiscriminationProtocol, *, level: float) -> Judged | None:
    """The result of a protocol of single clips; None for the others.

    Parameters
    ----------
    table : Table
    protocol : DiscriminationProtocol
    level : float

    Returns
    -------
    Judged or None
    """
    if not protocol.single_clips:
        return None
    if not protocol.needs_bach_column:
        return _fakes(table, level)
    column = table.column(BACH)
    kinds = np.array([*(value.lower() in ("1", "true") for value in column.values), False])
    bach = kinds[column.codes]
    counts = [int(part.sum()) for part in (table.correct[bach], table.n[bach])]
    machine = [int(part.sum()) for part in (table.correct[~bach], table.n[~bach])]
    if not machine[1] + counts[1]:
        return Judged(None, None, no_answers())
    if not counts[1]:
        return _fakes(table, level)
    if not machine[1]:
        missing = Decision(None, None, "Only the machine's clips, judged too, would decide.")
        words = f"Undecided: all {counts[1]:,} answers are about Bach's own clips."
        return Judged(None, None, Verdict(Finding.UNDECIDED, words, POOLED, missing))
    # `correct` on a machine's clip is "machine": what is left are the false alarms.
    found = yes_no(counts[0], counts[1], machine[1] - machine[0], machine[1], level=level)
    finding = Finding.UNDECIDED
    if found.low > 0:
        finding = Finding.CAN_TELL
    elif found.high < 0:
        finding = Finding.TAKE_MACHINE_FOR_BACH
    said = f"Listeners: {finding}" if finding is not Finding.UNDECIDED else "Undecided"
    return Judged(found, None, Verdict(finding, f"{said} ({found}).", POOLED, method=found.method))


def _fakes(table: Table, level: float) -> Judged:
    found = fakes_only(int(table.correct.sum()), int(table.n.sum()), level=level)
    if found.estimate is None:
        return Judged(None, found, Verdict(Finding.NO_ANSWERS, found.sentence, POOLED))
    needs = Decision(
        None, None, "No number of further answers would decide; Bach's clips, judged too, would."
    )
    verdict = Verdict(
        Finding.UNDECIDED, f"Undecided: {found.sentence}", POOLED, needs, method=found.method
    )
    return Judged(None, found, verdict)
