"""Files that were changed at random are read, or refused in words: no other error ever."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest

from generator.isolation.child_process import Limits
from generator.music.formats.format_errors import FormatError
from generator.music.formats.kern_reader import kern_score
from generator.music.formats.outside_files import score_of
from generator.music.formats.score import Score, chorale_of
from generator.music.formats.voices.choice import four_voices

CASES = Path(__file__).parent.parent / "cases"
TOKENS = [b"<", b">", b"/", b"0", b"-1", b"999999", b"1e9", b"&a;", b"\xff", b"\x00", b'"', b"\n"]
XML = [b"<chord/>", b"<rest/>", b"<backup><duration>7</duration></backup>", b"<note>", b"</note>"]
XML += [b"<measure>", b"</measure>", b"<grace/>", b"<repeat direction='backward' times='9'/>"]
XML += [b"<tie type='start'/>", b"<voice>9</voice>", b"<staff>2</staff>", b"<senza-misura/>"]
ABC = [b"|:", b":|", b"[1", b"::", b"[V:2]", b"[M:3/0]", b"[L:1/0]", b"K:", b"M:", b"X:", b"(3"]
ABC += [b">>>", b"//", b"Z9999", b"&", b"-", b"[CEG]9", b"''''", b"!D.C.!", b"V:1 octave=9\n"]
KERN = [b"*^", b"*v", b"\t", b"=", b"[", b"]", b"0", b"q", b"*-\n", b"**kern", b".", b"r", b"%"]


def mutated(data: bytes, other: bytes, words: list[bytes], random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 6)):
        place, length = random.randrange(len(changed) + 1), random.randrange(40)
        match random.randrange(5):
            case 0:
                changed[place:place] = random.choice([*words, *TOKENS])
            case 1:
                del changed[place : place + length]
            case 2:
                changed[place:place] = changed[place : place + length]
            case 3:
                changed[place : place + 1] = bytes([random.randrange(256)])
            case _:
                begin = random.randrange(len(other))
                changed[place : place + length] = other[begin : begin + length]
    return bytes(changed)


def moved(data: bytes, random: Random) -> bytes:
    """A score that is sound as XML, whose elements were doubled, moved, taken out or renumbered."""
    root = ET.fromstring(data)
    for _ in range(random.randint(1, 5)):
        parent = random.choice([each for each in root.iter() if len(each)])
        child = random.choice(list(parent))
        match random.randrange(4):
            case 0:
                parent.insert(random.randrange(len(parent)), deepcopy(child))
            case 1:
                parent.remove(child)
            case 2:
                random.choice(list(root.iter())).append(deepcopy(child))
            case _:
                leaf = random.choice([each for each in child.iter() if not len(each)])
                leaf.text = random.choice(["0", "1", "-1", "3", "7", "1000000", "x", "", "2.5"])
        if not any(len(each) for each in root.iter()):
            break
    return ET.tostring(root)


def check(data: bytes, random: Random) -> bool:
    """Whether it is read."""
    repeats = random.choice([None, "play", "once"])
    try:
        score = score_of(data, "file", quantise=random.random() < 0.5, repeats=repeats)
    except FormatError as error:
        assert str(error)
        return False
    assert isinstance(score, Score)
    try:
        chorale_of(score, four_voices(score))
    except FormatError as error:
        assert str(error)
    return True


def seeds(kind: str) -> list[bytes]:
    files = [path.read_bytes() for path in sorted(CASES.glob(kind))]
    return [each for each in files if len(each) < 8_000]


FILES = [500, pytest.param(5_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("files", FILES)
@pytest.mark.parametrize(("kind", "words"), [("musicxml/*", XML), ("other/*.abc", ABC)])
def test_changed_files_are_read_or_refused(kind, words, files):
    random, sound = Random(files), seeds(kind)
    for _ in range(files):
        check(mutated(random.choice(sound), random.choice(sound), words, random), random)


@pytest.mark.parametrize("files", FILES)
def test_changed_scores_are_read_or_refused(files):
    random, sound = Random(files), [each for each in seeds("musicxml/*.musicxml") if each[0] < 128]
    read = sum(check(moved(random.choice(sound), random), random) for _ in range(files))
    assert files / 10 < read < files


@pytest.mark.slow
def test_changed_kern_files_are_read_or_refused(monkeypatch):
    monkeypatch.setattr(kern_score, "LIMITS", Limits(seconds=30, memory_bytes=1 << 30))
    random, (sound,) = Random(1), seeds("other/*.krn")
    read = sum(check(mutated(sound, sound, KERN, random), random) for _ in range(30))
    assert 0 < read < 30
