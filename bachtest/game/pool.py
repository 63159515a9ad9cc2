"""From rows to the pure draw: what may be played, and which tunes a listener has been dealt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from bachtest.game.models import Listener, Round
from bachtest.game.rounds import Candidate, NoPlan, games_in, plan_rounds
from bachtest.lib.compiled_query import CompiledQuery
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study, StudyItem
from generator.models import Pair, Rendering


def candidates(study: Study) -> list[Candidate]:
    """The pool with its kept counts; the rounds and answers themselves are not looked at."""
    items = StudyItem.objects.filter(study=study)
    counts = {pair: rest for pair, *rest in items.values_list("pair", "answered", "exposures")}
    playable = Pair.objects.playable(study.rendering).filter(machine__version__in=study.weights())
    rows = playable.values_list("id", "machine__condition", "machine__version", "tune")
    return [Candidate(*row, *counts.get(row[0], (0, 0))) for row in rows.order_by("id")]


def is_playable(pair_id: int, profile: int) -> bool:
    """Whether a pair may still be played in a study of this profile."""
    return bool(_PLAYABLE(pair_id, profile))


_PLAYABLE = CompiledQuery(
    lambda pair, profile: Pair.objects.playable(profile).filter(id=pair).values_list("id"),
    Pair._meta.pk,
    Rendering._meta.get_field("profile"),
)


def tunes_exposed(listener: Listener) -> set[str]:
    """Tune families drawn for the listener in any game of any study, finished or not."""
    rounds = Round.objects.filter(game__participation__listener=listener)
    return set(rounds.values_list("pair__tune", flat=True))


def draw(
    study: Study, listener: Listener, slots: Sequence[Collection[str]], rng: Random
) -> list[int]:
    """Ids of the pairs to play, in order; AppError heard_all or no_pairs if there are too few."""
    pool = candidates(study)
    exposed = tunes_exposed(listener)
    try:
        plan = plan_rounds(slots, pool, tunes_exposed=exposed, weights=study.weights(), rng=rng)
    except NoPlan:
        if exposed and _can_fill(slots, pool, study):
            raise AppError(
                "You have heard everything we have so far. Thank you! New pieces will be added.",
                "heard_all",
                409,
            ) from None
        raise AppError(
            "The clips are still being prepared. Please try again in a minute.", "no_pairs", 503
        ) from None
    return [each.pair for each in plan]


def games_in_pool(study: Study) -> int:
    """Most games that a new listener can play."""
    return games_in(study.rounds, candidates(study))


def unplayable_conditions(study: Study) -> list[str]:
    """Conditions of the design for which no pair could be played by somebody new."""
    playable = {each.condition for each in candidates(study)}
    wanted = dict.fromkeys(condition for slot in study.rounds for condition in slot)
    return [condition for condition in wanted if condition not in playable]


def is_ready(study: Study) -> bool:
    """Whether a new listener could play a game."""
    return _can_fill(study.rounds, candidates(study), study)


def _can_fill(slots: Sequence[Collection[str]], pool: list[Candidate], study: Study) -> bool:
    try:
        plan_rounds(slots, pool, tunes_exposed=(), weights=study.weights(), rng=Random(0))
    except NoPlan:
        return False
    return True
