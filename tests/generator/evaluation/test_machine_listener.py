from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.evaluation.discriminator.discriminative_features import listener_scores, tells
from generator.evaluation.discriminator.discriminator import LISTENER_1, JudgedPair, auc, dealt
from generator.evaluation.discriminator.listener_validation import alike, bach_for_bach
from generator.evaluation.features.extract import feature_table, features
from generator.evaluation.viewpoints.surprisal import BachReader
from generator.evaluation.viewpoints.viewpoints import VIEWS
from generator.music.corpus.excerpts import phrase_ends
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale, given_for
from generator.registry import SHIPPED, family_class

STEPS = 64
FAMILIES = 20
ALL = np.ones(4, dtype=bool)


@pytest.fixture(scope="module")
def reader() -> BachReader:
    corpus = load_corpus()
    train = tunes_split(corpus)["train"][::10]
    return BachReader([corpus.works[name].chorale for name in train])


@pytest.fixture(scope="module")
def excerpts() -> dict[str, Chorale]:
    """One excerpt of each of some held-out tune families."""
    corpus = load_corpus()
    test = [corpus.works[name] for name in tunes_split(corpus)["test"]]
    first = {work.tune: work.chorale.slice(0, STEPS) for work in reversed(test)}
    return dict(list(first.items())[:FAMILIES])


@pytest.fixture(scope="module")
def pairs(excerpts, reader) -> dict[str, list[JudgedPair]]:
    """The Markov chain's SATB."""
    shipped = next(s for s in SHIPPED if s.slug == "markov")
    markov = family_class(shipped.family).load(shipped.path)
    given = given_for("SATB", STEPS)
    return {
        tune: [JudgedPair(bach, markov.fill(bach, given, seed=1), ALL, reader)]
        for tune, bach in excerpts.items()
    }


@pytest.fixture(scope="module")
def heard(pairs):
    return LISTENER_1.hear(pairs)


def test_it_tells_bach_from_the_markov_chain(heard):
    found = LISTENER_1.judge(heard)
    assert found.share >= 0.9
    assert found.auc >= 0.9
    assert (found.pairs, found.families) == (FAMILIES, FAMILIES)
    assert found.share == np.mean(np.array(found.margins) > 0)
    assert LISTENER_1.judge(heard) == found


def test_bach_against_himself_is_a_tie(heard):
    found = LISTENER_1.judge(replace(heard, machine=heard.bach))
    assert (found.share, found.auc) == (0.5, 0.5)


def test_it_cannot_tell_when_a_coin_said_which_was_bach(heard):
    """What it has learnt must not come from the order of a pair."""
    odd = np.arange(len(heard.family))[:, None] % 2 == 1
    swapped = replace(
        heard,
        bach=np.where(odd, heard.machine, heard.bach),
        machine=np.where(odd, heard.bach, heard.machine),
    )
    assert 0.15 <= LISTENER_1.judge(swapped).share <= 0.85


def test_it_cannot_tell_bach_from_other_works_of_his(heard):
    shares = [
        LISTENER_1.judge(bach_for_bach(heard, LISTENER_1, seed=seed), seed=seed).share
        for seed in range(10)
    ]
    assert 0.35 <= np.mean(shares) <= 0.65


