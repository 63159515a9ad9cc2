"""What happens in a round: clips are played, it is answered, and "did you know it?" is too."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.timezone import now

from bachtest.game import scoring
from bachtest.game.models import Answer, Listener, Round, RoundClip, Side
from bachtest.game.services.enrolment import locked_participation
from bachtest.lib.errors import AppError


def round_of(listener: Listener | None, round_id: UUID) -> Round:
    """A round that was sent to this listener."""
    rounds = Round.objects.filter(
        id=round_id, game__participation__listener=listener, sent_at__isnull=False
    )
    row = (
        rounds.select_related("game__participation__study", "answer", "pair__bach")
        .select_related("pair__machine__version__composer", "pair__excerpt__work")
        .prefetch_related("clips")
        .first()
    )
    if listener is None or row is None:
        raise _not_found()
    if row.withdrawn:
        raise _withdrawn()
    return row


def _lock(row: Round) -> Round:
    """The round as it is now. Until the transaction ends, nobody else answers or withdraws it."""
    locked = Round.objects.select_for_update().filter(id=row.id).first()
    if locked is None:
        raise _not_found()
    if locked.withdrawn:
        raise _withdrawn()
    return locked


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
    start = Value(_moment_of(row, age), output_field=models.DateTimeField())
    with transaction.atomic():
        if Answer.objects.filter(round=_lock(row)).exists():
            raise _answered()
        row.clips.filter(position=side.position).update(
            plays=F("plays") + 1 if number is None else Greatest(F("plays"), number),
            first_play=Least(Coalesce("first_play", start), start),
            heard=Greatest(F("heard"), heard),
        )
    plays = dict(RoundClip.objects.filter(round=row).values_list("position", "plays"))
    return {str(each): plays[each.position] for each in Side}


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
    try:
        with transaction.atomic():
            # Whoever states an experience meanwhile moves this answer too, or none of the others.
            locked_participation(row.game.participation_id)
            return _new_answer(_lock(row), row, chosen, (heard_left, heard_right))
    except IntegrityError:
        row.game.refresh_from_db(fields=["finished_at"])
        return _stored(Answer.objects.get(round=row), chosen)


def _new_answer(locked: Round, row: Round, chosen: Side, heard: tuple[float, float]) -> Answer:
    moment = now()
    left, right = locked.clips_in_order()
    # What was heard before a reload counts too.
    left.heard, right.heard = max(left.heard, heard[0]), max(right.heard, heard[1])
    need = scoring.seconds_to_hear(row.game.study.seconds_to_hear(), clip_seconds(row))
    by_clock = scoring.heard_by_clock(left.first_play, right.first_play, now=moment, need=need)
    if not (by_clock and scoring.heard_by_browser(left.heard, right.heard, need=need)):
        raise AppError(f"Please listen to {need:.0f} s of each clip first.", "too_early")
    assert left.first_play and right.first_play
    # In a round without truth nothing is right or wrong, even if one of the clips is Bach's.
    bach = None if row.kind == Round.Kind.NO_TRUTH else row.bach_side
    first_start = min(left.first_play, right.first_play)
    answer = Answer.objects.create(
        round=row,
        response=str(chosen.position),
        correct=None if bach is None else chosen == bach,
        seconds=max(0.0, (moment - first_start).total_seconds()),
        first=(
            None
            if bach is None
            else scoring.bach_heard_first(left.first_play, right.first_play, bach)
        ),
        created=moment,
    )
    RoundClip.objects.bulk_update([left, right], ["heard"])
    if not row.game.rounds.standing().filter(answer=None).exists():
        row.game.finished_at = moment
        row.game.save(update_fields=["finished_at"])
    return answer


def _stored(answer: Answer, chosen: Side) -> Answer:
    if answer.chosen != chosen:
        raise _answered()
    return answer


def _answered() -> AppError:
    return AppError(
        "You have already answered this round; the first answer stands.", "answered", 409
    )


def _not_found() -> AppError:
    return AppError("You have no such round.", "not_found", 404)


def _withdrawn() -> AppError:
    return AppError("The clips of this round were withdrawn.", "withdrawn", 409)


def clip_seconds(row: Round) -> float:
    """One number for both sides, whatever the rows say, so the length cannot tell them apart."""
    return round(max((clip.seconds or 0.0 for clip in row.pair.clips().values()), default=0.0), 1)


def note_knew(row: Round, knew: Answer.Knew) -> Answer.Knew:
    """Save what the listener said, and return what is stored. A pass replaces nothing."""
    with transaction.atomic():
        locked_participation(row.game.participation_id)
        answer = Answer.objects.select_for_update().filter(round=row).first()
        if answer is None:
            raise AppError("Answer the round first.", "not_answered", 409)
        if knew != Answer.Knew.PASSED or not answer.knew:
            answer.knew = knew
            answer.save(update_fields=["knew"])  # not update(), so that the results are told
        return Answer.Knew(answer.knew)
