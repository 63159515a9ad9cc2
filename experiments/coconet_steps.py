"""What fewer Gibbs steps than Coconet's own lose.

An excerpt of 64 steps with three written voices has 192 written cells, and so the published number
of steps. Run it as `python -m experiments.coconet_steps`; it takes a few minutes of one core.
"""

from __future__ import annotations

from experiments.fills_by_setting import Study, main

FULL = 192
STEPS = (0, 6, 12, 24, 48, 96, 192, 384)
STUDY = Study(
    slug="coconet",
    experiment="coconet_steps",
    first="Gibbs steps",
    title="Coconet by the number of its Gibbs steps",
    axis="Gibbs steps",
    values={f"{steps}": (steps, {"effort": steps / FULL}) for steps in STEPS},
)

if __name__ == "__main__":
    main(STUDY, __doc__)
