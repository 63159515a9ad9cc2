"""The metre of a chorale, from its written bars.

Conventions
-----------
Engraved bars are not always whole: a repeat sign splits one in two, or an edition closes a section
with a short bar. Two neighbours that make up one bar together count as one. Any other bar whose
length differs from its time signature becomes a change of metre for that one bar (three quarters
inside 4/4: ``"3/4"``, then ``"4/4"`` again), so that `Chorale.bar_phase` follows the written bar
lines to the end. A short first bar is the anacrusis; a short last bar needs no change.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.music.grid.chorale import Metre, bar_steps


@dataclass(frozen=True)
class Bar:
    """One written bar: its first step, its length in steps, and its time signature."""

    start: int
    steps: int
    signature: str

    @property
    def whole(self) -> bool:
        return self.steps == bar_steps(self.signature)


def metre_of(bars: list[Bar]) -> tuple[Metre, int]:
    """The metre with its changes, and the anacrusis in steps.

    Parameters
    ----------
    bars : list of Bar
        In order, without gaps, the first at step 0.

    Raises
    ------
    ValueError
        If no time signature on sixteenths has the length of a bar.

    Examples
    --------
    >>> metre_of([Bar(0, 4, "4/4"), Bar(4, 16, "4/4"), Bar(20, 12, "4/4"), Bar(32, 4, "4/4")])
    (((0, '4/4'),), 4)
    """
    anacrusis = 0
    rest = _joined(bars)
    metre: list[tuple[int, str]] = []
    if len(rest) > 1 and rest[0].steps < bar_steps(rest[0].signature):
        anacrusis = rest[0].steps
        metre.append((0, rest[0].signature))
        rest = rest[1:]
    for index, bar in enumerate(rest):
        last_and_short = index == len(rest) - 1 and bar.steps < bar_steps(bar.signature)
        name = (
            bar.signature
            if bar.whole or last_and_short
            else time_signature(bar.steps, bar.signature)
        )
        if not metre or metre[-1][1] != name:
            metre.append((bar.start, name))
    return tuple(metre), anacrusis


def time_signature(steps: int, signature: str) -> str:
    """A time signature for one bar of `steps`, in the note value of `signature` if possible.

    Examples
    --------
    >>> time_signature(12, "4/4"), time_signature(6, "4/4"), time_signature(8, "3/2")
    ('3/4', '3/8', '1/2')
    """
    under = int(signature.split("/")[1])
    while under < 16 and steps * under % 16:
        under *= 2
    over = steps * under // 16
    if not 1 <= over <= 99:
        raise ValueError(f"a bar of {steps} steps has no time signature")
    return f"{over}/{under}"


def _joined(bars: list[Bar]) -> list[Bar]:
    """The bars, with neighbours that make up a whole bar joined. The first is never joined."""
    joined: list[Bar] = []
    for bar in bars:
        before = joined[-1] if len(joined) > 1 else None
        if before and before.steps + bar.steps == bar_steps(before.signature):
            joined[-1] = Bar(before.start, before.steps + bar.steps, before.signature)
        else:
            joined.append(bar)
    return joined
