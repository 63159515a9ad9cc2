from __future__ import annotations

from pathlib import Path

import pytest

from generator.music.corpus.music21_import import (
    ImportedWork,
    UnfitScore,
    bwv_of,
    chorale_files,
    known_titles,
    read_work,
)
from generator.music.grid.chorale import REST

SATB = ("Soprano", "Alto", "Tenor", "Bass")
PITCHES = {"Soprano": ("C", 5), "Alto": ("G", 4), "Tenor": ("E", 4), "Bass": ("C", 3)}
FERMATA = "<notations><fermata/></notations>"
HEADER = (
    "<attributes><divisions>4</divisions><key><fifths>0</fifths></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)


def note(step: str, octave: int, length: int, more: str = "", before: str = "") -> str:
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    duration = f"<duration>{length}</duration>" if length else ""
    return f"<note>{before}{pitch}{duration}<voice>1</voice>{more}</note>"


def whole(name: str, more: str = "") -> str:
    return note(*PITCHES.get(name, ("C", 4)), 16, more)


@pytest.fixture
def score(tmp_path: Path):
    """Reads a score of one bar whose parts are given by name; the four voices hold whole notes."""

    def read(names: tuple[str, ...] = SATB, **parts: str) -> ImportedWork:
        listed, written = "", ""
        for index, name in enumerate(names):
            notes = parts.get(name.split()[0], whole(name)) if name in names else ""
            listed += f'<score-part id="P{index}"><part-name>{name}</part-name></score-part>'
            written += f'<part id="P{index}"><measure number="1">{HEADER}{notes}</measure></part>'
        path = tmp_path / "bwv900.1.xml"
        path.write_text(
            f'<score-partwise version="3.0"><part-list>{listed}</part-list>{written}'
            "</score-partwise>"
        )
        return read_work(path)

    return read


def test_the_four_voices_are_found_among_instruments(score):
    work = score(("Horn 1", *SATB[::-1], "Continuo"))
    assert work.instrumental
    assert work.chorale.pitch[:, 0].tolist() == [72, 67, 64, 48]
    assert work.chorale.bwv == "BWV900.1"


def test_names_may_name_instruments_too(score):
    work = score(("Soprano Oboe 1", "Alto", "Tenor", "Bass Continuo"))
    assert not work.instrumental


def test_ties_make_one_note_and_repeated_notes_two(score):
    tied = note("C", 5, 8, '<notations><tied type="start"/></notations>', "")
    tied = tied.replace("<voice>", '<tie type="start"/><voice>')
    stop = note("C", 5, 4).replace("<voice>", '<tie type="stop"/><voice>')
    chorale = score(Soprano=tied + stop + note("C", 5, 4)).chorale
    assert chorale.onset[0].nonzero()[0].tolist() == [0, 12]
    assert (chorale.pitch[0] == 72).all()


def test_a_fermata_marks_the_whole_note_of_the_soprano(score):
    chorale = score(
        Soprano=note("C", 5, 8) + note("D", 5, 8, FERMATA), Alto=whole("Alto", FERMATA)
    ).chorale
    assert chorale.fermata.tolist() == [False] * 8 + [True] * 8


def test_another_voice_gives_its_fermata_where_the_soprano_has_none(score):
    chorale = score(Tenor=note("E", 4, 12) + note("F", 4, 4, FERMATA)).chorale
    assert chorale.fermata.tolist() == [False] * 12 + [True] * 4


def test_rests_are_silent_and_grace_notes_are_dropped(score):
    rest = "<note><rest/><duration>8</duration><voice>1</voice></note>"
    grace = note("B", 4, 0, "<type>eighth</type>", "<grace/>")
    chorale = score(Soprano=grace + note("C", 5, 8) + rest).chorale
    assert chorale.pitch[0].tolist() == [72] * 8 + [REST] * 8
    assert chorale.onset[0].sum() == 1


def test_notes_off_the_grid_are_no_work(score):
    with pytest.raises(UnfitScore, match="Soprano, bar 1: a note is off the grid of sixteenths"):
        score(Soprano=note("C", 5, 15) + note("D", 5, 1).replace(">1<", ">0.5<", 1) * 2)


def test_five_voices_are_no_work(score):
    with pytest.raises(UnfitScore, match="has 5 voices: 2 parts for Soprano"):
        score(("Soprano 1", "Soprano 2", "Alto", "Tenor", "Bass"))


def test_a_missing_voice_is_named(score):
    with pytest.raises(UnfitScore, match="has no part for Tenor"):
        score(("Soprano", "Alto", "Bass"))


def test_two_notes_at_once_in_a_voice_are_no_work(score):
    with pytest.raises(UnfitScore, match="Alto, bar 1: 2 notes at once in one voice"):
        score(Alto=note("G", 4, 16) + note("B", 4, 16, before="<chord/>"))


def test_files_come_in_the_order_of_their_numbers():
    names = [bwv_of(path) for path in chorale_files()]
    assert names.index("BWV2.6") < names.index("BWV10.7") < names.index("BWV101.7")
    assert len(names) == len(set(names)) == 410


def test_titles_come_from_the_published_collections():
    titles = known_titles()
    assert titles["BWV269"] == "Aus meines Herzens Grunde"
    assert len(titles) > 180


def test_the_text_of_the_first_verse_goes_as_far_as_the_first_fermata():
    path = next(file for file in chorale_files() if file.stem == "bwv244.3")
    assert read_work(path).text == "Herzliebster Jesu, was hast du verbrochen"


def test_a_folder_named_bach_above_music21_brings_no_other_composers(monkeypatch):
    from music21 import corpus

    bach = "/home/me/bach-or-bot/music21/corpus/bach/bwv66.6.mxl"
    found = [bach, "/home/me/bach/music21/corpus/corelli/opus3no1/1grave.xml"]
    monkeypatch.setattr(corpus, "getComposer", lambda _: found)
    assert chorale_files() == [Path(bach)]
