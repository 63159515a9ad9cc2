"""Each work has a number, a German title, and what else is certain, in one table."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest

from generator.music.corpus.build import _with_tunes
from generator.music.corpus.titles import TABLE, WorkTitle, title_of, work_titles

TYPOS = (
    *("verlanben", "cem", "Christtum", "Seelle", "lasssen", "thut", "wohlgethan", "Noth", "gross"),
    *("Grosser", "weiss wie", "höchstes But", "läßt"),
)


def test_every_work_of_the_corpus_has_one_row_and_no_other_has(corpus):
    with TABLE.open(encoding="utf-8", newline="") as file:
        names = [row["bwv"] for row in csv.DictReader(file)]
    assert names == list(corpus.works)


def test_each_row_has_a_german_title_that_is_whole():
    for named in work_titles().values():
        assert re.fullmatch(r"[A-ZÄÖÜ][\w ,.!?’]+[\w?!’]", named.title), named
        assert not named.title.startswith(("Melody", "Chorale"))
        assert set(re.findall(r"[\w]+", named.title)).isdisjoint(TYPOS), named
        assert not any(typo in named.title for typo in TYPOS if " " in typo), named
        assert named.title != named.title_english


def test_numbers_are_as_people_write_them():
    for bwv, named in work_titles().items():
        number = named.number
        assert re.fullmatch(r"BWV \d+a?(\.\d+a?)?( \([A-Za-z0-9 .]+\))?", number), number
        if re.fullmatch(r"BWV\d+(\.\d+)?", bwv) and "listed as" not in number:
            assert number == bwv.replace("BWV", "BWV ")


def test_no_cell_has_spaces_around_it_or_marks_of_a_cut():
    for named in work_titles().values():
        for text in (named.number, named.title, named.title_english, named.occasion):
            assert text == " ".join(text.split())
            assert not re.search(r"…|\.\.\.|'|/|: ?$", text), text


def test_one_title_has_one_translation():
    translations = {(each.title, each.title_english) for each in work_titles().values()}
    assert [t for t, n in Counter(title for title, _ in translations).items() if n > 1] == []


def test_works_of_one_cantata_have_one_occasion():
    """Of the same number; the oratorio of six days aside, and what carries a letter of its own."""
    by_cantata: dict[str, set[str]] = {}
    for named in work_titles().values():
        if found := re.fullmatch(r"BWV (\d+)\.\d+( \((?!listed).*)?", named.number):
            by_cantata.setdefault(found[1], set()).add(named.occasion)
    del by_cantata["248"]
    assert {number: days for number, days in by_cantata.items() if len(days) > 1} == {}


def test_the_collections_alone_preserve_no_occasion():
    late = [
        n
        for n in work_titles().values()
        if re.fullmatch(r"BWV (25[3-9]|2[6-9]\d|[34]\d\d)", n.number)
    ]
    assert len(late) > 180
    assert {named.occasion for named in late} == {""}


@pytest.mark.parametrize(
    ("bwv", "number", "title"),
    [
        ("BWV162.6-lpz", "BWV 162.6 (Leipzig version)", "Alle Menschen müssen sterben"),
        ("BWV62.6", "BWV 274 (listed as BWV 62.6)", "Christe, der du bist Tag und Licht"),
        ("BWV121.6", "BWV 121.6", "Christum wir sollen loben schon"),
        ("BWV248.23-2", "BWV 248.23", "Wir singen dir in deinem Heer"),
        ("BWV244.44", "BWV 244.44", "Befiehl du deine Wege"),
    ],
)
def test_what_looked_wrong_is_mended(corpus, bwv, number, title):
    assert (title_of(bwv, "").number, title_of(bwv, "").title) == (number, title)
    assert corpus.work(bwv).title == corpus.work(bwv).chorale.title == title


def test_what_is_called_another_works_music_is_that_works(corpus):
    one, other = corpus.work("BWV62.6").chorale, corpus.work("BWV274").chorale
    assert (one.pitch == other.pitch).all()


def test_a_work_without_a_row_keeps_what_is_known(corpus):
    assert title_of("BWV999.1", "From a list") == WorkTitle("BWV 999.1", "From a list")
    first, second = list(corpus.works.values())[:2]
    renamed = {
        f"{work.bwv}-new": work.__class__(f"{work.bwv}-new", title, work.chorale, (), "", False)
        for work, title in ((first, "Of a list"), (first, ""), (second, ""))
    }
    renamed["BWV1.6-too"] = renamed["BWV1.6-new"].__class__(
        "BWV1.6-too", "Of a list", first.chorale, (), "", False
    )
    titles = {bwv: work.title for bwv, work in _with_tunes(renamed).items()}
    assert titles == {
        "BWV1.6-new": "Of a list",
        "BWV1.6-too": "Of a list",
        "BWV2.6-new": "Chorale BWV 2.6-new",
    }
