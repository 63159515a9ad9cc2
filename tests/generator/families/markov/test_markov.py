from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from generator.families.checkpoint import read_metadata
from generator.families.markov.markov import MAX_STATES, Markov, MarkovConfig
from generator.families.markov.transitions import (
    BEAT,
    EIGHTH,
    FERMATA,
    INSIDE,
    MAX_MOVE,
    SIXTEENTH,
    count,
    metric_classes,
    steps_since,
)
from generator.music.corpus.splits import FOLDS, fold_split, tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale, repaired_onsets
from generator.music.grid.conditions import given_voices
from generator.registry import CHECKPOINTS

TONIC, FOURTH, FIFTH = (72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55)
SECOND = (74, 69, 65, 50)


def chorale(*chords, steps=4, **frame) -> Chorale:
    """Chords of four steps, each voice beginning anew on each."""
    pitch = np.repeat(np.array(chords).T, steps, axis=1)
    onset = (np.arange(pitch.shape[1]) % steps == 0) & (pitch != REST)
    return Chorale(pitch=pitch, onset=onset, **frame)


CADENCE = chorale(TONIC, FOURTH, FIFTH, TONIC)


@pytest.fixture(scope="module")
def shipped() -> Markov:
    return Markov.load(CHECKPOINTS / "markov.safetensors")


@pytest.fixture(scope="module")
def excerpt() -> Chorale:
    corpus = load_corpus()
    return corpus.works[tunes_split(corpus)["test"][0]].chorale.slice(0, 64)


def test_chords_are_counted_without_their_key():
    up = CADENCE.with_voices(CADENCE.pitch + 2, CADENCE.onset)
    in_c, in_d = count([CADENCE]), count([replace(up, key="D major")])
    assert np.array_equal(in_c.types, in_d.types)
    assert np.array_equal(in_c.triples, in_d.triples)
    assert in_c.types[0].tolist() == [0, 24, 19, 16]


def test_successions_are_counted_by_the_place_of_the_second_chord():
    tables = count([CADENCE])
    assert tables.pairs.tolist() == [[BEAT, 0, 1], [BEAT, 1, 2], [BEAT, 2, 0]]
    assert tables.triples.tolist() == [[BEAT, 0, 1, 2], [BEAT, 1, 2, 0]]


def test_a_rest_breaks_the_chain():
    tables = count([chorale(TONIC, (72, 67, REST, 48), TONIC, FIFTH)])
    assert tables.pairs.tolist() == [[BEAT, 0, 1]]


def test_metric_classes_follow_the_bar_and_the_fermata():
    fermata = np.arange(8) >= 6
    frame = chorale(TONIC, steps=8, fermata=fermata, anacrusis=3)
    expected = [SIXTEENTH, EIGHTH, SIXTEENTH, BEAT, SIXTEENTH, EIGHTH, FERMATA, INSIDE]
    assert metric_classes(frame).tolist() == expected


def test_steps_since_the_last_event_do_not_count_the_step_itself():
    events = np.array([0, 1, 0, 0, 1, 1], dtype=bool)
    assert steps_since(events).tolist() == [7, 7, 0, 1, 2, 0]


def test_moves_and_repeats_are_counted_by_voice():
    tables = count([chorale(TONIC, TONIC, FOURTH)])
    soprano, bass = tables.moves[BEAT, 0], tables.moves[BEAT, 3]
    assert soprano.argmax() == MAX_MOVE  # stays twice
    assert bass[MAX_MOVE] == pytest.approx(bass[MAX_MOVE + 5])  # stays once, rises a fourth once
    assert tables.strike[BEAT, 0] == pytest.approx(3 / 4)  # repeated twice of two, add one


def test_the_chain_finds_the_only_way_it_knows():
    family = Markov(count([CADENCE] * 20), MarkovConfig())
    piece = family.fill(CADENCE, given_voices("ATB", 16), seed=1, settings={"temperature": 0.1})
    assert np.array_equal(piece.pitch[:, ::4], CADENCE.pitch[:, ::4])


def test_a_given_end_is_prepared():
    """After C comes F four times as often as G, but only from G does anything lead back to C."""
    works = [chorale(TONIC, FIFTH, TONIC)] * 20 + [chorale(TONIC, FOURTH, SECOND)] * 80
    family = Markov(count(works), MarkovConfig(states=64))
    frame, free = chorale(TONIC, TONIC, TONIC), chorale(TONIC, TONIC)
    given, open_end = np.ones((4, 12), dtype=bool), np.ones((4, 8), dtype=bool)
    given[:, 4:8] = open_end[:, 4:8] = False
    for seed in range(5):
        led = family.fill(frame, given, seed=seed, settings={"temperature": 0.2})
        assert led.pitch[:, 7].tolist() == list(FIFTH)
    ends = {tuple(family.fill(free, open_end, seed=seed).pitch[:, 4]) for seed in range(8)}
    assert FOURTH in ends


