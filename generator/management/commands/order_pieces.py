from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from generator.errors import GeneratorError
from generator.management.fill_command import FillCommand, fill_budget, fill_settings
from generator.management.progress import wait_for_pieces
from generator.models import Piece
from generator.services.composers import find_composer
from generator.tasks import order_pieces


class Command(FillCommand):
    help = "Put pieces into the queue; a worker (make worker) makes them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--composer", required=True, help="slug, such as markov")
        parser.add_argument(
            "--condition", required=True, help="voices to write, such as ATB, or NEXT or GAP"
        )
        parser.add_argument("--count", type=int, default=20, help="number of pieces")
        parser.add_argument(
            "--seed", type=int, default=0, help="chooses the excerpts and seeds the pieces"
        )
        parser.add_argument(
            "--wait", action="store_true", help="wait until a worker has made the pieces"
        )

    def handle(self, **options: Any) -> None:
        try:
            pieces = order_pieces(
                find_composer(options["composer"]),
                options["condition"],
                options["count"],
                seed=options["seed"],
                settings=fill_settings(options),
                budget=fill_budget(options),
            )
        except GeneratorError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(pieces)} pieces in the queue")
        if options["wait"]:
            ordered = Piece.objects.filter(id__in=[piece.id for piece in pieces])
            wait_for_pieces(ordered)
            for piece in ordered.filter(status=Piece.Status.FAILED):
                self.stderr.write(f"{piece}: {piece.error}")
