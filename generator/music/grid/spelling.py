"""Names of notes and keys, and their signatures.

Conventions
-----------
A note name has a place on the line of fifths: F = -1, C = 0, G = 1 ... B = 5, F# = 6. A signature
is its number of sharps; flats are negative. The signature of a major key is the place of its
tonic; that of a minor key is 3 less.
"""

from __future__ import annotations

_LETTERS = "FCGDAEB"
_LETTER_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-3: "bbb", -2: "bb", -1: "b", 0: "", 1: "#", 2: "##", 3: "###"}
# For every mode that files name: place of the tonic above the signature, and the mode on the grid.
MODES: dict[str, tuple[int, str]] = {
    "major": (0, "major"),
    "ionian": (0, "major"),
    "lydian": (-1, "major"),
    "mixolydian": (1, "major"),
    "minor": (3, "minor"),
    "aeolian": (3, "minor"),
    "dorian": (2, "minor"),
    "phrygian": (4, "minor"),
    "locrian": (5, "minor"),
}


def signature(key: str) -> int:
    """Sharps (above 0) or flats (below 0) of a key on the grid.

    Examples
    --------
    >>> signature("G major"), signature("C minor")
    (1, -3)
    """
    tonic, mode = key.split()
    place = _LETTERS.index(tonic[0]) - 1 + 7 * {"": 0, "#": 1, "b": -1}[tonic[1:]]
    return place - MODES[mode][0]


def key_name(sharps: int, mode: str) -> str:
    """The key of a signature and a mode; church modes become the closer of major and minor.

    Raises
    ------
    ValueError
        If the mode is unknown or the tonic would need a double sharp or flat.

    Examples
    --------
    >>> key_name(1, "major"), key_name(0, "dorian")
    ('G major', 'D minor')
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}; use one of {', '.join(sorted(MODES))}")
    above, of_grid = MODES[mode]
    if abs(_named(sharps + above)[1]) > 1:
        raise ValueError(f"a signature of {sharps} sharps in {mode}; use -7 (flats) to 7 (sharps)")
    return f"{tonic_name(sharps + above)} {of_grid}"


def enharmonic_keys(key: str) -> frozenset[str]:
    """A key on the grid and all others that sound like it.

    Examples
    --------
    >>> sorted(enharmonic_keys("Gb major")), sorted(enharmonic_keys("D minor"))
    (['F# major', 'Gb major'], ['D minor'])
    """
    mode = key.split()[1]
    place = signature(key) + MODES[mode][0]
    places = (place - 12, place, place + 12)
    return frozenset(f"{tonic_name(p)} {mode}" for p in places if abs(_named(p)[1]) <= 1)


def tonic_name(place: int) -> str:
    """The name at a place on the line of fifths.

    Examples
    --------
    >>> tonic_name(1), tonic_name(-2), tonic_name(6)
    ('G', 'Bb', 'F#')
    """
    letter, alter = _named(place)
    return letter + _SIGNS[alter]


def spelled(pitch: int, sharps: int) -> tuple[str, int, int]:
    """Letter, alteration and octave of a MIDI number under a signature.

    The twelve names run from two places below the signature to nine above it. In C major that is
    B flat, and otherwise sharps up to D sharp, as the dominants of related keys need them.

    Examples
    --------
    >>> spelled(70, 0), spelled(66, 0), spelled(68, -3)
    (('B', -1, 4), ('F', 1, 4), ('A', -1, 4))
    """
    lowest = sharps - 2
    letter, alter = _named(lowest + (7 * pitch - lowest) % 12)
    return letter, alter, (pitch - alter) // 12 - 1


def midi_number(letter: str, alter: int, octave: int) -> int:
    """The MIDI number of a name.

    Examples
    --------
    >>> midi_number("C", 0, 4), midi_number("B", 1, 3)
    (60, 60)
    """
    return _LETTER_PITCH[letter] + alter + 12 * (octave + 1)


def note_name(pitch: int, sharps: int = 0) -> str:
    """A name for people.

    Examples
    --------
    >>> note_name(60), note_name(70, -2)
    ('C4', 'Bb4')
    """
    letter, alter, octave = spelled(pitch, sharps)
    return f"{letter}{_SIGNS[alter]}{octave}"


def _named(place: int) -> tuple[str, int]:
    return _LETTERS[(place + 1) % 7], (place + 1) // 7
