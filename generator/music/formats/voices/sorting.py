"""The parts of a file sorted: voices by name or by pitch, accompaniment, and percussion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from generator.music.formats.score import Part, Remark, Score
from generator.music.formats.voices.lines import most_at_once
from generator.music.formats.voices.part_names import (
    is_accompaniment_name,
    is_ensemble_name,
    is_melody_name,
    is_percussion_name,
    is_plain_voice_name,
    voice_of_name,
)
from generator.music.grid.chorale import VOICES

Voices = dict[int, Part]
Remarks = list[Remark]
_MOST_NAMES = 12


def sung_parts(score: Score, remarks: Remarks) -> list[Part]:
    """The parts with notes that are no percussion."""
    parts = [part for part in joined_by_name(score.parts) if part.notes]
    drums = [part for part in parts if is_percussion_name(part.name)]
    leave_out(drums, "percussion", remarks)
    return [part for part in parts if part not in drums]


def joined_by_name(parts: Sequence[Part]) -> list[Part]:
    """Parts that are named after the same voice and never sound together are one."""
    alike: dict[int, list[Part]] = {}
    for part in parts:
        voice = voice_of_name(part.name)
        if voice is not None:
            alike.setdefault(voice, []).append(part)
    joined = list(parts)
    for several in alike.values():
        notes = sorted((n for part in several for n in part.notes), key=lambda note: note.start)
        first = max(several, key=lambda part: bool(part.notes))
        line = replace(first, notes=tuple(notes))
        if len(several) > 1 and most_at_once(line)[0] <= 1:
            place = joined.index(several[0])
            joined = [part for part in joined if part not in several]
            joined.insert(place, line)
    return joined


def parts_by_name(parts: Sequence[Part]) -> Voices:
    """Parts that are named after a voice; empty if two are named after the same one.

    "Alto" counts before "Alto saxophone"; "Melody" beside other voices is the soprano.
    """
    named: Voices = {}
    for plain in (True, False):
        found = [
            (voice, part)
            for part in parts
            if is_plain_voice_name(part.name) is plain
            and (voice := voice_of_name(part.name)) is not None
            and (plain or voice not in named)
        ]
        if len({voice for voice, _ in found}) < len(found):
            return {}
        named |= dict(found)
    tunes = [p for p in parts if is_melody_name(p.name) and voice_of_name(p.name) is None]
    if named and 0 not in named and len(tunes) == 1:
        named[0] = tunes[0]
    return dict(sorted(named.items()))


def parts_by_pitch(parts: Sequence[Part]) -> list[Part]:
    """Highest mean pitch first; equal ones in the order of the file."""
    return sorted(parts, key=lambda part: -fmean(note.pitch for note in part.notes))


def without_accompaniment(parts: Sequence[Part], remarks: Remarks) -> list[Part]:
    """The parts that are sung, if there are such; otherwise all."""
    singers = any(voice_of_name(part.name) is not None for part in parts)
    kept = [
        part
        for part in parts
        if not is_accompaniment_name(part.name) and not (singers and is_ensemble_name(part.name))
    ] or list(parts)
    tunes = [part for part in kept if is_melody_name(part.name)]
    leave_out([part for part in parts if part not in kept], "accompaniment", remarks)
    nameless = all(voice_of_name(part.name) is None for part in kept)
    if nameless and len(tunes) == 1 and len(kept) != len(VOICES):
        leave_out([part for part in kept if part not in tunes], "not the melody", remarks)
        return tunes
    return kept


def sung_span(score: Score, chosen: Voices) -> tuple[int, int]:
    """The first step and the end of what is sung; the end is the score's if that has no more."""
    sung = without_accompaniment(sung_parts(score, []), [])
    notes = [note for part in (*sung, *chosen.values()) for note in part.notes]
    last = max(note.end for note in notes)
    in_all = max(note.end for part in score.parts for note in part.notes)
    first = min(note.start for note in notes)
    return first, score.steps if last == in_all else last


def leave_out(parts: Sequence[Part], why: str, remarks: Remarks) -> None:
    if parts:
        remarks.append(Remark("left out", f"{names_of(parts)} ({why})"))


def names_of(parts: Sequence[Part]) -> str:
    """Names for a sentence; of many parts, the first."""
    names = [part.name for part in parts[:_MOST_NAMES]]
    if len(parts) > _MOST_NAMES:
        names.append(f"and {len(parts) - _MOST_NAMES} more")
    return ", ".join(names)
