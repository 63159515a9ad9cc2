"""Critics learn from fills of held-out works, and from no work of their own member's fold."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from generator.families.checkpoint import read_metadata
from generator.families.checkpoint_metadata import Member
from generator.families.flagship import critic_training
from generator.families.flagship.critic_training import (
    CriticConfig,
    FigurePair,
    FillRound,
    FoldTask,
    _weights,
    fill_fold,
    main,
    train_critics,
    with_critics,
)
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.critic_figures import CODES
from generator.music.corpus.works import Corpus
from generator.training import run
from tests.generator.families.flagship.debug import debug
from tests.generator.families.material import provenance_of

ROUND = FillRound(("ATB",), settings={"sweeps": 1, "repairs": 0})
CONFIGS = Path(run.__file__).parent / "configs"
MARK = CODES - 1  # of the first kind: a figure that every fill has, and no work


@pytest.fixture(scope="module")
def few(corpus) -> Corpus:
    """Works on twenty different tunes."""
    by_tune = {work.tune: name for name, work in corpus.works.items()}
    return replace(corpus, works={name: corpus.works[name] for name in list(by_tune.values())[:20]})


@pytest.fixture(scope="module")
def members(few) -> list[Member]:
    names = sorted(few.works)
    halves = [frozenset(names[:10]), frozenset(names[10:])]
    return [Member(halves[1], halves[0]), Member(halves[0], halves[1])]


def pairs_of(names, rng) -> list[FigurePair]:
    """Bach's figures and as many others; fills have the mark, and Bach has it nowhere."""
    return [
        FigurePair(name, rng.integers(0, 500, 60), np.append(rng.integers(0, 500, 60), [MARK] * 5))
        for name in names
    ]


def test_what_only_fills_have_speaks_against_a_piece(few, members):
    critics, shares = train_critics(
        pairs_of(few.works, np.random.default_rng(0)), members, few, penalty=1.0
    )
    assert shares == [1.0, 1.0]
    for critic in critics:
        assert critic.table[MARK] < -0.5
        assert critic.table[MARK] == critic.table.min()


def test_a_critic_knows_nothing_of_its_members_fold(few, members):
    rng = np.random.default_rng(0)
    pairs = pairs_of(few.works, rng)
    others = [
        FigurePair(pair.name, *rng.integers(0, 500, (2, 50)))
        if pair.name in members[0].fold
        else pair
        for pair in pairs
    ]
    (first, second), _ = train_critics(pairs, members, few, penalty=1.0)
    (again, changed), _ = train_critics(others, members, few, penalty=1.0)
    assert np.array_equal(first.table, again.table)
    assert not np.array_equal(second.table, changed.table)


def test_each_work_of_a_fold_is_filled(members):
    works = tuple(sorted(members[0].fold))
    task = FoldTask(debug(True), works, "B", ROUND, seed=1)
    pairs = fill_fold(task)
    assert sorted(pair.name for pair in pairs) == sorted(works)
    assert all(not np.array_equal(pair.bach, pair.fill) for pair in pairs)
    assert [pair.fill.tolist() for pair in fill_fold(task)] == [p.fill.tolist() for p in pairs]


def test_later_rounds_are_written_with_the_critics_of_the_one_before(few, members, monkeypatch):
    seen = []

    def spied(task):
        seen.append((bool(task.member.critic), task.member.config.minds_counterpoint))
        return fill_fold(task)

    monkeypatch.setattr(critic_training, "fill_fold", spied)
    config = CriticConfig((ROUND, ROUND), 1.0, 1, {"minds_counterpoint": True})
    made, shares = with_critics(debug(True, members=2), members, config, few)
    assert seen == [(False, True)] * 2 + [(True, True)] * 2
    assert all(each.critic and each.config.critic for each in made)
    assert all(0 <= share <= 1 for share in shares)


TOML = """
[training]
penalty = 1.0
seed = 1

[writing]
released_fermatas = 0.5

[[rounds]]
conditions = ["ATB"]
settings = {sweeps = 1, repairs = 0}
"""


def test_the_command_writes_a_checkpoint_that_says_how_it_came_about(
    few, members, tmp_path, monkeypatch
):
    source, config, out = (tmp_path / name for name in ("a.safetensors", "c.toml", "b.safetensors"))
    lists = [sorted(each.trained_on) for each in members], [sorted(m.fold) for m in members]
    debug(True, members=2).save(source, provenance_of(*lists[0], folds=lists[1]))
    config.write_text(TOML)
    monkeypatch.setattr(critic_training, "load_corpus", lambda: few)
    options = ["--members", str(source), "--config", str(config), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["critic_training", *options])
    main()
    made = Flagship.load(out)
    assert made.members == 2 and made.member(1).critic
    assert made.config.critic and made.config.released_fermatas == 0.5
    metadata = read_metadata(out)
    assert metadata["works"] == read_metadata(source)["works"]
    assert json.loads(metadata["training"])["critics"]["training"]["penalty"] == 1.0
    assert metadata["command"].startswith("a test; python -m")
    assert all("critic" in scores for scores in json.loads(metadata["metrics"]))


@pytest.mark.parametrize(("right", "wrong", "message"), [
    ("penalty", "penality", "penality"),
    ("penalty = 1.0", "penalty = 0.0", "penalty = 0.0; it must be above 0"),
    ("seed = 1", "", "seed"),
    ('["ATB"]', '"ATB"', "conditions = 'ATB'; use a list"),
    ('["ATB"]', "[]", "use a list"),
    ('["ATB"]', '["ATX"]', "ATX"),
    ("sweeps = 1", "sweep = 1", "sweep"),
    ("repairs = 0", "repairs = -1", "repairs"),
    ("released_fermatas = 0.5", "released_fermatas = 2", "released_fermatas 2"),
    ("released_fermatas = 0.5", "width = 512", "width"),
    ("[[rounds]]", "[[round]]", "rounds"),
])  # fmt: skip
def test_a_wrong_config_is_named_and_nothing_is_written(
    right, wrong, message, tmp_path, monkeypatch
):
    config, out = tmp_path / "c.toml", tmp_path / "b.safetensors"
    config.write_text(TOML.replace(right, wrong))
    options = ["--members", "x", "--config", str(config), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["critic_training", *options])
    with pytest.raises(SystemExit, match=rf"c\.toml.*{message}"):
        main()
    assert not out.exists()


def test_members_without_folds_are_refused_before_anything_is_filled(tmp_path, monkeypatch):
    source, config, out = (tmp_path / name for name in ("a.safetensors", "c.toml", "b.safetensors"))
    debug(True).save(source, provenance_of([]))
    config.write_text(TOML)
    options = ["--members", str(source), "--config", str(config), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["critic_training", *options])
    with pytest.raises(SystemExit, match="has no folds; use a cross-fitted flagship"):
        main()
    assert not out.exists()


def test_the_shipped_config_is_right():
    config = CONFIGS / "critics/flagship.toml"
    assert CriticConfig.from_toml(tomllib.loads(config.read_text())).rounds[-1].settings == {}


def test_weights_are_none_or_more_and_0_where_nothing_differs():
    rng = np.random.default_rng(1)
    helps = rng.normal(1, 1, 200)
    rows = np.stack([helps, -helps, np.zeros(200)], axis=1)
    one, other, none = _weights(rows, 1.0)
    assert one > 0
    assert (other, none) == (0, 0)
