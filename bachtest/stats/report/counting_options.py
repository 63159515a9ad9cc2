"""The options of `python -m bachtest.stats` that say how intervals and p-values are computed."""

from __future__ import annotations

import argparse

from bachtest.stats.rates.proportions import INTERVALS


def add_counting_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--interval`, `--exploratory` and `--profile`."""
    parser.add_argument(
        "--interval",
        choices=list(INTERVALS),
        default="wilson",
        help=f"of the rates in tables of counts: {', '.join(INTERVALS)} (default %(default)s)",
    )
    parser.add_argument(
        "--exploratory",
        action="store_true",
        help="for comparisons that were not planned: adjust the p-values in tables of counts by"
        " Benjamini and Hochberg instead of Holm",
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="add profile-likelihood intervals to the model, which takes about ten fits for each",
    )