def test_a_given_voice_far_outside_its_range_is_still_harmonised(shipped):
    pitch = np.full((4, 16), [[110], [60], [55], [48]])
    odd = Chorale(pitch=pitch, onset=repaired_onsets(pitch, np.zeros_like(pitch)))
    piece = shipped.fill(odd, given_voices("ATB", 16), seed=1)
    assert (piece.pitch[0] == 110).all()
    for voice in (1, 2, 3):
        low, high = VOICE_RANGES[voice]
        assert ((low <= piece.pitch[voice]) & (piece.pitch[voice] <= high)).all()


def test_given_notes_that_no_chord_has_are_harmonised(shipped):
    cluster = chorale((61, 60, 59, 58), (63, 60, 54, 49))
    piece = shipped.fill(cluster, given_voices("T", 8), seed=1)
    assert (piece.pitch[2] != REST).all()


@pytest.mark.parametrize("condition", ["S", "B", "AT", "ATB", "SATB"])
def test_written_voices_never_rest(shipped, excerpt, condition):
    given = given_voices(condition, excerpt.steps)
    piece = shipped.fill(excerpt, given, seed=1)
    assert (piece.pitch[~given] != REST).all()


def test_what_is_given_decides_the_chords_over_it(shipped, excerpt):
    """With three voices given, a chain agrees with Bach far more often than with one."""

    def agreement(condition: str) -> float:
        given = given_voices(condition, excerpt.steps)
        pieces = [shipped.fill(excerpt, given, seed=seed) for seed in range(2)]
        return float(np.mean([(p.pitch == excerpt.pitch)[1] for p in pieces]))

    assert agreement("A") > agreement("ATB") + 0.1


def test_a_long_piece_is_filled_in_reasonable_time(shipped, excerpt):
    pitch, onset = (np.tile(cells, 8)[:, :512] for cells in (excerpt.pitch, excerpt.onset))
    long = Chorale(pitch=pitch, onset=repaired_onsets(pitch, onset))
    piece = shipped.fill(long, given_voices("ATB", 512), seed=1)
    assert piece.steps == 512


def test_the_shipped_checkpoint_says_what_it_was_trained_on():
    path = CHECKPOINTS / "markov.safetensors"
    metadata = read_metadata(path)
    corpus = load_corpus()
    learnt = json.loads(metadata["works"])
    assert learnt == [list(fold_split(corpus, fold)["train"]) for fold in range(FOLDS)]
    assert metadata["command"].startswith("python -m generator.training markov")
    assert {"data", "seed", "metrics", "config"} <= set(metadata)
    assert path.stat().st_size < 6_000_000


def test_counting_again_gives_the_same_tables():
    corpus = load_corpus()
    works = [corpus.works[name].chorale for name in tunes_split(corpus)["train"][:8]]
    one, two = count(works), count(works)
    for field in fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(two, field.name)), field.name


@pytest.mark.parametrize("states", [1, MAX_STATES + 1, 10**23, True])
def test_too_few_or_too_many_states_are_refused(states):
    with pytest.raises(ValueError, match=f"states {states}; .* from 2 to 2048"):
        MarkovConfig(states=states)


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("types", -1, "0 to 11"),
        ("types", 12, "0 to 11"),
        ("first", -0.1, "0 to 1"),
        ("first", 1.5, "0 to 1"),
        ("first", np.nan, "0 to 1"),
        ("rhythm", 1.5, "0 to 1"),
        ("strike", -1, "0 to 1"),
        ("moves", 0, "1.17.*e-38 to 1"),
        ("moves", np.inf, "1.17.*e-38 to 1"),
        ("register", 0, "1.17.*e-38 to 1"),
        ("pair_counts", 0, "1 to inf"),
        ("triple_counts", -3, "1 to inf"),
    ],
)
def test_tables_that_cannot_have_been_counted_are_refused_by_name(name, value, bounds):
    tensors = {each: table.copy() for each, table in Markov.debug().to_tensors().items()}
    tensors[name].flat[0] = value
    with pytest.raises(ValueError, match=f"table {name} holds .*; use values from {bounds}"):
        Markov.from_tensors(MarkovConfig(), tensors)


def test_intervals_wider_than_all_pitches_are_refused():
    tensors = {each: table.copy() for each, table in Markov.debug().to_tensors().items()}
    tensors["types"][0, 1] = np.iinfo(np.int32).min
    with pytest.raises(ValueError, match="table types holds -2147483648; use values from -127 to"):
        Markov.from_tensors(MarkovConfig(), tensors)


def test_no_works_are_refused():
    with pytest.raises(ValueError, match="empty"):
        count([])
