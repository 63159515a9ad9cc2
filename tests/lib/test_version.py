from __future__ import annotations

import shutil

import pytest
from django.conf import settings

from bachtest.lib.version import code_digest, newest_version


def test_the_version_is_that_of_the_first_heading(tmp_path):
    page = tmp_path / "CHANGELOG.md"
    page.write_text("# Changelog\n\n## 0.10.2 (2026-01-02)\n\n- new\n\n## 0.10.1 (2026-01-01)\n")
    assert newest_version(page) == "0.10.2"
    page.write_text("# Changelog\n\n## soon\n")
    with pytest.raises(ValueError, match=r"CHANGELOG.md has no heading such as: ## 1.2.3"):
        newest_version(page)


@pytest.mark.django_db
def test_the_about_page_and_the_readme_name_it(client):
    assert f"Version {settings.VERSION}" in client.get("/about/").text
    assert f"version {settings.VERSION}" in (settings.BASE_DIR / "README.md").read_text()


def test_a_digest_changes_with_any_file_of_the_folders(tmp_path):
    folders = tmp_path / "families", tmp_path / "music"
    for folder in folders:
        (folder / "inner").mkdir(parents=True)
        (folder / "a.py").write_text("A = 1")
    digests = [code_digest(*folders)]
    assert code_digest(*folders) == digests[0]
    for folder in folders:
        (folder / "inner/b.py").write_text("")
        digests.append(code_digest(*folders))
        (folder / "a.py").write_text("A = 2")
        digests.append(code_digest(*folders))
    assert len(set(digests)) == 5


def test_compiled_loops_are_made_again_when_a_constant_of_the_measures_changes(tmp_path):
    """The biases compile in which intervals are dissonant."""
    folders = [shutil.copytree(folder, tmp_path / folder.name) for folder in settings.COMPILED_CODE]
    before = code_digest(*folders)
    assert before == code_digest(*settings.COMPILED_CODE)
    style = tmp_path / "music/measures/style.py"
    style.write_text(style.read_text().replace("DISSONANT = ", "DISSONANT = 1, *"))
    assert code_digest(*folders) != before
