from __future__ import annotations

from argparse import ArgumentParser
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from bachtest.game.management.simulated_listener import SimulatedListener, SiteError
from bachtest.game.models import Round
from bachtest.game.services.enrolment import open_study


class Command(BaseCommand):
    help = "Play the site over HTTP as listeners with a given skill; needs the site's own database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--count", type=int, required=True, help="number of listeners, one game each"
        )
        parser.add_argument("--skill", type=float, required=True, help="their d'; 0 is guessing")
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="the site to play; default: %(default)s"
        )
        parser.add_argument("--seed", type=int, default=1, help="seed of the listeners' answers")

    def handle(self, **options: Any) -> None:
        if options["count"] < 1:
            raise CommandError(f"--count {options['count']}; use 1 or more")
        consent = open_study().consent_version
        correct = played = 0
        for number in tqdm(range(options["count"]), unit="game", disable=None):
            rng = Random(f"{options['seed']} {number}")
            listener = SimulatedListener(options["url"], consent, options["skill"], rng)
            try:
                game_correct, game_played = listener.play_game(bach_side)
            except SiteError as error:
                raise CommandError(str(error)) from None
            correct += game_correct
            played += game_played
        self.stdout.write(f"{correct} of {played} rounds right ({correct / played:.3f})")


def bach_side(round_id: str) -> str:
    """From the database, which only the site's own machine can read."""
    row = Round.objects.filter(id=round_id).select_related("pair").first()
    if row is None or row.bach_side is None:
        raise CommandError(
            f"round {round_id} is not in this database; run this with the site's own VAR_DIR"
        )
    return str(row.bach_side)
