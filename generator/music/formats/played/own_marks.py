"""What our own MIDI files carry beside notes; `midi.py` says how it is written."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from generator.music.formats.played.contents import MidiContents
from generator.music.formats.played.fitting import Ticks, tolerance
from generator.music.formats.played.frame import metre_changes
from generator.music.formats.score import Part, Score, on_grid
from generator.music.formats.voices.sorting import parts_by_name
from generator.music.grid.chorale import VOICE_NAMES, BoolArray
from generator.music.grid.spelling import enharmonic_keys

_MARK = re.compile(r"fermata|fermata end|pickup .*")
_PICKUP = re.compile(r"pickup (\d{1,4}) of (\d{1,4}/\d{1,4})")


class OwnMarks:
    """The marks of one of our own files."""

    def __init__(self, contents: MidiContents) -> None:
        self._contents = contents

    def frame(self) -> Score:
        """A score without notes, with metre and pickup."""
        metre = metre_changes(self._contents)
        for _, text in self._marks():
            if match := _PICKUP.fullmatch(text):
                pickup, first = int(match[1]), match[2]
                rest = metre[1:]
                if metre[0][1] != first and (pickup, first) in rest:
                    rest.remove((pickup, first))
                return Score((), 0, ((0, first), *rest), anacrusis=pickup)
        return Score((), 0, tuple(metre))

    def text(self, word: str) -> str:
        """The rest of the first text that begins with a word; empty without one."""
        texts = [text for _, text in self._contents.texts if text.startswith(f"{word} ")]
        return texts[0].removeprefix(f"{word} ") if texts else ""

    def title(self) -> str:
        return self._contents.names.get(0) or self.text("title")

    def key(self) -> str:
        """The signature's key, in the spelling of the text if that is the same key."""
        text = self.text("key")
        signatures = [(tick, key) for tick, _, key in self._contents.keys]
        signed = min(signatures)[1] if signatures else ""
        return text if not signed or text in enharmonic_keys(signed) else signed

    def end(self) -> int:
        ends = [tick for tick, text in self._contents.texts if text == "end"]
        return self._step(max(ends, default=self._contents.end), "the file ends")

    def fermata(self, steps: int) -> BoolArray:
        marks = np.zeros(steps, dtype=np.bool_)
        for tick, text in sorted(self._marks(), key=lambda mark: mark[0]):
            if text.startswith("fermata"):
                marks[self._step(tick, f"{text!r} lies") :] = text == "fermata"
        return marks

    def _marks(self) -> list[tuple[Ticks, str]]:
        """Fermatas and the pickup: the markers, or the texts where a program dropped those."""
        markers = [mark for mark in self._contents.markers if _MARK.fullmatch(mark[1])]
        return markers or [mark for mark in self._contents.texts if _MARK.fullmatch(mark[1])]

    def _step(self, tick: Ticks, event: str) -> int:
        step_ticks = self._contents.step_ticks
        return on_grid(Fraction(tick) / step_ticks, tolerance(step_ticks), event)


def with_silent_voices(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """pretty_midi drops tracks without notes; in our own files, a voice without a track rests."""
    named = parts_by_name(parts)
    if any(part.notes and part not in named.values() for part in parts):
        return parts
    lacking = [name for voice, name in enumerate(VOICE_NAMES) if voice not in named]
    return (*parts, *(Part(name, ()) for name in lacking))
