"""What happens in a round: clips are played, it is answered, and "did you know it?" is too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.timezone import now

from bachtest.game import scoring
from bachtest.game.models import Answer, Game, Listener, Participation, Round, RoundClip, Side
from bachtest.game.services import own_clips
from bachtest.game.services.enrolment import lock_participation
from bachtest.game.services.pair_facts import clip_seconds
from bachtest.lib.compiled_query import CompiledQuery
from bachtest.lib.errors import AppError
from bachtest.lib.only_row import only_row


def round_of(listener: Listener | UUID | None, round_id: UUID) -> Round:
    """A round that was sent to this listener, with its answer if it has one."""
    return _sent_to(listener, round_id, _SENT_ROUND)


def round_to_note(listener: Listener | UUID | None, round_id: UUID) -> Round:
    """The same, but little is read of it."""
    return _sent_to(listener, round_id, _SENT_ROUND_ALONE)


def _sent_to(
    listener: Listener | UUID | None, round_id: UUID, rounds: CompiledQuery[Round]
) -> Round:
    row = next(iter(rounds(round_id, listener)), None) if listener else None
    if row is None:
        raise _not_found()
    if row.withdrawn:
        raise _withdrawn()
    return row


def _sent(round_id: Any, listener_id: Any) -> models.QuerySet[Round]:
    rounds = Round.objects.order_by().filter(id=round_id).select_related("game")
    return rounds.filter(game__participation__listener=listener_id, sent_at__isnull=False)


def _sent_with_answer(round_id: Any, listener_id: Any) -> models.QuerySet[Round]:
    rounds = _sent(round_id, listener_id).select_related("answer", "pair")
    return rounds.select_related("game__participation__study")


_SENT_ROUND = CompiledQuery(_sent_with_answer, Round._meta.pk, Listener._meta.pk)
_SENT_ROUND_ALONE = CompiledQuery(_sent, Round._meta.pk, Listener._meta.pk)


def _lock(row: Round) -> None:
    """Until the transaction ends, nobody else answers the round or withdraws it."""
    rows = Round.objects.select_for_update().filter(id=row.id).order_by()
    withdrawn = list(rows.values_list("withdrawn", flat=True))
    if not withdrawn:
        raise _not_found()
    if any(withdrawn):
        raise _withdrawn()


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
    with transaction.atomic():
        _lock(row)
        if Answer.objects.filter(round=row).exists():
            raise _answered()
        _store_play(row, side, number=number, age=age, heard=heard)
    plays = dict(RoundClip.objects.filter(round=row).values_list("position", "plays"))
    return {str(each): plays[each.position] for each in Side}


def _store_play(
    row: Round, side: Side, *, number: int | None = None, age: float = 0.0, heard: float = 0.0
) -> None:
    start = Value(_moment_of(row, age), output_field=models.DateTimeField())
    row.clips.filter(position=side.position).update(
        plays=F("plays") + 1 if number is None else Greatest(F("plays"), number),
        first_play=Least(Coalesce("first_play", start), start),
        heard=Greatest(F("heard"), heard),
    )


def _moment_of(row: Round, age: float) -> datetime:
    """So many seconds ago, but never before the round was sent."""
    moment = now()
    assert row.sent_at is not None
    return moment - min(timedelta(seconds=age), max(moment - row.sent_at, timedelta()))


def answer_round(
    row: Round,
    chosen: Side,
    *,
    heard_left: float,
    heard_right: float,
    notes: Sequence[Mapping[str, Any]] = (),
) -> Answer:
    """Save and score the answer. The first answer stands, whatever comes later.

    The same answer again gets the stored one, so that a reply lost on the way costs nothing.
    `notes` are plays that nothing confirmed so far, as `note_play` takes them.
    """
    if hasattr(row, "answer"):
        return _stored(row.answer, chosen)
    try:
        with transaction.atomic():
            # Whoever states an experience meanwhile moves this answer too, or none of the others.
            lock_participation(row.game.participation_id)
            _lock(row)
            if notes and not Answer.objects.filter(round=row).exists():
                for note in notes:
                    _store_play(row, **{**note, "side": Side(note["side"])})
            row.read_clips_again()
            return _new_answer(row, chosen, {Side.LEFT: heard_left, Side.RIGHT: heard_right})
    except IntegrityError:
        row.game.refresh_from_db(fields=["finished_at"])
        return _stored(Answer.objects.get(round=row), chosen)


def _new_answer(row: Round, chosen: Side, heard: Mapping[Side, float]) -> Answer:
    moment = now()
    left, right = row.clips_in_order()
    heard_more = [clip for clip in (left, right) if clip.heard < heard[Side.at(clip.position)]]
    for clip in heard_more:  # of the other more was heard before a reload
        clip.heard = heard[Side.at(clip.position)]
    study = row.game.study
    length = clip_seconds(row.pair, study.rendering)
    need = scoring.seconds_to_hear(study.seconds_to_hear(), length)
    by_clock = scoring.heard_by_clock(left.first_play, right.first_play, now=moment, need=need)
    if not (by_clock and scoring.heard_by_browser(left.heard, right.heard, need=need)):
        raise AppError(f"Please listen to {need:.0f} s of each clip first.", "too_early")
    assert left.first_play and right.first_play
    # In a round without truth nothing is right or wrong, even if one of the clips is Bach's.
    bach = None if row.kind == Round.Kind.NO_TRUTH else row.bach_side
    first_start = min(left.first_play, right.first_play)
    seconds = max(0.0, (moment - first_start).total_seconds())
    correct = None if bach is None else chosen == bach
    before = 0 if correct is False else _quick_streak_before(row)
    answer = Answer.objects.create(
        round=row,
        response=str(chosen.position),
        correct=correct,
        seconds=seconds,
        quick_streak=scoring.quick_streak(before, correct, seconds, need=need),
        first=(
            None
            if bach is None
            else scoring.bach_heard_first(left.first_play, right.first_play, bach)
        ),
        created=moment,
    )
    for clip in heard_more:
        clip.save(update_fields=["heard"])
    if not _UNANSWERED(row.game_id):
        row.game.finished_at = moment
        row.game.save(update_fields=["finished_at"])
    return answer


def _quick_streak_before(row: Round) -> int:
    """Of the participation's last answer; nobody else answers in it meanwhile."""
    return next(iter(_LAST_STREAK(row.game.participation_id)), 0)


