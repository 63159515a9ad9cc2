"""Where a version comes from, how to cite it, its faults, and who may have its file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from bachtest.composers.page.citation import citation_of
from bachtest.composers.page.faults import faults_of
from generator.models import Composer, Version
from generator.music.grid.chorale import VOICE_RANGES
from generator.registry import installed
from tests.builders import (
    file_of,
    make_composer,
    make_miniature,
    make_piece,
    make_version,
    save_miniature,
)
from tests.composers.page_rows import make_owned, pieces_of
from tests.generator.families.material import provenance_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def mini(tmp_path: Path) -> Version:
    """A version that comes with the code."""
    return make_miniature(tmp_path).versions.get()


@pytest.fixture
def stored(tmp_path: Path, settings, mini: Version) -> Version:
    """A version that was uploaded."""
    settings.STORAGES = settings.STORAGES | {
        "checkpoints": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "storage"},
        }
    }
    content = Path(mini.file).read_bytes()
    name = storages["checkpoints"].save("mine.safetensors", ContentFile(content))
    sha256 = hashlib.sha256(content).hexdigest()
    fields = {"members": mini.members, "config": mini.config, "sha256": sha256}
    return make_owned("mine", None, file=name, licence="CC BY 4.0", **fields).versions.get()


def page_of(client, slug: str):
    return client.get(f"/composers/{slug}/")


def file_of_page(version: Version) -> str:
    return f"/composers/{version.composer.slug}/versions/{version.tag}/file"


def test_what_the_file_says_of_its_training_is_shown(client, stored):
    source = page_of(client, "mine").context["page"].provenance
    assert dict(source.facts)["Command"] == ("a test",)
    assert dict(source.facts)["Split"] == ("tunes",)
    assert [member.works for member in source.members] == [("BWV253",)]
    assert source.licence == "CC BY 4.0"


def test_an_author_s_words_are_shown_as_such_and_ours_are_not(client, stored, mini):
    assert "As its author says" in page_of(client, "mine").text
    assert "As its author says" not in page_of(client, "mini").text


def test_what_a_collection_declares_is_not_verified(client):
    members = [{"trained_on": ["BWV1", "BWV2"], "fold": []}]
    make_composer("outside", kind=Composer.Kind.COLLECTION, members=members, licence="CC0")
    Version.objects.update(kind=Version.Kind.COLLECTION)
    page = page_of(client, "outside").text
    assert "Declared, not verified" in page
    assert "BWV1, BWV2" in page


def test_the_file_is_streamed_with_its_sha256_in_the_name(client, stored):
    answer = client.get(file_of_page(stored))
    content = b"".join(answer.streaming_content)
    assert hashlib.sha256(content).hexdigest() == stored.sha256
    expected = f'attachment; filename="mine-{stored.sha256}.safetensors"'
    assert answer["Content-Disposition"] == expected


def test_a_checkpoint_of_the_project_is_under_its_licence(client, mini):
    answer = client.get(file_of_page(mini))
    assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == mini.sha256


def test_another_file_in_the_place_of_a_shipped_one_is_not_handed_out(client, mini):
    path = Path(mini.file)
    path.write_bytes(path.read_bytes() + b"more")
    assert client.get(file_of_page(mini)).status_code == 404
    assert page_of(client, "mini").status_code == 200


def test_a_file_that_holds_only_what_is_new_is_handed_out_with_its_base(client, tmp_path):
    base = save_miniature(tmp_path / "members.safetensors")
    path = tmp_path / "new.safetensors"
    installed().family("markov").load(base).save(path, provenance_of(["BWV253"]), base=base)
    version = make_version(make_composer("new"), **file_of(path, "markov"))
    address = f"/composers/new/versions/{version.tag}/base"
    assert address in page_of(client, "new").text
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == base.read_bytes()
    assert answer["Content-Disposition"] == 'attachment; filename="members.safetensors"'
    whole = base.read_bytes()
    base.write_bytes(whole + b"more")
    assert client.get(address).status_code == 404
    base.write_bytes(whole)
    path.write_bytes(path.read_bytes() + b"more")
    assert client.get(address).status_code == 404


def test_a_complete_file_has_no_base(client, mini, stored):
    for version in (mini, stored):
        address = f"/composers/{version.composer.slug}/versions/{version.tag}/base"
        assert client.get(address).status_code == 404
        assert address not in page_of(client, version.composer.slug).text


@pytest.mark.parametrize(
    ("status", "answer"), [("ready", 200), ("retired", 200), ("checking", 404), ("failed", 404)]
)
def test_only_what_was_published_is_handed_out(client, stored, status, answer):
    make_version(stored.composer)  # so that the page is public
    Version.objects.filter(pk=stored.pk).update(status=status)
    response = client.get(file_of_page(stored))
    assert response.status_code == answer
    response.close()


@pytest.mark.parametrize("licence", ["", "all rights reserved", "CC BY-NC 4.0", "ask me"])
def test_a_licence_that_is_not_open_keeps_the_file(client, stored, licence):
    Version.objects.filter(pk=stored.pk).update(licence=licence)
    assert client.get(file_of_page(stored)).status_code == 404
    assert "download" not in page_of(client, "mine").text


def test_a_file_that_is_gone_is_not_found(client, stored):
    storages["checkpoints"].delete(stored.file)
    assert client.get(file_of_page(stored)).status_code == 404
    assert page_of(client, "mine").context["page"].provenance.facts == ()


def test_the_citation_names_the_very_version_and_its_owner(stored):
    cited = citation_of(stored, author="Ada & {Bob}", url="http://example.org/composers/mine/")
    assert cited.key == f"bachorbot-mine-{stored.tag}"
    assert f"@misc{{{cited.key}," in cited.bibtex
    assert r"author = {{Ada \& \{Bob\}}}" in cited.bibtex
    assert f"version = {{{stored.sha256}}}" in cited.bibtex
    assert "url = {http://example.org/composers/mine/}" in cited.bibtex


def test_the_citation_stands_on_the_page(client, stored):
    page = page_of(client, "mine").text
    assert f"@misc{{bachorbot-mine-{stored.tag}" in page
    assert "url = {http://testserver/composers/mine/}" in page


def test_copies_are_counted_with_the_median_and_the_ninetieth_percentile(client):
    version = make_composer("choir").versions.get()
    pieces_of(version, [3, 4, 5, 5, 6, 6, 7, 8, 12, 13])
    copies = faults_of(version).copies
    assert (copies.pieces, copies.copies, copies.longest) == (10, 1, 13)
    assert (copies.median, copies.ninetieth) == (6, 12)
    assert "1 of 10 pieces on this site (10.0%)" in page_of(client, "choir").text


def test_notes_out_of_a_voice_s_range_are_counted_in_written_voices_alone():
    version = make_composer("choir").versions.get()
    piece = make_piece(version=version, condition="B")
    piece.grid["pitch"][3][0:4] = [VOICE_RANGES[3][0] - 1] * 4
    piece.grid["pitch"][0][0:4] = [VOICE_RANGES[0][1] + 1] * 4
    piece.save()
    [bass] = faults_of(version).ranges
    assert (bass.voice, bass.outside, bass.notes) == ("bass", 1, 16)


def test_without_a_piece_there_are_no_faults_to_speak_of(client):
    version = make_composer("choir").versions.get()
    assert faults_of(version) is None
    assert "no piece of this version yet" in page_of(client, "choir").text
