"""Power as found: simulated studies of a planned size, each analysed with the mixed model."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from bachtest.stats.mixed.fit import fit_mixed
from bachtest.stats.mixed.likelihood.glmm import MixedError
from bachtest.stats.mixed.mixed_fit import MixedFit
from bachtest.stats.planning.plan import Plan, SimulatedPower
from bachtest.stats.planning.study_power import CONTRAST, DIFFERENCE, EQUIVALENCE
from bachtest.stats.rates.proportions import CHANCE
from bachtest.stats.validate.measured import Measured
from bachtest.stats.validate.simulate import SimulatedDesign, simulate
from bachtest.stats.verdict.finding import Finding
from bachtest.stats.verdict.model_verdict import model_verdict

# A table of random numbers with as many cells takes a second and 160 MB.
_MOST_CELLS = 20_000_000
_ABOVE = {Finding.CAN_TELL, Finding.LESS_THAN_MARGIN}
_BELOW = {Finding.TAKE_MACHINE_FOR_BACH, Finding.TAKE_LESS_THAN_MARGIN}
_WITHIN = {Finding.CANNOT_TELL, Finding.LESS_THAN_MARGIN, Finding.TAKE_LESS_THAN_MARGIN}


def with_simulated_power(plan: Plan, studies: int, *, seed: int) -> Plan:
    """The plan with the shares of simulated studies that show what is planned for.

    Parameters
    ----------
    plan : Plan
    studies : int
        How many for each aim. Equivalence has studies of its own, of listeners who guess.
    seed : int

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If the plan has a design effect, or is too small or too large to simulate.
    """
    _check(plan)
    found = [simulated_power(plan, aim, studies, seed=seed) for aim in _aims(plan)]
    return replace(plan, simulated=tuple(found), seed=seed)


def simulated_power(plan: Plan, aim: str, studies: int, *, seed: int) -> SimulatedPower:
    """The share of simulated studies in which the model shows one aim.

    Parameters
    ----------
    plan : Plan
    aim : str
        difference, equivalence or contrast.
    studies : int
    seed : int
        The aims have different streams of random numbers.

    Returns
    -------
    SimulatedPower
    """
    at = (DIFFERENCE, EQUIVALENCE, CONTRAST).index(aim)
    rng = np.random.default_rng([seed, at])
    # tqdm draws on a terminal alone.
    shares = [
        shown(rng, plan, aim)
        for _ in tqdm(range(studies), desc=aim, file=sys.stderr, disable=None, leave=False)
    ]
    measured = Measured(aim, tuple(shares))
    planned = plan.study.power(aim)
    return SimulatedPower(aim, planned or 0.0, measured.mean, measured.error, studies)


def _aims(plan: Plan) -> list[str]:
    every = (DIFFERENCE, EQUIVALENCE, CONTRAST)
    return [aim for aim in every if plan.study.power(aim) is not None]


def _check(plan: Plan) -> None:
    listeners, items = plan.study.listeners, plan.study.items
    if plan.design_effect is not None:
        raise ValueError(
            "--simulate and --design-effect; simulated studies need the standard deviations, so"
            " leave the design effect out"
        )
    if not _aims(plan):
        raise ValueError(
            "--simulate: there is no difference to show; add a margin to plan for equivalence"
        )
    least = 2 if plan.contrast is None else 4
    if min(listeners, items) < least:
        raise ValueError(
            f"--simulate with {listeners} listeners and {items} items; use {least} or more of both"
        )
    if listeners * items > _MOST_CELLS:
        raise ValueError(
            f"--simulate with {listeners:,} listeners and {items:,} items; use fewer, with a"
            f" product of {_MOST_CELLS:,} at most"
        )


def shown(rng: np.random.Generator, plan: Plan, aim: str) -> float:
    """Whether the model shows the aim in one simulated study.

    Parameters
    ----------
    rng : numpy.random.Generator
    plan : Plan
        Without a design effect.
    aim : str
        difference, on the side of the true rate; equivalence, of listeners who guess; or contrast.

    Returns
    -------
    float
        1 or 0.
    """
    rates = [plan.rate] if plan.contrast is None else [*plan.contrast]
    if aim == EQUIVALENCE:
        rates = [CHANCE] * len(rates)
    design = SimulatedDesign(
        plan.study.listeners, plan.answers_per_listener, plan.study.items, len(rates),
        plan.sd_listener, plan.sd_item, plan.hear or "",
    )  # fmt: skip
    table = simulate(rng, design, [design.logit(rate) for rate in rates])
    by = ["condition"] if len(rates) > 1 else []
    try:
        fit = fit_mixed(table, by, level=1 - plan.alpha, tests=False)
    except MixedError:  # a study that cannot be analysed shows nothing
        return 0.0
    if aim == CONTRAST:
        return float(_contrast_shown(fit, plan))
    finding = model_verdict(fit, alpha=plan.alpha, margin=plan.margin).finding
    if aim == EQUIVALENCE:
        return float(finding in _WITHIN)
    return float(finding in (_ABOVE if plan.rate >= CHANCE else _BELOW))


def _contrast_shown(fit: MixedFit, plan: Plan) -> bool:
    # On the side of the true contrast, as planned.
    assert plan.contrast is not None
    lines = fit.corrected_coefficients or fit.coefficients
    if len(lines) < 2:
        return False
    upwards = plan.contrast[1] >= plan.contrast[0]
    return lines[1].p < plan.alpha and (lines[1].estimate > 0) == upwards
