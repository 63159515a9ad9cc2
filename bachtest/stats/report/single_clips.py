"""The result of single clips that were called "Bach" or "machine", with or without Bach's clips."""

from __future__ import annotations

from dataclasses import dataclass

from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import Result
from bachtest.stats.rates.yes_no import FakesOnly, YesNo, fakes_only, yes_no
from bachtest.stats.tables.table import Table
from bachtest.stats.tables.validation import BACH
from bachtest.stats.verdict.finding import POOLED_CAUTION, Finding, Verdict, no_answers
from bachtest.stats.verdict.sample_size import Decision


@dataclass(frozen=True)
class SingleClipResult(Result):
    """One of the two results, and the verdict that follows."""

    yes_no: YesNo | None
    fakes: FakesOnly | None
    verdict: Verdict


def single_clip_result(
    table: Table, protocol: DiscriminationProtocol, *, alpha: float
) -> SingleClipResult | None:
    """The result of a protocol of single clips; None for other protocols.

    Parameters
    ----------
    table : Table
    protocol : DiscriminationProtocol
    alpha : float
        Size of the tests; the intervals have level 1 - alpha.

    Returns
    -------
    SingleClipResult or None
    """
    if not protocol.single_clips:
        return None
    if not protocol.needs_bach_column:
        return _fakes_result(table, alpha)
    is_bach = table.is_true(BACH)
    hits, bach = int(table.correct[is_bach].sum()), int(table.n[is_bach].sum())
    rejected, machine = int(table.correct[~is_bach].sum()), int(table.n[~is_bach].sum())
    if not bach + machine:
        return SingleClipResult(None, None, no_answers(alpha=alpha))
    if not bach:
        return _fakes_result(table, alpha)
    if not machine:
        needs = Decision(None, None, "Answers about the machine's clips are needed to decide.")
        sentence = f"Undecided: all {bach:,} answers are about Bach's own clips."
        return SingleClipResult(
            None, None, Verdict(Finding.UNDECIDED, sentence, POOLED_CAUTION, needs, alpha=alpha)
        )
    # A right answer about a machine's clip is "machine"; the others are false alarms.
    result = yes_no(hits, bach, machine - rejected, machine, level=1 - alpha)
    finding, claim = Finding.UNDECIDED, "Undecided"
    if result.low > 0 or result.high < 0:
        finding = Finding.CAN_TELL if result.low > 0 else Finding.TAKE_MACHINE_FOR_BACH
        claim = f"Listeners {finding}"
    sentence = f"{claim} ({result})."
    verdict = Verdict(finding, sentence, POOLED_CAUTION, alpha=alpha, method=result.method)
    return SingleClipResult(result, None, verdict)


def _fakes_result(table: Table, alpha: float) -> SingleClipResult:
    result = fakes_only(int(table.correct.sum()), int(table.n.sum()), level=1 - alpha)
    if result.estimate is None:
        return SingleClipResult(None, result, no_answers(alpha=alpha))
    needs = Decision(
        None,
        None,
        "No number of further answers would decide; answers about Bach's clips are needed too.",
    )
    sentence = f"Undecided. {result.sentence}"
    return SingleClipResult(
        None,
        result,
        Verdict(
            Finding.UNDECIDED, sentence, POOLED_CAUTION, needs, alpha=alpha, method=result.method
        ),
    )
