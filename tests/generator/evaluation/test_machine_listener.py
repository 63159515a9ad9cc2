from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.evaluation.discriminator.discriminative_features import (
    discriminative_features,
    discriminator_scores,
)
from generator.evaluation.discriminator.discriminator import (
    DISCRIMINATOR_1,
    ExcerptPair,
    auc,
    random_folds,
)
from generator.evaluation.discriminator.listener_validation import (
    bach_against_bach,
    neutral_opening,
)
from generator.evaluation.features.extract import extract_features, feature_table
from generator.evaluation.viewpoints.surprisal import SurprisalModel
from generator.evaluation.viewpoints.viewpoints import VIEWPOINTS
from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_voices
from generator.music.grid.phrases import phrase_ends
from generator.registry import CHECKPOINTS, installed

STEPS = 64
FAMILIES = 20
ALL = np.ones(4, dtype=bool)


@pytest.fixture(scope="module")
def model() -> SurprisalModel:
    corpus = load_corpus()
    train = tunes_split(corpus)["train"][::10]
    return SurprisalModel([corpus.works[name].chorale for name in train])


@pytest.fixture(scope="module")
def excerpts() -> dict[str, Chorale]:
    """One excerpt of each of some held-out tune families."""
    corpus = load_corpus()
    test = [corpus.works[name] for name in tunes_split(corpus)["test"]]
    first = {work.tune: work.chorale.slice(0, STEPS) for work in reversed(test)}
    return dict(list(first.items())[:FAMILIES])


@pytest.fixture(scope="module")
def pairs(excerpts, model) -> dict[str, list[ExcerptPair]]:
    """The Markov chain's SATB."""
    markov = installed().family("markov").load(CHECKPOINTS / "markov.safetensors")
    given = given_voices("SATB", STEPS)
    return {
        tune: [ExcerptPair(bach, markov.fill(bach, given, seed=1), ALL, model)]
        for tune, bach in excerpts.items()
    }


@pytest.fixture(scope="module")
def features(pairs):
    return DISCRIMINATOR_1.extract(pairs)


def test_it_tells_bach_from_the_markov_chain(features):
    report = DISCRIMINATOR_1.cross_validate(features)
    assert report.share >= 0.9
    assert report.auc >= 0.9
    assert (report.pairs, report.families) == (FAMILIES, FAMILIES)
    assert report.share == np.mean(np.array(report.margins) > 0)
    assert DISCRIMINATOR_1.cross_validate(features) == report


def test_bach_against_himself_is_a_tie(features):
    report = DISCRIMINATOR_1.cross_validate(replace(features, machine=features.bach))
    assert (report.share, report.auc) == (0.5, 0.5)


def test_it_cannot_tell_when_the_sides_are_swapped_at_random(features):
    """It must not learn from the order of a pair."""
    odd = np.arange(len(features.family))[:, None] % 2 == 1
    swapped = replace(
        features,
        bach=np.where(odd, features.machine, features.bach),
        machine=np.where(odd, features.bach, features.machine),
    )
    assert 0.15 <= DISCRIMINATOR_1.cross_validate(swapped).share <= 0.85


def test_it_cannot_tell_bach_from_his_other_works(features):
    shares = [
        DISCRIMINATOR_1.cross_validate(
            bach_against_bach(features, DISCRIMINATOR_1, seed=seed), seed=seed
        ).share
        for seed in range(10)
    ]
    assert 0.35 <= np.mean(shares) <= 0.65


