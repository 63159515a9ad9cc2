from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from django.conf import settings

from generator.music.corpus import build, music21_import, works
from generator.music.corpus.build import build_corpus
from generator.music.corpus.music21_import import UnfitScore
from generator.music.corpus.works import CorpusError, load_corpus


def test_loading_is_quick_and_needs_neither_music21_nor_django(corpus):
    code = (
        "import sys, time; from generator.music.corpus import works;"
        "start = time.perf_counter();"
        f"loaded = works.load_corpus(works.Path({str(settings.CORPUS_FILE)!r})).works;"
        "print(len(loaded), time.perf_counter() - start, {'music21', 'django'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=settings.BASE_DIR,
        check=True,
    ).stdout.split(maxsplit=2)  # fmt: skip
    assert (out[0], out[2].strip()) == ("402", "set()")
    assert float(out[1]) < 2  # half a second on a quiet machine


@pytest.fixture
def three_files(monkeypatch) -> list[Path]:
    files = music21_import.chorale_files()[:3]
    monkeypatch.setattr(music21_import, "chorale_files", lambda: files)
    return files


def test_building_gives_back_what_was_written_and_a_second_time_reads_nothing(
    corpus, three_files, tmp_path
):
    path = tmp_path / "deep" / "corpus.npz"
    seen: list[Path] = []
    built = build_corpus(path, progress=lambda files: seen.extend(files) or files)
    loaded = load_corpus(path)
    assert seen == three_files
    assert list(loaded.works) == [music21_import.bwv_of(file) for file in three_files]
    for bwv, work in built.works.items():
        assert loaded.works[bwv] == work
        assert work.chorale == corpus.works[bwv].chorale
    again = build_corpus(path, progress=lambda _: pytest.fail("read the files a second time"))
    assert again.data_hash == built.data_hash


def test_another_version_builds_anew(three_files, tmp_path, monkeypatch):
    path = tmp_path / "corpus.npz"
    build_corpus(path)
    for module in (build, works):
        monkeypatch.setattr(module, "IMPORTER_VERSION", works.IMPORTER_VERSION + 1)
    with pytest.raises(CorpusError, match="another version of this code; run: make setup"):
        load_corpus(path)
    seen: list[Path] = []
    build_corpus(path, progress=lambda files: seen.extend(files) or files)
    assert seen == three_files


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_an_interrupted_build_leaves_no_file(three_files, tmp_path, monkeypatch, stop):
    def interrupted(*_: object) -> None:
        raise stop(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises((stop, CorpusError)):
        build_corpus(tmp_path / "corpus.npz")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_reading_keeps_the_old_file(three_files, tmp_path, monkeypatch):
    path = tmp_path / "corpus.npz"
    path.write_bytes(b"old")

    def interrupted(files):
        yield files[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus(path, progress=interrupted)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_a_work_that_does_not_fit_stops_no_other(three_files, tmp_path, monkeypatch):
    read = music21_import.read_work

    def unfit(path: Path) -> music21_import.ImportedWork:
        if path == three_files[1]:
            raise UnfitScore("has seven voices")
        return read(path)

    monkeypatch.setattr(music21_import, "read_work", unfit)
    built = build_corpus(tmp_path / "corpus.npz")
    assert built.excluded == {music21_import.bwv_of(three_files[1]): "has seven voices"}
    assert len(built.works) == 2


def test_without_music21_the_way_out_is_named(tmp_path, monkeypatch):
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(build, "version", missing)
    with pytest.raises(CorpusError, match=r"music21, .* is not installed; run: make setup"):
        build_corpus(tmp_path / "corpus.npz")


def test_music21_without_its_corpus_is_named(tmp_path, monkeypatch):
    from music21 import corpus as library

    monkeypatch.setattr(library, "getComposer", lambda _: [])
    with pytest.raises(CorpusError, match="without its corpus of Bach chorales; run: "):
        build_corpus(tmp_path / "corpus.npz")


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "_read_all", lambda _: pytest.fail("read the chorales"))
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / "corpus.npz"
    with pytest.raises(CorpusError, match=r"cannot write the corpus to .*file/corpus.npz: .*VAR_"):
        build_corpus(path)


def test_a_missing_file_names_the_way_out(tmp_path):
    with pytest.raises(CorpusError, match=r"no corpus at .*nowhere.npz; .*make setup"):
        load_corpus(tmp_path / "nowhere.npz")


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_file_is_named_and_built_anew(three_files, tmp_path, damage):
    path = tmp_path / "corpus.npz"
    build_corpus(path)
    path.write_bytes(path.read_bytes()[:-500] if damage is None else damage)
    with pytest.raises(CorpusError, match=r"corpus.npz is not a corpus file; delete it and run"):
        load_corpus(path)
    assert len(build_corpus(path).works) == 3


def test_the_module_runs_as_a_program_and_fails_in_one_line(tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = subprocess.run(
        [sys.executable, "-m", "generator.music.corpus"],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env={"VAR_DIR": str(tmp_path / "file"), "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write the corpus to ")
    assert done.stderr.count("\n") == 1
