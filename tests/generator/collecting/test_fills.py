from __future__ import annotations

import numpy as np
import pytest

from generator.collecting.collection_error import CollectionError
from generator.collecting.importing import CollectionOrder, import_collection
from generator.models import Composer, Pair, Piece, Version, Work
from generator.music.corpus.set_aside import SET_ASIDE_TUNES
from generator.music.formats.gridjson import from_json
from generator.music.formats.midi import midi_bytes
from generator.music.formats.musicxml import musicxml_bytes
from generator.music.grid.chorale import bar_steps, repaired_onsets
from generator.rendering.profiles import NEWEST
from generator.services.pairs import SET_ASIDE_REASON
from generator.tasks import collect
from tests.builders import make_composer
from tests.generator.collecting.material import rewritten, rows_for, write_folder, write_zip

pytestmark = pytest.mark.django_db
WORK = "BWV269"


@pytest.fixture
def excerpts(corpus):
    return rows_for(corpus, WORK)


@pytest.fixture
def fill(corpus):
    return rewritten(corpus.works[WORK].chorale, "ATB")


def order(tmp_path, files, **fields):
    return CollectionOrder("outside", write_folder(tmp_path / "pieces", files), **fields)


def refusals(tmp_path, files):
    with pytest.raises(CollectionError, match="no file was accepted") as error:
        import_collection(order(tmp_path, files))
    assert not Version.objects.exists()
    assert not Composer.objects.filter(slug="outside").exists()
    return str(error.value)


@pytest.mark.usefixtures("recorded_queue")
def test_a_fill_is_cut_at_the_excerpts_of_its_work(tmp_path, excerpts, fill):
    imported = import_collection(order(tmp_path, {"run 1/BWV269-ATB.mid": midi_bytes(fill)}))
    pieces = imported.version.pieces.order_by("id")
    assert [piece.excerpt for piece in pieces] == excerpts
    for piece, excerpt in zip(pieces, excerpts, strict=True):
        assert piece.source == f"run 1/BWV269-ATB.mid#{excerpt.start}-{excerpt.stop}"
        assert (piece.condition, piece.tune) == ("ATB", excerpt.work.tune)
        assert from_json(piece.grid) == fill.slice(excerpt.start, excerpt.stop)
    kinds = imported.version.kind, imported.version.composer.kind
    assert kinds == ("collection", "collection")


def test_fills_pair_with_bach_and_are_played(tmp_path, excerpts, fill):
    files = {"BWV269-ATB.musicxml": musicxml_bytes(fill)}
    collect(order(tmp_path, files, licence="CC0"))
    pairs = Pair.objects.playable()
    assert {pair.excerpt for pair in pairs} == set(excerpts)
    assert {(pair.kind, pair.excluded_reason) for pair in pairs} == {("paired", "")}
    assert all(0.9 < pair.differing <= 1 for pair in pairs)
    lengths = {(len(set(map(_length, pair.clips(NEWEST).values())))) for pair in pairs}
    assert lengths == {1}


def test_fills_on_a_tune_that_is_set_aside_are_excluded(tmp_path, excerpts, fill):
    Work.objects.update(tune=min(SET_ASIDE_TUNES))
    collect(order(tmp_path, {"BWV269-ATB.mid": midi_bytes(fill)}, licence="CC0"))
    assert set(Pair.objects.values_list("excluded_reason", flat=True)) == {SET_ASIDE_REASON}
    assert not Pair.objects.playable().exists()


def _length(clip):
    return clip.seconds, clip.bytes


def test_without_a_licence_nothing_is_played_until_one_is_given(tmp_path, excerpts, fill):
    files = {"BWV269-ATB.mid": midi_bytes(fill)}
    collect(order(tmp_path, files))
    assert Pair.objects.filter(excluded_reason="").exists()
    assert not Pair.objects.playable().exists()
    collect(order(tmp_path, files, licence="CC0"))
    assert Pair.objects.playable().exists()
    assert Version.objects.get().licence == "CC0"


@pytest.mark.usefixtures("recorded_queue", "excerpts")
def test_the_same_collection_again_changes_nothing_and_another_is_a_new_version(tmp_path, fill):
    files = {"BWV269-ATB.mid": midi_bytes(fill)}
    first = import_collection(order(tmp_path, files))
    pieces = list(Piece.objects.values())
    again = import_collection(CollectionOrder("outside", write_zip(tmp_path / "pieces.zip", files)))
    assert (again.version, again.is_new, again.waiting) == (first.version, False, ())
    assert list(Piece.objects.values()) == pieces
    other = import_collection(order(tmp_path, files | {"notes.txt": b"more"}))
    assert (other.is_new, other.version.composer) == (True, first.version.composer)


