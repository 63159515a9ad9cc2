"""The options of ``python -m bachtest.stats power``, and the plan that they ask for."""

from __future__ import annotations

import argparse
from typing import NoReturn

from bachtest.stats.planning.plan import Plan, make_plan
from bachtest.stats.planning.plan_settings import HEAR_BOTH, HEAR_ONE, PlanSettings
from bachtest.stats.planning.solve import SOLVABLE

SEED = 1685
MOST_STUDIES = 100_000


class PlanParser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m bachtest.stats power``."""
    default = PlanSettings()
    sd_help = "standard deviation between %s, in logits (default %%(default)s)"
    for name, kind, value, words in (
        ("--listeners", int, 200, "number of listeners (default %(default)s)"),
        ("--items", int, 40, "number of items (default %(default)s)"),
        ("--each", int, default.each, "answers from each listener (default %(default)s)"),
        ("--rate", float, None, f"expected rate of right answers (default {default.rate})"),
        ("--margin", float, None, "equivalence margin: .05 means 45%% to 55%%"),
        ("--alpha", float, default.alpha, "size of the tests (default %(default)s)"),
        ("--power", float, default.target, "target power (default %(default)s)"),
        ("--sd-listener", float, default.sd_listener, sd_help % "listeners"),
        ("--sd-item", float, default.sd_item, sd_help % "items"),
        ("--design-effect", float, None, "use this instead of the standard deviations"),
        ("--seed", int, SEED, "of the simulated studies (default %(default)s)"),
    ):
        parser.add_argument(name, type=kind, default=value, help=words)
    parser.add_argument(
        "--solve",
        choices=SOLVABLE,
        default="",
        help="find the least number with the target power; answers are those from each listener",
    )
    parser.add_argument(
        "--contrast",
        metavar="RATE,RATE",
        help="expected rates of two conditions or composers: plan for the difference between them;"
        " half of the items are in each",
    )
    parser.add_argument(
        "--hear",
        choices=(HEAR_BOTH, HEAR_ONE),
        help=f"whether a listener hears both conditions of a contrast or one (default {HEAR_BOTH})",
    )
    parser.add_argument(
        "--simulate",
        type=int,
        metavar="N",
        help="simulate N studies, fit the mixed model to each, and say how often it shows what is"
        " planned for",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def settings_from(options: argparse.Namespace) -> PlanSettings:
    """The assumptions and aims in the options.

    Raises
    ------
    ValueError
        If a value is none, or two options contradict each other.
    """
    contrast = None if options.contrast is None else _rates(options.contrast)
    if contrast is not None and options.rate is not None:
        raise ValueError("--rate and --contrast; a contrast gives both rates, so leave --rate out")
    if contrast is None and options.hear is not None:
        raise ValueError(
            f"--hear {options.hear} without --contrast; it says which conditions of a contrast a"
            " listener hears, so add --contrast or leave it out"
        )
    rate = PlanSettings.rate if options.rate is None else options.rate
    if options.simulate is not None and not 1 <= options.simulate <= MOST_STUDIES:
        raise ValueError(f"--simulate {options.simulate}; use a number from 1 to {MOST_STUDIES:,}")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed}; use a number from 0 up")
    return PlanSettings(
        rate=rate, each=options.each,
        margin=options.margin, alpha=options.alpha, target=options.power,
        sd_listener=options.sd_listener, sd_item=options.sd_item,
        design_effect=options.design_effect, contrast=contrast, hear=options.hear or HEAR_BOTH,
    )  # fmt: skip


def _rates(stated: str) -> tuple[float, float]:
    try:
        one, other = (float(rate) for rate in stated.split(","))
    except ValueError:
        raise ValueError(f"--contrast {stated!r}; use two rates, as in .55,.65") from None
    return one, other


def plan_from(options: argparse.Namespace) -> Plan:
    """The plan for the options given."""
    return make_plan(options.listeners, options.items, settings_from(options), solve=options.solve)
