"""What stands in the measures of a part, before it is laid on the grid.

Times are sixteenths from the beginning of the measure. Whole ones are plain integers, since
fractions are ten times slower.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction

from generator.music.phrase_ends.hints import EndHint

Time = Fraction | int
SENZA_MISURA = "senza misura"


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """`tied_from` and `tied_on` say whether a tie ends and begins here; a note of a chord that is
    not its first has `chord`."""

    start: Time
    end: Time
    pitch: int
    voice: str
    staff: str
    tied_from: bool = False
    tied_on: bool = False
    chord: bool = False
    fermata: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class WrittenRest:
    """A rest; `whole` if it fills its bar, however long it says it is."""

    start: Time
    end: Time
    voice: str
    staff: str
    whole: bool
    hidden: bool


@dataclass
class RepeatMarks:
    """What stands at a measure about the order in which measures are played."""

    forward: bool = False
    backward: int = 0
    """How often the music up to here is played; 0 without a repeat."""
    ending: tuple[int, ...] = ()
    """Numbers of an ending that begins here."""
    ending_stops: bool = False
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    fine: bool = False
    da_capo: bool = False
    dal_segno: bool = False

    def add(self, other: RepeatMarks) -> None:
        """Take over what another part says of the same measure."""
        for name, value in vars(other).items():
            setattr(self, name, max(getattr(self, name), value))


@dataclass
class WrittenMeasure:
    """One measure of one part.

    Attributes
    ----------
    metre : str
        As ``"3/4"`` or `SENZA_MISURA`, if one is written here.
    length : Fraction or int
        Of all but rests that fill the bar.
    repeats : (bars, staff), optional
        A measure repeat, of so many bars, that begins here; 0 bars where one ends.
    hints : list of EndHint
        Breath marks and sung words; their steps count from the beginning of the measure.
    """

    number: str
    implicit: bool = False
    metre: str = ""
    length: Time = 0
    notes: list[WrittenNote] = field(default_factory=list)
    rests: list[WrittenRest] = field(default_factory=list)
    marks: RepeatMarks = field(default_factory=RepeatMarks)
    repeats: tuple[int, str] | None = None
    hints: list[EndHint] = field(default_factory=list)

    @property
    def rest_length(self) -> Time:
        """Of the longest rest that fills the bar, as it is written."""
        return max((rest.end for rest in self.rests if rest.whole), default=0)

    def close(self) -> None:
        """Find the rests that fill the bar, and the length of all else."""
        events = Counter(note.voice for note in self.notes)
        events.update(rest.voice for rest in self.rests)
        self.rests = [
            replace(rest, whole=rest.start == 0 and (rest.whole and events[rest.voice] == 1))
            for rest in self.rests
        ]
        ends = [rest.end for rest in self.rests if not rest.whole]
        self.length = max(self.length, *ends, *(note.end for note in self.notes), 0)


@dataclass(frozen=True)
class WrittenKey:
    """A key signature as it sounds; `sharps` is None for one that is not of fifths."""

    bar: str
    sharps: int | None
    mode: str


@dataclass
class WrittenPart:
    """A part with its measures, its keys and the clefs of its staves."""

    name: str
    measures: list[WrittenMeasure] = field(default_factory=list)
    keys: list[WrittenKey] = field(default_factory=list)
    clefs: dict[str, set[str]] = field(default_factory=dict)

    def place(self, number: str) -> str:
        """A bar of this part as messages name it."""
        return f"{self.name}, bar {number}"


def plain(time: Time) -> Time:
    return time.numerator if time.denominator == 1 else time
