"""All works of a cross-fitted composer, each by the member that never saw it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from generator import registry
from generator.evaluation.folds import Judged, corpus_members, load_folds
from generator.evaluation.report import Settings, evaluate
from generator.evaluation.test_set import SeenWorkError
from generator.families.checkpoint import Member
from generator.families.flagship.flagship import Flagship
from generator.music.corpus.splits import folds
from generator.music.grid.chorale import given_for
from generator.registry import Shipped
from generator.services import composers
from tests.generator.families.choir import Choir, save_choir

HELD = 3  # works of a fold that are judged here


@pytest.fixture(scope="module")
def members(corpus) -> tuple[Member, ...]:
    """Folds of a few works; the members learnt from a few others."""
    return tuple(
        Member(frozenset(sorted(each.trained_on)[:8]), frozenset(sorted(each.fold)[:HELD]))
        for each in corpus_members()
    )


@pytest.fixture(scope="module")
def judged(members) -> Judged:
    return load_folds(Choir([60, 61, 62, 63, 64]), members)


def test_members_of_the_corpus_are_its_folds(corpus):
    of = folds(corpus)
    assert [
        {of[name] for name in each.fold} for each in corpus_members()
    ] == [{fold} for fold in range(5)]  # fmt: skip


def test_each_work_is_written_by_its_member(judged, members):
    assert len(judged.material.works) == 5 * HELD
    for name, work in judged.material.works.items():
        [fold] = [fold for fold, member in enumerate(members) if name in member.fold]
        piece = judged.composer.fill(work, given_for("ATB", work.steps), seed=0)
        assert set(piece.pitch[3].tolist()) == {60 + fold}


def test_what_is_copied_is_searched_for_in_its_members_works(judged, members, corpus):
    copies = judged.known.copies
    for member in members:
        name, learnt = min(member.fold), corpus.works[min(member.trained_on)].chorale
        assert copies.longest_run(replace(learnt, bwv=name)) > 20
        assert copies.longest_run(corpus.works[name].chorale) < 12


def test_scores_are_those_of_any_other_material(judged):
    settings = Settings(conditions=("ATB",))
    found = {s.name: s for s in evaluate(judged.composer, judged.material, settings, judged.known)}
    assert found["fill accuracy, as played"].composer.n == len(judged.material.excerpts)
    assert {"machine listener", "parallels", "speed"} <= found.keys()
    assert "orderless NLL" not in found  # the choir knows no chances


def test_members_that_know_chances_give_them(members):
    judged = load_folds(Flagship.debug(), members[:1])
    work = next(iter(judged.material.works.values())).slice(0, 16)
    given = np.zeros(work.pitch.shape, dtype=bool)
    own = Flagship.debug().log_likelihood(work, given)
    assert judged.composer.log_likelihood(work, given) == pytest.approx(own)


def test_a_member_that_learnt_from_its_fold_is_refused(members):
    known = Member(members[0].trained_on | {min(members[0].fold)}, members[0].fold)
    with pytest.raises(SeenWorkError, match=r"works of folds/0"):
        load_folds(Choir([60]), [known])


@pytest.fixture
def shipped(tmp_path, monkeypatch, members) -> None:
    save_choir(
        tmp_path / "choir.safetensors",
        [sorted(member.fold) for member in members],
        [sorted(member.trained_on) for member in members],
    )
    monkeypatch.setattr(registry, "CHECKPOINTS", tmp_path)
    monkeypatch.setitem(registry.FAMILIES, "choir", "tests.generator.families.choir.Choir")
    monkeypatch.setattr(composers, "SHIPPED", (Shipped("choir", "Choir", "choir", in_quiz=True),))


def said(capsys, *arguments: str) -> dict:
    call_command("evaluate", "--composer=choir", "--conditions=B", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_the_command_judges_all_folds_or_the_first_member(shipped, capsys):
    found = said(capsys, "--split=folds", "--no-fills", "--set", "up=2")
    assert (found["split"], found["works"], found["sampling"]) == ("folds", 5 * HELD, {"up": 2})
    found = said(capsys, "--no-fills")
    assert (found["split"], found["works"], found["sampling"]) == ("tunes", 82, {"up": 0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--composer=choir", "--split=folds", "--part=train"), "every work is a test work"),
        (("--composer=markov", "--split=folds"), "no folds; use --split tunes"),
        (("--composer=choir", "--split=folds", "--set", "x=1"), "unknown sampling setting 'x'"),
    ],
)
def test_wrong_orders_are_named(request, arguments, message):
    if "--composer=choir" in arguments:
        request.getfixturevalue("shipped")
    with pytest.raises(CommandError, match=message):
        call_command("evaluate", *arguments)
