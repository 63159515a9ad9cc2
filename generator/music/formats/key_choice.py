"""The key of a file: its signature, unless the notes say otherwise.

Many programs write C major where nobody has set a key, and major where they know no mode. So a
signature of a major key gives way to its minor key, and any signature to the key that fits best,
if that fits better by some margin. Where the last note of a bass or of a soprano is known, the
margins are such that, of the corpus with its right signatures, 1.5 % of the sopranos and no whole
work lose their key; inner voices say less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from generator.music.grid.keys import estimated_key, key_fits
from generator.music.grid.spelling import key_name, signature

_FEWEST_NOTES = 8
_FEWEST_CLASSES = 5
_NOBODY_SET = "C major"


class _Margins(NamedTuple):
    mode: float
    unset: float
    signature: float


_WITH_FINAL = _Margins(mode=0.15, unset=0.2, signature=0.3)
_WITHOUT_FINAL = _Margins(mode=0.3, unset=0.5, signature=0.5)


class Heard(NamedTuple):
    """The notes of a piece, and the last one if it says something about the key."""

    pitches: Sequence[int]
    lengths: Sequence[int]
    final: int | None


def decided_key(signed: str, sharps: int | None, heard: Heard) -> tuple[str, str]:
    """The key, and why: from a doubtful signature, a signature without mode, or the notes alone.

    Examples
    --------
    >>> tune = [69, 71, 72, 74, 76, 74, 72, 71, 72, 68, 71, 69]
    >>> decided_key("C major", None, Heard(tune, [1] * 12, tune[-1]))
    ('A minor', 'the notes fit it better than C major, which has the same key signature')
    """
    if not signed:
        key = estimated_key(heard.pitches, heard.lengths, sharps=sharps, final=heard.final)
        if sharps is None:
            return key, "estimated from the notes, since the file has no key signature"
        return key, "the notes fit it better than the other key of the signature"
    classes = {pitch % 12 for pitch in heard.pitches}
    if len(heard.pitches) < _FEWEST_NOTES or len(classes) < _FEWEST_CLASSES:
        return signed, "the key signature"
    margins = _WITHOUT_FINAL if heard.final is None else _WITH_FINAL
    best = estimated_key(heard.pitches, heard.lengths, final=heard.final)
    minor = key_name(signature(signed), "minor")
    fits = key_fits((signed, minor, best), heard.pitches, heard.lengths, final=heard.final)
    key, reason = signed, "the key signature"
    if signed.endswith("major") and fits[minor] - fits[signed] > margins.mode:
        key = minor
        reason = f"the notes fit it better than {signed}, which has the same key signature"
    margin = margins.unset if signed == _NOBODY_SET else margins.signature
    if fits[best] - fits[key] > margin:
        return best, f"estimated from the notes, which contradict the key signature of {signed}"
    return key, reason