def test_a_stand_in_is_of_another_family_of_the_same_fold(heard):
    two_each = replace(heard, family=heard.family // 2)
    found = bach_for_bach(two_each, LISTENER_1, seed=3)
    fold_of = dealt(FAMILIES // 2, LISTENER_1.folds, 3)
    for row, own in zip(found.machine, two_each.family, strict=True):
        [place, *_] = np.flatnonzero((heard.bach == row).all(axis=1))
        assert two_each.family[place] != own
        assert fold_of[two_each.family[place]] == fold_of[own]


def test_stand_ins_need_two_families_a_fold(heard):
    with pytest.raises(ValueError, match="5 tune families"):
        bach_for_bach(replace(heard, family=heard.family % 5), LISTENER_1)


def test_it_tells_foreign_pieces_too(pairs, reader):
    bach = {tune: [alike(pair.bach)] for tune, [pair] in pairs.items()}
    foreign = [alike(pair.machine) for [pair] in pairs.values()]
    [found] = LISTENER_1.unpaired(bach, foreign, reader)
    assert found >= 0.85
    [same] = LISTENER_1.unpaired(bach, [piece for [piece] in bach.values()], reader)
    assert same <= 0.7


def test_a_frame_for_comparison_says_nothing_of_where_a_piece_came_from(excerpts):
    for bach in excerpts.values():
        found = alike(bach, 48)
        assert found.steps == 48
        assert not found.fermata.any()
        assert (found.metre, found.anacrusis) == (((0, "4/4"),), 0)
        assert found.key == alike(replace(bach, key="C minor"), 48).key


def test_tells_name_what_stands_apart(heard):
    louder = heard.bach.copy()
    changed = heard.names.index("lines.degrees_mean")
    louder[:, changed] += 3 * heard.bach[:, changed].std()
    [first, second] = tells(replace(heard, machine=louder), 2)
    assert (first.feature, first.alone) == ("lines.degrees_mean", 1.0)
    assert first.low <= first.apart <= first.high
    assert first.apart == pytest.approx(3)
    assert (second.apart, second.alone) == (0.0, 0.5)


def test_a_report_has_the_verdict_the_groups_and_the_tells(pairs):
    scores = list(listener_scores("SATB", pairs, most=3))
    assert scores[0].name == "machine listener"
    assert "listener 1" in scores[0].note
    assert "machine listener, chords alone" in {score.name for score in scores}
    assert sum(score.name.startswith("tell: ") for score in scores) == 3
    assert list(listener_scores("SATB", pairs, most=0)) == scores[:1]


def test_too_few_tune_families_are_refused(reader, excerpts):
    bach = next(iter(excerpts.values()))
    with pytest.raises(ValueError, match="1 tune families"):
        LISTENER_1.hear({"one": [JudgedPair(bach, bach, ALL, reader)] * 5, "none": []})


def test_all_pieces_have_the_same_features(reader, excerpts):
    rows = [
        features(c, written, reader) for c in excerpts.values() for written in (ALL, [0, 0, 1, 0])
    ]
    assert len({tuple(row) for row in rows}) == 1
    assert np.isfinite(feature_table(rows)).all()


def test_features_do_not_depend_on_the_key(reader, excerpts):
    chorale = next(c for c in excerpts.values() if c.key == "G major")
    up = replace(chorale.with_voices(chorale.pitch + 2, chorale.onset), key="A major")
    here, there = (features(c, ALL, reader) for c in (chorale, up))
    assert here == pytest.approx(there)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_pieces_have_features(reader, excerpts, steps):
    bach = next(iter(excerpts.values())).slice(0, steps)
    assert np.isfinite(feature_table([features(bach, ALL, reader)])).all()


def test_bach_surprises_less_than_noise(reader, excerpts):
    rng = np.random.default_rng(0)
    bach = next(c for c in excerpts.values() if phrase_ends(c) and (c.pitch != REST).all())
    pitch = rng.permuted(bach.pitch, axis=1)  # each voice in an order of its own
    noise = bach.with_voices(pitch, pitch != REST)
    for view in VIEWS:
        known, strange = (np.concatenate(reader.surprisals(c)[view]) for c in (bach, noise))
        assert known.mean() < strange.mean(), view


def melodies(*moves: list[int]) -> list[Chorale]:
    """Sopranos of quarters from C, by their moves."""
    return [
        Chorale(
            pitch=[np.repeat(72 + np.cumsum([0, *line]), 4)] + [[REST] * 4 * (len(line) + 1)] * 3,
            onset=[[True, False, False, False] * (len(line) + 1)]
            + [[False] * 4 * (len(line) + 1)] * 3,
        )
        for line in moves
    ]


def test_a_reader_expects_what_it_has_heard():
    reader = BachReader(melodies([2, 2, 1, 2, 2, 1], [2, 2, 1]))
    known, strange = melodies([2, 2, 1], [2, 2, 7])
    one, other = (reader.surprisals(piece)["melody"][0] for piece in (known, strange))
    assert one[:3] == pytest.approx(other[:3])
    assert one[3] < other[3]
    assert np.isfinite(other).all()


def test_a_reader_spends_no_more_than_one():
    moves = [-3, 1, 2]
    reader = BachReader(melodies([2, 2, 1, 2, 2, 1], [1, 2, -3]))
    for before in ([2, 2], [1, 2], [5, 2], [5, 5], []):
        # The first note of a voice moves by 0; 5 stands for all that was never heard.
        ends = melodies(*([*before, move] for move in [*moves, 0, 5]))
        chances = [np.exp(-reader.surprisals(piece)["melody"][0][-1]) for piece in ends]
        assert sum(chances) == pytest.approx(1.0)


def test_a_reader_of_nothing_expects_anything(excerpts):
    silence = Chorale(pitch=[[REST] * 8] * 4, onset=[[False] * 8] * 4)
    rows = BachReader([silence]).surprisals(next(iter(excerpts.values())))["melody"]
    assert all((row == 0).all() for row in rows)


def test_an_area_counts_ties_as_half():
    assert auc(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0


def test_a_reader_without_works_is_refused():
    with pytest.raises(ValueError, match="no works"):
        BachReader([])
