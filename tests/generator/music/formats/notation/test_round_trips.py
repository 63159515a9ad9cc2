"""Scores that we write, changed as programs write them, come back the same."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from random import Random
from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generator.music.formats.musicxml_writer import musicxml_bytes
from generator.music.formats.outside_files import four_part_chorale
from generator.music.grid.chorale import REST, Chorale
from tests.generator.music.chorale_strategies import chorales

FINE = 480
"""Divisions of a sixteenth; a tolerance is eight of them."""
LOWEST = np.array([[63], [54], [45], [36]])
FIRST = np.array([[72], [63], [54], [45]])


@st.composite
def quartets(draw) -> Chorale:
    """Voices that all sound at first, in descending registers that overlap."""
    chorale = draw(chorales())
    pitch = np.where(chorale.pitch == REST, REST, LOWEST + chorale.pitch % 12)
    pitch = np.hstack([FIRST, pitch])
    begins = np.diff(pitch, axis=1, prepend=REST) != 0
    # Two notes of a pitch that touch are two notes.
    onset = (begins | np.hstack([FIRST > 0, chorale.onset])) & (pitch != REST)
    means = [line[new].mean() for line, new in zip(pitch, onset, strict=True)]
    assume(all(high > low for high, low in pairwise(means)))
    return replace(
        chorale,
        pitch=pitch,
        onset=onset,
        fermata=np.hstack([[False], chorale.fermata]),
    )


def finer(root: ET.Element) -> None:
    for tag in ("duration", "divisions"):
        for element in root.iter(tag):
            element.text = str(int(element.text) * FINE)


def staves_merged(root: ET.Element, random: Random) -> None:
    """Two staves of two voices each; the ways back are off by the tolerance."""
    parts, listed = root.findall("part"), root.find("part-list")
    for upper, lower, name in ((0, 1, "Women"), (2, 3, "Men")):
        for above, below in zip(parts[upper], parts[lower], strict=True):
            length = sum(int(each.text) for each in above.iter("duration"))
            back = ET.SubElement(above, "backup")
            ET.SubElement(back, "duration").text = str(length + random.randint(-8, 8))
            for note in below.iterfind("note"):
                note.find("voice").text = "2"
                above.append(note)
        root.remove(parts[lower])
        entries = listed.findall("score-part")
        entries[1 if upper == 0 else 2].find("part-name").text = name
        entries[0 if upper == 0 else 1].find("part-name").text = name
        listed.remove(next(e for e in entries if e.get("id") == f"P{lower + 1}"))


def voices_renumbered(root: ET.Element, random: Random) -> None:
    for measure in root.iter("measure"):
        number = random.choice("123")
        for voice in measure.iter("voice"):
            voice.text = number


def ties_unended(root: ET.Element) -> None:
    for note in root.iter("note"):
        for place in (note, note.find("notations")):
            for tie in list(place) if place is not None else ():
                if tie.tag in ("tie", "tied") and tie.get("type") == "stop":
                    place.remove(tie)


def by_measures(root: ET.Element) -> None:
    parts = root.findall("part")
    measures = [ET.Element("measure", each.attrib) for each in parts[0]]
    for part in parts:
        root.remove(part)
        for measure, each in zip(measures, part, strict=True):
            inside = ET.SubElement(measure, "part", id=part.get("id"))
            inside.extend(deepcopy(list(each)))
    root.extend(measures)
    root.tag = "score-timewise"


@given(quartets(), st.randoms(use_true_random=False), st.sets(st.integers(0, 3)))
@settings(max_examples=60, deadline=None)
def test_a_score_comes_back_however_it_is_written(chorale, random, ways):
    root = ET.fromstring(musicxml_bytes(chorale))
    finer(root)
    if 0 in ways:
        ties_unended(root)
    if 1 in ways:
        staves_merged(root, random)
    elif 2 in ways:
        voices_renumbered(root, random)
    if 3 in ways:
        by_measures(root)
    assert four_part_chorale(ET.tostring(root), "x.xml") == chorale
