"""Games start, fetch their rounds one after the other, and end.

Functions that begin with `fetch` or `start` write; what a page shows is only read.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random
from uuid import UUID

from django.db import models, transaction
from django.utils.timezone import now

from bachtest.game import exposures
from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip, Side
from bachtest.game.pool import draw
from bachtest.game.rounds import draw_sides
from bachtest.game.services.enrolment import locked_participation
from bachtest.lib.errors import AppError
from generator.models import Pair

TOKEN_LIFETIME = timedelta(hours=2)


def start_game(participation: Participation, *, seed: int | None = None) -> tuple[Game, bool]:
    """The unfinished game, or a new one, and whether it is new. Starts in one study take turns."""
    with transaction.atomic():
        # Play may be pressed in two tabs at once: the second finds the game of the first.
        participation = locked_participation(participation.id)
        if game := unfinished_game(participation):
            return game, False
        exposures.lock(participation.study)
        return _new_game(participation, secrets.randbits(63) if seed is None else seed), True


def _new_game(participation: Participation, seed: int) -> Game:
    study = participation.study
    pairs = draw(study, participation.listener, study.rounds, Random(f"{seed} draw"))
    game = Game.objects.create(participation=participation, seed=seed)
    sides = draw_sides(seed, len(pairs))
    rows = Pair.objects.in_bulk(pairs)
    for number, (pair, side) in enumerate(zip(pairs, sides, strict=True), start=1):
        _add_round(game, number, rows[pair], Side(side).position)
    return game


def _add_round(game: Game, number: int, pair: Pair, bach_position: int) -> None:
    """A round of two clips, with new addresses; it isn't sent yet."""
    row = Round.objects.create(
        game=game, number=number, pair=pair, tokens_expire=now() + TOKEN_LIFETIME
    )
    RoundClip.objects.bulk_create(
        RoundClip(
            round=row,
            position=position,
            piece_id=pair.bach_id if position == bach_position else pair.machine_id,
            token=secrets.token_urlsafe(24),
        )
        for position in (1, 2)
    )


def unfinished_game(participation: Participation) -> Game | None:
    return _games(participation.games.filter(finished_at=None)).first()


def _games(games: models.QuerySet[Game]) -> models.QuerySet[Game]:
    return games.select_related("participation__study", "participation__listener")


def finished_game(listener: Listener | None, game_id: UUID) -> Game:
    games = Game.objects.filter(id=game_id, participation__listener=listener)
    game = _games(games).first()
    if listener is None or game is None:
        raise AppError("You have no such game.", "not_found", 404)
    if game.finished_at is None:
        raise AppError("This game is not finished yet.", "unfinished", 409)
    return game


def game_in_progress(listener: Listener | None, study: str = "") -> Game:
    """The unfinished game, or the last one while its last reveal is still to be seen.

    Without the slug of a study, the game that was started last counts.
    """
    if listener is not None:
        games = _games(Game.objects.filter(participation__listener=listener))
        if study:
            games = games.filter(participation__study__slug=study)
        if game := games.filter(finished_at=None).last():
            return game
        game = games.last()
        if game is not None and round_to_reveal(game):
            return game
    raise AppError("You have no game in progress.", "no_game", 404)


def round_to_reveal(game: Game) -> Round | None:
    """The last answered round, until "did you know this piece?" is answered or passed."""
    last = (
        game.rounds.exclude(answer=None)
        .select_related("answer", "game__participation__study", "pair__bach")
        .select_related("pair__machine__version__composer", "pair__excerpt__work")
        .prefetch_related("clips")
        .last()
    )
    return last if last is not None and not last.answer.knew else None


def round_sent(game: Game) -> Round | None:
    """The round that the browser got last, if it has no answer yet."""
    return _unanswered(game).filter(sent_at__isnull=False).first()


def _unanswered(game: Game) -> models.QuerySet[Round]:
    rounds = game.rounds.standing().filter(answer=None).prefetch_related("clips")
    return rounds.select_related("pair__bach", "pair__machine", "game__participation__study")


def fetch_round(game: Game) -> Round | None:
    """The first round without an answer, ready to be played; None if the game is over."""
    playable = Pair.objects.playable()
    while current := _unanswered(game).first():
        if playable.filter(id=current.pair_id).exists():
            break
        _withdraw(current)
    if current is None:
        _end_early(game)
        return None
    _keep_tokens(current)
    if current.sent_at is None:
        current.sent_at = now()
        Round.objects.filter(id=current.id, sent_at=None).update(sent_at=current.sent_at)
    return current


@transaction.atomic
def _withdraw(row: Round) -> None:
    """Take back a round whose pair was retired, and draw another with its number and side.

    A round with an answer stays as it is: an answer is about the clips that were sent. If the
    listener has heard all other pairs, no round takes the place, so that the game can go on.
    """
    locked_participation(row.game.participation_id)
    locked = Round.objects.select_for_update().filter(id=row.id).standing().first()
    if locked is None or Answer.objects.filter(round=row).exists():
        return
    exposures.lock(row.game.study)
    locked.withdrawn = True
    locked.save(update_fields=["withdrawn"])
    exposures.add(locked, exposures=-1)
    game = row.game
    rng = Random(f"{game.seed} draw again {row.number} {row.pair_id}")
    same_condition = [row.pair.machine.condition]
    any_condition = sorted({condition for slot in game.study.rounds for condition in slot})
    try:
        [pair] = _draw_one((same_condition, any_condition), game, rng)
    except AppError as error:
        if error.code != "heard_all":
            raise
        return
    assert row.bach_position is not None
    _add_round(game, row.number, Pair.objects.get(id=pair), row.bach_position)


def _draw_one(slots: Sequence[list[str]], game: Game, rng: Random) -> list[int]:
    """One pair for the first slot that can be filled."""
    *first, last = slots
    for slot in first:
        with suppress(AppError):
            return draw(game.study, game.listener, [slot], rng)
    return draw(game.study, game.listener, [last], rng)


def _end_early(game: Game) -> None:
    """No round is left to answer. A game of which nothing was sent is deleted."""
    if game.finished_at is not None:
        return
    is_empty = not game.rounds.standing().exists()
    if not game.rounds.exclude(sent_at=None).exists():
        game.delete()
    else:
        game.finished_at = now()
        Game.objects.filter(id=game.id, finished_at=None).update(finished_at=game.finished_at)
        game.refresh_from_db(fields=["finished_at"])
    if is_empty:
        raise AppError(
            "The clips of this game were withdrawn, and you have heard all the others.",
            "heard_all",
            409,
        )


def _keep_tokens(row: Round) -> None:
    """Extend valid tokens, so that a second tab can go on playing; replace expired ones."""
    if row.tokens_expire <= now():
        for clip in row.clips_in_order():
            RoundClip.objects.filter(id=clip.id).update(token=secrets.token_urlsafe(24))
    # An update, since the listener may leave in another tab at this moment.
    Round.objects.filter(id=row.id).update(tokens_expire=now() + TOKEN_LIFETIME)