@pytest.mark.usefixtures("excerpts")
def test_a_given_voice_that_is_not_bachs_is_refused_with_voice_and_bar(tmp_path, corpus, fill):
    pitch = fill.pitch.copy()
    pitch[0, 20:24] += 1
    changed = fill.with_voices(pitch, repaired_onsets(pitch, fill.onset))
    bach = corpus.works[WORK].chorale
    bar = (20 - bach.anacrusis) // bar_steps(bach.metre[0][1]) + 1
    said = refusals(tmp_path, {"BWV269-ATB.mid": midi_bytes(changed)})
    assert f"soprano is given and differs from Bach's in bar {bar} (step 20)" in said


@pytest.mark.usefixtures("excerpts")
def test_a_given_note_struck_twice_is_refused(tmp_path, fill):
    [[voice, step], *_] = np.argwhere(~fill.onset & (fill.pitch >= 0) & (np.arange(4) < 1)[:, None])
    onset = fill.onset.copy()
    onset[voice, step] = True
    twice = fill.with_voices(fill.pitch, onset)
    assert f"(step {step})" in refusals(tmp_path, {"BWV269-ATB.mid": midi_bytes(twice)})


@pytest.mark.usefixtures("excerpts")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("BWV253-ATB.mid", "a fill is as long as its work"),
        ("BWV9999-ATB.mid", "no work 'BWV9999'"),
        ("BWV269-NEXT.mid", "no set of written voices"),
        ("BWV269-TAB.mid", "no set of written voices"),
        ("BWV269-ATB.txt", "neither a MIDI nor a MusicXML file"),
        ("BWV269-ATB.zip", "neither a MIDI nor a MusicXML file"),
    ],
)
def test_a_fill_that_does_not_fit_its_name_is_refused(tmp_path, fill, name, reason):
    assert reason in refusals(tmp_path, {name: midi_bytes(fill)})


@pytest.mark.usefixtures("recorded_queue", "excerpts")
def test_a_bad_file_is_refused_alone(tmp_path, fill):
    files = {"BWV269-ATB.mid": midi_bytes(fill), "bad.mid": b"MThd", "empty.mid": b""}
    files |= {".DS_Store": b"x", "__MACOSX/._a.mid": b"x"}
    report = {file.name: file for file in import_collection(order(tmp_path, files)).files}
    assert report["BWV269-ATB.mid"].accepted.startswith("ATB of BWV269")
    assert "not a MIDI file" in report["bad.mid"].reason
    assert "is empty" in report["empty.mid"].reason
    assert len(report) == 3


@pytest.mark.usefixtures("excerpts")
def test_works_that_the_maker_declares_are_kept_from_its_pairs(tmp_path, fill):
    files = {"BWV269-ATB.mid": midi_bytes(fill), "works.txt": b"bwv269\n\n"}
    version = collect(order(tmp_path, files, licence="CC0")).version
    assert version.declared_works() == ["BWV269"]
    reasons = set(Pair.objects.values_list("excluded_reason", flat=True))
    assert reasons == {"its maker says that the system was trained on the tune"}


@pytest.mark.usefixtures("excerpts")
def test_an_unknown_declared_work_is_refused(tmp_path, fill):
    files = {"BWV269-ATB.mid": midi_bytes(fill)}
    with pytest.raises(CollectionError, match="declared works: no work 'BWV0'"):
        import_collection(order(tmp_path, files, trained_on="BWV0"))


@pytest.mark.parametrize("slug", ["bach", "flagship", "mini"])
def test_the_slug_of_another_kind_of_composer_is_refused(tmp_path, slug):
    make_composer("mini")
    with pytest.raises(CollectionError, match="choose another slug"):
        import_collection(CollectionOrder(slug, tmp_path))


@pytest.mark.parametrize("fields", [{"slug": "a b"}, {"slug": "a" * 51}, {"licence": "a" * 201}])
def test_words_that_do_not_fit_are_refused(tmp_path, fields):
    with pytest.raises(CollectionError):
        CollectionOrder(**{"slug": "outside", "path": tmp_path} | fields)
