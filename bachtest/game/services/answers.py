"""What happens in a round: clips are played, it is answered, and "did you know it?" is too."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.timezone import now

from bachtest.game import scoring
from bachtest.game.models import Answer, Listener, Round, Side
from bachtest.lib.errors import AppError


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
    if row.withdrawn:
        raise _withdrawn()
    return row


def note_play(
    row: Round,
    side: Side,
    *,
    number: int | None = None,
    age: float = 0.0,
    heard: float = 0.0,
) -> dict[str, int]:
    """The clip was started for the `number`th time, `age` seconds ago by the page's clock.

    Notes may come late, twice, or in another order: the result is the same. Without a number, a
    note counts one more start.
    """
    if hasattr(row, "answer"):
        raise _answered()
    plays, first, seconds = f"plays_{side}", f"first_play_{side}", f"heard_{side}"
    start = Value(_moment_of(row, age), output_field=models.DateTimeField())
    Round.objects.filter(id=row.id).update(
        **{
            plays: F(plays) + 1 if number is None else Greatest(F(plays), number),
            first: Least(Coalesce(first, start), start),
            seconds: Greatest(F(seconds), heard),
        },
    )
    row.refresh_from_db(fields=["plays_left", "plays_right"])
    return {"left": row.plays_left, "right": row.plays_right}


def _moment_of(row: Round, age: float) -> datetime:
    """So many seconds ago, but never before the round was sent."""
    moment = now()
    assert row.sent_at is not None
    return moment - min(timedelta(seconds=age), max(moment - row.sent_at, timedelta()))


def answer_round(row: Round, chosen: Side, *, heard_left: float, heard_right: float) -> Answer:
    """Save and score the answer. The first answer stands, whatever comes later.

    The same answer again gets the stored one, so that a reply lost on the way costs nothing.
    """
    if hasattr(row, "answer"):
        return _stored(row.answer, chosen)
    moment = now()
    # What was heard before a reload counts too.
    heard_left, heard_right = max(heard_left, row.heard_left), max(heard_right, row.heard_right)
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
            if not Round.objects.select_for_update().filter(id=row.id).standing().exists():
                raise _withdrawn()
            answer = Answer.objects.create(
                round=row,
                chosen=chosen,
                correct=chosen == row.bach_side,
                seconds=max(0.0, (moment - first_start).total_seconds()),
                heard_left=heard_left,
                heard_right=heard_right,
                plays_left=row.plays_left,
                plays_right=row.plays_right,
                first=scoring.bach_heard_first(
                    row.first_play_left, row.first_play_right, row.bach_side
                ),
                created=moment,
            )
            if not row.game.rounds.standing().filter(answer=None).exists():
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


def _withdrawn() -> AppError:
    return AppError("The clips of this round were withdrawn.", "withdrawn", 409)


def clip_seconds(row: Round) -> float:
    """One number for both sides, whatever the rows say, so the length cannot tell them apart."""
    return round(max(row.pair.bach.seconds or 0.0, row.pair.machine.seconds or 0.0), 1)


def note_knew(row: Round, knew: Answer.Knew) -> Answer.Knew:
    """Save what the listener said, and return what is stored. A pass replaces nothing."""
    with transaction.atomic():
        answer = Answer.objects.select_for_update().filter(round=row).first()
        if answer is None:
            raise AppError("Answer the round first.", "not_answered", 409)
        if knew != Answer.Knew.PASSED or not answer.knew:
            answer.knew = knew
            answer.save(update_fields=["knew"])  # not update(), so that the results are told
        return Answer.Knew(answer.knew)
