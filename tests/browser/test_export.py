"""A researcher exports a study in the browser: the button, the progress, the file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser

PEOPLE = """
from django.contrib.auth.models import Permission, User
for name in ("ada", "ben"):
    user = User.objects.create_user(name, password="a long password", is_staff=True)
    rights = Permission.objects.filter(codename__in=["view_study", "export_study"])
    user.user_permissions.set(rights)
"""
DRAWN = {"listener", "game"}


Run = Callable[..., str]


@pytest.fixture(scope="module")
def run(site: str, environment: dict[str, str]) -> Run:
    """A command beside the site, on which no worker runs."""

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("manage.py", "shell", "-v", "0", "-c", PEOPLE)
    return run


def log_in(visitor: Callable[..., BrowserContext], name: str) -> Page:
    """On the page of the quiz in the admin."""
    page = visitor().new_page()
    page.goto("/admin/studies/study/")
    page.get_by_label("Username:").fill(name)
    page.get_by_label("Password:").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="quiz").click()
    return page


def tables(folder: Path) -> dict[str, list[str]]:
    """The sorted lines of each file, and of those with ids drawn for the export their number."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        lines = path.read_text().splitlines()
        if path.suffix == ".csv" and DRAWN & set(lines[0].split(",")):
            lines = [lines[0], str(len(lines))]
        found[path.relative_to(folder).as_posix()] = lines
    return found


@pytest.mark.slow
def test_a_study_is_exported_watched_and_fetched(
    visitor: Callable[..., BrowserContext], run: Run, tmp_path: Path
) -> None:
    page = log_in(visitor, "ada")
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_role("button", name="Start an export").click()
    bar = page.get_by_role("progressbar", name="Your last export")
    expect(bar).to_have_attribute("value", "0")
    expect(page.get_by_role("status")).to_have_text("Waiting for a worker")
    expect(page.get_by_role("button", name="Start")).to_be_hidden()
    run("manage.py", "work", "--batch")
    link = page.locator("[data-export]").get_by_role("link", name="Download")
    expect(link).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Ready, ")
    assert bar.evaluate("bar => bar.value") == 100
    expect(page.get_by_role("button", name="Start a new export")).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.startswith("quiz-")
    with ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    run("manage.py", "export_study", "quiz", "--out", str(tmp_path / "out"))
    assert tables(tmp_path / "quiz") == tables(tmp_path / "out")
    assert run("-m", "bachtest.stats", str(tmp_path / "quiz"), "--pooled")
    page.reload()
    expect(page.get_by_role("table", name="The last exports")).to_contain_text("Ready, ")


@pytest.mark.slow
def test_a_lost_connection_is_said_and_the_page_asks_again(
    visitor: Callable[..., BrowserContext], run: Run
) -> None:
    page = log_in(visitor, "ben")
    page.get_by_role("link", name="Export", exact=True).click()
    page.route("**/export/*/", lambda route: route.abort())
    page.get_by_role("button", name="Start an export").click()
    problem = page.locator("[data-problem]")
    expect(problem).to_contain_text("The export goes on; this page asks again.")
    page.unroute("**/export/*/")
    expect(problem).to_be_hidden()
    page.context.clear_cookies()
    expect(problem).to_have_text("Log in again to see the export.")
