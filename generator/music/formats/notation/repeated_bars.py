"""Which measures are read, in which order, and what is said of their repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generator.music.formats.notation.notices import Notices
from generator.music.formats.notation.play_order import has_repeats, once, played
from generator.music.formats.notation.written import RepeatMarks, WrittenMeasure, WrittenPart
from generator.music.formats.score import Repeats

MAX_BARS_NAMED = 200
"""Characters."""


def reading_order(
    parts: Sequence[WrittenPart], repeats: Repeats | None, notices: Notices
) -> list[int]:
    """The measures in the order in which they are read; measure repeats are filled in.

    Repeats, endings and jumps are taken once unless they are to be played. A measure repeat stands
    for notes, and is left a rest only where `repeats` is "once".
    """
    for part in parts:
        _fill_measure_repeats(part, repeats, notices)
    longest = max(parts, key=lambda part: len(part.measures))
    marks = [RepeatMarks() for _ in longest.measures]
    for part in parts:
        for mark, measure in zip(marks, part.measures, strict=False):
            mark.add(measure.marks)
    numbers = [measure.number for measure in longest.measures]
    if not has_repeats(marks):
        return list(range(len(marks)))
    if repeats == "play":
        order = played(marks)
        notices.say("repeats", f"repeats are played: bars {_named(order, numbers)}")
        return order
    order = once(marks)
    left_out = sorted(set(range(len(marks))) - set(order))
    text = "repeats are read once"
    if left_out:
        bars = "bars" if len(left_out) > 1 else "bar"
        text += f", with the last ending ({bars} {_named(left_out, numbers)} left out)"
    notices.say("repeats", f"{text}; --repeats play plays them")
    return order


def _named(order: Sequence[int], numbers: Sequence[str]) -> str:
    """Runs of measures.

    Examples
    --------
    >>> _named([0, 1, 2, 0, 1, 3], ["1", "2", "3", "4"])
    '1-3 1-2 4'
    """
    runs: list[list[int]] = []
    for index in order:
        if runs and runs[-1][-1] + 1 == index:
            runs[-1][-1:] = [runs[-1][-1], index] if len(runs[-1]) == 1 else [index]
        else:
            runs.append([index])
    named = " ".join("-".join(numbers[index] for index in run) for run in runs)
    return named if len(named) <= MAX_BARS_NAMED else f"{named[:MAX_BARS_NAMED]} ..."


def _fill_measure_repeats(part: WrittenPart, repeats: Repeats | None, notices: Notices) -> None:
    running: dict[str, int] = {}
    for index, measure in enumerate(part.measures):
        if measure.repeats is not None:
            bars, staff = measure.repeats
            running = {**running, staff: bars}
        for staff, bars in list(running.items()):
            if not bars or index < bars or _has_notes(measure, staff):
                del running[staff]
                continue
            place = part.place(measure.number)
            if repeats == "once":
                notices.count("repeats", "measure repeat", "left a rest, as written", place)
                continue
            _copy(part.measures[index - bars], measure, staff)
            notices.count("repeats", "measure repeat", "filled in", place)


def _has_notes(measure: WrittenMeasure, staff: str) -> bool:
    return any(note.staff == staff or not staff for note in measure.notes)


def _copy(source: WrittenMeasure, target: WrittenMeasure, staff: str) -> None:
    def own(event_staff: str) -> bool:
        return not staff or event_staff == staff

    target.notes = [*target.notes, *(replace(n) for n in source.notes if own(n.staff))]
    target.rests = [
        *(rest for rest in target.rests if not own(rest.staff)),
        *(rest for rest in source.rests if own(rest.staff)),
    ]
    target.length = max(target.length, source.length)
