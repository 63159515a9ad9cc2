"""Decoding: the mask of the softmax, the nearest chord, and which voices begin."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.families.fill_run import FillClock
from generator.families.next_chord.network import NextChordConfig, NextChordNetwork
from generator.families.next_chord.next_chord import NextChord
from generator.families.next_chord.vocabulary import FIRST, UNKNOWN, ChordVocabulary
from generator.families.next_chord.writer import (
    LONGEST_REST,
    ChordWriter,
    OpenEvent,
    WrittenEvent,
)
from generator.music.grid.chorale import REST, VOICE_RANGES
from generator.music.grid.conditions import given_voices
from tests.generator.families.material import STEPS, a_chorale, melody

C, F, G, C_HIGH = [72, 67, 64, 48], [72, 69, 65, 53], [71, 67, 62, 55], [79, 72, 64, 60]
SILENT_ALTO = [72, REST, 64, 48]
ALL = np.ones(4, dtype=bool)
TIMES = [(steps, begins) for steps in (1, 2, 4, 16) for begins in range(16)]
WINDOW = 4


def writer_of(chords, *, likely=None, unknown=-50.0, times=TIMES, seed=1) -> ChordWriter:
    """A writer whose network finds one chord likely, whatever came before."""
    rows = np.array(sorted(chords), dtype=np.int16)
    vocabulary = ChordVocabulary(rows, np.array(sorted(times), dtype=np.int16))
    sizes = NextChordConfig(
        len(rows), len(times), WINDOW, chord_embedding=2, duration_embedding=2, units=4, attention=0
    )
    network = NextChordNetwork(sizes, vocabulary).eval()
    with torch.no_grad():
        for head in (network.chord_head, network.duration_head):
            head.weight.zero_()
            head.bias.zero_()
        network.chord_head.bias[UNKNOWN] = unknown
        if likely is not None:
            network.chord_head.bias[vocabulary.chord_token(likely)] = 50.0
    return ChordWriter(network, 0, 1.0, np.random.default_rng(seed))


def open_event(given="", pitch=C, begins=(), limit=16, forced=False) -> OpenEvent:
    mask = np.array([voice in given for voice in "SATB"])
    begun = np.array([voice in begins for voice in "SATB"])
    return OpenEvent(mask, np.array(pitch, dtype=np.int16), begun, limit, forced)


def heard(pitch, steps=4) -> WrittenEvent:
    pitch = np.array(pitch, dtype=np.int16)
    return WrittenEvent(pitch, pitch != REST, steps)


def test_the_most_probable_chord_is_written_where_nothing_is_given():
    assert writer_of([C, F, G], likely=G).write().pitch.tolist() == G


def test_only_chords_that_agree_with_the_given_voices_are_drawn():
    writer = writer_of([C, F, G], likely=G)
    assert writer.write(open_event("S", [72, 0, 0, 0], "S")).pitch.tolist() in (C, F)
    assert writer.write(open_event("SB", [72, 0, 0, 53], "SB")).pitch.tolist() == F
    assert writer.tally.nearest == 0


def test_where_none_agrees_the_nearest_is_taken_and_the_given_note_stays():
    writer = writer_of([C, F, G], likely=C)
    event = writer.write(open_event("SB", [72, 0, 0, 52], "SB"))
    assert event.pitch.tolist() == [72, 69, 65, 52]
    assert writer.tally.nearest == 1


def test_a_given_rest_asks_for_no_chord_with_a_rest():
    writer = writer_of([C, F, G], likely=F)
    event = writer.write(open_event("S", [REST, 0, 0, 0]))
    assert event.pitch.tolist() == [REST, *F[1:]]
    assert writer.tally.nearest == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_unknown_chord_is_the_nearest_new_one(seed):
    writer = writer_of([C, F, C_HIGH], likely=C_HIGH, unknown=100.0, seed=seed)
    writer.hear(heard(C))
    assert writer.write().pitch.tolist() == F
    assert writer.tally.unknown == 1


def test_the_unknown_chord_agrees_with_the_given_voices():
    writer = writer_of([C, F, C_HIGH], unknown=100.0)
    writer.hear(heard(C))
    event = writer.write(open_event("B", [0, 0, 0, 60], "B"))
    assert event.pitch.tolist() == C_HIGH


def test_a_low_temperature_makes_the_unknown_chord_no_more_frequent():
    """It stands for hundreds of chords, and would otherwise be drawn nearly always."""
    events = 0
    for seed in range(200):
        writer = writer_of([C, F, G], unknown=0.5, seed=seed)
        writer.temperature = 0.05
        writer.hear(heard(C))
        writer.write()
        events += writer.tally.unknown
    assert 0.25 < events / 200 < 0.45  # e^.5 / (e^.5 + 3) = .355


@pytest.mark.parametrize("seed", range(8))
def test_voices_that_move_begin_and_so_do_all_where_nothing_sounds_before(seed):
    writer = writer_of([C, F], likely=F, seed=seed)
    assert writer_of([C, F], likely=F, seed=seed).write().begins.all()
    writer.hear(heard(C))
    assert writer.write().begins[1:].all()


def test_both_a_held_and_a_repeated_note_occur():
    begins = set()
    for seed in range(20):
        writer = writer_of([C, F], likely=F, seed=seed)
        writer.hear(heard(C))
        begins.add(bool(writer.write().begins[0]))
    assert begins == {True, False}


@pytest.mark.parametrize("seed", range(8))
def test_at_least_one_voice_begins_where_the_chord_stays(seed):
    writer = writer_of([C, F], likely=C, seed=seed)
    writer.hear(heard(C))
    assert writer.write().begins.any()


def test_where_the_mask_alone_divides_none_need_begin():
    writer = writer_of([C, F], likely=C, times=[(1, 0), (1, 15)])
    writer.hear(heard(C))
    begun = {bool(writer.write(open_event(forced=True)).begins.any()) for _ in range(30)}
    assert begun == {True, False}


def test_a_given_voice_begins_as_it_does_and_limits_the_event():
    for seed in range(10):
        writer = writer_of([C, F, G], likely=C, seed=seed)
        writer.hear(heard(C))
        event = writer.write(open_event("SB", C, "B", limit=2))
        assert (bool(event.begins[0]), bool(event.begins[3])) == (False, True)
        assert event.steps <= 2


def test_a_duration_that_no_token_has_is_made_of_what_must_be():
    writer = writer_of([C, F], likely=F, times=[(4, 1)])
    writer.hear(heard(C))
    event = writer.write()
    assert (event.begins.tolist(), event.steps) == ([False, True, True, True], 4)
    assert writer.write(open_event(limit=3)).steps == 3
    assert writer.tally.other_duration == 2


@pytest.mark.parametrize("seed", range(6))
def test_a_written_voice_rests_after_a_note_and_not_for_long(seed):
    writer = writer_of([C, SILENT_ALTO], likely=SILENT_ALTO, seed=seed)
    assert writer.write().pitch.tolist() == C
    silent = writer.write()
    assert silent.pitch.tolist() == SILENT_ALTO
    assert silent.steps <= LONGEST_REST
    assert writer.write().pitch.tolist() == C


def test_an_event_in_which_nothing_begins_lengthens_the_one_before():
    writer, whole = writer_of([C]), writer_of([C])
    writer.hear(heard(C, 2))
    writer.hear(WrittenEvent(np.array(C, np.int16), ~ALL, 2))
    whole.hear(heard(C, 4))
    assert writer._tokens == whole._tokens


def test_written_voices_keep_to_their_ranges_in_every_key():
    family = NextChord.debug()
    for key in ("F# major", "F major", "Eb minor"):
        piece = family.fill(melody([60] * 16, key=key), given_voices("SATB", 16), seed=1)
        for (low, high), line in zip(VOICE_RANGES, piece.pitch, strict=True):
            sung = line[line != REST]
            assert (low <= sung).all()
            assert (sung <= high).all()


def test_only_a_window_of_tokens_is_remembered():
    writer = writer_of([C, F, G])
    for _ in range(50):
        writer.write()
    assert len(writer._tokens) == WINDOW
    assert all(chord >= FIRST for chord, _ in writer._tokens)


def test_a_tally_counts_every_event_of_the_written_voices():
    family, chorale = NextChord.debug(), a_chorale()
    piece, tally = family.fill_and_tally(
        chorale,
        given_voices("ATB", STEPS),
        seed=1,
        settings={"temperature": 1.0},
        run=FillClock("x").run,
    )
    assert tally.events >= int(chorale.onset[0].sum())
    assert 0 < tally.nearest <= tally.events
    assert piece.steps == STEPS
