"""What listeners read of a work: `titles.csv` beside this file has a row for each.

Columns
-------
bwv : as in the corpus.
number : the BWV number as people write it; it explains names such as ``BWV162.6-lpz``.
title : the hymn's German title in modern spelling: the hymn that the work sets where that is
    certain, otherwise the one that its tune is known by.
title_english : empty where no translation is certain.
occasion : what the work was written for; empty where nobody knows.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("titles.csv")


@dataclass(frozen=True)
class WorkTitle:
    number: str
    title: str
    title_english: str = ""
    occasion: str = ""


@lru_cache(maxsize=1)
def work_titles() -> Mapping[str, WorkTitle]:
    """All rows, by the work's name in the corpus."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row.pop("bwv"): WorkTitle(**row) for row in csv.DictReader(file)}


def title_of(bwv: str, otherwise: str) -> WorkTitle:
    """What is read of a work; of one that the table lacks, its number and the other title.

    Examples
    --------
    >>> title_of("BWV269", "").title_english
    'From the depths of my heart'
    >>> title_of("BWV9999", "A hymn")
    WorkTitle(number='BWV 9999', title='A hymn', title_english='', occasion='')
    """
    if found := work_titles().get(bwv):
        return found
    return WorkTitle(bwv.replace("BWV", "BWV ", 1), otherwise)
