"""Which part of a file is which voice: by name, by pitch, or by how many notes sound at once.

Whatever is decided in a case of doubt is added to `remarks`, one sentence each.
"""

from __future__ import annotations

from collections.abc import Sequence

from generator.music.formats.format_errors import FormatError
from generator.music.formats.score import Part, Remark, Score, bar_name, check_line
from generator.music.formats.voices.lines import most_at_once, outer_line, split_lines
from generator.music.formats.voices.sorting import (
    Remarks,
    Voices,
    joined_by_name,
    leave_out,
    names_of,
    parts_by_name,
    parts_by_pitch,
    sung_parts,
    without_accompaniment,
)
from generator.music.grid.chorale import VOICE_NAMES, VOICES

_OUTER = {0: False, len(VOICES) - 1: True}
"""The voices that may be taken from any number of notes at once; True for the lowest."""


def four_voices(score: Score, remarks: Remarks | None = None) -> Voices:
    """All four voices: by name, or from high to low mean pitch, or as many as sound at once.

    Raises
    ------
    FormatError
        If the score does not have exactly four voices.
    """
    said: Remarks = [] if remarks is None else remarks
    # In our own files, a voice that only rests has a name.
    named = parts_by_name(joined_by_name(score.parts))
    if len(named) == len(VOICES):
        others = [part for part in sung_parts(score, said) if part not in named.values()]
        leave_out(others, "not one of the four voices", said)
        return named
    parts = sung_parts(score, said)
    kept = without_accompaniment(parts, said)
    if len(kept) == len(VOICES):
        return _placed(kept, list(range(len(VOICES))), said)
    if dealt := _dealt(kept, list(range(len(VOICES))), score, said):
        return dealt
    crowds = "".join(f"; {_crowd(part, score)}" for part in kept if most_at_once(part)[0] > 1)
    raise FormatError(
        f"a chorale has four voices; this file has {len(parts)} with notes ({names_of(parts)})"
        f"{crowds}: put each voice into its own part (or track), one note at a time"
    )


def chosen_voices(
    score: Score, voice: str | None, expected: str | None, source: str, remarks: Remarks
) -> Voices:
    """The voices that `read_melody` takes; its documentation says which.

    Raises
    ------
    FormatError
        If it is unclear which part is which voice, or one has several notes at once.
    """
    parts = sung_parts(score, remarks)
    if not parts:
        said = [remark.text for remark in remarks if remark.kind == "left out"]
        but = f" but what is left out: {said[0]}" if said else ""
        raise FormatError(f"{source} has no notes{but}; give a file with a melody in it")
    # As many letters as parts: then every part counts, in the order of pitch.
    counted = voice is not None and len(parts) == len(wanted_voices(voice))
    kept = parts if counted else without_accompaniment(parts, remarks)
    in_all = sum(most_at_once(part)[0] for part in kept)
    letters = voice or expected or (VOICES if len(VOICES) in (len(kept), in_all) else "S")
    wanted = wanted_voices(letters)
    named = {} if counted else parts_by_name(kept)
    single = all(index in named and _is_single(named[index]) for index in wanted)
    if not single and (dealt := _dealt(kept, wanted, score, remarks)):
        return {index: dealt[index] for index in wanted} if voice or expected else dealt
    if not voice and len(named) == len(kept) and not (expected and set(wanted) <= set(named)):
        found = named
    elif set(wanted) <= set(named):
        found = {index: named[index] for index in wanted}
        others = [part for part in kept if part not in found.values()]
        leave_out(others, f"{letters} is asked for", remarks)
    else:
        found = _placed(kept, wanted, remarks) or (
            _outermost(kept, wanted, remarks) if voice else {}
        )
    if not found:
        raise FormatError(
            f"{source} has {len(parts)} {'part' if len(parts) == 1 else 'parts'} with notes "
            f"({names_of(parts)}); it is unclear which of them "
            f"are {letters}: name as many voices as parts with --voice, or name the parts "
            "Soprano, Alto, Tenor, Bass"
        )
    for index, part in found.items():
        found[index] = _one_line(part, index, score, remarks, asked=voice is not None)
    return found


def wanted_voices(letters: str) -> list[int]:
    """The voices of letters such as "SB".

    Raises
    ------
    FormatError
        If one is no voice, or stands there twice.
    """
    wanted = [VOICES.find(letter) for letter in letters.upper()]
    if not wanted or -1 in wanted or len(set(wanted)) != len(wanted):
        raise FormatError(f"voice {letters!r} is unknown; use letters of SATB, such as T or SB")
    return sorted(wanted)


def _placed(parts: Sequence[Part], wanted: list[int], remarks: Remarks) -> Voices:
    """Unnamed parts by their order in pitch: as many as are wanted, or all four."""
    places = wanted if len(parts) == len(wanted) else list(range(len(VOICES)))
    if len(parts) != len(places):
        return {}
    placed = dict(zip(places, parts_by_pitch(parts), strict=True))
    if len(placed) > 1:
        pairs = ", ".join(f"{part.name} is {VOICES[index]}" for index, part in placed.items())
        remarks.append(Remark("voices", f"from high to low mean pitch: {pairs}"))
    return {index: placed[index] for index in wanted}


def _outermost(parts: Sequence[Part], wanted: list[int], remarks: Remarks) -> Voices:
    """The highest and the lowest part, if no inner voice is asked for."""
    if len(parts) < len(wanted) or not set(wanted) <= set(_OUTER):
        return {}
    ordered = parts_by_pitch(parts)
    found = {index: ordered[-1 if _OUTER[index] else 0] for index in wanted}
    others = [part for part in parts if part not in found.values()]
    leave_out(others, "not the highest or the lowest part, as asked for", remarks)
    return found


def _dealt(parts: Sequence[Part], wanted: list[int], score: Score, remarks: Remarks) -> Voices:
    """The lines of parts with several notes at once: four in all, or as many as are wanted."""
    counts = {id(part): most_at_once(part)[0] for part in parts}
    total = sum(counts.values())
    if total == len(parts) or total not in (len(VOICES), len(wanted)):
        return {}
    places = iter(wanted if total == len(wanted) else range(len(VOICES)))
    voices: Voices = {}
    for part in parts_by_pitch(parts):
        lines, shared = split_lines(part, counts[id(part)])
        here = {next(places): line for line in lines}
        voices |= here
        letters = " and ".join(VOICES[index] for index in here)
        text = f"{part.name} has up to {len(lines)} notes at once: from the top, {letters}"
        if shared:
            text += (
                f"; {len(shared)} {'note is' if len(shared) == 1 else 'notes are'} sung by more "
                f"than one of them (first in {bar_name(score, shared[0])})"
            )
        if len(lines) > 1:
            remarks.append(Remark("voices", text))
        else:
            remarks.append(Remark("voices", f"{part.name} is {letters}"))
    return voices


def _one_line(part: Part, index: int, score: Score, remarks: Remarks, *, asked: bool) -> Part:
    if _is_single(part):
        return part
    if asked and index in _OUTER:
        line = outer_line(part, lowest=_OUTER[index])
        side = "lowest" if _OUTER[index] else "top"
        remarks.append(
            Remark("voices", f"{_crowd(part, score)}: its {side} line is the {VOICE_NAMES[index]}")
        )
        return line
    check_line(part, score, "--voice S takes the top line of it, --voice B the lowest; or ")
    return part


def _is_single(part: Part) -> bool:
    return most_at_once(part)[0] <= 1


def _crowd(part: Part, score: Score) -> str:
    count, step = most_at_once(part)
    return f"{part.name} has {count} notes at once in {bar_name(score, step)}"
