"""An author uploads a checkpoint; a worker checks and scores it; a second person publishes it; an
administrator adds it to the quiz and orders pieces; a listener hears it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from generator.music.corpus.splits import tunes_split
from generator.music.corpus.works import load_corpus
from tests.browser.conftest import ROOT, environment_of, free_port, wait_until_served
from tests.browser.listening import choose, hear_both, start_game
from tests.builders import save_miniature

MINUTES_MS = 12 * 60_000
PEOPLE = """
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
call_command("import_corpus", verbosity=0)
author = User.objects.create_user("author", password="secret")
author.user_permissions.add(Permission.objects.get(codename="upload_version"))
manager = User.objects.create_user("manager", password="secret", is_staff=True)
manager.groups.add(Group.objects.get(name="composer manager"))
User.objects.create_superuser("admin", password="secret")
"""

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def working_site(tmp_path: Path) -> Iterator[str]:
    """The address of an empty site with a worker, and people who look after it."""
    environment = environment_of(tmp_path)
    shutil.copy(settings.CORPUS_FILE, tmp_path / "corpus.npz")
    for command in (("migrate", "-v", "0"), ("shell", "-v", "0", "-c", PEOPLE)):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True
        )
    port = free_port()
    options = [f"--bind=127.0.0.1:{port}", "--threads=4", "--no-control-socket"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "bachtest.wsgi", *options], cwd=ROOT, env=environment
    )
    worker = subprocess.Popen([sys.executable, "manage.py", "work"], cwd=ROOT, env=environment)
    try:
        wait_until_served(f"http://127.0.0.1:{port}/", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in (server, worker):
            process.terminate()
        for process in (server, worker):
            process.wait(timeout=60)


@pytest.fixture
def signed_in(chromium: Browser, working_site: str) -> Callable[[str], Page]:
    def sign_in(name: str) -> Page:
        page = chromium.new_context(base_url=working_site).new_page()
        page.goto("/account/login/?next=/uploads/")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill("secret")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/uploads/")
        return page

    return sign_in


def test_from_the_author_to_the_listener(
    signed_in: Callable[[str], Page], chromium: Browser, working_site: str, tmp_path: Path
) -> None:
    author, address = uploaded(signed_in("author"), tmp_path)
    expect(author.locator(".path .now")).to_have_text("Scored", timeout=MINUTES_MS)
    expect(author.get_by_role("button", name="Publish")).to_have_count(0)
    expect(author.locator("table").first).to_contain_text("parallels")

    manager = signed_in("manager")
    manager.goto(address)
    manager.get_by_role("button", name="Publish").click()
    expect(manager.locator(".path .now")).to_have_text("Published")
    author.reload()
    expect(author.locator(".log")).to_contain_text("published by manager")

    admin = signed_in("admin")
    added_to_quiz(admin)
    for condition, count in {"S": 1, "AT": 1, "ATB": 1, "SATB": 2}.items():
        ordered(admin, condition, count)

    listener = chromium.new_context(base_url=working_site).new_page()
    wait_for_game(listener)
    start_game(listener)
    hear_both(listener)
    choose(listener, "left")
    expect(listener.locator("[data-reveal]")).to_contain_text("Mine")


def uploaded(page: Page, folder: Path) -> tuple[Page, str]:
    learnt = tunes_split(load_corpus(settings.CORPUS_FILE))["train"][:3]
    path = save_miniature(folder / "mine.safetensors", trained_on=learnt)
    page.locator("#file").set_input_files(path)
    expect(page.get_by_label("Short name")).to_have_value("mine")
    page.locator("#name").fill("Mine")
    page.get_by_label("Licence").fill("CC-BY-4.0")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/uploads/*-*/")
    return page, page.url


def added_to_quiz(page: Page) -> None:
    page.goto("/admin/studies/study/")
    page.get_by_role("link", name="quiz").click()
    page.locator(".add-row a").click()
    row = page.locator("#composers-0")
    row.locator("select[name$=composer]").select_option(label="mine")
    row.locator("select[name$=version]").select_option(index=1)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".success")).to_be_visible()


def ordered(page: Page, condition: str, count: int) -> None:
    page.goto("/admin/")
    form = page.locator("form.order").last
    form.locator("input[name=count]").fill(str(count))
    form.locator("select[name=condition]").select_option(label=condition)
    form.get_by_role("button", name="order").click()
    expect(page.locator(".messagelist")).to_contain_text(str(count))


def wait_for_game(page: Page) -> None:
    """The page for those who come before the pieces are made lets them go on by itself."""
    for _ in range(120):
        page.goto("/waiting/")
        if "/waiting/" not in page.url:
            return
        page.wait_for_timeout(2000)
    raise AssertionError("no game after four minutes")
