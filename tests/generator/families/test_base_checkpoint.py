"""A checkpoint that stores only what differs from another one in its folder."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from generator.families.checkpoint import CheckpointError, base_of, read_metadata, sha256_of
from generator.families.flagship.critic import Critic
from generator.families.flagship.flagship import Flagship
from generator.families.flagship.sampling.critic_figures import CODES, KINDS
from tests.generator.families.flagship.debug import debug
from tests.generator.families.material import CROSSED, provenance_of


def critic(seed: int) -> Critic:
    values = np.random.default_rng(seed).standard_normal((len(KINDS), CODES))
    return Critic.from_table(values.astype(np.float32))


def members(*seeds: int) -> list[Flagship]:
    networks = [debug(True, critic=True).network for _ in seeds]
    return [
        Flagship(network, critic=critic(seed))
        for network, seed in zip(networks, seeds, strict=True)
    ]


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "base.safetensors"
    Flagship.cross_fitted(members(1, 2)).save(path, CROSSED)
    return path


@pytest.fixture
def changed(base):
    """The second member has another critic."""
    path = base.with_name("changed.safetensors")
    Flagship.cross_fitted(members(1, 3)).save(path, CROSSED, base=base)
    return path


def test_only_what_differs_is_stored_and_all_of_it_is_read(base, changed):
    assert load_file(changed).keys() == {"fold1.critic.values", "fold1.critic.scales"}
    assert json.loads(read_metadata(changed)["base"]) == {
        "file": "base.safetensors",
        "sha256": sha256_of(base),
    }
    assert base_of(changed) == base
    assert base_of(base) is None
    for index, expected in enumerate(members(1, 3)):
        read = Flagship.load(changed).member(index).to_tensors()
        for name, values in expected.to_tensors().items():
            assert np.array_equal(read[name], values)


def test_tensors_of_the_base_that_are_no_longer_used_do_no_harm(base):
    path = base.with_name("plain.safetensors")
    plain = Flagship.cross_fitted([debug(True), debug(True)])
    plain.save(path, CROSSED, base=base)
    assert load_file(path) == {}
    assert Flagship.load(path).member(1).critic is None


def test_without_its_base_a_checkpoint_is_refused(base, changed):
    base.unlink()
    with pytest.raises(CheckpointError, match=r"changed.*only with 'base\.safetensors'; put that"):
        Flagship.load(changed)


def test_another_base_is_refused(base, changed):
    Flagship.cross_fitted(members(5, 6)).save(base, CROSSED)
    with pytest.raises(CheckpointError, match=r"made with another base\.safetensors; restore"):
        Flagship.load(changed)


@pytest.mark.parametrize("name", ["../base.safetensors", "/base.safetensors", "", "."])
def test_a_base_in_another_folder_is_refused(name, changed, rewritten):
    path = rewritten(changed, {"base": json.dumps({"file": name, "sha256": "0" * 64})})
    with pytest.raises(CheckpointError, match=r"complete only with|without a folder"):
        Flagship.load(path)


@pytest.mark.parametrize("stored", ["{}", "[]", "1", "no JSON", '{"file": 1, "sha256": 2}'])
def test_a_base_that_makes_no_sense_is_refused(stored, changed, rewritten):
    with pytest.raises(CheckpointError, match="does not fit its own config"):
        Flagship.load(rewritten(changed, {"base": stored}))


def test_a_base_has_none_itself_and_lies_in_the_same_folder(base, changed, tmp_path):
    composer = Flagship.load(changed)
    for path, of in (
        (tmp_path / "again.safetensors", changed),
        (tmp_path / "other" / "again.safetensors", base),
    ):
        with pytest.raises(CheckpointError, match="cannot be the base of"):
            composer.save(path, CROSSED, base=of)
        assert not path.exists()


def test_members_that_the_base_lacks_are_stored(base):
    path = base.with_name("three.safetensors")
    works = [["BWV2"], ["BWV1"], ["BWV1"]], [["BWV1"], ["BWV2"], ["BWV3"]]
    three = provenance_of(*works[0], folds=works[1])
    Flagship.cross_fitted(members(1, 2, 3)).save(path, three, base=base)
    assert {name.split(".")[0] for name in load_file(path)} == {"fold2"}
    assert Flagship.load(path).members == 3


@pytest.fixture
def rewritten():
    """The same file with other metadata."""

    def rewrite(path, metadata):
        content = path.read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:end])
        header["__metadata__"] |= metadata
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
        return path

    return rewrite
