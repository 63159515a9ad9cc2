"""What the parent makes of a child, on any machine: another process stands in for the child."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from generator.families.door import as_given
from generator.isolation.isolation_error import ChildNotStarted, Finished, HostNotIsolated
from generator.music.formats.gridjson import to_json
from generator.music.grid.chorale import repaired_onsets
from generator.smoke_run import smoke_run as module
from generator.smoke_run.box_files import REQUEST, RESULT
from generator.smoke_run.compiled_loops import lend_compiled_loops
from generator.smoke_run.smoke_run import SmokeRunRefused, smoke_run
from tests.generator.smoke_run.hostile_cases import excerpts

COUNT = 3


def written(excerpt, note=60):
    chorale, given = excerpt
    hidden, kept = as_given(chorale, given)
    pitch = np.where(kept, hidden.pitch, note)
    return hidden.with_voices(pitch, repaired_onsets(pitch, hidden.onset & kept))


def sound(plan, tasks):
    return [{"piece": to_json(written(tasks[index])), "seconds": 0.5} for index, _ in plan]


@pytest.fixture
def child(monkeypatch, tmp_path):
    """Leaves what a test says as its result; keeps its request."""

    class Child:
        tasks = excerpts(COUNT)
        code, stderr, request, arguments = 0, b"", None, None

        def fills(self, plan):
            return sound(plan, self.tasks)

        def __call__(self, arguments, box, limits, readable, **others):
            self.request = json.loads((box / REQUEST).read_bytes())
            self.arguments, self.readable = arguments, readable
            (box / RESULT).write_text(json.dumps({"fills": self.fills(self.request["plan"])}))
            return Finished(self.code, b"", self.stderr, 60.0, 1 << 20)

        def run(self, members=1):
            checkpoint = tmp_path / "checkpoint"
            checkpoint.touch()
            return smoke_run("a.b.Family", checkpoint, self.tasks, members=members, folder=tmp_path)

    standing_in = Child()
    monkeypatch.setattr(module, "run_isolated", standing_in)
    return standing_in


def test_a_sound_result_is_reported(child):
    report = child.run()
    assert [each.bwv for each in report.fills] == [each.bwv for each, _ in child.tasks]
    for piece, (chorale, given) in zip(report.fills, child.tasks, strict=True):
        assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert report.seconds_per_fill == 0.5
    assert (report.seconds, report.peak_memory_bytes) == (60.0, 1 << 20)


def test_the_first_member_fills_all_and_each_other_member_one(child):
    assert len(child.run(members=6).fills) == COUNT
    first = [[0, 0], [0, 0], [1, 0], [2, 0]]
    assert child.request["plan"] == [*first, [1, 1], [2, 2], [0, 3], [1, 4], [2, 5]]


def test_the_child_never_gets_what_it_is_to_write(child):
    child.run()
    for excerpt, (chorale, given) in zip(child.request["excerpts"], child.tasks, strict=True):
        hidden, kept = as_given(chorale, given)
        assert excerpt == {"piece": to_json(hidden), "given": kept.tolist()}
        assert excerpt["piece"]["bwv"] == ""


def test_a_box_is_deleted_after_a_sound_run_and_after_a_failure(child, tmp_path):
    child.run()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    child.fills = lambda plan: 1 / 0
    with pytest.raises(ZeroDivisionError):
        child.run()
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda fills: fills[:-1], "it is no list of 4 pieces"),
        (lambda fills: {}, "it is no list of 4 pieces"),
        (lambda fills: [None] * 4, "without its seconds"),
        (lambda fills: [{**each, "seconds": True} for each in fills], "without its seconds"),
        (lambda fills: [{**each, "seconds": -1} for each in fills], "seconds are below 0"),
        (lambda fills: [{"seconds": 1}] * 4, "a piece is missing"),
        (lambda fills: [{"seconds": 1, "piece": []}] * 4, "a grid as JSON is an object"),
        (lambda fills: [{**each, "seconds": 99} for each in fills], "took longer than it did"),
        (lambda fills: fills[::-1], "changed given cells"),
    ],
)
def test_another_result_is_refused(child, change, reason):
    child.fills = lambda plan: change(sound(plan, child.tasks))
    with pytest.raises(SmokeRunRefused, match=reason):
        child.run()


def test_two_pieces_for_one_seed_are_refused(child):
    child.fills = lambda plan: [
        {"piece": to_json(written(child.tasks[index], note=60 + place)), "seconds": 0}
        for place, (index, _) in enumerate(plan)
    ]
    with pytest.raises(SmokeRunRefused, match="wrote two pieces for seed 0"):
        child.run()


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (b"first\nlast\n\n", "failed: last$"),
        (b"\xff\x1b[31m", r"failed: \ufffd \[31m$"),
        (b"x" * 10_000, "failed: x{500}$"),
        (b"", "failed: exit status 7$"),
    ],
)
def test_a_failure_is_told_by_its_last_line(child, stderr, reason):
    child.code, child.stderr = 7, stderr
    with pytest.raises(SmokeRunRefused, match=reason):
        child.run()


@pytest.mark.parametrize("error", [HostNotIsolated("open"), ChildNotStarted("broken")])
def test_what_is_the_machines_fault_is_no_refusal(child, monkeypatch, error):
    def raising(*arguments, **others):
        raise error

    monkeypatch.setattr(module, "run_isolated", raising)
    with pytest.raises(type(error)):
        child.run()


def test_no_excerpts_are_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(ValueError, match="no excerpts"):
        smoke_run("a.b.Family", tmp_path / "checkpoint", [])


def test_compiled_loops_are_lent_to_read_and_written_elsewhere(tmp_path, monkeypatch):
    cache, box = tmp_path / "cache", tmp_path / "box"
    (cache / "flagship").mkdir(parents=True)
    (cache / "flagship/loop.nbi").write_text("compiled")
    box.mkdir()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
    environment, readable = lend_compiled_loops(box)
    lent = Path(environment["NUMBA_CACHE_DIR"])
    assert readable == [cache]
    assert lent.is_relative_to(box)
    assert (lent / "flagship/loop.nbi").read_text() == "compiled"
    (lent / "flagship/mine.nbi").write_text("new")
    assert [path.name for path in (cache / "flagship").iterdir()] == ["loop.nbi"]


def test_without_a_cache_a_child_compiles_into_its_box(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "none"))
    environment, readable = lend_compiled_loops(tmp_path)
    assert Path(environment["NUMBA_CACHE_DIR"]).is_dir()
    assert readable == []
