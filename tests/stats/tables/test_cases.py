from __future__ import annotations

from pathlib import Path

import pytest

from bachtest.stats.__main__ import source_of
from bachtest.stats.report.counts_text import to_json
from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.text_file import TableError
from tests.stats.tables.case_values import CASES, Case

FOLDER = Path(__file__).parent / "cases"


def test_every_file_has_its_right_value():
    files = {path.name for path in FOLDER.iterdir() if not path.name.startswith(".")}
    assert files == {case.file for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join([case.file, *case.options]))
def test_it_gives_its_right_value_or_says_what_to_do(case: Case):
    arguments = [str(FOLDER / case.file), *case.options]
    if isinstance(case.gives, str):
        with pytest.raises(TableError) as refused:
            source_of(arguments)
        assert case.gives in str(refused.value)
        assert str(FOLDER / case.file) in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
        return
    report = to_json(make_report(source_of(arguments)))
    conditions = report["by"].get("condition")
    assert (report["overall"]["correct"], report["overall"]["n"]) == (
        case.gives.correct, case.gives.n
    )  # fmt: skip
    assert (report["listeners"], report["items"]) == (case.gives.listeners, case.gives.items)
    assert case.gives.conditions == (None if conditions is None else len(conditions))
    for words in case.gives.notes:
        assert any(words in note for note in report["notes"]), report["notes"]
    if not case.gives.notes and not case.options:
        assert report["notes"] == []