def _last_streak(participation: Any) -> models.QuerySet[Answer, Any]:
    earlier = Answer.objects.filter(round__game__participation=participation)
    return earlier.order_by("-id").values_list("quick_streak", flat=True)[:1]


def _unanswered(game: Any) -> models.QuerySet[Round, Any]:
    rounds = Round.objects.standing().filter(game=game, answer=None)
    return rounds.order_by().values_list("id", flat=True)[:1]


_LAST_STREAK = CompiledQuery(_last_streak, Participation._meta.pk)
_UNANSWERED = CompiledQuery(_unanswered, Game._meta.pk)


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


def note_knew(row: Round, knew: Answer.Knew) -> Answer.Knew:
    """Save what the listener said, and return what is stored. A pass replaces nothing.

    The reveal has been left, and so the bytes that only this round has are dropped.
    """
    with transaction.atomic():
        lock_participation(row.game.participation_id)
        answer = only_row(Answer.objects.select_for_update().filter(round=row))
        if answer is None:
            raise AppError("Answer the round first.", "not_answered", 409)
        if knew != Answer.Knew.PASSED or not answer.knew:
            answer.knew = knew
            answer.save(update_fields=["knew"])  # not update(), so that the results are told
    own_clips.drop(row.clips.order_by().values_list("token", flat=True))
    return Answer.Knew(answer.knew)
