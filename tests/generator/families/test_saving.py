"""What a saved file says of itself; what `load` would refuse is not written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pytest

from generator.families.base import Family
from generator.families.checkpoint import CheckpointError, read_config, read_metadata
from generator.registry import CHECKPOINTS
from tests.generator.families.conftest import FAMILIES, WITH_WEIGHTS, at_the_door
from tests.generator.families.material import CROSSED, UNTRAINED, provenance_of


def test_the_metadata_say_what_it_is(family, saved):
    assert read_metadata(saved) == {
        "family": family.name,
        "format": "1",
        "config": json.dumps(family.config_as_json()),
        "split": "tunes",
        "works": "[]",
        "data": "0" * 64,
        "seed": "0",
        "command": "a test",
        "training": "{}",
        "metrics": '{"score": 1.0}',
    }
    assert read_config(saved) == family.config_as_json()


def test_members_share_what_is_common_and_list_the_rest(saved, saved_two):
    one, metadata = read_metadata(saved), read_metadata(saved_two)
    lists = {
        "works": '[["BWV2"], ["BWV1"]]',
        "folds": '[["BWV1"], ["BWV2"]]',
        "data": json.dumps(["0" * 64] * 2),
        "metrics": '[{"score": 1.0}, {"score": 1.0}]',
    }
    assert metadata == one | lists


def test_the_metadata_have_the_keys_of_the_shipped_checkpoints(saved, saved_two):
    for path, shipped in ((saved, "next_chord"), (saved_two, "flagship")):
        keys = read_metadata(CHECKPOINTS / f"{shipped}.safetensors").keys()
        assert read_metadata(path).keys() == keys - {"base"} | {"format"}


def test_the_same_composer_is_always_the_same_file(two, saved_two):
    content = saved_two.read_bytes()
    for _ in range(5):
        two.save(saved_two, CROSSED)
        assert saved_two.read_bytes() == content


def test_a_member_that_fits_passes(family, two):
    family.check_tensors()
    two.check_tensors()


class TestTensors:
    """Of families with weights: a tensor that could not be read again is not written."""

    @pytest.fixture(params=at_the_door(WITH_WEIGHTS))
    def family(self, request) -> Family:
        return FAMILIES[request.param].debug()

    @pytest.fixture
    def refused_to_save(self, family, tmp_path, monkeypatch) -> Callable[..., None]:
        def refuse(tensors: dict[str, np.ndarray], message: str) -> None:
            path = tmp_path / "new" / "debug.safetensors"
            monkeypatch.setattr(family, "to_tensors", lambda: tensors)
            for attempt, whose in (
                (lambda: family.save(path, UNTRAINED), str(path)),
                (family.check_tensors, f"family '{family.name}'"),
            ):
                words = f"^{re.escape(whose)} does not fit its own config: {message}"
                with pytest.raises(CheckpointError, match=words):
                    attempt()
            assert not path.parent.exists()

        return refuse

    @pytest.fixture
    def name(self, family) -> str:
        return next(n for n, v in family.to_tensors().items() if v.dtype.kind == "f")

    def test_a_tensor_that_is_missing(self, family, name, refused_to_save):
        tensors = family.to_tensors()
        del tensors[name]
        refused_to_save(tensors, f"it lacks tensor '{name}'")

    def test_a_tensor_that_nobody_knows(self, family, refused_to_save):
        refused_to_save(
            {**family.to_tensors(), "extra": np.zeros(3)}, "it has an unknown tensor 'extra'"
        )

    def test_a_tensor_of_another_shape(self, family, name, refused_to_save):
        tensors = family.to_tensors()
        tensors[name] = tensors[name][None]
        refused_to_save(tensors, rf"tensor '{name}' is F(16|32) \(1, .*\), not F")

    def test_a_tensor_of_another_type(self, family, name, refused_to_save):
        tensors = family.to_tensors()
        tensors[name] = tensors[name].astype(np.float64)
        refused_to_save(tensors, rf"tensor '{name}' is float64 \(.*\), not F(16|32)")

    def test_a_tensor_that_is_not_finite(self, family, name, refused_to_save):
        tensors = {each: values.copy() for each, values in family.to_tensors().items()}
        tensors[name].flat[0] = np.nan
        refused_to_save(tensors, f"tensor '{name}' holds NaN or infinity")

    def test_a_type_that_no_checkpoint_holds(self, family, name, monkeypatch):
        forms = {**type(family).tensors(family.config), name: ("float64", (1,))}
        monkeypatch.setattr(type(family), "tensors", classmethod(lambda cls, config: forms))
        with pytest.raises(CheckpointError, match=f"tensor '{name}' is float64; use one of float1"):
            family.check_tensors()


def test_works_of_other_members(family, tmp_path):
    path = tmp_path / "debug.safetensors"
    with pytest.raises(CheckpointError, match="the works of 2 members but holds weights of 1"):
        family.save(path, CROSSED)
    assert not path.exists()


def test_a_member_that_was_trained_on_its_own_fold(two, tmp_path):
    path = tmp_path / "two.safetensors"
    leaking = provenance_of(["BWV2"], ["BWV2"], folds=[["BWV1"], ["BWV2"]])
    with pytest.raises(CheckpointError, match="member 1 was trained on BWV2, a work of its own"):
        two.save(path, leaking)
    assert not path.exists()
