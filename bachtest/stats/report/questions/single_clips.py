"""The result of single clips that were called "Bach" or "machine", with or without Bach's clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.rates.protocols import DiscriminationProtocol
from bachtest.stats.rates.result import Result, counted, listed, p_text
from bachtest.stats.rates.yes_no import FakesOnly, YesNo, fakes_only, no_sensitivity, yes_no
from bachtest.stats.tables.table import Table
from bachtest.stats.tables.validation import BACH
from bachtest.stats.verdict.finding import POOLED_CAUTION, Finding, Verdict, no_answers
from bachtest.stats.verdict.sample_size import Decision

if TYPE_CHECKING:
    from bachtest.stats.detection.yes_no_model import YesNoModel
    from bachtest.stats.mixed.mixed_fit import MixedFit

_NEEDS_BACH = Decision(
    None,
    None,
    "No number of further answers would decide; answers about Bach's clips are needed too.",
)


@dataclass(frozen=True)
class SingleClipResult(Result):
    """One of the two results, and the verdict that follows."""

    yes_no: YesNo | None
    fakes: FakesOnly | None
    verdict: Verdict

    def by_model(self, model: YesNoModel, alpha: float) -> Verdict:
        """The verdict of the probit mixed model."""
        overall, fit = model.overall, model.fit
        finding, claim = _finding(overall.low, overall.high)
        over = listed([counted(one.levels, one.name) for one in fit.sampled])
        spread = model.listener_spread
        words = "" if spread is None else f"; spread of d' between listeners {spread:.2f}"
        sampled = f"probit mixed model over {over}" if over else "probit model"
        sentence = (
            f"{claim}: {overall}, for a typical listener and clip ({sampled}"
            f", {counted(overall.n, 'answer')}{words})."
        )
        missing = [one for one in fit.variance_components if not one.estimated]
        caution = " ".join(
            f"The model leaves out differences between {one.name}s: {one.note}." for one in missing
        )
        return Verdict(finding, sentence, caution, alpha=alpha, method=fit.method)


def _finding(low: float, high: float) -> tuple[Finding, str]:
    if low > 0:
        return Finding.CAN_TELL, "Listeners can tell"
    if high < 0:
        finding = Finding.TAKE_MACHINE_FOR_BACH
        return finding, f"Listeners {finding}"
    return Finding.UNDECIDED, "Undecided"


def fakes_verdict(fit: MixedFit, alpha: float) -> Verdict:
    """The verdict on fakes alone by the model: how often they were called machine-made."""
    rate = fit.overall
    if rate.low <= CHANCE <= rate.high:
        often = "about half the time"
    else:
        often = f"{'more' if rate.estimate > CHANCE else 'less'} often than half the time"
    sentence = (
        f"Undecided. Listeners called these fakes machine-made {often}: a marginal rate of"
        f" {rate.estimate:.1%} ({rate.low:.1%} to {rate.high:.1%}, {p_text(rate.p)},"
        f" {counted(rate.n, 'answer')}). {no_sensitivity(rate.estimate)}"
    )
    return Verdict(Finding.UNDECIDED, sentence, "", _NEEDS_BACH, alpha=alpha, method=fit.method)


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
            None, None, Verdict(Finding.UNDECIDED, sentence, "", needs, alpha=alpha)
        )
    # A right answer about a machine's clip is "machine"; the others are false alarms.
    result = yes_no(hits, bach, machine - rejected, machine, level=1 - alpha)
    finding, claim = _finding(result.low, result.high)
    sentence = f"{claim} ({result})."
    verdict = Verdict(finding, sentence, POOLED_CAUTION, alpha=alpha, method=result.method)
    return SingleClipResult(result, None, verdict)


def _fakes_result(table: Table, alpha: float) -> SingleClipResult:
    result = fakes_only(int(table.correct.sum()), int(table.n.sum()), level=1 - alpha)
    if result.estimate is None:
        return SingleClipResult(None, result, no_answers(alpha=alpha))
    sentence = f"Undecided. {result.sentence}"
    return SingleClipResult(
        None,
        result,
        Verdict(
            Finding.UNDECIDED,
            sentence,
            POOLED_CAUTION,
            _NEEDS_BACH,
            alpha=alpha,
            method=result.method,
        ),
    )
