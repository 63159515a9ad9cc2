"""The grid as JSON: its form, and what is refused."""

from __future__ import annotations

import json

import pytest

from generator.music.formats.format_errors import FormatError
from generator.music.formats.gridjson import from_json, read_json, to_json, write_json
from generator.music.grid.chorale import Chorale

GRID = {
    "bwv": "BWV1",
    "title": "Grüß’",
    "key": "G major",
    "metre": [[0, "4/4"]],
    "anacrusis": 1,
    "pitch": [[72, 72], [67, 67], [64, -1], [48, 48]],
    "onset": [[True, True], [True, False], [True, False], [True, False]],
    "fermata": [False, True],
}


def test_the_form_is_that_of_the_contract():
    assert to_json(from_json(GRID)) == GRID
    assert list(to_json(from_json(GRID))) == list(GRID)


def test_a_file_comes_back(tmp_path):
    chorale: Chorale = from_json(GRID)
    write_json(chorale, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == GRID
    assert read_json(tmp_path / "x.json") == chorale


def test_numbers_serve_as_truth_values():
    onset = [[int(value) for value in row] for row in GRID["onset"]]
    assert from_json({**GRID, "onset": onset}) == from_json(GRID)


@pytest.mark.parametrize("name", ["key", "metre", "anacrusis", "pitch", "onset"])
def test_a_missing_field_is_named(name):
    with pytest.raises(FormatError, match=f"the grid has no {name}"):
        from_json({key: value for key, value in GRID.items() if key != name})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pitch": [[72, 72]] * 3}, "pitch must be a list of four"),
        ({"pitch": [[72, 72], [67], [64, 64], [48, 48]]}, "different length"),
        ({"pitch": [[72, "x"], *GRID["pitch"][1:]]}, "pitch of S has 'x' at step 1"),
        (
            {"pitch": [[72, 10**30], *GRID["pitch"][1:]]},
            "pitch of S has 1000.* at step 1; use a MIDI number",
        ),
        ({"pitch": [[], [], [], []]}, "not valid"),
        ({"onset": [[2, 0]] * 4}, "onset of S has 2 at step 0"),
        ({"onset": [[False, False]] * 4}, "voice S has no onset at step 0"),
        ({"fermata": [True]}, "fermata has shape"),
        ({"metre": [[0, "4/5"]]}, "metre '4/5'"),
        ({"metre": 4}, "metre is 4"),
        ({"metre": [[None, "4/4"]]}, "a step of metre is None"),
        ({"key": "H major"}, "key 'H major'"),
        ({"key": None}, "key is None"),
        ({"anacrusis": 1.5}, "anacrusis is 1.5"),
    ],
)
def test_a_wrong_value_is_named(changes, message):
    with pytest.raises(FormatError, match=message):
        from_json({**GRID, **changes})


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_grid_is_refused(tmp_path, data):
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(FormatError):
        read_json(tmp_path / "x.json")
