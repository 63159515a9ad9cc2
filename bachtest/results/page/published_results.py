"""Other people's listening tests, as marks beside ours."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from bachtest.stats.rates.accuracy import wilson
from bachtest.stats.rates.order import QUIZ_CONDITIONS
from bachtest.stats.report.published import BACHBOT, BACHBOT_NAME, BACHBOT_SOURCE


@dataclass(frozen=True)
class Mark:
    """A published rate. Without an interval where none was published and none can be made."""

    name: str
    shape: str
    rate: float
    low: float | None = None
    high: float | None = None
    words: str = ""
    source: str = ""


_BACHBOT = {
    anchor.condition: Mark(BACHBOT_NAME, "circle", anchor.rate, anchor.low, anchor.high)
    for anchor in BACHBOT
}
# Read off the figure of the thesis: rates of right answers by condition and the listeners' own
# word on themselves. Their numbers of answers are not known cell by cell.
_CROSSED = {
    "novice": (0.67, 0.56, 0.58, 0.43, 0.63, 0.62, 0.51),
    "intermediate": (0.75, 0.59, 0.65, 0.52, 0.73, 0.67, 0.58),
    "advanced": (0.82, 0.69, 0.65, 0.54, 0.79, 0.66, 0.65),
    "expert": (1.00, 0.70, 0.77, 0.38, 0.94, 0.83, 0.76),
}
_BACHBOT_CROSSED = {
    (condition, experience): Mark(BACHBOT_NAME, "circle", rate)
    for experience, rates in _CROSSED.items()
    for condition, rate in zip(QUIZ_CONDITIONS, rates, strict=True)
}


def bachbot(condition: str, experience: str | None = None) -> Mark | None:
    if experience is None:
        return _BACHBOT.get(condition)
    return _BACHBOT_CROSSED.get((condition, experience))


def elsewhere() -> tuple[Mark, ...]:
    """Whole tests of others, on the scale of ours where they can be brought to it."""
    normal = NormalDist()
    d_prime = normal.inv_cdf(0.75) - normal.inv_cdf(0.50)
    fakes = wilson(2321, 4048)
    answers = sum(anchor.n for anchor in BACHBOT)
    return (
        Mark(
            BACHBOT_NAME,
            "circle",
            sum(anchor.rate * anchor.n for anchor in BACHBOT) / answers,
            words="pairs, as here; all conditions by their numbers of answers",
            source=BACHBOT_SOURCE,
        ),
        Mark(
            "DeepBach 2017",
            "diamond",
            normal.cdf(d_prime / sqrt(2)),
            words=(
                f"single clips: Bach was taken for Bach by 75 %, the machine by 50 %; that is d′"
                f" {d_prime:.2f}, shown as the rate that it would give with pairs"
            ),
            source=(
                "G. Hadjeres, F. Pachet, F. Nielsen, DeepBach: a steerable model for Bach chorales"
                " generation, ICML 2017; rates as the press reported them"
            ),
        ),
        Mark(
            "JS Fakes 2021",
            "square",
            2321 / 4048,
            fakes.low,
            fakes.high,
            words=(
                "single clips, fakes alone: the share called machine-made. Without Bach’s clips"
                " nobody can say how well they tell: no rate to compare"
            ),
            source=(
                "O. Peracha, JS Fake Chorales: a synthetic dataset of polyphonic music with human"
                " annotation, 2021, CC BY 4.0: 2,321 of 4,048 answers"
            ),
        ),
    )
