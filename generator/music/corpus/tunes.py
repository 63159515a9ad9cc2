"""Tune families: works that share a melody.

Rule
----
1. The melody is the soprano on the beats: its pitch at every quarter from the first step on. Rests
   are skipped, and a pitch that is held or repeated counts once. Note values, passing notes off the
   beat and the metre drop out; the interval from note to note stays.
2. Two melodies are compared by local alignment (Smith and Waterman): +1 for the same note, -1 for
   another note or a gap, best run kept, in the transpositions in which they share most intervals.
   The score is the number of shared notes minus the number of differences.
3. Two works belong together if the score reaches half the notes of the shorter melody plus
   five: ten of ten notes, 15 of 20, 25 of 40. Short melodies share much by chance, long ones do
   not. A repeat written out in only one of two editions costs nothing.
4. Near-copies by harmony: two works belong together, whatever their melodies score, if they
   share five different runs of six chords on successive beats, transposed or not.
5. The versions of two hymns differ too much for rule 3; they are joined by name, in `SAME_HYMN`.
6. A family is all works linked by such pairs, directly or through others. It is named after its
   first work.

References
----------
T. F. Smith and M. S. Waterman, "Identification of common molecular subsequences", Journal of
Molecular Biology 147 (1981), 195-197.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise

from generator.music.grid.chorale import REST, STEPS_PER_QUARTER, Chorale

MATCH_SHARE = 0.5
MATCH_NOTES = 5.0
CHORD_RUN = 6
SHARED_CHORD_RUNS = 5
# "Christus, der uns selig macht" and "Lobe den Herren, den mächtigen König der Ehren".
SAME_HYMN = (("BWV245.15", "BWV283"), ("BWV57.8", "BWV137.5"))
# Pairs with fewer runs of five intervals in common never reach the score and need no alignment.
_RUN = 5
_SHARED_RUNS = 4
_TRANSPOSITIONS = 2

Melody = tuple[int, ...]
ChordRun = tuple[tuple[int, ...], ...]


def tune_families(chorales: dict[str, Chorale]) -> dict[str, str]:
    """The tune family of each chorale.

    Parameters
    ----------
    chorales : dict
        By name. The order decides only which work a family is named after.

    Returns
    -------
    dict
        From each name to the name of the first member of its family.
    """
    order = {name: index for index, name in enumerate(chorales)}
    family = {name: name for name in chorales}
    known = [pair for pair in SAME_HYMN if order.keys() >= set(pair)]
    for one, other in (*tune_pairs(chorales), *harmony_pairs(chorales), *known):
        first, second = sorted((_root(family, one), _root(family, other)), key=order.__getitem__)
        family[second] = first
    return {name: _root(family, name) for name in chorales}


def tune_pairs(chorales: dict[str, Chorale]) -> list[tuple[str, str]]:
    """All pairs of names whose melodies are the same tune by the score of rule 3."""
    melodies = {name: melody_of(chorale) for name, chorale in chorales.items()}
    runs = {name: _runs(melody) for name, melody in melodies.items()}
    pairs = []
    for one, other in combinations(chorales, 2):
        shared = runs[one].keys() & runs[other].keys()
        few = min(_SHARED_RUNS, len(runs[one]), len(runs[other]))
        if len(shared) < max(few, 1):
            continue
        shifts = Counter(a - b for run in shared for a in runs[one][run] for b in runs[other][run])
        shorter = min(len(melodies[one]), len(melodies[other]))
        needed = MATCH_SHARE * shorter + MATCH_NOTES
        if any(
            alignment_score(melodies[one], melodies[other], shift) >= needed
            for shift, _ in shifts.most_common(_TRANSPOSITIONS)
        ):
            pairs.append((one, other))
    return pairs


def harmony_pairs(chorales: dict[str, Chorale]) -> list[tuple[str, str]]:
    """All pairs of names that share enough runs of chords to be near-copies (rule 4)."""
    where: dict[ChordRun, list[str]] = defaultdict(list)
    for name, chorale in chorales.items():
        for run in set(_chord_runs(chorale)):
            where[run].append(name)
    shared = Counter(pair for names in where.values() for pair in combinations(names, 2))
    return [pair for pair, runs in shared.items() if runs >= SHARED_CHORD_RUNS]


def melody_of(chorale: Chorale) -> Melody:
    """The soprano on the beats; a pitch that is held or repeated counts once.

    Examples
    --------
    >>> quiet = [[REST] * 12] * 3
    >>> soprano = [67, 67, 67, 67, 67, 67, 69, 69, 71, 71, 71, 71]
    >>> melody_of(Chorale(pitch=[soprano, *quiet], onset=[[1, 0] * 6, *[[0] * 12] * 3]))
    (67, 71)
    """
    beats = [int(pitch) for pitch in chorale.pitch[0, ::STEPS_PER_QUARTER] if pitch != REST]
    return tuple(beats[:1]) + tuple(new for old, new in pairwise(beats) if new != old)


def alignment_score(one: Melody, other: Melody, shift: int = 0) -> int:
    """The score of the best local alignment of two melodies, the second moved by `shift` semitones.

    Examples
    --------
    >>> alignment_score((60, 62, 64, 65), (55, 57, 59, 60), 5)
    4
    """
    moved = [pitch + shift for pitch in other]
    best = 0
    above = [0] * (len(moved) + 1)
    for pitch in one:
        row = [0]
        for column, against in enumerate(moved):
            score = max(
                0,
                above[column] + (1 if pitch == against else -1),
                above[column + 1] - 1,
                row[column] - 1,
            )
            row.append(score)
        best = max(best, *row)
        above = row
    return best


def _runs(melody: Melody) -> dict[Melody, set[int]]:
    """Each run of intervals, with the pitches that it begins on."""
    intervals = [new - old for old, new in pairwise(melody)]
    runs: dict[Melody, set[int]] = defaultdict(set)
    for index in range(len(intervals) - _RUN + 1):
        runs[tuple(intervals[index : index + _RUN])].add(melody[index])
    return runs


def _chord_runs(chorale: Chorale) -> Iterator[ChordRun]:
    """Runs of chords on the beats; a chord is the bass's move and the three intervals above it."""
    beats = chorale.pitch[:, ::STEPS_PER_QUARTER].astype(int).T.tolist()
    chords = [
        None if REST in (*old, *new) else (new[3] - old[3], *(pitch - new[3] for pitch in new[:3]))
        for old, new in pairwise(beats)
    ]
    for index in range(len(chords) - CHORD_RUN + 1):
        run = [chord for chord in chords[index : index + CHORD_RUN] if chord]
        if len(run) == CHORD_RUN:
            yield tuple(run)


def _root(family: dict[str, str], name: str) -> str:
    while family[name] != name:
        name = family[name]
    return name
