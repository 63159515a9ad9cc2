"""docs/adding-a-family.md, followed literally: its files are written, its commands run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from generator.music.formats.midi import read_midi
from generator.music.formats.musicxml import read_musicxml

PAGE = (settings.BASE_DIR / "docs/adding-a-family.md").read_text()
FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)```$", re.MULTILINE | re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]

# A game played over HTTP by a listener, with the composer of the page alone.
PLAY = """
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
from bachtest.studies.models import Study
from generator.models import Pair
from tests.game.player import Player
setup_test_environment()
quiz = Study.objects.get(slug="quiz")
assert quiz.composers.get(composer__slug="tally").weight == 1.0
quiz.composers.exclude(composer__slug="tally").delete()
quiz.rounds = [["ATB"], ["SATB"]]
quiz.save()
assert len(Player(Client()).play_game()) == 2
about = Client().get("/about/").content.decode()
assert "Tally draws each note by itself." in about, about
print(Pair.objects.playable().filter(machine__version__composer__slug="tally").count())
"""


class Site:
    """A site of its own, with the package of the page beside its home."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.env = os.environ | {
            "HOME": str(self.home),
            "VAR_DIR": str(folder / "var"),
            # Into a folder of its own: the tests share one virtual environment.
            "PIP_TARGET": str(folder / "packages"),
            "PYTHONPATH": os.pathsep.join([str(folder / "packages"), str(settings.BASE_DIR)]),
            # With the setuptools that is there; pip reads 0 as "no isolation".
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "DJANGO_SETTINGS_MODULE": "bachtest.settings",
            "LISTEN_SECONDS": "0",
        }
        (self.home / "tally").mkdir(parents=True)
        (folder / "var").mkdir()

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def follow(self, line: str) -> str:
        """A command of the page, by the interpreter that runs the tests."""
        assert line.startswith(".venv/bin/python "), line
        return self.run("bash", "-c", line.replace(".venv/bin/python", sys.executable, 1))


@pytest.fixture
def site(tmp_path, corpus) -> Site:
    site = Site(tmp_path)
    shutil.copy(settings.CORPUS_FILE, Path(site.env["VAR_DIR"]) / "corpus.npz")
    for name, content in FILE.findall(PAGE):
        place = site.home / "tally" / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(content)
    return site


@pytest.mark.slow
def test_the_page_leads_from_nothing_to_a_game_and_scores(site):
    site.run(sys.executable, "manage.py", "migrate", "-v0")
    site.run(sys.executable, "manage.py", "import_corpus", "-v0")
    printed = [site.follow(line) for line in COMMANDS]
    assert "tally" in printed[3], "it is installed with the composers of the project"
    written = read_musicxml(site.home / "tally.musicxml"), read_midi(site.home / "tally.mid")
    assert min(len({int(pitch) for pitch in piece.pitch[3]}) for piece in written) > 3
    assert int(site.run(sys.executable, "-c", PLAY).strip()) == 4
    for line in (
        r"orderless NLL +not given: the family writes no distributions of open cells",
        r"joint NLL +not given: the family writes no likelihood from left to right",
        r"machine listener.* SATB +(1\.000|0\.9)",
    ):
        assert re.search(f"^{line}", printed[-1], re.MULTILINE), printed[-1]
    listing = site.run(sys.executable, "manage.py", "compose", "--help")
    assert "settings of tally:\n  temperature=1.0: how evenly the pitches are drawn; " in listing


def test_every_file_of_the_page_is_used(site):
    names = {name for name, _ in FILE.findall(PAGE)}
    assert names == {
        *("pyproject.toml", "tally.toml", "tally/__init__.py"),
        *("tally/family.py", "tally/training.py", "tally/entry.py"),
    }
    family = (site.home / "tally/tally/family.py").read_text()
    body = family[family.index("    def _fill") : family.index("    @classmethod")]
    assert len(body.strip().splitlines()) <= 20
