"""Phrases that a composer leaves open: they do not close on a triad."""

from __future__ import annotations

from dataclasses import dataclass

from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.spelling import note_name, signature
from generator.music.measures.style import closes_on_triad
from generator.music.phrase_ends.melody_phrases import Phrases


@dataclass(frozen=True)
class OpenPhrase:
    """A phrase by its number, from 1, the bar of its last note, and what sounds at its end.

    Examples
    --------
    >>> OpenPhrase(1, 2, ("D3", "F4", "A4", "C5")).sentence()
    'phrase 1 is left open: bar 2 ends it on D3 F4 A4 C5'
    """

    number: int
    bar: int
    notes: tuple[str, ...]

    def sentence(self) -> str:
        notes = " ".join(self.notes)
        return f"phrase {self.number} is left open: bar {self.bar} ends it on {notes}"


def open_phrases(chorale: Chorale, phrases: Phrases) -> list[OpenPhrase]:
    """Those of the phrases at whose end no triad over its root sounds.

    Examples
    --------
    >>> seventh = Chorale(pitch=[[72], [69], [65], [50]], onset=[[1]] * 4)
    >>> from generator.music.phrase_ends.melody_phrases import phrases_of
    >>> phrases = phrases_of(seventh, 0)
    >>> [each.notes for each in open_phrases(seventh, phrases)]
    [('D3', 'F4', 'A4', 'C5')]
    """
    sharps = signature(chorale.key)
    found = []
    for number, end in enumerate(phrases.ends, start=1):
        if not closes_on_triad(chorale, end.end - 1):
            sounding = [int(pitch) for pitch in chorale.pitch[::-1, end.end - 1] if pitch != REST]
            names = tuple(note_name(pitch, sharps) for pitch in sounding)
            found.append(OpenPhrase(number, end.bar, names))
    return found
