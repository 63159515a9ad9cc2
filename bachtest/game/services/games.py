"""Games start, fetch their rounds one after the other, and end.

Functions that begin with `fetch` or `start` write; what a page shows is only read.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from bachtest.game import exposures
from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip, Side
from bachtest.game.pool import is_playable
from bachtest.game.rounds import draw_sides
from bachtest.game.services import own_clips
from bachtest.game.services.enrolment import lock_participation
from bachtest.game.services.own_clips import TOKEN_LIFETIME
from bachtest.game.services.whole_clips import draw_whole, is_whole
from bachtest.lib.compiled_query import CompiledQuery
from bachtest.lib.errors import AppError
from bachtest.lib.only_row import only_row
from generator.models import Pair
from generator.services.rendered.clip_files import files_of


def start_game(participation: Participation, *, seed: int | None = None) -> tuple[Game, bool]:
    """The unfinished game, or a new one, and whether it is new. Starts in one study take turns."""
    with transaction.atomic():
        # Play may be pressed in two tabs at once: the second finds the game of the first.
        lock_participation(participation.id)
        now_locked = Participation.objects.select_related("study", "listener")
        participation = now_locked.get(id=participation.id)
        if game := unfinished_game(participation):
            return game, False
        exposures.lock(participation.study)
        return _new_game(participation, secrets.randbits(63) if seed is None else seed), True


def _new_game(participation: Participation, seed: int) -> Game:
    study = participation.study
    pairs = draw_whole(study, participation.listener, study.rounds, Random(f"{seed} draw"))
    game = Game.objects.create(participation=participation, seed=seed)
    sides = draw_sides(seed, len(pairs))
    for number, (pair, side) in enumerate(zip(pairs, sides, strict=True), start=1):
        _add_round(game, number, pair, Side(side).position)
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
    return games.select_related("participation__study")


def _unfinished(listener_id: Any) -> models.QuerySet[Game]:
    games = Game.objects.filter(participation__listener=listener_id, finished_at=None)
    return _games(games).order_by()


_UNFINISHED = CompiledQuery(_unfinished, Listener._meta.pk)


def finished_game(listener_id: UUID | None, game_id: UUID) -> Game:
    games = Game.objects.filter(id=game_id, participation__listener=listener_id)
    game = only_row(_games(games))
    if listener_id is None or game is None:
        raise AppError("You have no such game.", "not_found", 404)
    if game.finished_at is None:
        raise AppError("This game is not finished yet.", "unfinished", 409)
    return game


def game_in_progress(listener_id: UUID | None, study: str = "") -> Game:
    """The unfinished game, or the last one while its last reveal is still to be seen.

    Without the slug of a study, the game that was started last counts.
    """
    no_listener = AppError("Nothing is stored for this browser.", "no_listener", 404)
    if listener_id is None:
        raise no_listener
    # Of each study there is one at most.
    unfinished = [game for game in _UNFINISHED(listener_id) if study in ("", game.study.slug)]
    if unfinished:
        return max(unfinished, key=lambda game: game.created)
    games = _games(Game.objects.filter(participation__listener=listener_id))
    if study:
        games = games.filter(participation__study__slug=study)
    game = games.last()
    if game is not None and round_to_reveal(game):
        return game
    if not Listener.objects.filter(id=listener_id).exists():
        raise no_listener
    raise AppError("You have no game in progress.", "no_game", 404)


def round_to_reveal(game: Game) -> Round | None:
    """The last answered round, until "did you know this piece?" is answered or passed."""
    last = next(reversed(game.answered_rounds()), None)
    return last if last is not None and not last.answer.knew else None


def round_sent(game: Game) -> Round | None:
    """The round that the browser got last, if it has no answer yet."""
    return next((row for row in game.unanswered_rounds() if row.sent_at), None)


def fetch_round(game: Game) -> Round | None:
    """The first round without an answer, ready to be played; None if the game is over."""
    profile = game.study.rendering
    game.read_rounds_again()
    while rows := game.unanswered_rounds()[:2]:
        current, files = rows[0], files_of((row.pair for row in rows), profile)
        if is_playable(current.pair_id, profile) and is_whole(current, files[current.pair_id]):
            break
        _withdraw(current)
        game.read_rounds_again()
    else:
        _end_early(game)
        return None
    first_time = current.sent_at is None
    _send(current)
    for row in rows:  # this one, and the next while this one is heard
        own_clips.make_ahead(own_clips.orders(row, files[row.pair_id]))
    if first_time and current.number > 1:  # the reveal before it has been left
        for row in game.answered_rounds():
            own_clips.drop(clip.token for clip in row.clips_in_order())
    return current


def make_first_clips_ahead(game: Game) -> None:
    """Begun while the page loads that will fetch them."""
    for row in game.unanswered_rounds()[:1]:
        files = files_of([row.pair], game.study.rendering)[row.pair_id]
        own_clips.make_ahead(own_clips.orders(row, files))


@transaction.atomic
def _withdraw(row: Round) -> None:
    """Take back a round whose pair was retired, and draw another with its number and side.

    A round with an answer stays as it is: an answer is about the clips that were sent. If the
    listener has heard all other pairs, no round takes the place, so that the game can go on.
    """
    lock_participation(row.game.participation_id)
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
        pair = _draw_one((same_condition, any_condition), game, rng)
    except AppError as error:
        if error.code != "heard_all":
            raise
        return
    assert row.bach_position is not None
    _add_round(game, row.number, pair, row.bach_position)


def _draw_one(slots: Sequence[list[str]], game: Game, rng: Random) -> Pair:
    """One pair for the first slot that can be filled."""
    *first, last = slots
    for slot in first:
        with suppress(AppError):
            return draw_whole(game.study, game.listener, [slot], rng)[0]
    return draw_whole(game.study, game.listener, [last], rng)[0]


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


def _send(row: Round) -> None:
    """Extend valid tokens, so that a second tab can go on playing; replace expired ones."""
    moment = now()
    if row.tokens_expire <= moment:
        own_clips.drop(clip.token for clip in row.clips_in_order())
        for clip in row.clips_in_order():
            clip.token = secrets.token_urlsafe(24)
            RoundClip.objects.filter(id=clip.id).update(token=clip.token)
    row.tokens_expire = moment + TOKEN_LIFETIME
    row.sent_at = row.sent_at or moment
    # An update, since the listener may leave in another tab at this moment.
    Round.objects.filter(id=row.id).update(
        tokens_expire=row.tokens_expire, sent_at=Coalesce("sent_at", row.sent_at)
    )
