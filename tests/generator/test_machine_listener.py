from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.evaluation.listener_features import feature_table, features
from generator.evaluation.machine_listener import FOLDS, JudgedPair, auc, listener_share
from generator.evaluation.surprisal import VIEWS, BachReader, NGram
from generator.music.chorale import Chorale, given_for
from generator.music.corpus import load_corpus
from generator.music.splits import tunes_split
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
def verdict(reader, excerpts):
    """On the Markov chain's SATB."""
    shipped = next(s for s in SHIPPED if s.slug == "markov")
    markov = family_class(shipped.family).load(shipped.path)
    given = given_for("SATB", STEPS)
    pairs = {
        tune: [JudgedPair(bach, markov.fill(bach, given, seed=1), ALL)]
        for tune, bach in excerpts.items()
    }
    return pairs, listener_share(pairs, reader)


def test_it_tells_bach_from_the_markov_chain(verdict):
    _, found = verdict
    assert found.share >= 0.9
    assert found.auc >= 0.9
    assert (found.pairs, found.families) == (FAMILIES, FAMILIES)
    assert found.share == np.mean(np.array(found.margins) > 0)


def test_the_same_seed_gives_the_same_verdict(verdict, reader):
    pairs, found = verdict
    assert listener_share(pairs, reader) == found


def test_bach_against_himself_is_a_tie(reader, excerpts):
    pairs = {tune: [JudgedPair(bach, bach, ALL)] for tune, bach in excerpts.items()}
    found = listener_share(pairs, reader)
    assert (found.share, found.auc) == (0.5, 0.5)


def test_it_cannot_tell_when_a_coin_said_which_was_bach(verdict, reader):
    """What it has learnt must not come from the order of a pair."""
    pairs, _ = verdict
    swapped = {
        tune: [replace(p, bach=p.machine, machine=p.bach) if n % 2 else p for p in row]
        for n, (tune, row) in enumerate(pairs.items())
    }
    assert 0.15 <= listener_share(swapped, reader).share <= 0.85


def test_too_few_tune_families_are_refused(reader, excerpts):
    bach = next(iter(excerpts.values()))
    with pytest.raises(ValueError, match="1 tune families"):
        listener_share({"one": [JudgedPair(bach, bach, ALL)] * FOLDS}, reader)


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
    bach = next(iter(excerpts.values()))
    order = rng.permutation(STEPS)
    noise = Chorale(pitch=bach.pitch[:, order], onset=bach.pitch[:, order] >= 0)
    for view in VIEWS:
        known, strange = (np.concatenate(reader.surprisals(c)[view]) for c in (bach, noise))
        assert known.mean() < strange.mean(), view


def test_an_n_gram_expects_what_it_has_seen():
    model = NGram([list("abcabcabc")])
    assert model.surprisals("abc")[-1] < model.surprisals("abb")[-1]
    assert np.isfinite(model.surprisals("xyz")).all()


def test_an_n_gram_spends_no_more_than_one():
    model = NGram([list("abcab"), list("cab")])
    for before in ("ab", "ca", "xb", "xx"):
        chances = [np.exp(-model.surprisals(before + after)[-1]) for after in "abc?"]
        assert sum(chances) == pytest.approx(1.0)


def test_an_area_counts_ties_as_half():
    assert auc(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0


def test_a_reader_without_works_is_refused():
    with pytest.raises(ValueError, match="no works"):
        BachReader([])
