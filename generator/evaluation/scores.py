"""An objective score of a composer, with Bach's own figure beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generator.evaluation.bootstrap import Ratio


@dataclass(frozen=True)
class ObjectiveScore:
    """One score of a composer, with its interval over works.

    `condition` is empty if the score has none. `bach` is Bach's own figure on the same works, or
    None if he has none (likelihood, accuracy).
    """

    name: str
    condition: str
    unit: str
    composer: Ratio
    bach: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> ObjectiveScore:
        """What `as_json` wrote."""
        return cls(**{**row, "composer": Ratio(**row["composer"])})

    def __str__(self) -> str:
        figure = (
            f"{self.composer.estimate:8.3f}  [{self.composer.low:.3f}, {self.composer.high:.3f}]"
        )
        bach = "" if self.bach is None else f"  Bach {self.bach:.3f}"
        note = f"  ({self.note})" if self.note else ""
        head = f"{self.name:28s} {self.condition:5s}"
        return f"{head}{figure} {self.unit}{bach}{note}, n = {self.composer.n}"


@dataclass(frozen=True)
class MissingScore:
    """A score that a composer cannot be given, and why."""

    name: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.name:28s} not given: {self.reason}"
