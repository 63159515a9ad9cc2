"""The grid: four voices on sixteenths, the one musical type of this project.

Conventions
-----------
Time is counted in steps, four to the quarter. Voices are S, A, T, B = 0..3. Pitches are MIDI
numbers; `REST` is -1. `onset` is true where a note begins: a held note has one onset, a repeated
note has several, a rest has none. `fermata` marks every step of the soprano note that carries a
fermata (of another voice if the soprano has none there).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

PitchArray = NDArray[np.int16]
BoolArray = NDArray[np.bool_]
Metre = tuple[tuple[int, str], ...]
Scalar = TypeVar("Scalar", bound=np.generic)

REST = -1
VOICES = "SATB"
VOICE_NAMES = ("soprano", "alto", "tenor", "bass")
STEPS_PER_QUARTER = 4
# What a written voice may use: the ranges in the corpus, rounded outwards.
VOICE_RANGES: tuple[tuple[int, int], ...] = ((57, 81), (50, 77), (45, 72), (33, 66))

_KEY = re.compile(r"[A-G](#|b)? (major|minor)")
_METRE = re.compile(r"([1-9]\d?)/(1|2|4|8|16)")


@dataclass(frozen=True, eq=False)
class Chorale:
    """Four voices on a grid of sixteenths. Arrays are copied and made read-only.

    Parameters
    ----------
    pitch : int16[4, T]
        MIDI numbers 0..127, or `REST`.
    onset : bool[4, T]
        True where a note begins: must be true where a note starts or its pitch changes, and
        false in rests.
    fermata : bool[T]
    metre : tuple of (step, "n/d")
        The first entry is at step 0; steps rise. With a pickup, the metre still begins at step 0.
    key : str
        Tonic and mode, such as ``"G major"`` or ``"F# minor"``.
    anacrusis : int
        Steps of the pickup before the first full bar; 0 if there is none.
    bwv, title : str
        Names, or empty; equality ignores them.

    Raises
    ------
    ValueError
        The message names the value, the voice and the step.

    Examples
    --------
    >>> c = Chorale(pitch=[[72, 72], [67, 67], [64, 64], [48, REST]],
    ...             onset=[[1, 1], [1, 0], [1, 0], [1, 0]])
    >>> c.steps
    2
    """

    pitch: PitchArray
    onset: BoolArray
    fermata: BoolArray = None  # type: ignore[assignment]  # all False where left out
    metre: Metre = ((0, "4/4"),)
    key: str = "C major"
    anacrusis: int = 0
    bwv: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        pitch = _frozen(_checked_whole(self.pitch), np.int16)
        onset = _frozen(self.onset, np.bool_)
        if pitch.ndim != 2 or pitch.shape[0] != 4 or pitch.shape[1] < 1:
            raise ValueError(f"pitch has shape {pitch.shape}; a chorale is [4, T] with T >= 1")
        if onset.shape != pitch.shape:
            raise ValueError(f"onset has shape {onset.shape}; pitch has {pitch.shape}")
        steps = pitch.shape[1]
        fermata = _frozen(np.zeros(steps) if self.fermata is None else self.fermata, np.bool_)
        if fermata.shape != (steps,):
            raise ValueError(f"fermata has shape {fermata.shape}; the chorale has {steps} steps")
        object.__setattr__(self, "pitch", pitch)
        object.__setattr__(self, "onset", onset)
        object.__setattr__(self, "fermata", fermata)
        object.__setattr__(self, "metre", tuple((int(s), str(m)) for s, m in self.metre))
        _check_notes(pitch, onset)
        _check_frame(self.metre, self.key, self.anacrusis, steps)

    @property
    def steps(self) -> int:
        """Length T in sixteenths."""
        return int(self.pitch.shape[1])

    @property
    def mode(self) -> str:
        """``"major"`` or ``"minor"``."""
        return self.key.split()[1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chorale):
            return NotImplemented
        return (
            np.array_equal(self.pitch, other.pitch)
            and np.array_equal(self.onset, other.onset)
            and np.array_equal(self.fermata, other.fermata)
            and (self.metre, self.key, self.anacrusis) == (other.metre, other.key, other.anacrusis)
        )

    def __hash__(self) -> int:
        return hash((self.pitch.tobytes(), self.onset.tobytes(), self.metre, self.key))

    def slice(self, start: int, stop: int) -> Chorale:
        """Steps start..stop; a note cut at `start` begins there, and the bar phase is kept.

        Raises
        ------
        ValueError
            If not 0 <= start < stop <= T.
        """
        if not 0 <= start < stop <= self.steps:
            raise ValueError(f"steps {start}:{stop} are not inside a chorale of {self.steps} steps")
        onset = self.onset[:, start:stop].copy()
        onset[:, 0] = self.pitch[:, start] != REST
        metre = _sliced_metre(self.metre, start, stop)
        return replace(
            self,
            pitch=self.pitch[:, start:stop],
            onset=onset,
            fermata=self.fermata[start:stop],
            metre=metre,
            anacrusis=(-int(self.bar_phase()[start])) % bar_steps(metre[0][1]),
        )

    def bar_phase(self) -> NDArray[np.int16]:
        """int16[T]: steps since the bar line; a pickup counts as the end of a bar."""
        phase = np.empty(self.steps, dtype=np.int16)
        starts = [step for step, _ in self.metre] + [self.steps]
        for index, (start, metre) in enumerate(self.metre):
            length = bar_steps(metre)
            shift = -self.anacrusis if index == 0 else 0
            phase[start : starts[index + 1]] = (
                np.arange(starts[index + 1] - start) + shift
            ) % length
        return phase

    def with_voices(self, pitch: ArrayLike, onset: ArrayLike) -> Chorale:
        """The same frame (fermatas, metre, key, pickup, names) around other notes."""
        return replace(self, pitch=np.asarray(pitch), onset=np.asarray(onset))


def bar_steps(metre: str) -> int:
    """Steps in one bar.

    Examples
    --------
    >>> bar_steps("3/4")
    12
    """
    over, under = metre.split("/")
    return int(over) * 16 // int(under)


def repaired_onsets(pitch: ArrayLike, onset: ArrayLike) -> BoolArray:
    """Onsets made to fit the pitches: set where a note starts or changes, cleared in rests."""
    notes = np.asarray(pitch)
    changed = np.ones(notes.shape, dtype=np.bool_)
    changed[:, 1:] = notes[:, 1:] != notes[:, :-1]
    repaired: BoolArray = (np.asarray(onset, dtype=np.bool_) | changed) & (notes != REST)
    return repaired


def _frozen(values: ArrayLike, dtype: type[Scalar]) -> NDArray[Scalar]:
    array: NDArray[Scalar] = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def _checked_whole(pitch: ArrayLike) -> NDArray[Any]:
    """The pitches; a cast would make NaN and fractions into pitches that nobody wrote."""
    array = np.asarray(pitch)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"pitches of type {array.dtype}; a pitch is a whole number")
    if array.dtype.kind == "f" and (broken := array[array != np.rint(array)]).size:
        raise ValueError(f"pitch {broken.flat[0]}; a pitch is a whole number")
    limits = np.iinfo(np.int16)
    if (far := array[(array < limits.min) | (array > limits.max)]).size:
        raise ValueError(f"pitch {far.flat[0]}; a pitch is 0..127 or {REST} for a rest")
    return array


def _check_notes(pitch: PitchArray, onset: BoolArray) -> None:
    if bad := np.argwhere((pitch < REST) | (pitch > 127)).tolist():
        voice, step = bad[0]
        raise ValueError(
            f"pitch {pitch[voice, step]} in voice {VOICES[voice]} at step {step}; "
            f"a pitch is 0..127 or {REST} for a rest"
        )
    must = repaired_onsets(pitch, np.zeros_like(onset))
    if bad := np.argwhere(must & ~onset).tolist():
        voice, step = bad[0]
        raise ValueError(
            f"voice {VOICES[voice]} has no onset at step {step}, where pitch "
            f"{pitch[voice, step]} begins"
        )
    if bad := np.argwhere(onset & (pitch == REST)).tolist():
        voice, step = bad[0]
        raise ValueError(f"voice {VOICES[voice]} has an onset in the rest at step {step}")


def _check_frame(metre: Metre, key: str, anacrusis: int, steps: int) -> None:
    if not metre or metre[0][0] != 0:
        raise ValueError(f"metre {metre!r} does not begin at step 0")
    at = [step for step, _ in metre]
    if any(b <= a for a, b in pairwise(at)) or at[-1] >= steps:
        raise ValueError(f"metre changes at steps {at}; they must rise and stay below {steps}")
    for _, name in metre:
        if not _METRE.fullmatch(name):
            raise ValueError(f"metre {name!r}; use a form such as '4/4' on sixteenths")
    if not _KEY.fullmatch(key):
        raise ValueError(f"key {key!r}; use a form such as 'G major' or 'F# minor'")
    if not 0 <= anacrusis < bar_steps(metre[0][1]):
        raise ValueError(f"anacrusis of {anacrusis} steps; a bar of {metre[0][1]} is longer")


def _sliced_metre(metre: Metre, start: int, stop: int) -> Metre:
    inside = tuple((step - start, name) for step, name in metre if start < step < stop)
    current = [name for step, name in metre if step <= start][-1]
    return ((0, current), *inside)
