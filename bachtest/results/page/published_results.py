"""Other people's listening tests, shown beside ours."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from bachtest.stats.rates.order import QUIZ_CONDITIONS
from bachtest.stats.rates.proportions import wilson


@dataclass(frozen=True)
class PublishedRate:
    """A rate from the literature. It has a 95% interval only if one was published or follows.

    `n` is published or inferred; None where it is not known or not needed.
    """

    name: str
    shape: str
    estimate: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    note: str = ""
    source: str = ""


BACHBOT_NAME = "BachBot 2016"
_BACHBOT_SOURCE = (
    "F. Liang, BachBot: Automatic composition in the style of Bach chorales, MPhil thesis,"
    " University of Cambridge, 2016: 721 people, 3,605 answers; rates and intervals read off its"
    " figures"
)


def _bachbot(
    rate: float, low: float | None = None, high: float | None = None, n: int | None = None
) -> PublishedRate:
    return PublishedRate(BACHBOT_NAME, "circle", rate, low, high, n)


# By condition. `n` is inferred from the widths of the intervals, and adds up to 3,585.
BACHBOT = {
    "S": _bachbot(0.76, 0.692, 0.813, 189),
    "A": _bachbot(0.61, 0.530, 0.672, 177),
    "T": _bachbot(0.64, 0.564, 0.704, 178),
    "B": _bachbot(0.49, 0.411, 0.560, 169),
    "AT": _bachbot(0.73, 0.696, 0.760, 718),
    "ATB": _bachbot(0.67, 0.633, 0.702, 717),
    "SATB": _bachbot(0.59, 0.560, 0.611, 1437),
}
# Rates by condition and self-reported experience, read off a figure in the thesis. The number of
# answers in each cell is not known.
_BY_EXPERIENCE = {
    "novice": (0.67, 0.56, 0.58, 0.43, 0.63, 0.62, 0.51),
    "intermediate": (0.75, 0.59, 0.65, 0.52, 0.73, 0.67, 0.58),
    "advanced": (0.82, 0.69, 0.65, 0.54, 0.79, 0.66, 0.65),
    "expert": (1.00, 0.70, 0.77, 0.38, 0.94, 0.83, 0.76),
}
_BACHBOT_CROSSED = {
    (condition, experience): _bachbot(rate)
    for experience, rates in _BY_EXPERIENCE.items()
    for condition, rate in zip(QUIZ_CONDITIONS, rates, strict=True)
}


def bachbot_rate(condition: str, experience: str | None = None) -> PublishedRate | None:
    if experience is None:
        return BACHBOT.get(condition)
    return _BACHBOT_CROSSED.get((condition, experience))


def published_rates() -> tuple[PublishedRate, ...]:
    """Whole tests, on the scale of ours where they can be converted to it."""
    normal = NormalDist()
    deepbach_d_prime = normal.inv_cdf(0.75) - normal.inv_cdf(0.50)
    js_fakes = wilson(2321, 4048)
    answers = [(published.estimate, published.n or 0) for published in BACHBOT.values()]
    return (
        PublishedRate(
            BACHBOT_NAME,
            "circle",
            sum(rate * n for rate, n in answers) / sum(n for _, n in answers),
            note="Pairs of clips, as here. All conditions together, weighted by their answers.",
            source=_BACHBOT_SOURCE,
        ),
        PublishedRate(
            "DeepBach 2017",
            "diamond",
            normal.cdf(deepbach_d_prime / sqrt(2)),
            note=(
                "Single clips. Listeners called Bach’s clips Bach 75% of the time, and the"
                f" machine’s 50%. That is d′ {deepbach_d_prime:.2f}, shown here as the rate it"
                " would give with pairs."
            ),
            source=(
                "G. Hadjeres, F. Pachet, F. Nielsen, DeepBach: a steerable model for Bach chorales"
                " generation, ICML 2017; rates as the press reported them"
            ),
        ),
        PublishedRate(
            "JS Fakes 2021",
            "square",
            2321 / 4048,
            js_fakes.low,
            js_fakes.high,
            note=(
                "Single clips, all of them fakes: how many were called machine-made. There were no"
                " clips by Bach to compare with, so this does not show whether listeners can tell."
            ),
            source=(
                "O. Peracha, JS Fake Chorales: a synthetic dataset of polyphonic music with human"
                " annotation, 2021, CC BY 4.0: 2,321 of 4,048 answers"
            ),
        ),
    )
