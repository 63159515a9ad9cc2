"""Tune families that the quiz never plays: their excerpts are heard with their composers' names.

Rule
----
Families of the test part of the split by tunes, so that every checkpoint of that split and every
member of fold 0 may write them; with one work, and two or three excerpts of it, so that the quiz
loses few. In the order of the split (sha256 of the names), the first four whose work is in major
and the first four in minor. The list is fixed: it does not follow a corpus that changes.
"""

from __future__ import annotations

SET_ASIDE_TUNES = frozenset(
    {
        "BWV287",
        "BWV310",
        "BWV319",
        "BWV349",
        "BWV372",
        "BWV391",
        "BWV401",
        "BWV85.6",
    }
)
