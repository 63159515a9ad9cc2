"""Whatever is missing or damaged is named in one line, with the value and the way out."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from generator.errors import GenerationError
from generator.rendering import clip
from generator.rendering import fluidsynth_library as library
from generator.rendering.clip import check_rendering, render_clip
from tests.generator.rendering.material import FONT, chorale


@pytest.fixture
def no_library(monkeypatch):
    """As on a machine without pygame-ce and without Debian's libfluidsynth3."""
    library.fluidsynth_library.cache_clear()
    monkeypatch.setattr(library, "_bundled_path", lambda: None)
    monkeypatch.setattr(library.ctypes.util, "find_library", lambda name: None)
    yield
    library.fluidsynth_library.cache_clear()


def one_line(caught: pytest.ExceptionInfo[GenerationError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_a_library_it_says_what_to_install(no_library):
    with pytest.raises(GenerationError, match="no FluidSynth library") as caught:
        check_rendering(FONT)

    assert "pip install pygame-ce" in one_line(caught)
    assert not caught.value.permanent


def test_the_systems_library_serves_where_the_bundled_one_is_missing(monkeypatch):
    library.fluidsynth_library.cache_clear()
    bundled = str(library._bundled_path())
    monkeypatch.setattr(library, "_bundled_path", lambda: None)
    monkeypatch.setattr(library.ctypes.util, "find_library", lambda name: bundled)
    try:
        assert library.fluidsynth_library().kind == "system"
    finally:
        library.fluidsynth_library.cache_clear()
    monkeypatch.undo()
    assert library.fluidsynth_library().kind == "bundled"


def test_a_library_that_does_not_load_is_named(monkeypatch, tmp_path):
    broken = tmp_path / "libfluidsynth.so"
    broken.write_bytes(b"no library")
    library.fluidsynth_library.cache_clear()
    monkeypatch.setattr(library, "_bundled_path", lambda: broken)
    try:
        with pytest.raises(GenerationError, match=str(broken)) as caught:
            library.fluidsynth_library()
        one_line(caught)
    finally:
        library.fluidsynth_library.cache_clear()


@pytest.mark.parametrize(
    "use", [check_rendering, lambda font: render_clip(chorale(), soundfont=font)]
)
def test_a_font_that_is_not_there_is_named(tmp_path, use):
    with pytest.raises(GenerationError, match="no SoundFont at") as caught:
        use(tmp_path / "gone.sf3")

    assert str(tmp_path / "gone.sf3") in one_line(caught)
    assert "SOUNDFONT" in one_line(caught)


@pytest.mark.parametrize(
    "use", [check_rendering, lambda font: render_clip(chorale(), soundfont=font)]
)
def test_a_file_that_is_no_font_is_named(tmp_path, use):
    (tmp_path / "readme.sf2").write_text("Dear reader")

    with pytest.raises(GenerationError, match=r"readme\.sf2 is not a SoundFont") as caught:
        use(tmp_path / "readme.sf2")
    one_line(caught)


def test_a_folder_is_no_font(tmp_path):
    with pytest.raises(GenerationError, match="Is a directory") as caught:
        check_rendering(tmp_path)
    one_line(caught)


@pytest.mark.parametrize("size", [12, 5_000, 1_600_000])
def test_a_font_cut_short_is_refused_and_nothing_is_written_to_the_terminal(tmp_path, size, capfd):
    cut = tmp_path / "cut.sf3"
    cut.write_bytes(FONT.read_bytes()[:size])

    with pytest.raises(GenerationError, match=r"cut\.sf3 is damaged") as caught:
        render_clip(chorale(), soundfont=cut)
    one_line(caught)
    assert capfd.readouterr() == ("", "")


def test_after_a_damaged_font_a_sound_one_plays(tmp_path):
    before = render_clip(chorale(), soundfont=FONT).mp3
    (tmp_path / "cut.sf3").write_bytes(FONT.read_bytes()[:5_000])
    with pytest.raises(GenerationError):
        render_clip(chorale(), soundfont=tmp_path / "cut.sf3")

    assert render_clip(chorale(), soundfont=FONT).mp3 == before


def test_a_font_without_an_organ_is_refused(tmp_path):
    font = bytearray(FONT.read_bytes())
    at = font.index(b"Montre8+4")
    font[at + 20] = 99
    (tmp_path / "other.sf3").write_bytes(font)

    with pytest.raises(GenerationError, match="no program 19 or 6") as caught:
        render_clip(chorale(), soundfont=tmp_path / "other.sf3")
    one_line(caught)


def test_neither_pygame_nor_scipy_is_imported_before_something_is_rendered():
    code = (
        "import sys; from pathlib import Path;"
        "from generator.rendering.clip import check_rendering;"
        f"check_rendering(Path({str(FONT)!r}));"
        "print(sorted({'pygame', 'scipy', 'pyloudnorm', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_another_import_of_pyfluidsynth_does_not_change_which_library_plays():
    spec = importlib.util.find_spec("fluidsynth")

    assert spec is not None
    assert "fluidsynth" not in sys.modules or (
        sys.modules["fluidsynth"] is not library.fluidsynth_library().module
    )
    assert clip.fluidsynth_library().kind == "bundled"
