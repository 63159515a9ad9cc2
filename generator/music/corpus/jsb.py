"""The published benchmark split of Bach's chorales: pitches on sixteenths, 229/76/77 pieces.

Conventions
-----------
The files have no onsets, fermatas, bars or keys, so a repeated note reads as a held one. `onset` is
true only where the pitch changes; the metre and the key of these chorales are placeholders.

References
----------
N. Boulanger-Lewandowski, Y. Bengio and P. Vincent, "Modeling Temporal Dependencies in
High-Dimensional Sequences", ICML 2012 (the split); github.com/czhuang/JSB-Chorales-dataset (the
four voices on sixteenths).
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from generator.music.grid.chorale import Chorale, repaired_onsets

DATA = Path(__file__).parent / "data"


def load_jsb() -> dict[str, list[Chorale]]:
    """Chorales of ``"train"``, ``"valid"`` and ``"test"`` in the published order.

    Examples
    --------
    >>> [len(chorales) for chorales in load_jsb().values()]
    [229, 76, 77]
    """
    parts: dict[str, list[Chorale]] = {"train": [], "valid": [], "test": []}
    with np.load(DATA / "jsb16.npz", allow_pickle=False) as arrays:
        for part, chorales in parts.items():
            for index in range(sum(name.startswith(f"{part}/") for name in arrays)):
                pitch = arrays[f"{part}/{index}"]
                onset = repaired_onsets(pitch, np.zeros(pitch.shape))
                chorales.append(Chorale(pitch=pitch, onset=onset))
    return parts


@lru_cache(maxsize=1)
def jsb_bwv() -> dict[str, str]:
    """The work behind each published piece, where it is known: ``"test/2"`` is BWV393.

    The works were matched by their notes; a few of the weaker matches may be wrong.

    Examples
    --------
    >>> jsb_bwv()["test/2"]
    'BWV393'
    """
    matches = json.loads((DATA / "jsb_to_bwv.json").read_text(encoding="utf-8"))
    return {
        piece: "BWV" + name.removeprefix("bwv") for piece, (name, *_) in matches.items() if name
    }
