from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from generator.models import Excerpt, Work
from generator.music.corpus import music21_import
from generator.music.corpus.excerpts import excerpts_of
from generator.music.corpus.splits import tunes_split
from generator.services import work_rows
from generator.services.pairs import join_pairs
from generator.services.work_rows import sync_works
from tests.builders import make_bach, make_piece

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[object, ...]]:
    works = list(Work.objects.order_by("bwv").values_list("pk", "bwv", "title", "tune", "part"))
    return works + list(Excerpt.objects.order_by("pk").values_list("pk", "work", "start", "stop"))


def test_every_work_and_excerpt_gets_its_row(corpus):
    synced = sync_works(corpus)
    assert synced.works == Work.objects.count() == len(corpus.works)
    for part, names in tunes_split(corpus).items():
        assert set(Work.objects.filter(part=part).values_list("bwv", flat=True)) == set(names)
        assert synced.excerpts[part] == Excerpt.objects.filter(work__part=part).count()
    row = Work.objects.get(bwv="BWV269")
    work = corpus.works["BWV269"]
    assert (row.title, row.tune) == (work.title, work.tune)
    assert list(row.excerpts.order_by("start").values_list("start", "stop")) == excerpts_of(
        work.chorale
    )


def test_a_second_time_changes_nothing(corpus):
    sync_works(corpus)
    before = rows()
    sync_works(corpus)
    assert rows() == before


def test_rows_follow_a_changed_corpus_and_keep_excerpts_that_have_pieces(corpus):
    Work.objects.create(bwv="BWV0", title="gone", tune="none", part="train")
    sync_works(corpus)
    assert not Work.objects.filter(bwv="BWV0").exists()
    unused, used = Excerpt.objects.filter(work__bwv="BWV269")[:2]
    unused = Excerpt.objects.create(work=unused.work, start=unused.start, stop=unused.stop - 1)
    used = Excerpt.objects.create(work=used.work, start=used.start, stop=used.stop - 1)
    make_piece(excerpt=used)
    Work.objects.filter(bwv="BWV269").update(title="old", part="none")
    sync_works(corpus)
    assert not Excerpt.objects.filter(pk=unused.pk).exists()
    assert Excerpt.objects.filter(pk=used.pk).exists()
    assert Work.objects.get(bwv="BWV269").title == corpus.works["BWV269"].title
    few = replace(corpus, works={"BWV66.6": corpus.works["BWV66.6"]})
    sync_works(few)
    assert set(Work.objects.values_list("bwv", flat=True)) == {"BWV66.6", "BWV269"}


def test_pieces_and_pairs_follow_a_work_to_another_tune_family(corpus):
    sync_works(corpus)
    excerpt = Excerpt.objects.filter(work__bwv="BWV269").first()
    pair = join_pairs(make_piece(make_piece(excerpt, make_bach()).excerpt))[0]
    other = replace(corpus.works["BWV269"], tune="another")
    sync_works(replace(corpus, works=corpus.works | {"BWV269": other}))
    pair.refresh_from_db()
    assert (pair.tune, pair.bach.tune, pair.machine.tune) == ("another",) * 3


def test_a_failure_halfway_leaves_the_rows_as_they_were(corpus, monkeypatch):
    sync_works(corpus)
    before = rows()
    fewer = replace(corpus, works=dict(list(corpus.works.items())[:200]))
    monkeypatch.setattr(work_rows, "_delete_others", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sync_works(replace(fewer, works={b: replace(w, title="x") for b, w in fewer.works.items()}))
    assert rows() == before


def test_the_command_says_what_it_did(corpus):
    out = StringIO()
    call_command("import_corpus", stdout=out)
    text = out.getvalue()
    assert "402 works in 206 tune families; the largest has 11 (BWV135.6)" in text
    assert "test: 82 works, 43 tune families, 214 excerpts" in text
    assert "8 excluded" in text
    assert all(f"{bwv} {reason}" in text for bwv, reason in corpus.excluded.items())
    assert Work.objects.count() == 402
    call_command("import_corpus", verbosity=0, stdout=(quiet := StringIO()))
    assert quiet.getvalue() == ""


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, settings: Settings):
    (tmp_path / "file").write_text("no folder")
    settings.CORPUS_FILE = tmp_path / "file" / "corpus.npz"
    with pytest.raises(CommandError, match=r"cannot write the corpus to .*corpus\.npz: ") as caught:
        call_command("import_corpus")
    assert "\n" not in str(caught.value)
    assert not Work.objects.exists()


def test_an_interrupted_command_says_so_and_writes_nothing(
    tmp_path, settings: Settings, monkeypatch
):
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    settings.CORPUS_FILE = tmp_path / "corpus.npz"
    monkeypatch.setattr(music21_import, "read_work", interrupted)
    with pytest.raises(CommandError, match="interrupted; nothing was written, run it again"):
        call_command("import_corpus")
    assert list(tmp_path.iterdir()) == []
    assert not Work.objects.exists()
