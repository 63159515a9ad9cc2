"""On which triads Bach's phrases end, by the triad on which the next phrase ends.

`python -m experiments.phrase_goals` prints the table `_COUNTS` of
`generator/families/flagship/sampling/cadence_plan.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from generator.families.flagship.sampling.cadence_plan import FIFTH, MAJOR, MINOR, SEMITONES
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.keys import tonic_class
from generator.music.measures.cadences import phrase_ends_at

FEWEST = 3
Table = dict[str, dict[str, dict[str, int]]]


def goals(chorales: Iterable[Chorale]) -> Table:
    """By mode and by the triad that ends the next phrase: triads and their counts, largest first.

    A phrase that does not end on a triad in root position with its third counts for nothing, and
    what comes less than `FEWEST` times is left out.
    """
    counts: dict[str, dict[str, Counter[str]]] = {MAJOR: defaultdict(Counter)}
    counts[MINOR] = defaultdict(Counter)
    for chorale in chorales:
        mode = MINOR if chorale.key.endswith(MINOR) else MAJOR
        for triad, following in pairwise(_ends(chorale, mode)):
            if triad and following:
                counts[mode][following][triad] += 1
    return {mode: dict(_ordered(by_next)) for mode, by_next in counts.items()}


def _ends(chorale: Chorale, mode: str) -> Iterator[str]:
    """The triad at the end of each phrase, as `Chord.named` reads it; else an empty string."""
    degrees = {root: name for name, root in SEMITONES[mode].items()}
    for step in np.flatnonzero(phrase_ends_at(chorale, [True] * 4)):
        pitch = chorale.pitch[:, step].astype(int)
        bass = pitch[3]
        above = {int(each - bass) % 12 for each in pitch if each != REST} - {0, FIFTH}
        name = degrees.get((bass - tonic_class(chorale.key)) % 12, "") if bass != REST else ""
        yield name if above == {4} else name.lower() if above == {3} else ""


def _ordered(by_next: dict[str, Counter[str]]) -> Iterator[tuple[str, dict[str, int]]]:
    for following, counts in sorted(by_next.items(), key=lambda item: -item[1].total()):
        common = {name: count for name, count in counts.most_common() if count >= FEWEST}
        if common:
            yield following, common


def main() -> None:
    for mode, by_next in goals(work.chorale for work in load_corpus().works.values()).items():
        print(f'    "{mode}": {{')
        for following, counts in by_next.items():
            listed = ", ".join(f"{count} {name}" for name, count in counts.items())
            print(f'        "{following}": "{listed}",')
        print("    },")


if __name__ == "__main__":
    main()
