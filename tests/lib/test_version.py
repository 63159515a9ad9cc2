from __future__ import annotations

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


def test_a_digest_changes_with_any_file_of_the_folder(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("A = 1")
    first = code_digest(tmp_path)
    assert code_digest(tmp_path) == first
    (tmp_path / "inner/b.py").write_text("")
    second = code_digest(tmp_path)
    (tmp_path / "a.py").write_text("A = 2")
    assert len({first, second, code_digest(tmp_path)}) == 3
