"""Which figures Bach's other chorales have, and in how many of them.

Metrics
-------
unknown     share of the figures of a piece that no training work has
rare        share that at most `RARE` training works have
familiar    mean of log(1 + training works that have the figure)
varied      different figures, of all figures

Each is 0 where a piece has no figure of the kind.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.evaluation.viewpoints.figures import Figures, distinct_figures
from generator.evaluation.viewpoints.viewpoints import IntArray
from generator.music.grid.chorale import Chorale

RARE = 2
METRICS = ("unknown", "rare", "familiar", "varied")


class KnownFigures:
    """In how many works each figure occurs.

    Parameters
    ----------
    works : sequence of Chorale
        None of the works that will be scored, and none of their tune families.
    """

    def __init__(self, works: Sequence[Chorale]) -> None:
        read = [distinct_figures(work) for work in works]
        kinds = read[0] if read else {}
        self._works = {
            kind: np.unique(np.concatenate([figures[kind] for figures in read]), return_counts=True)
            for kind in kinds
        }

    def metrics(self, figures: Figures) -> dict[str, float]:
        """Every metric of every kind, the same names for every piece.

        Parameters
        ----------
        figures : Figures
            Kinds that are missing count as empty.
        """
        values: dict[str, float] = {}
        for kind in self._works:
            row = self._of_kind(kind, figures[kind]) if kind in figures else (0.0,) * len(METRICS)
            values |= {f"{kind}_{name}": value for name, value in zip(METRICS, row, strict=True)}
        return values

    def works_with(self, kind: str, figures: IntArray) -> NDArray[np.int64]:
        """int64[N]: how many works have each figure of a kind."""
        known, works = self._works[kind]
        if not known.size:
            return np.zeros(len(figures), dtype=np.int64)
        place = np.searchsorted(known, figures).clip(max=len(known) - 1)
        return np.where(known[place] == figures, works[place], 0)

    def _of_kind(self, kind: str, figures: IntArray) -> tuple[float, ...]:
        if not figures.size:
            return (0.0,) * len(METRICS)
        works = self.works_with(kind, figures)
        return (
            float((works == 0).mean()),
            float((works <= RARE).mean()),
            float(np.log1p(works).mean()),
            len(np.unique(figures)) / len(figures),
        )
