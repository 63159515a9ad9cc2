"""The export keeps whether listeners knew the piece, and the shell compares it on request."""

from __future__ import annotations

import json

from django.core.management import call_command

from bachtest.stats.__main__ import main


def test_an_export_can_be_grouped_by_what_listeners_knew(played, tmp_path, capsys):
    out = tmp_path / "out"
    call_command("export_study", "quiz", "--out", str(out))
    capsys.readouterr()
    assert main([str(out), "--by", "knew", "--json", "--pooled"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(cell["labels"]["knew"], cell["n"]) for cell in report["by"]["knew"]] == [
        ("yes", 2), ("unsure", 4), ("no", 10), ("not asked", 12),
    ]  # fmt: skip
    assert report["overall"]["n"] == 26
    assert any(
        "By knew: with 2 answers that the flag knew excludes" in it for it in report["notes"]
    )
