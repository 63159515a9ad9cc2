"""What an upload says of itself: what must be there, in which form, and how much of it."""

from __future__ import annotations

import json

import pytest

from generator.families.checkpoint_header import read_header
from generator.families.checkpoint_json import HeaderError
from generator.families.checkpoint_metadata import (
    MAX_LIST,
    MAX_MEMBERS,
    MAX_SETTINGS,
    MAX_WORKS,
    Member,
    checked_metadata,
)
from generator.registry import CHECKPOINTS, OURS

FEWEST = {"family": "markov", "config": '{"states": 8}', "split": "own", "works": '["BWV1"]'}
SHA = "0" * 64
TWO = {"works": '[["BWV2"], ["BWV1"]]', "folds": '[["BWV1"], ["BWV2"]]', "split": "folds"}


def refused(message: str, **changes: str | None) -> None:
    changed = {key: value for key, value in (FEWEST | changes).items() if value is not None}
    with pytest.raises(HeaderError, match=message) as raised:
        checked_metadata(changed, OURS)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("path", sorted(CHECKPOINTS.glob("*.safetensors")), ids=lambda p: p.stem)
def test_metadata_of_shipped_checkpoints_are_accepted(path):
    with path.open("rb") as stream:
        stored = read_header(stream).metadata
    metadata = checked_metadata(stored, OURS, may_have_base=True)
    assert metadata.config == json.loads(stored["config"])
    assert len(metadata.data) == len(metadata.metrics) == len(metadata.members)
    # Rules have learnt from no work.
    assert all(member.trained_on for member in metadata.members) == (path.stem != "rules")
    assert metadata.command.startswith("python -m generator.training")


def test_what_a_checkpoint_may_leave_out_is_empty():
    metadata = checked_metadata(FEWEST, OURS)
    assert metadata.members == (Member(frozenset({"BWV1"})),)
    assert (metadata.data, metadata.seed, metadata.metrics) == ((), None, ())
    assert metadata.command == ""


def test_an_upload_comes_alone():
    base = {"base": '{"file": "members.safetensors", "sha256": "0"}'}
    refused("has a base, .*; save it again without one", **base)
    assert checked_metadata(FEWEST | base, OURS, may_have_base=True).family == "markov"


def test_several_members_have_lists_of_everything():
    lists = {"data": json.dumps([SHA, SHA]), "metrics": '[{"nats": 2}, {"nats": 1.5}]'}
    metadata = checked_metadata(FEWEST | TWO | lists, OURS)
    assert [member.fold for member in metadata.members] == [{"BWV1"}, {"BWV2"}]
    assert [scores["nats"] for scores in metadata.metrics] == [2, 1.5]
    assert metadata.data == (SHA, SHA)


def test_a_config_of_numbers_words_and_lists_is_read():
    config = {"width": 256, "rate": 0.5, "onsets": True, "cell": "bi-gru 2", "sizes": [1, 2]}
    stored = FEWEST | {"config": json.dumps(config)}
    assert checked_metadata(stored, OURS).config == config


def test_keys_that_nobody_knows_are_left_alone():
    checked_metadata(FEWEST | {"training": "{}", "licence": "CC0"}, OURS)


@pytest.mark.parametrize("key", sorted(FEWEST))
def test_what_must_be_there_is_named(key):
    refused(f"the metadata lack {key}; add them, or use the converter", **{key: None})


