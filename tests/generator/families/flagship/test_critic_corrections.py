"""Corrections are learnt stage by stage, from no pair of the member's own fold."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from generator.families.checkpoint import read_metadata
from generator.families.checkpoint_metadata import Member
from generator.families.flagship import critic_corrections
from generator.families.flagship.critic import Critic
from generator.families.flagship.critic_corrections import (
    CorrectionConfig,
    CorrectionStage,
    CorrectionTask,
    corrected,
    fill_works,
    main,
)
from generator.families.flagship.critic_training import FillRound
from generator.families.flagship.figure_regression import FoldedPair
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.critic_figures import CODES, KINDS
from generator.music.corpus.works import Corpus
from generator.training import run
from tests.generator.families.flagship.debug import debug
from tests.generator.families.material import provenance_of

QUICK = {"sweeps": 1, "repairs": 0, "critic_sweeps": 2}
ROUND = FillRound(("ATB",), settings=QUICK)
CONFIGS = Path(run.__file__).parent / "configs"


@pytest.fixture(scope="module")
def few(corpus) -> Corpus:
    """Works on twelve different tunes."""
    by_tune = {work.tune: name for name, work in corpus.works.items()}
    return replace(corpus, works={name: corpus.works[name] for name in list(by_tune.values())[:12]})


@pytest.fixture(scope="module")
def members(few) -> list[Member]:
    names = sorted(few.works)
    halves = [frozenset(names[:6]), frozenset(names[6:])]
    return [Member(halves[1], halves[0]), Member(halves[0], halves[1])]


@pytest.fixture(scope="module")
def composer() -> Flagship:
    critic = Critic(np.zeros((len(KINDS), CODES), np.int8), np.ones(len(KINDS), np.float32))
    networks = [debug(True, critic=True).network for _ in range(2)]
    return Flagship.cross_fitted([Flagship(network, critic=critic) for network in networks])


def config_of(*stages: CorrectionStage, **writing) -> CorrectionConfig:
    return CorrectionConfig(stages, 0.1, 1.0, 1, writing)


def test_each_work_is_filled_with_its_own_seed(composer, members):
    works = {name: 7 + number for number, name in enumerate(sorted(members[0].fold))}
    task = CorrectionTask(composer.member(0), works, "B", ROUND, seed=1)
    pairs = fill_works(task)
    assert sorted(pair.name for pair in pairs) == sorted(works)
    assert all(not np.array_equal(pair.bach, pair.fill) for pair in pairs)
    last = sorted(works)[-1]
    [alone] = fill_works(replace(task, works={last: works[last]}))
    [among] = [pair for pair in pairs if pair.name == last]
    assert np.array_equal(alone.fill, among.fill)


def test_later_stages_are_written_with_the_corrections_so_far(composer, few, members, monkeypatch):
    seen = []

    def spied(task):
        seen.append((task.member.critic.corrections, task.member.config.open_heat, task.works))
        return fill_works(task)

    monkeypatch.setattr(critic_corrections, "fill_works", spied)
    stages = (
        CorrectionStage((ROUND,), figures=3.0),
        CorrectionStage((ROUND,), rare=1.0, habits=0.5),
    )
    made, shares = corrected(composer, members, config_of(*stages, open_heat=2.0), few)
    assert [bool(corrections) for corrections, _, _ in seen] == [False, False, True, True]
    assert {heat for _, heat, _ in seen} == {2.0}
    numbers = sorted(number for _, _, works in seen[:2] for number in works.values())
    assert numbers == list(range(len(numbers)))
    assert all(each.config.corrections and each.config.open_heat == 2.0 for each in made)
    for (first, _, _), member in zip(seen[2:], made, strict=True):
        assert not np.array_equal(first.table, member.critic.corrections.table)
    assert all(0 <= share <= 1 for share in shares)


def test_a_members_corrections_know_no_pair_of_its_fold(composer, few, members, monkeypatch):
    def made_with(changed: frozenset[str]) -> list[Flagship]:
        rng = np.random.default_rng(0)

        def filled(task):
            drawn = {name: rng.integers(0, 500, (2, 60)) for name in sorted(few.works)}
            shift = {name: 1000 * (name in changed) for name in drawn}
            return [FoldedPair(n, drawn[n][0], drawn[n][1] + shift[n]) for n in task.works]

        monkeypatch.setattr(critic_corrections, "fill_works", filled)
        stage = CorrectionStage((ROUND,), figures=1.0, rare=1.0, habits=1.0)
        return corrected(composer, members, config_of(stage), few)[0]

    before, after = made_with(frozenset()), made_with(members[0].fold)
    tables = [[each.critic.corrections.table for each in made] for made in (before, after)]
    assert np.array_equal(tables[0][0], tables[1][0])
    assert not np.array_equal(tables[0][1], tables[1][1])


TOML = """
[training]
figure_penalty = 0.1
rare_penalty = 1.0
seed = 1

