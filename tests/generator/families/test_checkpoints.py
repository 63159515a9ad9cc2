"""Checkpoints of every family: what they hold, and which files are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from generator.families.base import Family
from generator.families.checkpoint import (
    CheckpointError,
    read_members,
)
from generator.families.checkpoint_metadata import Member
from generator.families.markov.markov import Markov, MarkovConfig
from generator.families.tensor_forms import ANY_SIZE
from generator.music.grid.conditions import given_voices
from tests.generator.families.conftest import FAMILIES, WITH_TENSORS, WITH_WEIGHTS, at_the_door
from tests.generator.families.material import (
    STEPS,
    UNTRAINED,
    a_chorale,
    harmonised,
    melody,
)

FOLDS = {"works": '[["BWV2"], ["BWV1"]]', "folds": '[["BWV1"], ["BWV2"]]'}
GIVEN = given_voices("ATB", STEPS)


def contents(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    with safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        return {name: file.get_tensor(name).copy() for name in names}, file.metadata()


def rewritten(
    path: Path, tensors: dict[str, np.ndarray] | None = None, **metadata: str | None
) -> Path:
    """The file with other tensors, or other metadata: None takes a key away."""
    stored, of_file = contents(path)
    changed = {name: text for name, text in {**of_file, **metadata}.items() if text is not None}
    save_file(stored if tensors is None else tensors, path, metadata=changed)
    return path


def refused(family: Family, path: Path, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as raised:
        type(family).load(path)
    assert str(path) in str(raised.value)


class TestTensors:
    def test_tensors_of_a_config_are_those_of_a_member(self, family):
        forms, held = type(family).tensors(family.config), family.to_tensors()
        assert forms.keys() == held.keys()
        for name, (kind, shape) in forms.items():
            assert held[name].dtype == kind, name
            assert len(held[name].shape) == len(shape), name
            sizes = zip(held[name].shape, shape, strict=True)
            assert all(wanted in (ANY_SIZE, size) for size, wanted in sizes), name

    def test_a_miniature_is_finite_and_small(self, family):
        tensors = family.to_tensors().values()
        floats = [each for each in tensors if np.issubdtype(each.dtype, np.floating)]
        assert bool(floats) == (family.name in WITH_WEIGHTS)
        assert bool(tensors) == (family.name in WITH_TENSORS)
        assert all(np.isfinite(each).all() for each in floats)
        assert sum(each.nbytes for each in tensors) < 2**21

    def test_a_member_is_made_of_its_tensors_again(self, family):
        again = type(family).from_tensors(family.config, family.to_tensors()).to_tensors()
        for name, values in family.to_tensors().items():
            assert np.array_equal(again[name], values), name

    def test_a_config_survives_json(self, family):
        stored = json.loads(json.dumps(family.config_as_json()))
        assert type(family).config_from_json(stored) == family.config


class TestRoundTrip:
    def test_a_loaded_family_writes_the_same_piece_after_saving_it_again(self, family, saved):
        first = type(family).load(saved)
        again_path = saved.with_name("again.safetensors")
        first.save(again_path, UNTRAINED)
        again = type(family).load(again_path)
        piece = first.fill(a_chorale(), GIVEN, seed=2)
        assert piece == again.fill(a_chorale(), GIVEN, seed=2)
        tensors, metadata = contents(saved)
        tensors_again, metadata_again = contents(again_path)
        assert metadata_again == metadata
        assert all(np.array_equal(tensors_again[name], tensors[name]) for name in tensors)

    def test_saving_keeps_what_the_family_would_write(self, family, saved):
        cold = {"temperature": 0.01}
        before, after = (
            each.fill(a_chorale(), GIVEN, seed=2, settings=cold)
            for each in (family, type(family).load(saved))
        )
        # Half precision may turn a near tie, and a fermata then holds it; no more than that.
        assert (before.pitch == after.pitch).mean() > 0.7

    def test_members_come_back_by_fold(self, two, saved_two):
        loaded = type(two).load(saved_two)
        assert loaded.members == 2
        assert read_members(saved_two) == (
            Member(frozenset({"BWV2"}), frozenset({"BWV1"})),
            Member(frozenset({"BWV1"}), frozenset({"BWV2"})),
        )
        for fold in (0, 1):
            harmonised(loaded.member(fold), melody([67] * 8))
            for name, values in loaded.member(fold).to_tensors().items():
                assert np.array_equal(values, two.member(fold).to_tensors()[name]), name


class TestMembers:
    def test_without_folds_a_family_is_its_own_member(self, family):
        assert family.members == 1
        assert family.member(0) is family

    def test_a_single_one_stands_alone(self, family):
        assert type(family).cross_fitted([family]) is family

    def test_a_member_has_no_members_of_its_own(self, two):
        assert [two.member(fold).members for fold in (0, 1)] == [1, 1]

    def test_the_first_writes_where_none_is_named(self, family, two):
        assert harmonised(two, melody([67] * 8)) == harmonised(family, melody([67] * 8))

    @pytest.mark.parametrize("fold", [2, -1])
    def test_one_that_does_not_exist_is_refused(self, two, fold):
        with pytest.raises(ValueError, match=f"no member {fold}; this composer has 2"):
            two.member(fold)


@pytest.mark.parametrize("prefix", ["", "fold1."])
class TestRefusedTensors:
    """Of a file with one member, or of a second member."""

    @pytest.fixture(params=at_the_door(WITH_WEIGHTS))
    def family(self, request) -> Family:
        return FAMILIES[request.param].debug()

    @pytest.fixture
    def path(self, prefix, request) -> Path:
        return request.getfixturevalue("saved_two" if prefix else "saved")

    @pytest.fixture
    def name(self, family, prefix) -> str:
        floats = (n for n, v in family.to_tensors().items() if v.dtype.kind == "f")
        return prefix + next(floats)

    def test_one_that_is_missing(self, family, path, name):
        tensors, _ = contents(path)
        del tensors[name]
        refused(family, rewritten(path, tensors), f"does not fit its .* lacks tensor '{name}'")

    def test_one_that_nobody_knows(self, family, path, name, prefix):
        tensors, _ = contents(path)
        tensors[prefix + "extra"] = np.zeros(3, dtype=np.float32)
        words = f"has an unknown tensor '{prefix}extra'"
        refused(family, rewritten(path, tensors), words)

    @pytest.mark.parametrize("change", ["longer", "another dimension", "empty"])
    def test_one_of_another_shape(self, family, path, name, change):
        tensors, _ = contents(path)
        values = tensors[name]
        tensors[name] = {
            "longer": np.repeat(values, 2, axis=0),
            "another dimension": values[None],
            "empty": values[:0],
        }[change]
        # Where the training data decide a size, the family itself looks whether the sizes agree.
        bare = name.removeprefix("fold1.")
        words = rf"own config: (tensor '{name}' is F(16|32) \(.*\), not F|{bare} has \d+ rows)"
        refused(family, rewritten(path, tensors), words)

    @pytest.mark.parametrize("kind", [np.float64, np.int32, np.uint8])
    def test_one_of_another_type(self, family, path, name, kind):
        tensors, _ = contents(path)
        tensors[name] = tensors[name].astype(kind)
        refused(family, rewritten(path, tensors), f"tensor '{name}' is [FIU]")

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_one_that_is_not_finite(self, family, path, name, value):
        tensors, _ = contents(path)
        tensors[name].flat[-1] = value
        refused(family, rewritten(path, tensors), f"tensor '{name}' holds NaN or infinity")


class TestRefusedFiles:
    def test_none(self, family, tmp_path):
        refused(family, tmp_path / "nothing.safetensors", "no checkpoint at")

    def test_a_truncated_one(self, family, saved):
        saved.write_bytes(saved.read_bytes()[:-100])
        refused(family, saved, "is not a complete safetensors file")

    def test_one_that_is_none(self, family, saved):
        saved.write_bytes(b"weights")
        refused(family, saved, "is not a complete safetensors file")

    def test_one_of_another_family(self, family, saved):
        words = f"is of family 'other', not '{family.name}'"
        refused(family, rewritten(saved, family="other"), words)

    def test_one_of_a_later_format(self, family, saved):
        refused(family, rewritten(saved, format="2"), "has format '2'; this version of the code")

    @pytest.mark.parametrize(
        ("config", "message"),
        [("{", "has a config that is not JSON"), ("[1]", "a config that is not a JSON object: "),
         ("[" * 100_000, "has a config that is not JSON"),
         ('{"zeal": 1}', "does not fit its own config: .*zeal")],
    )  # fmt: skip
    def test_a_config_that_is_none(self, family, saved, config, message):
        refused(family, rewritten(saved, config=config), message)

    @pytest.mark.parametrize("value", ["many", -1, 2.5, None, [1]])
    def test_a_number_of_a_config_that_cannot_be(self, family, saved, value):
        for name, number in family.config_as_json().items():
            if type(number) is int:
                config = {**family.config_as_json(), name: value}
                path = rewritten(saved, config=json.dumps(config))
                refused(family, path, f"does not fit its own config: {name} ")


class TestRefusedLists:
    @pytest.mark.parametrize(
        ("works", "folds", "message"),
        [([["BWV2"]], [["BWV1"], ["BWV2"]], "2 folds, but works for 1 members"),
         ([["BWV2"], ["BWV1"]], [["BWV1"]], "1 folds, but works for 2 members"),
         ([["BWV3"], ["BWV4"]], [["BWV1"], ["BWV1"]], "the same work in two folds"),
         ([["BWV2"], ["BWV1", "BWV2"]], [["BWV1"], ["BWV2"]], "1 was trained on BWV2, a work of"),
         ([], [], "0 folds"),
         (["BWV2", "BWV1"], [["BWV1"], ["BWV2"]], "lists its works in an unknown form"),
         ([["BWV2"], ["BWV1"]], ["BWV1", "BWV2"], "lists its works in an unknown form"),
         ([[2], [1]], [[1], [2]], "lists its works in an unknown form"),
         (1, 2, "lists its works in an unknown form")],
    )  # fmt: skip
    def test_lists_that_contradict_each_other(self, two, saved_two, works, folds, message):
        lists = {"works": json.dumps(works), "folds": json.dumps(folds)}
        refused(two, rewritten(saved_two, **lists), message)

    def test_none_of_works(self, family, saved):
        refused(family, rewritten(saved, works=None), "lacks 'works', the list of works it was")

    def test_none_of_works_beside_folds(self, two, saved_two):
        refused(two, rewritten(saved_two, works=None), "lacks 'works'")

    @pytest.mark.parametrize("key", ["works", "folds"])
    def test_lists_within_lists_without_end(self, two, saved_two, key):
        words = "lists its works in an unknown form"
        refused(two, rewritten(saved_two, **{key: "[" * 100_000}), words)

    @pytest.mark.parametrize("works", ['"BWV1"', "1", '{"BWV1": 1}', "[1]", '[["BWV1"]]', "["])
    def test_works_that_are_no_list_of_names(self, family, saved, works):
        refused(family, rewritten(saved, works=works), "lists its works in an unknown form")


class TestHeldMembers:
    """Of families that have tensors: the members that are held are those that are listed."""

    @pytest.fixture(params=at_the_door(WITH_TENSORS))
    def family(self, request) -> Family:
        return FAMILIES[request.param].debug()

    def test_more_members_listed_than_held(self, family, saved):
        words = "lists the works of 2 members but holds weights of 1"
        refused(family, rewritten(saved, **FOLDS), words)

    def test_fewer_members_listed_than_held(self, two, saved_two):
        path = rewritten(saved_two, works="[]", folds=None)
        refused(two, path, "lists the works of 1 members but holds weights of 2")

    def test_members_that_are_not_numbered_in_order(self, two, saved_two):
        tensors, _ = contents(saved_two)
        moved = {name.replace("fold1.", "fold2."): values for name, values in tensors.items()}
        refused(two, rewritten(saved_two, moved), r"lacks tensor 'fold1\.")


def test_without_tensors_the_members_are_those_that_are_listed(tmp_path):
    one = FAMILIES["rules"].debug()
    path = tmp_path / "rules.safetensors"
    one.save(path, UNTRAINED)
    assert contents(path)[0] == {}
    assert type(one).load(rewritten(path, **FOLDS)).members == 2
    extra = {"fold0.extra": np.zeros(3, dtype=np.float32)}
    refused(one, rewritten(path, extra), "has an unknown tensor 'fold0.extra'")


def test_members_of_different_configs_are_no_composer():
    one = Markov.debug()
    other = Markov(one.tables, MarkovConfig(states=8))
    with pytest.raises(ValueError, match="the members of a composer have different configs"):
        Markov.cross_fitted([one, other])