@pytest.mark.parametrize(
    ("message", "changes"),
    [("has format 'pt'; write it as format 1, which the converter", {"format": "pt"}),
     ("the family 'os' is unknown; use one of bachbot, ", {"family": "os"}),
     ("the split 'all' is unknown; use one of jsb, tunes, folds, own", {"split": "all"}),
     ("the split is 'folds', but the metadata have no folds", {"split": "folds"}),
     ("data is 'mine'; write the sha256", {"data": "mine"}),
     ("data is .* for several members a list", {**TWO, "data": json.dumps([SHA])}),
     ("data is not JSON", {**TWO, "data": SHA[1:] + "f"}),
     ("the seed is '-1'; write a whole number from 0", {"seed": "-1"}),
     ("the seed is '1.5'; write a whole", {"seed": "1.5"}),
     ("metrics are 3; write a JSON object", {"metrics": "3"}),
     ("metrics: 'nats' is 'low'; use numbers by name", {"metrics": '{"nats": "low"}'}),
     ("metrics: 'nats' is True; use numbers", {"metrics": '{"nats": true}'}),
     ("metrics holds NaN; use finite numbers", {"metrics": '{"nats": NaN}'}),
     ("metrics are .* for several members", {**TWO, "metrics": '{"nats": 1}'}),
     ("there are 201 metrics", {"metrics": json.dumps(dict.fromkeys(map(str, range(201)), 1))}),
     ("the command .* has 2,001 characters; use one line", {"command": "x" * 2001}),
     (r"the command 'a\\nb' has 3 characters; use one line", {"command": "a\nb"})],
)  # fmt: skip
def test_what_has_another_form_is_refused(message, changes):
    refused(message, **changes)


@pytest.mark.parametrize(
    ("message", "config"),
    [("the config is not JSON", "{"),
     (r"the config is \[\]; write a JSON object", "[]"),
     ("the config names 'states' twice", '{"states": 8, "states": 9}'),
     ("the config is nested too deep", '{"states": ' + "[" * 100_000),
     (r"config: states holds \[\[\[.*; use numbers, words", '{"states": [[[[[[[[1]]]]]]]]}'),
     ("config: states holds {'a': 1}; use numbers, words", '{"states": {"a": 1}}'),
     ("config: states holds None; use numbers, words", '{"states": null}'),
     ("the config holds Infinity; use finite", '{"states": Infinity}'),
     ("the config holds 1e999; use finite", '{"states": 1e999}'),
     ("the config holds 1{20}..., a number of 1,000 characters", '{"states": %s}' % ("1" * 1000)),
     ("config: file is '../../etc/passwd'; a config names no file", '{"file": "../../etc/passwd"}'),
     (r"config: file is 'C:\\\\weights'; a config names", r'{"file": "C:\\weights"}'),
     ("config: kind is 'os.system'; a config names no file and no code", '{"kind": "os.system"}'),
     ("config: kind has 10,000,000 characters; use at most 200", '{"kind": "%s"}' % ("x" * 10**7)),
     ("the config has a setting 'a.b'; use letters, digits and _", '{"a.b": 1}'),
     ("the config has a setting 'aaa.*; use letters", '{"%s": 1}' % ("a" * 101)),
     ("the config has 201 settings; use at most 200",
      json.dumps({f"a{i}": i for i in range(MAX_SETTINGS + 1)})),
     ("config: sizes is a list of 1,001; use at most 1,000 values",
      json.dumps({"sizes": [1] * (MAX_LIST + 1)}))],
)  # fmt: skip
def test_a_config_names_no_files_and_no_code_and_is_small(message, config):
    refused(message, config=config)


@pytest.mark.parametrize(
    ("message", "works"),
    [("'BWV1' is not a list of names", '"BWV1"'),
     ("5,001 works; at most 5,000 are read", json.dumps(["a"] * (MAX_WORKS + 1))),
     ("a name has 1 to 100 printable characters", json.dumps(["a" * 101])),
     ("'': a name has 1 to 100 printable", '[""]'),
     (r"'a\\x00': a name has 1 to 100 printable", json.dumps(["a\0"])),
     ("works is nested too deep", "[" * 100_000)],
)  # fmt: skip
def test_works_are_lists_of_names_of_bounded_length(message, works):
    refused(f"the file lists its works in an unknown form .*{message}", works=works)


def test_members_are_few():
    lists = {
        "works": json.dumps([[]] * (MAX_MEMBERS + 1)),
        "folds": json.dumps([[f"BWV{i}"] for i in range(MAX_MEMBERS + 1)]),
    }
    refused("the file has 21 members; at most 20 are read", **lists)


def test_a_member_that_saw_its_own_fold_is_refused():
    refused("member 0 was trained on BWV1", works='[["BWV1"]]', folds='[["BWV1"]]')