[writing]
open_heat = 1.5

[[stages]]
figures = 2.0

[[stages.fills]]
conditions = ["SATB"]
settings = {sweeps = 1, repairs = 0, critic_sweeps = 2}
"""


def write_members(path: Path, composer: Flagship, members: list[Member]) -> None:
    works = [sorted(each.trained_on) for each in members]
    composer.save(path, provenance_of(*works, folds=[sorted(each.fold) for each in members]))


def run_main(monkeypatch, source: Path, config: Path, out: Path) -> None:
    options = ["--members", str(source), "--config", str(config), "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["critic_corrections", *options])
    main()


def test_the_command_stores_corrections_alone_and_says_how_they_came_about(
    composer, few, members, tmp_path, monkeypatch
):
    source, config, out = (tmp_path / name for name in ("a.safetensors", "c.toml", "b.safetensors"))
    write_members(source, composer, members)
    config.write_text(TOML)
    monkeypatch.setattr(critic_corrections, "load_corpus", lambda: few)
    monkeypatch.setattr(critic_corrections, "ProcessPoolExecutor", NoExecutor)
    run_main(monkeypatch, source, config, out)
    stored = {"critic.corrections", "critic.correction_scales"}
    assert load_file(out).keys() == {f"fold{fold}.{name}" for fold in range(2) for name in stored}
    made = Flagship.load(out)
    assert made.config.open_heat == 1.5 and made.member(1).critic.corrections
    metadata = read_metadata(out)
    assert metadata["works"] == read_metadata(source)["works"]
    assert json.loads(metadata["training"])["corrections"]["training"]["figure_penalty"] == 0.1
    assert metadata["command"].startswith("a test; python -m")
    assert all("corrections" in scores for scores in json.loads(metadata["metrics"]))


class NoExecutor:
    """In this process, where the corpus is small."""

    def __init__(self, *args, **kwargs) -> None:
        pass

    def __enter__(self) -> None:
        return None

    def __exit__(self, *args) -> None:
        return None


@pytest.mark.parametrize(("right", "wrong", "message"), [
    ("figure_penalty", "penalty", "penalty"),
    ("rare_penalty = 1.0", "rare_penalty = 0.0", "rare_penalty = 0.0; it must be above 0"),
    ("seed = 1", "", "seed"),
    ('["SATB"]', '["SATX"]', "SATX"),
    ("figures = 2.0", "", "a stage learns nothing"),
    ("figures = 2.0", "figures = -2.0", "figures = -2.0; use 0 to 10"),
    ("figures = 2.0", "figure = 2.0", "figure"),
    ("sweeps = 1,", "sweep = 1,", "sweep"),
    ("open_heat = 1.5", "open_heat = 50", "open_heat 50"),
    ("open_heat = 1.5", "width = 512", "width"),
    ("stages", "stage", "stages"),
    ("[[stages]]", "[stages]", r"write \[\[stages\]\]"),
    ("[[stages.fills]]", "[stages.rest]", "fills"),
])  # fmt: skip
def test_a_wrong_config_is_named_and_nothing_is_written(
    right, wrong, message, tmp_path, monkeypatch
):
    config, out = tmp_path / "c.toml", tmp_path / "b.safetensors"
    config.write_text(TOML.replace(right, wrong))
    with pytest.raises(SystemExit, match=rf"c\.toml.*{message}"):
        run_main(monkeypatch, tmp_path / "x", config, out)
    assert not out.exists()


def test_members_without_critics_are_refused(members, tmp_path, monkeypatch):
    source, config, out = (tmp_path / name for name in ("a.safetensors", "c.toml", "b.safetensors"))
    write_members(source, debug(True, members=2), members)
    config.write_text(TOML)
    with pytest.raises(SystemExit, match="has no critics; train them first"):
        run_main(monkeypatch, source, config, out)
    with pytest.raises(SystemExit, match=r"needs a\.safetensors beside it"):
        run_main(monkeypatch, source, config, tmp_path / "other" / "b.safetensors")
    assert not out.exists()


def test_the_shipped_config_is_right():
    config = CONFIGS / "critics/flagship-corrections.toml"
    assert CorrectionConfig.from_toml(tomllib.loads(config.read_text())).writing["open_heat"] > 1
