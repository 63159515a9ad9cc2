"""The bridge from rows to the pure draw: what may be played, and what a listener has met."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from django.db.models import Count, Q

from bachtest.game.models import Listener, Round
from bachtest.game.rounds import Candidate, NoPlan, plan_rounds
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study
from generator.models import Pair


def candidates(study: Study) -> list[Candidate]:
    here = Q(rounds__game__study=study)
    rows = (
        Pair.objects.playable()
        .values_list(
            "id",
            "machine__condition",
            "machine__composer__slug",
            "machine__excerpt__work__tune",
        )
        .annotate(answers=Count("rounds__answer", filter=here), puts=Count("rounds", filter=here))
        .order_by("id")
    )
    return [Candidate(*row) for row in rows]


def tunes_met(listener: Listener) -> set[str]:
    """In any game of any study, played to its end or not."""
    rounds = Round.objects.filter(game__listener=listener)
    return set(rounds.values_list("pair__machine__excerpt__work__tune", flat=True))


def draw(
    study: Study, listener: Listener, slots: Sequence[Collection[str]], rng: Random
) -> list[int]:
    """Ids of the pairs to put, in order; AppError heard_all or no_pairs where there are none."""
    pool = candidates(study)
    met = tunes_met(listener)
    try:
        plan = plan_rounds(slots, pool, met=met, weights=study.composers, rng=rng)
    except NoPlan:
        if met and _fits(slots, pool, study):
            raise AppError(
                "You have heard everything there is. Thank you! New pieces will come.",
                "heard_all",
                409,
            ) from None
        raise AppError(
            "The clips are still being prepared. Please try again in a minute.", "no_pairs", 503
        ) from None
    return [each.pair for each in plan]


def is_ready(study: Study) -> bool:
    """Whether somebody new could play a game."""
    return _fits(study.rounds, candidates(study), study)


def _fits(slots: Sequence[Collection[str]], pool: list[Candidate], study: Study) -> bool:
    try:
        plan_rounds(slots, pool, met=(), weights=study.composers, rng=Random(0))
    except NoPlan:
        return False
    return True
