"""The figures that the critic reads: short patterns of one, two or four voices, as codes.

Conventions
-----------
Equal codes of a kind mean the same figure, but for collisions: a code is the hash of all that makes
the figure up. An *event* is a step at which a voice begins a note. A chord is the set of pitch
classes above the bass. A move is an interval in semitones; `STILL` stands where nothing begins.
Pitches are tokens, so those of a piece in C major or A minor.

Kinds
-----
chord_pair, chord_pair_placed, chord_triple    chords of two or three events and the bass's moves;
            placed: at its step of the quarter
spacing     intervals between neighbouring voices at an event, placed
moves       what each of the four voices does at an event, and the chord
two_voices, two_voices_on    two voices at an event of either: interval, moves and place; the
            intervals of the two sonorities before
line, line_timed    a note and the two before it; with the length of the last, and place
degrees, register    pitch classes of a note and of the two before it; it and the one before, placed
rhythm, outer_rhythm    where all voices begin notes in a quarter of the bar; where soprano and
            bass do in two
beat_pair, beat_triple, beat_pair_in_key    chords of two or three quarters and the bass's moves;
            with their degrees
outer_pair, outer_triple    soprano and bass in two or three quarters
beat_two_voices    two voices where two quarters begin: intervals and moves
quarter, quarter_over_bass    what a voice does in a quarter and into the next; and its interval
            above the bass
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from generator.families.flagship.window import VOICES
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray

Ints = NDArray[np.int64]
KINDS = (
    "chord_pair", "chord_pair_placed", "chord_triple", "spacing", "moves", "two_voices",
    "two_voices_on", "line", "line_timed", "degrees", "register", "rhythm", "outer_rhythm",
    "beat_pair", "beat_triple", "beat_pair_in_key", "outer_pair", "outer_triple",
    "beat_two_voices", "quarter", "quarter_over_bass",
)  # fmt: skip
(
    CHORD_PAIR,
    CHORD_PAIR_PLACED,
    CHORD_TRIPLE,
    SPACING,
    MOVES,
    TWO_VOICES,
    TWO_VOICES_ON,
    LINE,
    LINE_TIMED,
    DEGREES,
    REGISTER,
    RHYTHM,
    OUTER_RHYTHM,
    BEAT_PAIR,
    BEAT_TRIPLE,
    BEAT_PAIR_IN_KEY,
    OUTER_PAIR,
    OUTER_TRIPLE,
    BEAT_TWO_VOICES,
    QUARTER,
    QUARTER_OVER_BASS,
) = range(len(KINDS))
CODES = 1 << 17
MOST_FIGURES = 54
"""In a step: five of all voices, twelve of pairs and sixteen of lines; 21 of its quarter."""
STILL, UNKNOWN, END = 50, 99, 60
LONGEST = 33  # steps; longer notes count as this
MAX_MOVE, MAX_SPACING, MAX_INTERVAL = 13, 24, 40


@njit(cache=True, error_model="numpy")
def read_figures(
    tokens: Ints,
    pitch_of: Ints,
    padding: int,
    bar_quarters: Ints,
    minor: bool,
    codes: Ints,
    steps: Ints,
) -> int:
    """How many figures a piece has; their codes and steps are written into the last two arrays.

    Parameters
    ----------
    tokens : (V, T)
    pitch_of : (C + 2,)
    padding : the token outside the piece
    bar_quarters : (N,), each quarter's place in the bar
    codes, steps : (`MOST_FIGURES` * T,); the code of a kind K is from K * `CODES` on
    """
    length = tokens.shape[1]
    pitch, begins = notes_of(tokens, pitch_of)
    silence = np.zeros(VOICES, np.int64)
    starts = np.full((VOICES, 3), -1, np.int64)  # of the present note and of the two before it
    event = -1
    count = 0
    for t in range(length):
        if tokens[0, t] == padding:
            continue
        place = t % STEPS_PER_QUARTER
        if begins[t].any():
            now, before = pitch[t], pitch[t - 1] if t else silence
            earlier = pitch[event - 1] if event > 0 else silence
            event = t
            moves = np.array(
                [move_between(before[v], now[v]) if begins[t, v] else STILL for v in range(VOICES)]
            )
            count = _read_chords(now, before, earlier, moves, t, codes, steps, count)
            count = _read_pairs(now, before, earlier, moves, t, codes, steps, count)
            for v in range(VOICES):
                if begins[t, v]:
                    starts[v, 2], starts[v, 1], starts[v, 0] = starts[v, 1], starts[v, 0], t
                    count = _read_line(pitch[:, v], starts[v], v, codes, steps, count)
        if place == 0:
            quarter = bar_quarters[t // STEPS_PER_QUARTER]
            count = _read_rhythm(begins, t, quarter, codes, steps, count)
            count = _read_quarters(pitch, t, minor, codes, steps, count)
            for v in range(VOICES):
                count = _read_voice(pitch, begins, v, t, codes, steps, count)
    return count


@njit(cache=True, error_model="numpy")
def notes_of(tokens: Ints, pitch_of: Ints) -> tuple[Ints, BoolArray]:
    """Pitches (T, V), and where notes begin."""
    length, held = tokens.shape[1], pitch_of.max()
    pitch, begins = np.zeros((length, VOICES), np.int64), np.zeros((length, VOICES), np.bool_)
    for t in range(length):
        for v in range(VOICES):
            pitch[t, v] = pitch_of[tokens[v, t]]
            begins[t, v] = held < tokens[v, t] < len(pitch_of) - 2
            # What holds another pitch than the one before begins it, as in `decode_grid`.
            before = pitch[t - 1, v] if t else 0
            begins[t, v] |= pitch[t, v] > 0 and pitch[t, v] != before
    return pitch, begins


@njit(cache=True, error_model="numpy")
def _read_chords(
    now: Ints,
    before: Ints,
    earlier: Ints,
    moves: Ints,
    t: int,
    codes: Ints,
    steps: Ints,
    count: int,
) -> int:
    """All voices at an event; nothing where the bass is silent."""
    if not now[3]:
        return count
    place = t % STEPS_PER_QUARTER
    one, two, three = chord_of(now), chord_of(before), chord_of(earlier)
    bass, bass_before = class_move(before[3], now[3]), class_move(earlier[3], before[3])
    count = put(CHORD_PAIR, t, hash_of(one, two, bass, 0, 0, 0), codes, steps, count)
    count = put(CHORD_PAIR_PLACED, t, hash_of(one, two, bass, place, 0, 0), codes, steps, count)
    code = hash_of(one, two, three, bass, bass_before, 0)
    count = put(CHORD_TRIPLE, t, code, codes, steps, count)
    gaps = [_clipped(now[v] - now[v + 1], MAX_SPACING) for v in range(3)]
    code = hash_of(gaps[0], gaps[1], gaps[2], place, 0, 0)
    count = put(SPACING, t, code, codes, steps, count)
    code = hash_of(moves[0], moves[1], moves[2], moves[3], one, 0)
    return put(MOVES, t, code, codes, steps, count)


@njit(cache=True, error_model="numpy")
def _read_pairs(
    now: Ints,
    before: Ints,
    earlier: Ints,
    moves: Ints,
    t: int,
    codes: Ints,
    steps: Ints,
    count: int,
) -> int:
    """Each two voices of which one begins a note."""
    place, pair = t % STEPS_PER_QUARTER, 0
    for one in range(VOICES - 1):
        for two in range(one + 1, VOICES):
            pair += 1
            if moves[one] == STILL and moves[two] == STILL:
                continue
            interval = _interval(now[two], now[one])
            code = hash_of(pair, interval, moves[one], moves[two], place, 0)
            count = put(TWO_VOICES, t, code, codes, steps, count)
            interval = class_move(now[two], now[one])
            last = class_move(before[two], before[one])
            first = class_move(earlier[two], earlier[one])
            code = hash_of(pair, interval, last, first, moves[one], moves[two])
            count = put(TWO_VOICES_ON, t, code, codes, steps, count)
    return count


@njit(cache=True, error_model="numpy")
def _read_line(line: Ints, starts: Ints, voice: int, codes: Ints, steps: Ints, count: int) -> int:
    """The note of a voice that begins at the first of the `starts`."""
    t = starts[0]
    note = line[t]
    last = line[starts[1]] if starts[1] >= 0 else 0
    first = line[starts[2]] if starts[2] >= 0 else 0
    move, move_before = move_between(last, note), move_between(first, last)
    long = min(t - starts[1], LONGEST) if starts[1] >= 0 else UNKNOWN
    place = t % STEPS_PER_QUARTER
    count = put(LINE, t, hash_of(voice, move, move_before, 0, 0, 0), codes, steps, count)
    code = hash_of(voice, move, move_before, long, place, 0)
    count = put(LINE_TIMED, t, code, codes, steps, count)
    code = hash_of(voice, note % 12, _class(last), _class(first), 0, 0)
    count = put(DEGREES, t, code, codes, steps, count)
    return put(REGISTER, t, hash_of(voice, note, last, place, 0, 0), codes, steps, count)


@njit(cache=True, error_model="numpy")
def _read_rhythm(
    begins: BoolArray, t: int, quarter: int, codes: Ints, steps: Ints, count: int
) -> int:
    """Where notes begin in the quarter at `t`, and in the one before."""
    here, before = _begun(begins, t), _begun(begins, t - STEPS_PER_QUARTER)
    every = here[0] + (here[1] << 4) + (here[2] << 8) + (here[3] << 12)
    count = put(RHYTHM, t, hash_of(every, quarter, 0, 0, 0, 0), codes, steps, count)
    code = hash_of(here[0], here[3], before[0], before[3], 0, 0)
    return put(OUTER_RHYTHM, t, code, codes, steps, count)


@njit(cache=True, error_model="numpy")
def _read_quarters(pitch: Ints, t: int, minor: bool, codes: Ints, steps: Ints, count: int) -> int:
    """Pairs of voices, all voices and the outer two where this quarter and those before begin."""
    silence = np.zeros(VOICES, np.int64)
    now = pitch[t]
    last = pitch[t - STEPS_PER_QUARTER] if t >= STEPS_PER_QUARTER else silence
    first = pitch[t - 2 * STEPS_PER_QUARTER] if t >= 2 * STEPS_PER_QUARTER else silence
    pair = 0
    for one in range(VOICES - 1):
        for two in range(one + 1, VOICES):
            pair += 1
            interval, before = _interval(now[two], now[one]), _interval(last[two], last[one])
            moves = move_between(last[one], now[one]), move_between(last[two], now[two])
            code = hash_of(pair, interval, before, moves[0], moves[1], 0)
            count = put(BEAT_TWO_VOICES, t, code, codes, steps, count)
    if not now[3]:
        return count
    chord, chord_before = chord_of(now), chord_of(last)
    code = hash_of(chord, chord_before, class_move(last[3], now[3]), 0, 0, 0)
    count = put(BEAT_PAIR, t, code, codes, steps, count)
    code = hash_of(chord, chord_before, now[3] % 12, _class(last[3]), int(minor), 0)
    count = put(BEAT_PAIR_IN_KEY, t, code, codes, steps, count)
    interval = _interval(now[3], now[0])
    soprano, bass = move_between(last[0], now[0]), move_between(last[3], now[3])
    code = hash_of(interval, soprano, bass, 0, 0, 0)
    count = put(OUTER_PAIR, t, code, codes, steps, count)
    step, step_before = class_move(last[3], now[3]), class_move(first[3], last[3])
    code = hash_of(interval % 12, soprano, step, move_between(first[0], last[0]), step_before, 0)
    count = put(OUTER_TRIPLE, t, code, codes, steps, count)
    code = hash_of(chord, chord_before, chord_of(first), step, step_before, 0)
    return put(BEAT_TRIPLE, t, code, codes, steps, count)


@njit(cache=True, error_model="numpy")
def _read_voice(
    pitch: Ints, begins: BoolArray, voice: int, t: int, codes: Ints, steps: Ints, count: int
) -> int:
    """What a voice does in the quarter at `t` and where the next one begins."""
    moves = np.full(STEPS_PER_QUARTER + 1, END, np.int64)
    for step in range(STEPS_PER_QUARTER + 1):
        if t + step < len(pitch):
            last = pitch[t + step - 1, voice] if t + step else 0
            begun = begins[t + step, voice]
            moves[step] = move_between(last, pitch[t + step, voice]) if begun else STILL
    code = hash_of(voice, moves[1], moves[2], moves[3], moves[4], 0)
    count = put(QUARTER, t, code, codes, steps, count)
    above = class_move(pitch[t, 3], pitch[t, voice])
    within = (moves[1] << 16) + (moves[2] << 8) + moves[3]
    code = hash_of(voice, moves[0], within, above, 0, 0)
    return put(QUARTER_OVER_BASS, t, code, codes, steps, count)


@njit(cache=True, error_model="numpy")
def put(kind: int, t: int, code: int, codes: Ints, steps: Ints, count: int) -> int:
    codes[count] = kind * CODES + (code >> 20) % CODES
    steps[count] = t
    return count + 1


@njit(cache=True, error_model="numpy")
def hash_of(a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    """A hash of six numbers, 63 bits wide (multiply and shift, as in SplitMix64)."""
    code = np.int64(0)
    for part in (a, b, c, d, e, f):
        code = (code ^ (part + np.int64(0x1E3779B97F4A7C15))) * np.int64(0x3F58476D1CE4E5B9)
        code ^= (code >> 29) & np.int64(0x7FFFFFFFF)
    return int(code & np.int64(0x7FFFFFFFFFFFFFFF))


@njit(cache=True, error_model="numpy")
def chord_of(pitch: Ints) -> int:
    """The pitch classes above the bass, a bit for each; 0 where the bass is silent."""
    chord = 0
    for v in range(VOICES - 1):
        if pitch[v] and pitch[3]:
            chord |= 1 << ((pitch[v] - pitch[3]) % 12)
    return chord


@njit(cache=True, error_model="numpy")
def _begun(begins: BoolArray, t: int) -> Ints:
    """(V,): the steps of the quarter at `t` at which each voice begins a note, a bit for each."""
    bits = np.zeros(VOICES, np.int64)
    for step in range(STEPS_PER_QUARTER):
        if 0 <= t + step < len(begins):
            for v in range(VOICES):
                bits[v] |= begins[t + step, v] << step
    return bits


@njit(cache=True, error_model="numpy")
def move_between(one: int, two: int) -> int:
    return _clipped(two - one, MAX_MOVE) if one and two else UNKNOWN


@njit(cache=True, error_model="numpy")
def class_move(one: int, two: int) -> int:
    return (two - one) % 12 if one and two else UNKNOWN


@njit(cache=True, error_model="numpy")
def _interval(low: int, high: int) -> int:
    return _clipped(high - low, MAX_INTERVAL) if low and high else UNKNOWN


@njit(cache=True, error_model="numpy")
def _class(pitch: int) -> int:
    return pitch % 12 if pitch else UNKNOWN


@njit(cache=True, error_model="numpy")
def _clipped(value: int, most: int) -> int:
    return min(max(value, -most), most)
