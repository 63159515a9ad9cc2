"""What goes into a family and what may come out: nothing of Bach's but the given cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generator.errors import GenerationError
from generator.families.tied_notes import clamp_tied_notes
from generator.music.grid.chorale import REST, VOICES, BoolArray, Chorale

# The longest work has 992 steps; a listener's own melody may have 2,000.
MAX_FILL_STEPS = 4000
# A few written cells may well be a rest, but nobody writes a bar or more of nothing else.
MIN_SILENCE = 16


class FillRefused(GenerationError):
    """What a family returned cannot be its own writing around the given cells."""

    def __init__(self, family: str, what: str) -> None:
        super().__init__(f"family {family!r} {what}; its piece is refused", permanent=True)


def checked_given(chorale: Chorale, given: BoolArray) -> BoolArray:
    """`given` as bool[4, T].

    Raises
    ------
    ValueError
        If it does not have the chorale's shape, or the chorale has more than `MAX_FILL_STEPS`.
    """
    if chorale.steps > MAX_FILL_STEPS:
        raise ValueError(f"a chorale of {chorale.steps} steps; at most {MAX_FILL_STEPS} are filled")
    mask = np.asarray(given, dtype=np.bool_)
    if mask.shape != chorale.pitch.shape:
        raise ValueError(f"given has shape {mask.shape}; the chorale has {chorale.pitch.shape}")
    return mask


def as_given(chorale: Chorale, given: BoolArray) -> tuple[Chorale, BoolArray]:
    """What a family sees: the frame, the given cells, and the notes that they hold over.

    All other cells are rests, and the work has no name. The mask is a copy: whatever a family does
    to it, its piece is checked against the mask that was asked for.
    """
    clamped, mask = clamp_tied_notes(chorale, given)
    copied = mask.copy()
    copied.setflags(write=False)
    return blanked(clamped, copied), copied


def blanked(chorale: Chorale, given: BoolArray) -> Chorale:
    """The chorale with rests in the cells that are not given, and without its name.

    Before a given cell that holds a note over stands that note, as the cell itself says.

    Parameters
    ----------
    chorale : Chorale
    given : bool[4, T]
    """
    pitch = np.where(given, chorale.pitch, REST)
    onset = chorale.onset & given
    held = given[:, 1:] & ~given[:, :-1] & ~chorale.onset[:, 1:] & (chorale.pitch[:, 1:] != REST)
    pitch[:, :-1][held] = pitch[:, 1:][held]
    onset[:, :-1] |= held
    return replace(chorale, pitch=pitch, onset=onset, bwv="", title="")


def checked_count(family: str, filled: object, wanted: int) -> list[Chorale]:
    """The pieces that a family returned, not yet looked at.

    Raises
    ------
    FillRefused
        If there is not one for each that was asked for.
    """
    if not isinstance(filled, list):
        raise FillRefused(family, f"returned {type(filled).__name__}, not a list of pieces")
    if len(filled) != wanted:
        raise FillRefused(family, f"returned {len(filled)} pieces for {wanted}")
    return filled


def checked_piece(family: str, chorale: Chorale, given: BoolArray, filled: object) -> Chorale:
    """The chorale with the voices that a family returned, if it kept to what was given.

    Raises
    ------
    FillRefused
        If it returned no chorale, another length, other given cells, or nothing but rests.
    """
    if type(filled) is not Chorale:
        raise FillRefused(family, f"returned {type(filled).__name__}, not a chorale")
    try:
        if filled.steps != chorale.steps:
            raise FillRefused(family, f"returned {filled.steps} steps for {chorale.steps}")
        piece = chorale.with_voices(filled.pitch, filled.onset)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise FillRefused(family, f"returned no chorale: {error}") from error
    changed = (piece.pitch != chorale.pitch) | (piece.onset != chorale.onset)
    if (bad := np.argwhere(changed & given)).size:
        voice, step = bad[0].tolist()
        raise FillRefused(
            family,
            f"changed given cells: voice {VOICES[voice]}, step {step}, "
            f"{_cell(chorale, voice, step)} to {_cell(piece, voice, step)}",
        )
    _, clamped = clamp_tied_notes(chorale, given)
    written = piece.pitch[~clamped]
    if written.size >= MIN_SILENCE and (written == REST).all():
        raise FillRefused(family, f"wrote nothing in {written.size} cells")
    return piece


def _cell(chorale: Chorale, voice: int, step: int) -> str:
    pitch = int(chorale.pitch[voice, step])
    if pitch == REST:
        return "a rest"
    return f"pitch {pitch}{' that begins' if chorale.onset[voice, step] else ''}"
