"""Files of music that were changed at random, and random ones: read, or refused in words."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from hashlib import sha256
from io import BytesIO
from xml.etree.ElementTree import Element, fromstring, tostring

import mido
import pytest
from django.conf import settings as site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bachtest.composers.steps import MAX_REASON
from generator.collecting.collection_files import CollectionFiles
from generator.collecting.drafts import Drafter, music_names
from generator.errors import in_plain_text
from generator.models import Excerpt
from generator.music.corpus.works import load_corpus
from generator.music.formats.midi import midi_bytes
from generator.music.formats.musicxml_writer import musicxml_bytes
from tests.composers.adversary.hostile_music import MIDI, XML, mxl, sound_midi, sound_xml
from tests.fuzz.music_readers import check_music
from tests.generator.collecting.material import foreign_midi, phrases

EXAMPLES = [120, pytest.param(5_000, marks=pytest.mark.slow)]
TOKENS = [b"\x00", b"\xff", b"\x7f", b"\x80", b"\x90\x3c\x40", b"\xff\x2f\x00", b"MTrk", b"\xf0"]
WORDS = [b"<", b">", b"<chord/>", b"<note>", b"</note>", b"<measure>", b"</measure>", b"<part/>"]
WORDS += [b"<duration>", b"0", b"-1", b"999999", b"<backup>", b"&a;", b"<!--", b"]]>", b"\xff"]
WORDS += [b"<time><beats>3</beats><beat-type>8</beat-type></time>", b"<tie type='stop'/>"]


@cache
def seeds(kind: str) -> list[bytes]:
    work = load_corpus(site.CORPUS_FILE).works["BWV269"].chorale
    if kind == "midi":
        small = [a.make() for a in MIDI.values() if len(a.make()) < 5_000]
        return [midi_bytes(work), foreign_midi(phrases()), sound_midi(), *small]
    small = [a.make() for a in XML.values() if len(a.make()) < 5_000]
    return [musicxml_bytes(work), sound_xml(), mxl("a.xml", sound_xml()), *small]


@st.composite
def changed_files(draw, kind: str) -> bytes:
    """A file with bytes flipped, put in, taken out, moved or of another file."""
    files = seeds(kind)
    data = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        match draw(st.sampled_from(["put in", "put in", "flip", "cut", "splice", "double"])):
            case "put in":
                words = TOKENS if kind == "midi" else WORDS
                new = draw(st.sampled_from(words) | st.binary(max_size=4))
                data[place : place + draw(st.integers(0, len(new)))] = new
            case "flip" if place < len(data):
                data[place] ^= draw(st.integers(1, 255))
            case "cut":
                del data[place : place + length]
            case "splice":
                other = draw(st.sampled_from(files))
                begin = draw(st.integers(0, len(other)))
                data[place:] = other[begin:]
            case _:
                data[place:place] = data[place : place + length]
    return bytes(data)


def fuzz(examples: int, files: st.SearchStrategy[bytes]) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings(max_examples=examples, deadline=None, suppress_health_check=quiet)(
        given(files)(check_music)
    )()


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("kind", ["midi", "xml"])
def test_changed_files_are_read_or_refused(kind, examples):
    fuzz(examples, changed_files(kind))


class InMemory(CollectionFiles):
    def __init__(self, files: list[bytes]) -> None:
        self._files = {f"{number}.mid": data for number, data in enumerate(files)}
        self.names = sorted(self._files)

    def read(self, name: str) -> bytes:
        return self._files[name]


@pytest.mark.parametrize("examples", [25, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_collection_of_changed_files_is_drafted_with_a_line_for_each(examples, excerpts):
    corpus = load_corpus(site.CORPUS_FILE)
    rows = list(Excerpt.objects.select_related("work"))
    either = changed_files("midi") | changed_files("xml")

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(either, min_size=1, max_size=4))
    def check(contents: list[bytes]) -> None:
        files = InMemory([data for data in contents if data])
        digests = {name: sha256(files.read(name)).hexdigest() for name in music_names(files)}
        drafts = Drafter(corpus, rows, frozenset(), seed=0).draft(files, digests)
        assert [each.name for each in drafts.files] == files.names
        for line in map(str, drafts.files):
            assert line.isprintable()
            assert len(line) < 500

    check()


@given(st.text(), st.integers(1, 50))
def test_words_from_outside_become_plain(words, most):
    shown = in_plain_text(words, most)
    assert len(shown) <= most <= MAX_REASON
    assert all(sign.isprintable() or sign == "\n" for sign in shown)
    shown.encode()  # no half characters
    assert "\0" not in shown


NUMBERS = [
    "0",
    "-1",
    "1",
    "3",
    "7",
    "0.5",
    "999999",
    "1e9",
    "",
    " ",
    "x",
    "٣",
    "1/2",
    "NaN",
    "9" * 50,
]
TAGS = [
    "note",
    "chord",
    "grace",
    "rest",
    "pitch",
    "duration",
    "backup",
    "forward",
    "measure",
    "part",
]
TAGS += ["attributes", "time", "key", "tie", "voice", "notations", "transpose", "divisions", "dot"]


@cache
def score_text() -> str:
    """Two bars of four parts."""
    return musicxml_bytes(phrases().slice(0, 32)).decode()


@st.composite
def changed_scores(draw) -> bytes:
    """A score that is sound as XML, whose elements were changed, moved, doubled or taken out."""
    root = fromstring(score_text())
    for _ in range(draw(st.integers(1, 8))):
        parents = [each for each in root.iter() if len(each)]
        parent = draw(st.sampled_from(parents))
        place = draw(st.integers(0, len(parent) - 1))
        child = parent[place]
        match draw(st.sampled_from(["number", "number", "out", "double", "move", "new", "name"])):
            case "number":
                leaves = [each for each in child.iter() if not len(each)]
                draw(st.sampled_from(leaves)).text = draw(st.sampled_from(NUMBERS))
            case "out":
                parent.remove(child)
            case "double":
                parent.insert(place, deepcopy(child))
            case "move":
                parent.remove(child)
                draw(
                    st.sampled_from([each for each in parents if each not in child.iter()])
                ).append(child)
            case "new":
                child.insert(0, Element(draw(st.sampled_from(TAGS))))
            case _:
                child.tag = draw(st.sampled_from(TAGS))
        if not any(len(each) for each in root.iter()):
            break
    return tostring(root)


@pytest.mark.parametrize("examples", EXAMPLES)
def test_changed_scores_are_read_or_refused(examples):
    fuzz(examples, changed_scores())


@st.composite
def changed_tracks(draw) -> bytes:
    """A MIDI file that is sound event by event, whose events were changed, moved or doubled."""
    file = mido.MidiFile(file=BytesIO(sound_midi()))
    for _ in range(draw(st.integers(1, 8))):
        events = draw(st.sampled_from(file.tracks))
        place = draw(st.integers(0, max(0, len(events) - 2)))
        match draw(
            st.sampled_from(["time", "time", "out", "double", "move", "text", "metre", "key"])
        ):
            case "time" if len(events) > 1:
                ticks = draw(st.sampled_from([0, 1, 59, 120, 121, 480, 10**6, 2**28 - 1]))
                events[place] = events[place].copy(time=ticks)
            case "out" if len(events) > 1:
                del events[place]
            case "double":
                events[place:place] = events[place : place + draw(st.integers(1, 9))]
            case "move":
                draw(st.sampled_from(file.tracks)).insert(0, events[place])
            case "text":
                words = [
                    "grid 1",
                    "end",
                    "fermata",
                    "fermata end",
                    "pickup 4 of 4/4",
                    "pickup 9 of 0/0",
                ]
                words += ["key X major", "bwv \0", "pickup 9999 of 99999/1", "\n", "Soprano"]
                text = draw(st.sampled_from(words))
                kind = draw(st.sampled_from(["text", "marker"]))
                events.insert(place, mido.MetaMessage(kind, text=text))
                events.insert(place, mido.MetaMessage("track_name", name=text))
            case "metre":
                over = draw(st.integers(0, 255))
                under = 2 ** draw(st.integers(0, 9))
                metre = mido.MetaMessage("time_signature", numerator=over or 1, denominator=under)
                events.insert(place, metre)
            case _:
                key = draw(st.sampled_from(["C", "Cb", "C#", "Am", "A#m", "Ebm"]))
                events.insert(place, mido.MetaMessage("key_signature", key=key))
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


@pytest.mark.parametrize("examples", EXAMPLES)
def test_changed_tracks_are_read_or_refused(examples):
    fuzz(examples, changed_tracks())
