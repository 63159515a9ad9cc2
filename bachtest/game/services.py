"""What listeners do: enrol, start a game, play clips, answer, say if they knew it, leave."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from bachtest.game import scoring
from bachtest.game.models import Answer, Game, Listener, Round, Side
from bachtest.game.pool import draw
from bachtest.game.rounds import draw_sides
from bachtest.lib.errors import AppError
from bachtest.studies.models import Study
from generator.models import Pair

TOKEN_LIFETIME = timedelta(hours=2)


def open_study(slug: str = "quiz") -> Study:
    study = Study.objects.open().filter(slug=slug).first()
    if study is None:
        raise AppError(f"There is no open study {slug!r}.", "study", 404)
    return study


def enrol(
    listener: Listener | None,
    study: Study,
    *,
    consent: str = "",
    experience: str = Listener.Experience.UNSTATED,
    age_group: str = Listener.AgeGroup.UNSTATED,
) -> Listener:
    """The listener with a valid consent. Experience and age, once stated, stay as they are."""
    has_consented = listener is not None and listener.consent_version == study.consent_version
    if not has_consented and consent != study.consent_version:
        raise AppError("Please read and accept the consent first.", "consent")
    listener = listener or Listener()
    if not has_consented:
        listener.consent_version = consent
        listener.consented_at = now()
    if listener.experience == Listener.Experience.UNSTATED:
        listener.experience = experience
    if listener.age_group == Listener.AgeGroup.UNSTATED:
        listener.age_group = age_group
    listener.save()
    return listener


def start_game(listener: Listener, study: Study, *, seed: int | None = None) -> tuple[Game, bool]:
    """The listener's unfinished game, or a new one, and whether it is new."""
    try:
        with transaction.atomic():
            if game := unfinished_game(listener):
                return game, False
            return _new_game(listener, study, secrets.randbits(63) if seed is None else seed), True
    except IntegrityError:
        # Play was pressed in two tabs at once; the constraint let one through.
        return Game.objects.get(listener=listener, finished_at=None), False


def _new_game(listener: Listener, study: Study, seed: int) -> Game:
    pairs = draw(study, listener, study.rounds, Random(f"{seed} draw"))
    game = Game.objects.create(listener=listener, study=study, seed=seed)
    sides = draw_sides(seed, len(pairs))
    for number, (pair, side) in enumerate(zip(pairs, sides, strict=True), start=1):
        row = Round(game=game, number=number, pair_id=pair, bach_side=side)
        _renew_tokens(row)
        row.save()
    return game


def unfinished_game(listener: Listener) -> Game | None:
    return listener.games.filter(finished_at=None).select_related("study").first()


def current_round(game: Game) -> Round | None:
    """The first round without an answer, ready to be sent; None if the game is over."""
    rounds = game.rounds.select_related("pair__bach", "pair__machine", "game__study")
    playable = Pair.objects.playable()
    while current := rounds.filter(answer=None).first():
        if playable.filter(id=current.pair_id).exists():
            break
        _replace_pair(current)
    if current is None:
        _end_early(game)
        return None
    keep_tokens(current)
    if current.sent_at is None:
        current.sent_at = now()
        Round.objects.filter(id=current.id, sent_at=None).update(sent_at=current.sent_at)
    return current


def _replace_pair(row: Round) -> None:
    """Replace a pair that was retired after the draw; the side stays.

    The new pair has the same condition if possible, otherwise any condition of the design. If the
    listener has heard all of them, the round is dropped so that the game can go on.
    """
    game = row.game
    rng = Random(f"{game.seed} draw again {row.number} {row.pair_id}")
    same_condition = [row.pair.machine.condition]
    any_condition = sorted({condition for slot in game.study.rounds for condition in slot})
    try:
        [row.pair_id] = _draw_one((same_condition, any_condition), game, rng)
    except AppError as error:
        if error.code != "heard_all":
            raise
        row.delete()
        return
    _renew_tokens(row)
    row.sent_at = row.first_play_left = row.first_play_right = None
    row.plays_left = row.plays_right = 0
    row.save()


def _draw_one(slots: Sequence[list[str]], game: Game, rng: Random) -> list[int]:
    """One pair for the first slot that can be filled."""
    *first, last = slots
    for slot in first:
        with suppress(AppError):
            return draw(game.study, game.listener, [slot], rng)
    return draw(game.study, game.listener, [last], rng)


def _end_early(game: Game) -> None:
    """No round is left to answer. A game in which nothing was played is deleted."""
    if game.finished_at is not None:
        return
    if not game.rounds.exists():
        game.delete()
        raise AppError(
            "The clips of this game were withdrawn, and you have heard all the others.",
            "heard_all",
            409,
        )
    game.finished_at = now()
    game.save(update_fields=["finished_at"])


