"""Scores of pieces that an outside system has written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from generator.evaluation.collected import (
    WHOLE,
    Collected,
    CollectedFill,
    CollectedWhole,
    CorpusKnowledge,
    collected_stages,
    evaluate_collected,
    fills_of,
    score_collected_stage,
)
from generator.evaluation.discriminator.discriminator import DISCRIMINATOR_1, PairFeatures
from generator.evaluation.scores import MissingScore
from generator.families.markov.markov import Markov
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.splits import folds
from generator.music.grid.conditions import given_voices

PIECES = 12


@pytest.fixture(scope="module")
def knowledge(corpus) -> CorpusKnowledge:
    return CorpusKnowledge(corpus)


@pytest.fixture(scope="module")
def others(corpus) -> list[tuple[str, int, int]]:
    """First excerpts of as many tunes of one fold, so that one model of Bach is learnt."""
    first: dict[str, tuple[str, int, int]] = {}
    fold_of = folds(corpus)
    for bwv, work in corpus.works.items():
        if fold_of[bwv] == 0 and (excerpts := excerpts_of(work.chorale)):
            first.setdefault(work.tune, (bwv, *excerpts[0]))
    return list(first.values())[: 2 * PIECES]


@pytest.fixture(scope="module")
def spans(others) -> list[tuple[str, int, int]]:
    return others[::2]


@pytest.fixture(scope="module")
def more_by_bach(corpus, others):
    return [corpus.works[bwv].chorale.slice(*span) for bwv, *span in others[1::2]]


@pytest.fixture(scope="module")
def fills(corpus, spans) -> list[CollectedFill]:
    markov = Markov.debug()
    rows = []
    for bwv, start, stop in spans:
        excerpt = corpus.works[bwv].chorale.slice(start, stop)
        piece = markov.fill(excerpt, given_voices("ATB", excerpt.steps), seed=1)
        rows.append(CollectedFill(f"{bwv}-ATB.mid", bwv, start, stop, piece))
    return rows


def beside(corpus, spans, pieces) -> list[CollectedWhole]:
    return [
        CollectedWhole(piece, corpus.works[bwv].chorale.slice(start, stop), corpus.works[bwv].tune)
        for (bwv, start, stop), piece in zip(spans, pieces, strict=True)
    ]


def by_name(scores) -> dict:
    return {score.name: score for score in scores}


def test_fills_get_the_scores_of_any_composer(fills, knowledge):
    collected = Collected({"ATB": fills}, [])
    told = []
    scores = by_name(
        score_collected_stage(
            collected, "ATB", knowledge, progress=lambda done, of: told.append((done, of))
        )
    )
    assert collected_stages(collected) == ["ATB"]
    assert told[-1] == (PIECES, PIECES)
    assert scores["fill accuracy, as played"].composer.estimate < 0.5
    assert scores["machine listener"].composer.estimate > 0.8
    assert {
        "parallels",
        "style: leaps",
        "counterpoint: open_ends",
        "copying, longest run, median",
    } <= scores.keys()
    assert {score.condition for score in scores.values()} == {"ATB"}
    assert {score.composer.n for score in scores.values()} == {PIECES}


def test_fills_are_read_with_works_of_other_folds(knowledge, corpus):
    fold_of = folds(corpus)
    fills = [
        CollectedFill(bwv, bwv, 0, 32, corpus.works[bwv].chorale.slice(0, 32))
        for bwv in list(corpus.works)[::20]
    ]
    for fill, row in zip(fills_of(fills, "ATB", knowledge), fills, strict=True):
        works = fill.test_set.training.works
        assert {fold_of[bwv] for bwv in works} == set(range(5)) - {fold_of[row.bwv]}
        assert corpus.works[row.bwv].tune not in {corpus.works[bwv].tune for bwv in works}


def test_a_foreign_system_is_told_from_bach(corpus, spans, fills, knowledge):
    foreign = Markov.debug()
    pieces = [
        foreign.fill(fill.piece, given_voices("SATB", fill.piece.steps), seed=n)
        for n, fill in enumerate(fills)
    ]
    told = []
    rows = beside(corpus, spans, pieces)
    scores = by_name(
        score_collected_stage(
            Collected({}, rows),
            WHOLE,
            knowledge,
            progress=lambda done, of: told.append((done, of)),
        )
    )
    auc = scores["machine listener, unpaired AUC"]
    assert auc.composer.estimate > 0.8
    assert auc.composer.low <= auc.composer.estimate <= auc.composer.high
    assert auc.bach == scores["machine listener, unpaired items"].bach == 0.5
    assert told == [(n, PIECES) for n in range(1, PIECES + 1)]
    assert {score.condition for score in scores.values()} == {"SATB"}


def test_other_works_by_bach_are_not_told_apart_but_are_copies_of_themselves(
    corpus, spans, more_by_bach, knowledge
):
    rows = beside(corpus, spans, more_by_bach)
    scores = by_name(score_collected_stage(Collected({}, rows), WHOLE, knowledge))
    auc = scores["machine listener, unpaired AUC"].composer
    assert auc.low < 0.5 < auc.high
    copies = scores["copying, longest run, median"]
    assert copies.composer.estimate > 15 > copies.bach


def test_marks_that_outside_files_lack_give_nobody_away(corpus, spans, more_by_bach, knowledge):
    bare = [
        replace(piece, fermata=np.zeros(piece.steps, dtype=bool), key="C major")
        for piece in more_by_bach
    ]
    marked, unmarked = (
        by_name(score_collected_stage(Collected({}, beside(corpus, spans, rows)), WHOLE, knowledge))
        for rows in (more_by_bach, bare)
    )
    for name in ("machine listener, unpaired AUC", "machine listener, unpaired items"):
        assert marked[name] == unmarked[name]


def test_what_a_collection_cannot_be_given_is_said_once(corpus, spans, fills, knowledge):
    excerpts = [corpus.works[bwv].chorale.slice(start, stop) for bwv, start, stop in spans]
    collected = Collected({"ATB": fills[:3]}, beside(corpus, spans, excerpts)[:2])
    scores = list(evaluate_collected(collected, knowledge))
    missing = {score.name: score.reason for score in scores if isinstance(score, MissingScore)}
    assert list(missing) == [
        "machine listener, ATB",
        "machine listener, unpaired AUC",
        "orderless NLL",
        "joint NLL",
        "fill accuracy, one shot",
        "speed",
    ]
    assert "stand beside 3 tunes" in missing["machine listener, ATB"]
    assert "not run here" in missing["speed"]
    some = evaluate_collected(collected, knowledge, conditions=("ATB",))
    assert {score.condition for score in some if not isinstance(score, MissingScore)} == {"ATB"}


def test_single_voices_are_summed_up_as_for_any_composer(corpus, spans, knowledge):
    fills = {
        condition: [
            CollectedFill(bwv, bwv, start, stop, corpus.works[bwv].chorale.slice(start, stop))
            for bwv, start, stop in spans
        ]
        for condition in "SATB"
    }
    scores = evaluate_collected(Collected(fills, []), knowledge, features=0)
    means = [s for s in scores if not isinstance(s, MissingScore) and s.condition == "1"]
    assert [mean.name for mean in means] == ["machine listener", "machine listener 2"]
    assert {mean.composer.estimate for mean in means} == {0.5}


def test_an_unknown_stage_is_named(fills, knowledge):
    with pytest.raises(ValueError, match="no pieces for 'S'; use one of ATB"):
        list(score_collected_stage(Collected({"ATB": fills}, []), "S", knowledge))


def test_unpaired_scores_learn_from_neither_the_item_nor_bachs_tune():
    """A machine whose pieces differ in one tune only is not found out in that tune."""
    rng = np.random.default_rng(1)
    family = np.repeat(np.arange(10), 4)
    bach, machine = rng.normal(size=(2, 40, 1))
    machine[family == 3] += 10
    features = PairFeatures(("only",), bach, machine, family)
    before = DISCRIMINATOR_1.unpaired_scores(features)
    # Another machine side of this tune alone leaves the scores of Bach in its fold as they were.
    machine[family == 3] -= 20
    after = DISCRIMINATOR_1.unpaired_scores(features)
    assert np.array_equal(before[0][family == 3], after[0][family == 3])
    assert not np.array_equal(before[0], after[0])
