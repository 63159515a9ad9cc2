"""Two versions of a composer are two composers: each has a label, and a row, of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bachtest.stats.rates.identical_pairs import PoolCount
from bachtest.stats.tables.csv_columns import CsvColumn
from bachtest.stats.tables.table import Table


def name_versions(table: Table, pool: Sequence[PoolCount]) -> tuple[Table, tuple[PoolCount, ...]]:
    """Add the version to the names of composers that have several in the answers and the pool."""
    if not {"composer", "version"} <= set(table.columns):
        return table, tuple(pool)
    composer, version = table.data["composer"], table.data["version"]
    width = max(1, len(version.values))
    used, codes = np.unique(
        composer.codes.astype(np.int64) * width + version.codes, return_inverse=True
    )
    answered = [
        (composer.values[key // width], version.values[key % width]) for key in used.tolist()
    ]
    versions = Counter(name for name, _ in {*answered, *((c.composer, c.version) for c in pool)})
    if max(versions.values(), default=1) == 1:
        return table, tuple(pool)

    def label(name: str, version: str) -> str:
        return f"{name} {version}" if versions[name] > 1 else name

    column = CsvColumn(codes.astype(np.int32), tuple(label(*each) for each in answered))
    return (
        replace(table, data=table.data.replacing("composer", column)),
        tuple(replace(c, composer=label(c.composer, c.version)) for c in pool),
    )
