from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from django.conf import settings

from generator.families.deepbach.vocabulary import (
    FRAME_SIZES,
    HOLD,
    PADDING,
    REST_TOKEN,
    decode,
    encode,
    frame_rows,
    padded_piece,
    shifts_inside,
    signature,
    sorted_pitches,
    transposed,
    writable,
)
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import a_chorale

ENCODED = """
import hashlib
from generator.families.deepbach.vocabulary import encode, sorted_pitches
from tests.generator.families.material import a_chorale
symbols = encode(a_chorale(128)).tobytes() + sorted_pitches().tobytes()
print(hashlib.sha256(symbols).hexdigest())
"""


def sung(soprano: list[int], onset: list[int] | None = None, **frame) -> Chorale:
    """A soprano over a silent choir."""
    pitch = np.full((4, len(soprano)), REST)
    pitch[0] = soprano
    begins = np.zeros(pitch.shape, dtype=bool)
    begins[0] = onset or 0
    return Chorale(pitch=pitch, onset=repaired_onsets(pitch, begins), **frame)


def test_held_and_repeated_notes_and_rests_have_symbols_of_their_own():
    symbols = encode(sung([60, 60, 60, REST, REST, 62], [1, 0, 1, 0, 0, 1]))
    low = VOICE_RANGES[0][0]
    expected = [60 - low, HOLD[0], 60 - low, REST_TOKEN[0], REST_TOKEN[0], 62 - low]
    assert symbols[0].tolist() == expected
    assert symbols[3].tolist() == [REST_TOKEN[3]] * 6


def test_symbols_give_every_chorale_of_the_training_back():
    corpus = load_corpus()
    for name in tunes_split(corpus)["train"]:
        chorale = corpus.works[name].chorale
        pitch, onset = decode(encode(chorale))
        assert np.array_equal(pitch, chorale.pitch), name
        assert np.array_equal(onset, chorale.onset), name


def test_a_pitch_beyond_the_voice_is_read_in_the_nearest_octave_inside():
    pitch, _ = decode(encode(sung([20, 127, 82])))
    assert pitch[0].tolist() == [68, 79, 70]


def test_the_pitches_are_sorted_and_hold_rest_and_padding_follow_them():
    pitches = np.split(sorted_pitches(), np.cumsum(HOLD)[:-1])
    for voice, (low, high) in enumerate(VOICE_RANGES):
        assert pitches[voice].tolist() == sorted(range(low, high + 1))
        assert HOLD[voice] + 2 == REST_TOKEN[voice] + 1 == PADDING[voice] == high - low + 3


def test_symbols_do_not_depend_on_the_hash_seed():
    here = encode(a_chorale(128)).tobytes() + sorted_pitches().tobytes()
    for seed in ("1", "2"):
        child = subprocess.run(
            [sys.executable, "-c", ENCODED], cwd=settings.BASE_DIR, check=True, text=True,
            capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert child.stdout.strip() == hashlib.sha256(here).hexdigest()


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_drawn_every_hold_continues_a_note_of_the_range(seed):
    """Chains of holds from the beginning, after rests and after notes out of reach included."""
    rng = np.random.default_rng(seed)
    pitch = rng.integers(-1, 128, size=(4, 40))
    pitch[:, rng.random(40) < 0.3] = REST
    chorale = Chorale(pitch=pitch, onset=repaired_onsets(pitch, rng.random((4, 40)) < 0.3))
    given = rng.random((4, 40)) < 0.3
    symbols = encode(chorale)
    for voice, allowed in enumerate(writable(chorale, given)):
        for step in np.flatnonzero(~given[voice]):
            symbols[voice, step] = rng.choice(np.flatnonzero(allowed[step]))
            if allowed[step, HOLD[voice]] and rng.random() < 0.7:
                symbols[voice, step] = HOLD[voice]
    # Given cells that hold over a written one are clamped at the door; here they begin.
    held_over = given & (symbols == np.array(HOLD)[:, None])
    symbols[held_over] = encode(chorale.with_voices(pitch, pitch != REST))[held_over]
    written = np.where(given, chorale.pitch, decode(symbols)[0])
    for voice, (low, high) in enumerate(VOICE_RANGES):
        own = written[voice][~given[voice]]
        assert ((low <= own) & (own <= high)).all()


def test_no_hold_follows_a_given_rest_or_begins_a_piece_but_one_may_follow_a_given_note():
    chorale = sung([REST, 60, 60, 60])
    given = np.ones((4, 4), dtype=bool)
    given[0, [1, 3]] = False
    allowed = writable(chorale, given)[0][:, HOLD[0]]
    assert allowed.tolist() == [False, False, True, True]
    opened = writable(chorale, given_voices("S", 4))[0]
    assert opened[:, HOLD[0]].tolist() == [False, True, True, True]
    assert not opened[:, REST_TOKEN[0]].any()


def test_a_piece_moves_by_what_its_voices_have_room_for():
    symbols = encode(a_chorale(64))
    for semitones in shifts_inside(symbols, -40, 40):
        pitch, onset = decode(transposed(symbols, semitones))
        chorale = a_chorale(64)
        sounding = chorale.pitch != REST
        assert np.array_equal(pitch[sounding], chorale.pitch[sounding] + semitones)
        assert np.array_equal(onset, chorale.onset)
    room = shifts_inside(symbols, -40, 40)
    for beyond in (room.start - 1, room.stop):
        pitch = a_chorale(64).pitch.astype(int) + beyond
        low, high = np.array(VOICE_RANGES).T[..., None]
        assert ((pitch < low) | (pitch > high))[a_chorale(64).pitch != REST].any()


def test_a_piece_of_rests_may_move_anywhere():
    assert shifts_inside(encode(sung([REST] * 4)), -6, 5) == range(-6, 6)


def test_beats_are_counted_from_bar_lines():
    chorale = sung([60] * 8, metre=((0, "3/8"),), anacrusis=1, key="E minor")
    fermata, tick, keys, bar = frame_rows(chorale, bar=True)
    assert tick.tolist() == [1, 0, 1, 2, 3, 0, 1, 0]
    assert bar.tolist() == [5, 0, 1, 2, 3, 4, 5, 0]
    assert set(keys) == {7}
    assert not fermata.any()
    assert len(frame_rows(chorale, bar=False)) == 3


@pytest.mark.parametrize(("key", "tonic"), [("C major", 0), ("F# minor", 9), ("Eb minor", 6)])
def test_a_signature_is_that_of_the_relative_major(key, tonic):
    assert signature(key) == tonic


def test_around_a_piece_lies_padding_of_every_kind():
    chorale = a_chorale(5)
    symbols, frame = padded_piece(encode(chorale), frame_rows(chorale, bar=True), 3)
    assert symbols[:, 0].tolist() == symbols[:, -1].tolist() == list(PADDING)
    assert frame[:, 2].tolist() == list(FRAME_SIZES.values())
    assert np.array_equal(symbols[:, 3:-3], encode(chorale))
