"""The best division of a melody into phrases: the highest sum of weighted features.

The sum runs over end notes, phrases, and neighbouring phrases (`features.py`), so that dynamic
programming finds its maximum exactly. Such a model is a semi-Markov one (Sarawagi and Cohen 2004);
its weights were learnt with an averaged structured perceptron (Collins 2002) from songs whose
phrases are marked: `experiments/phrase_ends.py`.

References
----------
Collins, M. (2002). Discriminative training methods for hidden Markov models. EMNLP.
Sarawagi, S. and Cohen, W. (2004). Semi-Markov conditional random fields for information extraction.
NIPS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.music.phrase_ends.features import (
    END_NAMES,
    PAIR_NAMES,
    PHRASE_NAMES,
    Features,
)
from generator.music.phrase_ends.line import FloatArray


@dataclass(frozen=True)
class Weights:
    """One number for each feature, in the order of their names."""

    ends: FloatArray
    phrases: FloatArray
    pairs: FloatArray

    @classmethod
    def of(cls, values: dict[str, float]) -> Weights:
        """From the numbers by name."""
        parts = (END_NAMES, PHRASE_NAMES, PAIR_NAMES)
        return cls(*(np.array([values[name] for name in names]) for names in parts))


def best_ends(features: Features, weights: Weights, extra: FloatArray | None = None) -> list[int]:
    """The notes with which phrases end, by their index; the last note is the last of them.

    Parameters
    ----------
    features : Features
    weights : Weights
    extra : float[n], optional
        Added to the score of each end note.
    """
    notes, longest = features.line.notes, features.longest
    of_end = features.ends @ weights.ends + (0 if extra is None else extra)
    of_phrase = features.phrases @ weights.phrases + of_end[:, None]
    best = np.full((notes, longest + 1), -np.inf)
    before = np.zeros((notes, longest + 1), dtype=np.int64)
    for last in range(notes):
        if last < longest:
            best[last, last + 1] = of_phrase[last, last + 1]
        size = np.arange(1, min(longest, last) + 1)
        if len(size):
            sums = best[last - size] + (features.pairs(last) @ weights.pairs)[size]
            before[last, size] = sums.argmax(axis=1)
            best[last, size] = sums.max(axis=1) + of_phrase[last, size]
    last, size_of_last = notes - 1, int(best[-1].argmax())
    ends = [last]
    while last - size_of_last >= 0:
        last, size_of_last = last - size_of_last, int(before[last, size_of_last])
        ends.append(last)
    return ends[::-1]


def summed(features: Features, ends: list[int]) -> FloatArray:
    """The features of a division, summed; in the order of the names.

    With the weights in that order, their product is the score that `best_ends` maximises.
    """
    sums = features.ends[ends].sum(axis=0)
    sizes = np.diff([-1, *ends])
    phrases = features.phrases[ends, sizes].sum(axis=0)
    pairs = np.zeros(len(PAIR_NAMES))
    for index in range(1, len(ends)):
        pairs += features.pairs(ends[index])[sizes[index], sizes[index - 1]]
    return np.concatenate([sums, phrases, pairs])
