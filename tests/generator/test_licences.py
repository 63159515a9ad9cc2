"""What licences allow; and that the pool follows the same list."""

from __future__ import annotations

import pytest

from generator.licences import may_download, may_play
from generator.models import Composer, Pair, Version
from tests.builders import make_composer, make_pair

OPEN = [
    *("CC0", "CC0-1.0", "cc0 1.0 universal", "CC BY 4.0", "CC-BY-SA-4.0", "CC BY-SA 2.5 SE"),
    "Creative Commons Attribution 4.0 International",
    "Creative Commons Attribution-ShareAlike 4.0 International (CC BY-SA 4.0)",
    "https://creativecommons.org/licenses/by/4.0/",
    *("MIT", "The MIT License", "Apache-2.0", "Apache License, Version 2.0", "BSD-3-Clause"),
    *("3-Clause BSD License", "GPL-3.0-or-later", "GPLv3", "GPL-3.0+", "LGPL-2.1-only"),
    *("GNU General Public License v3.0", "MPL-2.0", "ISC", "Unlicense", "Public domain"),
    *("ODbL-1.0", "ODC-By-1.0", "PDDL-1.0"),
]
TO_HEAR = [
    *("CC BY-NC 4.0", "CC BY-ND 4.0", "CC-BY-NC-SA-4.0", "CC BY-NC", "CC BY-ND", "cc by 4.0 nc"),
    *("by permission of the author", "research only", "not MIT", "MIT, but ask me", "GPL-like"),
    *("0", "BY", "CC", "x"),
]
FORBIDDEN = [
    *("", "  ", "none", "None", " NONE ", "proprietary", "Proprietary licence of ACME"),
    *("All rights reserved", "(c) 2021 ACME. All Rights Reserved.", "MIT, all rights reserved"),
    *("no licence", "No License", "NOASSERTION", "UNLICENSED", "n/a"),
]


@pytest.mark.parametrize("licence", OPEN)
def test_an_open_licence_allows_both(licence):
    assert may_play(licence)
    assert may_download(licence)


@pytest.mark.parametrize("licence", TO_HEAR)
def test_any_other_words_allow_to_play_and_not_to_download(licence):
    assert may_play(licence)
    assert not may_download(licence)


@pytest.mark.parametrize("licence", FORBIDDEN)
def test_none_and_reserved_rights_allow_nothing(licence):
    assert not may_play(licence)
    assert not may_download(licence)


@pytest.mark.django_db
def test_the_pool_of_collections_follows_the_same_list():
    composer = make_composer("outside", kind=Composer.Kind.COLLECTION)
    version = composer.versions.get()
    pair = make_pair("SATB", composer)
    for licence in (*OPEN, *TO_HEAR, *FORBIDDEN):
        Version.objects.filter(pk=version.pk).update(kind="collection", licence=licence)
        assert Pair.objects.playable().filter(pk=pair.pk).exists() == may_play(licence), licence


@pytest.mark.django_db
def test_a_checkpoint_needs_no_licence_to_be_played():
    make_pair("SATB", make_composer("choir", licence="none"))
    assert Pair.objects.playable().count() == 1
