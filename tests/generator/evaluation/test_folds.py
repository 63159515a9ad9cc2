"""All works of a cross-fitted composer, each by the member that never saw it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generator.evaluation.bach_reference import BachReference
from generator.evaluation.folds import bach_folds, corpus_members, load_folds
from generator.evaluation.likelihood import joint_nll
from generator.evaluation.report import EvaluationSettings, evaluate, fill_all
from generator.evaluation.scored_fold import Fold
from generator.evaluation.scores import MissingScore
from generator.evaluation.test_set import SeenWorkError
from generator.families.checkpoint_metadata import Member
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.network import Network
from generator.music.corpus.splits import folds
from generator.music.grid.conditions import given_voices
from generator.registry import Shipped
from tests.generator.families.choir import Choir, registry_of, save_choir

HELD = 3  # works of a fold that are scored here


@pytest.fixture(scope="module")
def members(corpus) -> tuple[Member, ...]:
    """Folds of a few works; the members learnt from a few others."""
    return tuple(
        Member(frozenset(sorted(each.trained_on)[:8]), frozenset(sorted(each.fold)[:HELD]))
        for each in corpus_members()
    )


@pytest.fixture(scope="module")
def choir_folds(members) -> list[Fold]:
    return load_folds(Choir.cross_fitted([Choir(note) for note in range(60, 65)]), members)


def test_members_of_the_corpus_are_its_folds(corpus):
    fold_of = folds(corpus)
    assert [
        {fold_of[name] for name in each.fold} for each in corpus_members()
    ] == [{fold} for fold in range(5)]  # fmt: skip


def test_each_excerpt_is_filled_by_its_member_with_a_seed_of_its_own(choir_folds, members):
    fills, _ = fill_all(choir_folds, "ATB", EvaluationSettings())
    assert len(fills) == sum(len(fold.test_set.excerpts) for fold in choir_folds) > 5
    for fill in fills:
        [fold] = [fold for fold, member in enumerate(members) if fill.name in member.fold]
        assert set(fill.piece.pitch[3].tolist()) == {60 + fold}


def test_seeds_go_on_from_fold_to_fold(choir_folds):
    seeds = []

    class Recorder(BachReference):
        def fill(self, chorale, given, *, seed, **fill):
            seeds.append(seed)
            return chorale

    recorded = [replace(fold, composer=Recorder()) for fold in choir_folds]
    fills, _ = fill_all(recorded, "S", EvaluationSettings(seed=7))
    assert seeds == list(range(7, 7 + len(fills)))


def test_copies_are_searched_for_in_the_works_that_the_member_learnt(choir_folds, members, corpus):
    for fold, member in zip(choir_folds, members, strict=True):
        copies = fold.test_set.training.copies
        assert copies.longest_run(corpus.works[min(member.trained_on)].chorale) > 20
        assert copies.longest_run(corpus.works[min(member.fold)].chorale) < 12


def test_folds_are_scored_together(choir_folds):
    settings = EvaluationSettings(conditions=("ATB",))
    scores = {score.name: score for score in evaluate(choir_folds, settings)}
    excerpts = sum(len(fold.test_set.excerpts) for fold in choir_folds)
    assert scores["fill accuracy, as played"].composer.n == excerpts
    assert {"machine listener", "parallels", "speed"} <= scores.keys()
    assert isinstance(scores["orderless NLL"], MissingScore)  # the choir gives no probabilities


def test_likelihoods_are_summed_over_the_works_of_all_folds(members):
    network = Flagship.debug().network
    composer = Flagship.cross_fitted([Flagship(network), Flagship(Network(network.config))])
    short = [
        replace(fold, test_set=replace(fold.test_set, works=first_steps(fold.test_set.works)))
        for fold in load_folds(composer, members[:2])
    ]
    settings = EvaluationSettings(with_fills=False, conditions=())
    [joint] = [s for s in evaluate(short, settings) if s.name == "joint NLL"]
    nats = [
        joint_nll(composer.member(number), work, secret=np.random.default_rng(0)).total / work.steps
        for number, fold in enumerate(short)
        for work in fold.test_set.works.values()
    ]
    assert joint.composer.n == 2 * HELD
    assert joint.composer.estimate == pytest.approx(np.mean(nats))


def first_steps(works):
    return {name: work.slice(0, 16) for name, work in works.items()}


def test_bach_has_the_folds_of_the_corpus(corpus):
    fold_of = folds(corpus)
    for number, fold in enumerate(bach_folds()):
        assert {fold_of[name] for name in fold.test_set.works} == {number}
        work = next(iter(fold.test_set.works.values()))
        assert fold.composer.fill(work, given_voices("SATB", work.steps), seed=1) is work


def test_a_member_that_learnt_from_its_fold_is_refused(members):
    known = Member(members[0].trained_on | {min(members[0].fold)}, members[0].fold)
    with pytest.raises(SeenWorkError, match=r"works of folds/0"):
        load_folds(Choir(60), [known])


@pytest.fixture
def shipped(tmp_path, settings, members) -> None:
    save_choir(
        tmp_path / "choir.safetensors",
        [sorted(member.fold) for member in members],
        [sorted(member.trained_on) for member in members],
    )
    settings.REGISTRY = registry_of(choir=[Shipped("choir", "Choir", folder=tmp_path)])


def report(capsys, *arguments: str) -> dict:
    call_command("evaluate", "--composer=choir", "--conditions=B", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_the_command_scores_all_folds_or_the_first_member(shipped, capsys):
    whole = report(capsys, "--split=folds", "--no-fills", "--set", "up=2")
    assert (whole["split"], whole["works"], whole["sampling"]) == ("folds", 5 * HELD, {"up": 2})
    first = report(capsys, "--no-fills")
    assert (first["split"], first["works"], first["sampling"]) == ("tunes", 82, {"up": 0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--composer=choir", "--split=folds", "--part=train"), "every work is a test work"),
        (("--composer=coconet", "--split=folds"), "no folds; use --split tunes"),
        (("--composer=choir", "--split=folds", "--set", "x=1"), "unknown setting 'x'"),
    ],
)
def test_wrong_orders_are_named(request, arguments, message):
    if "--composer=choir" in arguments:
        request.getfixturevalue("shipped")
    with pytest.raises(CommandError, match=message):
        call_command("evaluate", *arguments)
