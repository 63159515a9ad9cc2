"""Composers that mean no harm pass their smoke run, within the memory that it allows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from generator.families.base import Family
from generator.families.checkpoint import read_members
from generator.isolation.self_test import Isolation
from generator.music.grid.conditions import given_for
from generator.registry import CHECKPOINTS, OURS, Registry
from generator.smoke_run.smoke_run import LIMITS, SmokeRunRefused, smoke_run
from tests.generator.families.material import CROSSED, provenance_of
from tests.generator.smoke_run.hostile_cases import CODE, SMALL, a_site, excerpts


def works(corpus, steps):
    """Five excerpts of works, of as many conditions."""
    names = list(corpus.works)[:5]
    for bwv, condition in zip(names, ("S", "AT", "ATB", "SATB", "B"), strict=True):
        excerpt = corpus.works[bwv].chorale.slice(0, steps)
        yield excerpt, given_for(condition, excerpt)


def shipped(slug, tasks):
    path = CHECKPOINTS / f"{slug}.safetensors"
    members = len(read_members(path))
    return smoke_run(OURS[slug].family, path, tasks, members=members, seed=3)


def test_the_chain_writes_what_it_writes_outside(corpus):
    tasks = list(works(corpus, 48))
    report = shipped("markov", tasks)
    family = Registry(OURS).family("markov").load(CHECKPOINTS / "markov.safetensors")
    assert report.fills == tuple(Family.fill(family, *task, seed=3) for task in tasks)
    assert 0 < report.seconds_per_fill < report.seconds
    assert 0 < report.peak_memory_bytes < LIMITS.memory_bytes
    assert report.isolation is Isolation.FULL


@pytest.mark.slow
def test_the_largest_composer_passes_within_the_memory_that_is_allowed(corpus, tmp_path):
    cache = Path(os.environ["NUMBA_CACHE_DIR"])
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    shipped_path, whole = CHECKPOINTS / "flagship.safetensors", tmp_path / "whole.safetensors"
    members = read_members(shipped_path)
    folds = [sorted(member.fold) for member in members]
    provenance = provenance_of(*(sorted(each.trained_on) for each in members), folds=folds)
    # Uploads come without a base.
    Registry(OURS).family("flagship").load(shipped_path).save(whole, provenance)
    tasks = list(works(corpus, 96))
    report = smoke_run(OURS["flagship"].family, whole, tasks, members=len(members), seed=3)
    assert len(report.fills) == 5
    assert report.peak_memory_bytes < LIMITS.memory_bytes
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before


@pytest.fixture
def harmless(tmp_path):
    with a_site(tmp_path, "Harmless") as site:
        yield site.checkpoint


def run(checkpoint, **changes):
    return smoke_run(
        "hostile_composers.Harmless", checkpoint, excerpts(),
        **{"limits": SMALL, "code": [CODE], **changes},
    )  # fmt: skip


def test_each_member_writes(harmless):
    composer = sys.modules["hostile_composers"].Harmless()
    type(composer).cross_fitted([composer, type(composer)()]).save(harmless, CROSSED)
    assert len(run(harmless, members=2).fills) == 5
    with pytest.raises(SmokeRunRefused, match="the file holds 2 members, not 3"):
        run(harmless, members=3)


def test_given_cells_come_back_and_another_seed_writes_another_piece(harmless):
    one, two = run(harmless, seed=1), run(harmless, seed=2)
    assert one.fills != two.fills
    for piece, (chorale, given) in zip(one.fills, excerpts(), strict=True):
        assert np.array_equal(piece.pitch[given], chorale.pitch[given])


def test_a_class_that_is_no_family_is_refused(harmless):
    with pytest.raises(SmokeRunRefused, match="is no family"):
        smoke_run("hostile_composers.HostileConfig", harmless, excerpts(), code=[CODE])


def test_code_that_was_not_lent_is_not_there(harmless):
    with pytest.raises(SmokeRunRefused, match="No module named 'hostile_composers'"):
        run(harmless, code=[])


def test_a_damaged_checkpoint_is_refused_without_the_name_of_any_folder(harmless):
    harmless.write_bytes(harmless.read_bytes()[:-4])
    with pytest.raises(SmokeRunRefused, match=r"failed: checkpoint\.safetensors is not a complete"):
        run(harmless)
