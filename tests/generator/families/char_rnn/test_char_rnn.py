from __future__ import annotations

import numpy as np
import pytest

from generator.families.char_rnn.cell import CharState
from generator.families.char_rnn.char_rnn import CHARACTER_CODES, CharRnn, CharRnnConfig
from generator.families.checkpoint import CheckpointError
from generator.music.formats.piano_text.key_text import CHARACTERS, keys_to_text
from generator.music.grid.chorale import REST, VOICE_RANGES, Chorale
from generator.music.grid.conditions import given_for, given_voices
from generator.music.grid.empty_chorale import empty_chorale
from generator.music.grid.keys import estimated_key, tonic_class
from generator.music.grid.voice_assignment import key_sets
from generator.registry import CHECKPOINTS
from tests.generator.families.material import UNTRAINED, a_chorale

NOTHING = given_voices("SATB", 32)


@pytest.fixture(scope="module")
def shipped() -> CharRnn:
    return CharRnn.load(CHECKPOINTS / "char_rnn.safetensors")


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"units": 0}, "units = 0; use a whole number from 1 to 1024"),
        ({"units": 2048}, "units = 2048"),
        ({"units": 8.5}, r"units = 8\.5"),
        ({"layers": True}, "layers = True; use a whole number from 1 to 4"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        CharRnnConfig(**sizes)


def test_a_checkpoint_of_another_vocabulary_is_refused(tmp_path):
    family = CharRnn.debug()
    codes = CHARACTER_CODES.copy()
    codes[3] = ord("z")
    family._tensors = {**family.to_tensors(), "characters": codes}
    family.save(tmp_path / "other.safetensors", UNTRAINED)
    with pytest.raises(CheckpointError, match="vocabulary has character 122 in place 3, ours has"):
        CharRnn.load(tmp_path / "other.safetensors")


def test_any_number_of_layers_writes():
    for layers in (1, 3):
        config = CharRnnConfig(units=4, layers=layers)
        tensors = {
            name: np.full(shape, 0.1, np.float16) if kind == "float16" else CHARACTER_CODES
            for name, (kind, shape) in CharRnn.tensors(config).items()
        }
        assert CharRnn.from_tensors(config, tensors).fill(a_chorale(), NOTHING, seed=1).steps == 32


def test_written_voices_never_rest():
    piece = CharRnn.debug().fill(a_chorale(), NOTHING, seed=1)
    assert (piece.pitch != REST).all()


def fed(monkeypatch, chorale, **settings) -> str:
    """All characters that the network reads in a fill of given cells."""
    codes: list[int] = []
    monkeypatch.setattr(CharState, "feed", lambda self, code: codes.append(code))
    given = np.ones_like(chorale.onset)
    given[3, -1] = False
    CharRnn.debug().fill(chorale, given, seed=1, settings=settings)
    return "".join(CHARACTERS[code] for code in codes)


def test_the_tag_is_read_after_a_new_line_and_before_the_music(monkeypatch):
    chorale = a_chorale(key="F# minor", metre=((0, "3/4"),))
    music = keys_to_text(*key_sets(chorale))
    first = music[: music.index(" ") + 1]
    assert fed(monkeypatch, chorale, prefix=0).startswith(f"\n{first}")
    assert fed(monkeypatch, chorale).startswith(f"\n{{BACH|3/4|minor|f}}{first}")


def test_the_tag_is_repeated_at_bar_lines(monkeypatch):
    chorale = a_chorale()  # bar lines at 4 and 20
    tag = "{BACH|4/4|minor|E}"
    for bars, places in ((0, [0]), (1, [0, 4, 20]), (2, [0, 20])):
        pieces = fed(monkeypatch, chorale, prefix_bars=bars).split(tag)
        assert np.cumsum([piece.count(" ") for piece in pieces[:-1]]).tolist() == places


def test_a_repeated_tag_changes_what_follows_its_bar_line():
    family, chorale = CharRnn.debug(), a_chorale()
    assert chorale.bar_phase()[4] == 0
    plain = family.fill(chorale, NOTHING, seed=1)
    repeated = family.fill(chorale, NOTHING, seed=1, settings={"prefix_bars": 1})
    assert plain != repeated
    assert np.array_equal(key_sets(plain)[0][:4], key_sets(repeated)[0][:4])


def test_without_the_tag_nothing_is_known_of_the_key():
    family, plain = CharRnn.debug(), {"prefix": 0}
    one, other = (
        family.fill(a_chorale(key=key), NOTHING, seed=1, settings=plain).pitch
        for key in ("C major", "F# minor")
    )
    assert np.array_equal(one, other)


class TestShipped:
    def test_it_repeats_and_holds_notes(self, shipped):
        piece = shipped.fill(a_chorale(64, key="G major"), given_voices("SATB", 64), seed=1)
        sung = piece.pitch[:, 1:] != REST
        same = sung & (piece.pitch[:, 1:] == piece.pitch[:, :-1])
        assert 0.4 < same.mean() < 0.95
        assert 0 < (same & piece.onset[:, 1:]).mean() < 0.3

    @pytest.mark.parametrize("condition", ["S", "A", "T", "B", "AT", "ATB"])
    def test_it_writes_with_few_crossings_and_in_range(self, shipped, corpus, condition):
        chorale = corpus.works["BWV269"].chorale.slice(0, 64)
        piece = shipped.fill(chorale, given_for(condition, chorale), seed=1)
        assert (np.diff(piece.pitch, axis=0) > 0).mean() < 0.03
        for voice, (low, high) in enumerate(VOICE_RANGES):
            assert ((low <= piece.pitch[voice]) & (piece.pitch[voice] <= high)).all()

    def test_it_goes_on_where_bach_stops(self, shipped, corpus):
        """From his last chord the voices move by a step or so; without having read it, by more."""
        works = [work.chorale for work in list(corpus.works.values())[::80]]
        first = [int(np.argmin(given_for("NEXT", each).all(axis=0))) for each in works]
        ours, blind = (
            np.mean([motion(family, each, at) for each, at in zip(works, first, strict=True)])
            for family in (shipped, CharRnn.debug())
        )
        assert ours < 2 < 5 < blind

    def test_the_tag_tells_it_the_key(self, shipped):
        """Of two keys far apart, what it writes is nearer to the one that it was told."""
        told = [("C major", "F# major"), ("F# major", "C major")] * 8
        nearer = [
            fifths(heard, one) < fifths(heard, other)
            for seed, (one, other) in enumerate(told)
            for heard in [heard_key(shipped, one, seed)]
        ]
        assert np.mean(nearer) > 0.7


def motion(family: CharRnn, chorale: Chorale, at: int) -> float:
    """Mean semitones by which the voices move at a step, from which on they are written."""
    given = np.zeros_like(chorale.onset)
    given[:, :at] = True
    pitch = family.fill(chorale.slice(0, at + 1), given[:, : at + 1], seed=1).pitch
    return float(np.abs(pitch[:, at] - pitch[:, at - 1]).mean())


def heard_key(family: CharRnn, key: str, seed: int) -> str:
    """The key, by the notes alone, of eight bars from nothing."""
    frame = empty_chorale(key, bars=8)
    pitch = family.fill(frame, np.zeros_like(frame.onset), seed=seed).pitch
    return estimated_key(pitch[pitch != REST])


def fifths(one: str, other: str) -> int:
    """How far two tonics are apart on the circle of fifths."""
    distance = 7 * (tonic_class(one) - tonic_class(other)) % 12
    return min(distance, 12 - distance)
