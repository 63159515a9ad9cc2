"""What every family owes, held by all families of the registry."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from generator.families.checkpoint import CheckpointError, read_metadata
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale, repaired_onsets
from generator.music.grid.conditions import VOICE_CONDITIONS, given_voices
from generator.registry import FAMILIES, family_class

STEPS = 32
METADATA = {"data": "none", "works": "[]", "seed": "0", "command": "a test", "metrics": "{}"}
CHANGED = {"NaN": np.nan, "infinity": np.inf}


@pytest.fixture(params=sorted(FAMILIES))
def family(request):
    return family_class(request.param).debug()


def a_chorale(steps: int = STEPS, seed: int = 1, **frame) -> Chorale:
    """Notes of all lengths with a rest in each voice, a fermata at the end, a pickup."""
    rng = np.random.default_rng(seed)
    low = np.array([[bottom] for bottom, _ in VOICE_RANGES])
    pitch = low + rng.integers(3, 18, size=(4, steps))
    for voice in range(4):
        starts = rng.random(steps) < 0.4
        starts[0] = True
        pitch[voice] = pitch[voice, np.maximum.accumulate(np.where(starts, np.arange(steps), 0))]
        pitch[voice, 7 + 5 * voice : 9 + 5 * voice] = REST
    fermata = np.arange(steps) >= steps - 4
    onset = repaired_onsets(pitch, rng.random((4, steps)) < 0.1)
    onset[:, -4:] &= repaired_onsets(pitch, np.zeros((4, steps)))[:, -4:]
    frame = {"metre": ((0, "4/4"),), "key": "E minor", "anacrusis": 4, **frame}
    if steps == 1:
        frame["anacrusis"] = 0
    return Chorale(pitch=pitch, onset=onset, fermata=fermata, **frame)


def masks() -> dict[str, np.ndarray]:
    """bool[4, T] by name: every condition, spans within voices, lone cells, nothing."""
    rng = np.random.default_rng(5)
    by_name = {condition: given_voices(condition, STEPS) for condition in VOICE_CONDITIONS}
    by_name["second half of all voices"] = np.ones((4, STEPS), dtype=bool)
    by_name["second half of all voices"][:, STEPS // 2 :] = False
    by_name["middle of all voices"] = np.ones((4, STEPS), dtype=bool)
    by_name["middle of all voices"][:, 9:22] = False
    by_name["end of the bass, start of the alto"] = np.ones((4, STEPS), dtype=bool)
    by_name["end of the bass, start of the alto"][3, 15:] = False
    by_name["end of the bass, start of the alto"][1, :11] = False
    by_name["half of all cells"] = rng.random((4, STEPS)) < 0.5
    by_name["one cell in ten"] = rng.random((4, STEPS)) < 0.1
    by_name["all but one cell"] = np.arange(4 * STEPS).reshape(4, STEPS) != 70
    return by_name


@pytest.mark.parametrize("name", masks())
def test_given_cells_come_back_untouched(family, name):
    chorale, given = a_chorale(), masks()[name]
    piece = family.fill(chorale, given, seed=1)
    assert np.array_equal(piece.pitch[given], chorale.pitch[given])
    assert np.array_equal(piece.onset[given], chorale.onset[given])


@pytest.mark.parametrize("name", masks())
def test_written_cells_keep_to_their_range(family, name):
    chorale, given = a_chorale(), masks()[name]
    piece = family.fill(chorale, given, seed=1)
    for voice, (low, high) in enumerate(VOICE_RANGES):
        written = piece.pitch[voice][~given[voice]]
        sounding = written[written != REST]
        assert ((low <= sounding) & (sounding <= high)).all()


def test_the_frame_comes_back_as_it_was(family):
    chorale = a_chorale()
    piece = family.fill(chorale, given_voices("ATB", STEPS), seed=1)
    assert piece.pitch.shape == chorale.pitch.shape
    assert np.array_equal(piece.fermata, chorale.fermata)
    assert (piece.metre, piece.key, piece.anacrusis) == (
        chorale.metre,
        chorale.key,
        chorale.anacrusis,
    )


@pytest.mark.parametrize("condition", ["S", "ATB", "SATB"])
def test_the_same_seed_gives_the_same_piece(family, condition):
    chorale, given = a_chorale(), given_voices(condition, STEPS)
    assert family.fill(chorale, given, seed=3) == family.fill(chorale, given, seed=3)


def test_another_seed_gives_another_piece(family):
    chorale, given = a_chorale(), given_voices("SATB", STEPS)
    assert family.fill(chorale, given, seed=3) != family.fill(chorale, given, seed=4)


@pytest.mark.parametrize("condition", VOICE_CONDITIONS)
def test_what_stood_in_the_written_cells_is_never_read(family, condition):
    chorale, other = a_chorale(seed=1), a_chorale(seed=2)
    given = given_voices(condition, STEPS)
    mixed = chorale.with_voices(
        np.where(given, chorale.pitch, other.pitch), np.where(given, chorale.onset, other.onset)
    )
    assert family.fill(chorale, given, seed=1) == family.fill(mixed, given, seed=1)


def test_a_saved_and_loaded_family_writes_the_same_piece(family, tmp_path):
    file = tmp_path / "debug.safetensors"
    family.save(file, METADATA)
    first = type(family).load(file)
    first.save(tmp_path / "again.safetensors", METADATA)
    again = type(family).load(tmp_path / "again.safetensors")
    chorale, given = a_chorale(), given_voices("ATB", STEPS)
    assert first.fill(chorale, given, seed=2) == again.fill(chorale, given, seed=2)
    assert {**METADATA, "family": type(family).name}.items() <= read_metadata(file).items()


def test_saving_keeps_what_the_family_would_write(family, tmp_path):
    family.save(tmp_path / "debug.safetensors", METADATA)
    loaded = type(family).load(tmp_path / "debug.safetensors")
    chorale, given = a_chorale(), given_voices("ATB", STEPS)
    before = family.fill(chorale, given, seed=2, temperature=0.01)
    after = loaded.fill(chorale, given, seed=2, temperature=0.01)
    # Half precision on disk may turn a near tie, and a fermata then holds it; no more than that.
    assert (before.pitch == after.pitch).mean() > 0.7


def test_where_all_is_given_the_chorale_comes_back(family):
    chorale = a_chorale()
    assert family.fill(chorale, np.ones((4, STEPS), dtype=bool), seed=1) == chorale


@pytest.mark.parametrize("shape", [(4, STEPS - 1), (3, STEPS), (STEPS,)])
def test_a_mask_of_another_shape_is_refused(family, shape):
    with pytest.raises(ValueError, match="given has shape"):
        family.fill(a_chorale(), np.zeros(shape, dtype=bool), seed=1)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_zero_is_refused(family, temperature):
    with pytest.raises(ValueError, match="temperature"):
        family.fill(a_chorale(), given_voices("B", STEPS), seed=1, temperature=temperature)


@pytest.mark.parametrize("temperature", [0.05, 3.0])
def test_other_temperatures_write_valid_pieces(family, temperature):
    chorale, given = a_chorale(), given_voices("ATB", STEPS)
    piece = family.fill(chorale, given, seed=1, temperature=temperature)
    assert np.array_equal(piece.pitch[0], chorale.pitch[0])


@pytest.mark.parametrize("condition", ["S", "ATB", "SATB"])
def test_a_single_step_can_be_filled(family, condition):
    piece = family.fill(a_chorale(1), given_voices(condition, 1), seed=1)
    assert piece.steps == 1


def test_three_four_time_with_a_pickup_can_be_filled(family):
    chorale = a_chorale(STEPS, metre=((0, "3/4"), (16, "4/4")))
    piece = family.fill(chorale, given_voices("ATB", STEPS), seed=1)
    assert piece.metre == chorale.metre


def test_a_given_voice_of_rests_can_be_harmonised(family):
    chorale = a_chorale()
    pitch, onset = chorale.pitch.copy(), chorale.onset.copy()
    pitch[0], onset[0] = REST, False
    silent = chorale.with_voices(pitch, onset)
    piece = family.fill(silent, given_voices("ATB", STEPS), seed=1)
    assert (piece.pitch[0] == REST).all()


@pytest.fixture
def saved(family, tmp_path):
    file = tmp_path / "debug.safetensors"
    family.save(file, METADATA)
    return file


def test_a_truncated_checkpoint_is_refused(family, saved):
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=str(saved)):
        type(family).load(saved)


@pytest.mark.parametrize("value", CHANGED)
def test_a_checkpoint_that_is_not_finite_is_refused(family, saved, value):
    with safe_open(saved, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
    name = next(n for n, v in tensors.items() if np.issubdtype(v.dtype, np.floating))
    tensors[name].flat[0] = CHANGED[value]
    save_file(tensors, saved, metadata=metadata)
    with pytest.raises(CheckpointError, match="NaN or infinity"):
        type(family).load(saved)


def test_a_checkpoint_without_one_of_its_tensors_is_refused(family, saved):
    with safe_open(saved, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors.pop(next(iter(tensors)))
    save_file(tensors, saved, metadata=metadata)
    with pytest.raises(CheckpointError, match="does not fit"):
        type(family).load(saved)


def test_a_missing_checkpoint_is_refused(family, tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        type(family).load(tmp_path / "nothing.safetensors")
