"""One fill under way: how much it may take, how far it is, and how it is stopped.

A budget of *steps* is part of what makes a piece: a family takes at most so many of its own steps
(sweeps, tries, rounds of repair), and the same budget gives the same piece. A budget of *seconds*
never shapes a piece: when it is used up, there is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.errors import GenerationError

Progress = Callable[[int, int], None]
"""Called with the steps that are done and those that are planned; raising ends the fill."""


class BudgetUsedUp(GenerationError):
    """A fill took longer than it was allowed."""


@dataclass(frozen=True)
class Budget:
    """At most so many steps of the family's own, and so many seconds; None: no limit."""

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 0:
            raise ValueError(f"a budget of {self.steps} steps; use 0 or more")
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"a budget of {self.seconds} seconds; use more than 0")


@dataclass(frozen=True)
class Stretch:
    """Steps that a family takes one by one: fewer than it wants where its budget is smaller."""

    run: FillRun
    steps: int

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[int]:
        for step in range(self.steps):
            self.run.check()
            yield step
            self.run.advance()


class FillRun:
    """What a family sees of its budget. It calls `check` or takes a step at least each second."""

    def __init__(self, clock: FillClock) -> None:
        self._clock = clock

    def steps(self, wanted: int) -> Stretch:
        """`wanted` steps that make the piece better, or as many as the budget still has."""
        return self.needed(self._clock.granted(wanted))

    def needed(self, steps: int) -> Stretch:
        """Steps without which there is no piece: they count as progress, not in the budget."""
        self._clock.planned += steps
        return Stretch(self, steps)

    def next_piece(self) -> None:
        """The steps that follow are another piece's, which has the whole budget of steps."""
        self._clock.steps_left = self._clock.budget.steps

    def check(self) -> None:
        """End the fill here if its seconds are used up, or if nobody wants it any more.

        Raises
        ------
        BudgetUsedUp
            Or whatever `progress` raises.
        """
        self._clock.check()

    def advance(self) -> None:
        """A step is done."""
        self._clock.done += 1


class FillClock:
    """The budget of one fill, and how far it is.

    Examples
    --------
    >>> run = FillClock("markov", Budget(steps=3)).run
    >>> [step for step in run.steps(2)], [step for step in run.steps(2)]
    ([0, 1], [0])
    """

    def __init__(
        self, family: str, budget: Budget | None = None, progress: Progress | None = None
    ) -> None:
        self.family = family
        self.budget = budget or Budget()
        self.progress = progress
        self.steps_left = self.budget.steps
        self.planned = self.done = 0
        self.ended: Exception | None = None
        self.started = time.monotonic()
        self.run = FillRun(self)

    def granted(self, wanted: int) -> int:
        """As many of these steps as the budget has left."""
        if self.steps_left is None:
            return wanted
        granted = min(wanted, self.steps_left)
        self.steps_left -= granted
        return granted

    def check(self) -> None:
        """Raise why the fill has to end, if it has to."""
        self.raise_if_ended()
        try:
            seconds = self.budget.seconds
            if seconds is not None and time.monotonic() - self.started >= seconds:
                raise used_up(self.family, seconds)
            if self.progress is not None:
                self.progress(self.done, self.planned)
        except Exception as error:  # `progress` is the caller's, and stops a fill by raising
            self.ended = error
            raise

    def raise_if_ended(self) -> None:
        """Raise what `check` raised before."""
        if self.ended is not None:
            raise self.ended

    def finish(self) -> None:
        """All is done; raises as `check` does, so that no family overruns its seconds unseen."""
        self.done = self.planned
        self.check()


def used_up(family: str, seconds: float) -> BudgetUsedUp:
    return BudgetUsedUp(
        f"family {family!r} used up its budget of {seconds:g} seconds; allow more, or change its "
        "settings",
        permanent=True,
    )
