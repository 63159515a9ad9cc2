"""Samples: rule 13, who hears them, and what a player may ask for."""

from __future__ import annotations

import pytest
from django.test import Client

from bachtest.composers.models import Sample
from bachtest.game.pool import candidates
from bachtest.studies.models import Study
from generator.models import Composer, Pair, Piece, Version
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.services.pairs import SET_ASIDE_REASON, exclude_named, join_pairs
from tests.builders import clip_of, make_bach, make_mp3, make_pair, make_piece, make_version
from tests.composers.page_rows import SET_ASIDE, make_owned, make_person, make_sample

pytestmark = pytest.mark.django_db
SHARED = {"work": "BWV253", "events": 12, "piece_stop": 32, "work_start": 32, "work_stop": 64}
CLIPS = ("piece", "run", "work")


@pytest.fixture
def choir() -> Composer:
    return make_owned("choir", None)


@pytest.fixture
def version(choir: Composer) -> Version:
    return choir.versions.get()


def path_of(sample: Sample, clip: str = "piece", slug: str = "choir") -> str:
    return f"/composers/{slug}/samples/{sample.pk}/{clip}.mp3"


def test_rule_13_only_set_aside_tunes_are_heard_with_their_names(client, version):
    heard = [make_sample(version, tune, **SHARED) for tune in sorted(SET_ASIDE_TUNES)]
    others = [make_sample(version, tune, **SHARED) for tune in ("BWV269", "tune-of-the-pool", "")]
    for sample in heard:
        assert [client.get(path_of(sample, clip)).status_code for clip in CLIPS] == [200] * 3
    for sample in others:
        assert [client.get(path_of(sample, clip)).status_code for clip in CLIPS] == [404] * 3
    page = client.get("/composers/choir/")
    assert {row.sample for row in page.context["page"].samples} == set(heard)
    for sample in others:
        assert path_of(sample) not in page.text


def test_rule_13_the_tune_of_the_work_decides_not_what_the_piece_says(client, version):
    sample = make_sample(version, "tune-of-the-pool")
    Piece.objects.filter(pk=sample.piece_id).update(tune=SET_ASIDE)
    assert client.get(path_of(sample)).status_code == 404


def test_rule_13_what_is_heard_with_its_name_is_drawn_for_no_round(client, version):
    samples = [make_sample(version, tune) for tune in sorted(SET_ASIDE_TUNES)]
    kept = make_pair("SATB", version.composer)
    named = make_pair("SATB", version.composer)
    for sample in samples:
        make_piece(sample.piece.excerpt, make_bach())
        join_pairs(sample.piece)
    assert exclude_named(named.excerpt.work.bwv, 0, 16) == 1
    assert [client.get(path_of(sample)).status_code for sample in samples] == [200] * 8
    assert Pair.objects.count() == 10
    assert [each.pair for each in candidates(Study.objects.get(slug="quiz"))] == [kept.pk]


@pytest.mark.parametrize(
    ("reason", "status"), [(SET_ASIDE_REASON, 200), ("", 404), ("copies 13 events", 404)]
)
def test_rule_13_a_whole_piece_is_heard_if_it_was_taken_out_of_the_pool(client, reason, status):
    composer = make_owned("outside", None, kind="collection", licence="CC0", family="")
    version = composer.versions.get()
    fields = {"kind": Pair.Kind.UNPAIRED, "differing": None, "excluded_reason": reason}
    piece = make_pair("SATB", composer, **fields).machine
    Piece.objects.filter(pk=piece.pk).update(excerpt=None, source="a.mid", tune="")
    sample = Sample.objects.create(version=version, piece=piece)
    assert client.get(path_of(sample, slug="outside")).status_code == status


def test_rule_13_a_whole_piece_without_a_pair_is_not_heard(client):
    composer = make_owned("outside", None, kind="collection", licence="CC0", family="")
    version = composer.versions.get()
    piece = make_piece(version=version, source="a.mid", tune=SET_ASIDE)
    Piece.objects.filter(pk=piece.pk).update(excerpt=None)
    sample = Sample.objects.create(version=version, piece=piece)
    assert client.get(path_of(sample, slug="outside")).status_code == 404


@pytest.mark.parametrize(("licence", "status"), [("CC BY 4.0", 200), ("", 404), ("none", 404)])
def test_a_collection_is_heard_as_far_as_its_licence_allows(client, licence, status):
    composer = make_owned("outside", None, kind="collection", licence=licence, family="")
    sample = make_sample(composer.versions.get())
    assert client.get(path_of(sample, slug="outside")).status_code == status


def test_the_bytes_are_those_of_the_clips(client, version):
    sample = make_sample(version, **SHARED)
    with clip_of(sample.piece).file.open() as file:
        content = file.read()
    answer = client.get(path_of(sample))
    assert (answer.content, answer["Content-Type"]) == (content, "audio/mpeg")
    assert client.get(path_of(sample, "run")).content == make_mp3(1)
    assert client.get(path_of(sample, "work")).content == make_mp3(2)


def test_a_player_gets_the_range_that_it_asks_for(client, version):
    path = path_of(make_sample(version))
    whole = client.get(path).content
    part = client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert client.get(path, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


def test_a_run_that_was_not_rendered_is_not_there(client, version):
    sample = make_sample(version)
    assert client.get(path_of(sample, "run")).status_code == 404
    assert client.get(path_of(sample, "work")).status_code == 404


def test_samples_of_what_is_not_published_are_heard_by_the_owner_alone():
    owner = make_person("owner")
    composer = make_owned("choir", owner)
    hidden = make_version(composer, status=Version.Status.CHECKING)
    path = path_of(make_sample(hidden))
    author = Client()
    author.force_login(owner)
    assert Client().get(path).status_code == 404
    assert author.get(path).status_code == 200


def test_a_sample_has_an_address_under_its_own_composer_only(client, version):
    make_owned("other", None)
    assert client.get(path_of(make_sample(version), slug="other")).status_code == 404


def test_the_page_says_what_is_shared_and_where(client, version, settings):
    sample = make_sample(version, **SHARED, transposed=-2)
    page = client.get("/composers/choir/").text
    assert "12 chords in a row</strong> (bars 1 to 2) shared with BWV\xa0253, bars 2 to 4" in page
    assert "the work is moved 2 semitones down" in page
    assert path_of(sample, "work") in page


def test_without_the_corpus_the_page_names_no_bars_of_the_work(client, version, settings, tmp_path):
    make_sample(version, **SHARED)
    settings.CORPUS_FILE = tmp_path / "none.npz"
    assert "shared with BWV\xa0253</p>" in client.get("/composers/choir/").text


def test_a_missing_file_is_not_found(client, version):
    sample = make_sample(version)
    clip = clip_of(sample.piece)
    clip.file.storage.delete(clip.file.name)
    assert client.get(path_of(sample)).status_code == 404


def test_an_unfinished_piece_is_not_heard(client, version):
    sample = make_sample(version)
    Piece.objects.filter(pk=sample.piece_id).update(status=Piece.Status.FAILED)
    assert client.get(path_of(sample)).status_code == 404
