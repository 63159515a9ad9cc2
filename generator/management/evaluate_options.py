"""The options of `manage.py evaluate`."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from generator.evaluation.from_nothing import MAX_CHORALES
from generator.evaluation.report import EvaluationSettings
from generator.management.fill_command import fill_budget, fill_settings
from generator.music.grid.conditions import QUIZ_CONDITIONS, checked_condition

# What --card decides by itself.
NOT_WITH_CARD = {
    "split": "tunes",
    "part": "test",
    "conditions": ",".join(QUIZ_CONDITIONS),
    "features": 5,
    "chorales": MAX_CHORALES,
    "no_fills": False,
    "json": False,
    "fill_settings": [],
    "budget_steps": None,
}
OPTION = {name: f"--{name.replace('_', '-')}" for name in NOT_WITH_CARD}
OPTION["fill_settings"] = "--settings"


def add_evaluate_options(parser: ArgumentParser) -> None:
    composer = parser.add_mutually_exclusive_group(required=True)
    composer.add_argument("--composer", metavar="SLUG", help="such as markov")
    composer.add_argument(
        "--card",
        metavar="SLUG",
        help="measure a shipped composer and write the figures into its card, "
        "docs/families/SLUG.md, its scores beside its checkpoint, and its picture",
    )
    parser.add_argument(
        "--split",
        default="tunes",
        choices=("tunes", "jsb", "folds"),
        help="folds: all works, each by the member of the composer that never saw it",
    )
    parser.add_argument("--part", default="test", choices=("train", "valid", "test"))
    parser.add_argument(
        "--conditions",
        default=",".join(QUIZ_CONDITIONS),
        help="any, such as NEXT,GAP; default: %(default)s; of a collection all that it has",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the first fill; each further fill adds 1"
    )
    parser.add_argument(
        "--no-fills", action="store_true", help="only likelihoods and one-shot accuracy"
    )
    parser.add_argument(
        "--features",
        type=int,
        default=5,
        metavar="N",
        help="how many of the features that give the composer away to list for each condition",
    )
    parser.add_argument(
        "--chorales",
        type=int,
        default=MAX_CHORALES,
        metavar="N",
        help="how many whole chorales to write from nothing; default: %(default)s",
    )
    parser.add_argument(
        "--redraw", action="store_true", help="with --card: from the scores, nothing is measured"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, no progress bar")


def check_card_options(options: Mapping[str, Any]) -> None:
    """Refuse what does not go with --card."""
    changed = [name for name in NOT_WITH_CARD if options[name] != NOT_WITH_CARD[name]]
    if changed:
        raise CommandError(
            f"{OPTION[changed[0]]} does not go with --card, which measures the "
            "test part of tunes with the composer's own settings"
        )


def evaluation_settings(options: Mapping[str, Any]) -> EvaluationSettings:
    try:
        conditions = tuple(checked_condition(name) for name in options["conditions"].split(","))
    except ValueError as error:
        raise CommandError(str(error)) from error
    if not 0 <= options["chorales"] <= MAX_CHORALES:
        raise CommandError(f"--chorales {options['chorales']}; use 0 to {MAX_CHORALES}")
    if options["features"] < 0:
        raise CommandError(f"--features {options['features']}; use 0 or more")
    return EvaluationSettings(
        conditions=conditions,
        seed=options["seed"],
        fill_settings=fill_settings(options),
        budget=fill_budget(options),
        with_fills=not options["no_fills"],
        features=options["features"],
        chorales=options["chorales"],
    )