def _renew_tokens(row: Round) -> None:
    row.left_token = secrets.token_urlsafe(24)
    row.right_token = secrets.token_urlsafe(24)
    row.tokens_expire = now() + TOKEN_LIFETIME


def keep_tokens(row: Round) -> None:
    """Extend valid tokens, so that a second tab can go on playing; replace expired ones."""
    if row.tokens_expire <= now():
        _renew_tokens(row)
    row.tokens_expire = now() + TOKEN_LIFETIME
    row.save(update_fields=["left_token", "right_token", "tokens_expire"])


def round_of(listener: Listener | None, round_id: UUID) -> Round:
    """A round that was sent to this listener."""
    row = (
        Round.objects.filter(id=round_id, game__listener=listener, sent_at__isnull=False)
        .select_related("game__study", "answer", "pair__bach", "pair__machine__composer")
        .select_related("pair__machine__excerpt__work")
        .first()
    )
    if listener is None or row is None:
        raise AppError("You have no such round.", "not_found", 404)
    return row


def note_play(row: Round, side: Side) -> dict[str, int]:
    """A clip starts; its first start is stored, by the server's clock."""
    if hasattr(row, "answer"):
        raise _answered()
    plays, first = f"plays_{side}", f"first_play_{side}"
    Round.objects.filter(id=row.id).update(
        **{plays: F(plays) + 1, first: Coalesce(first, now())},
    )
    row.refresh_from_db(fields=["plays_left", "plays_right"])
    return {"left": row.plays_left, "right": row.plays_right}


def answer_round(row: Round, chosen: Side, *, heard_left: float, heard_right: float) -> Answer:
    """Save and score the answer. The first answer stands, whatever comes later.

    The same answer again gets the stored one, so that a reply lost on the way costs nothing.
    """
    if hasattr(row, "answer"):
        return _stored(row.answer, chosen)
    moment = now()
    need = scoring.seconds_to_hear(row.game.study.seconds_to_hear(), clip_seconds(row))
    by_clock = scoring.heard_by_clock(
        row.first_play_left, row.first_play_right, now=moment, need=need
    )
    if not (by_clock and scoring.heard_by_browser(heard_left, heard_right, need=need)):
        raise AppError(f"Please listen to {need:.0f} s of each clip first.", "too_early")
    assert row.first_play_left and row.first_play_right
    first_start = min(row.first_play_left, row.first_play_right)
    try:
        with transaction.atomic():
            answer = Answer.objects.create(
                round=row,
                chosen=chosen,
                correct=chosen == row.bach_side,
                seconds=(moment - first_start).total_seconds(),
                heard_left=heard_left,
                heard_right=heard_right,
                plays_left=row.plays_left,
                plays_right=row.plays_right,
                first=scoring.bach_heard_first(
                    row.first_play_left, row.first_play_right, row.bach_side
                ),
                created=moment,
            )
            if not row.game.rounds.filter(answer=None).exists():
                row.game.finished_at = moment
                row.game.save(update_fields=["finished_at"])
    except IntegrityError:
        row.game.refresh_from_db(fields=["finished_at"])
        return _stored(Answer.objects.get(round=row), chosen)
    return answer


def _stored(answer: Answer, chosen: Side) -> Answer:
    if answer.chosen != chosen:
        raise _answered()
    return answer


def _answered() -> AppError:
    return AppError(
        "You have already answered this round; the first answer stands.", "answered", 409
    )


def clip_seconds(row: Round) -> float:
    """One number for both sides, whatever the rows say, so the length cannot tell them apart."""
    return round(max(row.pair.bach.seconds or 0.0, row.pair.machine.seconds or 0.0), 1)


def note_knew(row: Round, knew: Answer.Knew) -> None:
    with transaction.atomic():
        answer = Answer.objects.select_for_update().filter(round=row).first()
        if answer is None:
            raise AppError("Answer the round first.", "not_answered", 409)
        answer.knew = knew
        answer.save(update_fields=["knew"])  # not update(), so that the results are told


def finished_game(listener: Listener | None, game_id: UUID) -> Game:
    game = Game.objects.filter(id=game_id, listener=listener).first()
    if listener is None or game is None:
        raise AppError("You have no such game.", "not_found", 404)
    if game.finished_at is None:
        raise AppError("This game is not finished yet.", "unfinished", 409)
    return game


def delete_listener(listener: Listener) -> None:
    """Delete the listener with all games, rounds and answers; nothing is kept."""
    listener.delete()