def test_a_stand_in_is_of_another_family_of_the_same_fold(features):
    two_each = replace(features, family=features.family // 2)
    stand_ins = bach_against_bach(two_each, DISCRIMINATOR_1, seed=3)
    fold_of = random_folds(FAMILIES // 2, DISCRIMINATOR_1.folds, 3)
    for row, family in zip(stand_ins.machine, two_each.family, strict=True):
        [place, *_] = np.flatnonzero((features.bach == row).all(axis=1))
        assert two_each.family[place] != family
        assert fold_of[two_each.family[place]] == fold_of[family]


def test_stand_ins_need_two_families_a_fold(features):
    with pytest.raises(ValueError, match="5 tune families"):
        bach_against_bach(replace(features, family=features.family % 5), DISCRIMINATOR_1)


def test_it_tells_foreign_pieces_too(pairs, model):
    bach = {tune: [neutral_opening(pair.bach)] for tune, [pair] in pairs.items()}
    foreign = [neutral_opening(pair.machine) for [pair] in pairs.values()]
    [foreign_auc] = DISCRIMINATOR_1.unpaired_aucs(bach, foreign, model)
    assert foreign_auc >= 0.85
    [same_auc] = DISCRIMINATOR_1.unpaired_aucs(bach, [piece for [piece] in bach.values()], model)
    assert same_auc <= 0.7


def test_a_neutral_opening_does_not_show_where_a_piece_came_from(excerpts):
    for bach in excerpts.values():
        opening = neutral_opening(bach, 48)
        assert opening.steps == 48
        assert not opening.fermata.any()
        assert (opening.metre, opening.anacrusis) == (((0, "4/4"),), 0)
        assert opening.key == neutral_opening(replace(bach, key="C minor"), 48).key


def test_discriminative_features_are_those_that_differ_most(features):
    machine = features.bach.copy()
    changed = features.names.index("lines.degrees_mean")
    machine[:, changed] += 3 * features.bach[:, changed].std()
    [first, second] = discriminative_features(replace(features, machine=machine), 2)
    assert (first.name, first.share_alone) == ("lines.degrees_mean", 1.0)
    assert first.low <= first.difference <= first.high
    assert first.difference == pytest.approx(3)
    assert (second.difference, second.share_alone) == (0.0, 0.5)


def test_scores_are_of_all_features_of_the_groups_and_of_the_top_features(pairs):
    scores = list(discriminator_scores("SATB", pairs, top_n=3))
    assert scores[0].name == "machine listener"
    assert "listener 1" in scores[0].note
    assert "machine listener, chords alone" in {score.name for score in scores}
    second = [score.name for score in scores].index("machine listener 2")
    assert "listener 2" in scores[second].note
    for listener in (scores[:second], scores[second:]):
        assert sum(score.name.startswith("tell: ") for score in listener) == 3
    without_features = list(discriminator_scores("SATB", pairs, top_n=0))
    assert without_features == [scores[0], scores[second]]


def test_too_few_tune_families_are_refused(model, excerpts):
    bach = next(iter(excerpts.values()))
    with pytest.raises(ValueError, match="1 tune families"):
        DISCRIMINATOR_1.extract({"one": [ExcerptPair(bach, bach, ALL, model)] * 5, "none": []})


def test_all_pieces_have_the_same_features(model, excerpts):
    rows = [
        extract_features(c, written, model)
        for c in excerpts.values()
        for written in (ALL, [0, 0, 1, 0])
    ]
    assert len({tuple(row) for row in rows}) == 1
    assert np.isfinite(feature_table(rows)).all()


def test_features_do_not_depend_on_the_key(model, excerpts):
    chorale = next(c for c in excerpts.values() if c.key == "G major")
    up = replace(chorale.with_voices(chorale.pitch + 2, chorale.onset), key="A major")
    original, transposed = (extract_features(c, ALL, model) for c in (chorale, up))
    assert original == pytest.approx(transposed)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_pieces_have_features(model, excerpts, steps):
    bach = next(iter(excerpts.values())).slice(0, steps)
    assert np.isfinite(feature_table([extract_features(bach, ALL, model)])).all()


def test_bach_surprises_less_than_noise(model, excerpts):
    rng = np.random.default_rng(0)
    bach = next(c for c in excerpts.values() if phrase_ends(c) and (c.pitch != REST).all())
    pitch = rng.permuted(bach.pitch, axis=1)  # each voice in an order of its own
    noise = bach.with_voices(pitch, pitch != REST)
    for name in VIEWPOINTS:
        known, strange = (np.concatenate(model.surprisals(c)[name]) for c in (bach, noise))
        assert known.mean() < strange.mean(), name


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


def test_a_model_expects_what_it_has_seen():
    model = SurprisalModel(melodies([2, 2, 1, 2, 2, 1], [2, 2, 1]))
    known, strange = melodies([2, 2, 1], [2, 2, 7])
    one, other = (model.surprisals(piece)["melody"][0] for piece in (known, strange))
    assert one[:3] == pytest.approx(other[:3])
    assert one[3] < other[3]
    assert np.isfinite(other).all()


def test_probabilities_of_all_continuations_sum_to_one():
    moves = [-3, 1, 2]
    model = SurprisalModel(melodies([2, 2, 1, 2, 2, 1], [1, 2, -3]))
    for before in ([2, 2], [1, 2], [5, 2], [5, 5], []):
        # The first note of a voice moves by 0; 5 stands for every move it never saw.
        ends = melodies(*([*before, move] for move in [*moves, 0, 5]))
        chances = [np.exp(-model.surprisals(piece)["melody"][0][-1]) for piece in ends]
        assert sum(chances) == pytest.approx(1.0)


def test_a_model_of_nothing_expects_anything(excerpts):
    silence = Chorale(pitch=[[REST] * 8] * 4, onset=[[False] * 8] * 4)
    rows = SurprisalModel([silence]).surprisals(next(iter(excerpts.values())))["melody"]
    assert all((row == 0).all() for row in rows)


def test_an_area_counts_ties_as_half():
    assert auc(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0


def test_a_model_without_works_is_refused():
    with pytest.raises(ValueError, match="no works"):
        SurprisalModel([])
