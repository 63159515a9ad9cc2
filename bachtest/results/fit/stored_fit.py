"""What a worker keeps of a fit and the page shows: written as JSON, read back as what it is.

Loads no SciPy, so that a page may read a fit without what it takes to make one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from bachtest.results.counts.composer_labels import labels_with_versions
from bachtest.results.models import StoredAnalysis
from bachtest.stats.clustered.population_band import BandLook
from bachtest.stats.rates.proportions import Proportion
from bachtest.stats.rates.signal_detection import DPrime, d_of_rate
from bachtest.studies.models import Study


@dataclass(frozen=True)
class FitDesign:
    """What a fit takes from the study's design. A fit made under another design is stale.

    `versions` are the labels of composers of which the study has several versions.
    """

    exclusions: tuple[str, ...]
    margin: float
    versions: tuple[str, ...]

    @classmethod
    def of(cls, study: Study) -> Self:
        return cls(tuple(sorted(study.exclusions)), study.margin, labels_with_versions(study))


@dataclass(frozen=True)
class FittedVerdict:
    finding: str
    sentence: str
    needs: str
    caution: str
    best_listeners: str = ""


@dataclass(frozen=True)
class FittedRate:
    """A rate for listeners and pairs in general; `p` tests it against guessing."""

    estimate: float
    low: float
    high: float
    p: float

    def d_prime(self, raw: Proportion) -> DPrime:
        """d' of the rate; of the raw rate only its counts and its level."""
        estimate, low, high = (d_of_rate(rate) for rate in (self.estimate, self.low, self.high))
        return DPrime(estimate, low, high, None, raw.n, raw.level, "d' of the marginal rate")


@dataclass(frozen=True)
class FittedPair:
    """A pair's rate for a listener who is new to it; the residual is its own effect in logits."""

    estimate: float
    low: float
    high: float
    residual: float


@dataclass(frozen=True)
class FittedSpread:
    """How much listeners, or pairs, differ from each other: a standard deviation of logits."""

    name: str
    sd: float


@dataclass(frozen=True)
class FittedTest:
    """Whether a grouping matters, or whether two interact: `condition and composer`."""

    name: str
    p: float


@dataclass(frozen=True)
class FittedTrend:
    """The change of the logit from one round of a game to the next."""

    estimate: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class ListenerMean:
    """The mean of the listeners' own rates, with an interval that may be looked at any time."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class FittedModel:
    """The mixed model. Rates are keyed by the fields of their grouping, then by its labels."""

    verdict: FittedVerdict
    rates: Mapping[str, Mapping[str, FittedRate]]
    pair_rates: Mapping[str, FittedPair]
    spreads: tuple[FittedSpread, ...]
    tests: tuple[FittedTest, ...]
    notes: tuple[str, ...]
    method: str
    interactions: tuple[FittedTest, ...] = ()

    def rate(self, by: Sequence[str], labels: Sequence[str]) -> FittedRate | None:
        return self.rates.get(",".join(by), {}).get("|".join(labels))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            FittedVerdict(**stored["verdict"]),
            {
                by: {labels: FittedRate(**rate) for labels, rate in rates.items()}
                for by, rates in stored["rates"].items()
            },
            _pair_rates(stored["pair_rates"]),
            tuple(FittedSpread(**spread) for spread in stored["spreads"]),
            tuple(FittedTest(**test) for test in stored["tests"]),
            tuple(stored["notes"]),
            stored["method"],
            tuple(FittedTest(**test) for test in stored.get("interactions", ())),
        )


def _pair_rates(stored: Mapping[str, Any]) -> Mapping[str, FittedPair]:
    # Older fits have numbers here, which were not rates of the pairs.
    return {pair: FittedPair(**rate) for pair, rate in stored.items() if isinstance(rate, dict)}


@dataclass(frozen=True)
class StoredFit:
    """All that is kept. Without a model `refused` says why; nothing is about one listener.

    `band` is the band over time as far as it had begun, oldest look first.
    """

    design: FitDesign
    model: FittedModel | None
    refused: str
    trend: FittedTrend | None
    listener_mean: ListenerMean | None
    band: tuple[BandLook, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        design, model = stored["design"], stored["model"]
        trend, mean = stored["trend"], stored["listener_mean"]
        return cls(
            FitDesign(tuple(design["exclusions"]), design["margin"], tuple(design["versions"])),
            FittedModel.from_json(model) if model else None,
            stored["refused"],
            FittedTrend(**trend) if trend else None,
            ListenerMean(**mean) if mean else None,
            tuple(BandLook(**look) for look in stored.get("band", ())),
        )


def analysis_of(study: Study) -> StoredAnalysis:
    return StoredAnalysis.objects.get(study=study)


def fit_of(analysis: StoredAnalysis) -> StoredFit | None:
    """The fit that a worker made last; None before the first."""
    return StoredFit.from_json(analysis.fit) if analysis.fit else None
