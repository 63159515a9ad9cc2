from __future__ import annotations

from pathlib import Path

import pytest

from bachtest.stats.__main__ import source_of
from bachtest.stats.report.pooled_report import make_report
from bachtest.stats.tables.text_file import TableError
from tests.stats.tables.mutations import mutated

FOLDER = Path(__file__).parent / "cases"
LONGEST = 9000
RICH = (
    b"listener,item,condition,side,first,chosen,trial,correct,flag_knew,experience\n"
    b"p1,a,S,left,1,left,1,1,0,x\np1,b,ATB,right,0,left,2,0,1,\np2,a,S,left,1,right,1,0,0,y\n"
)
SOUND = [
    RICH,
    b"condition,n,rate\nS,100,.61\nA,120,75%\n",
    b"bach,n,correct\n1,25,8\n0,25,24\n",
    b"n,correct,ties\n30,10,5\n20,3,3\n",
    *(path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.stat().st_size < LONGEST),
]
OPTIONS = [
    (), (), ("--protocol", "yes-no"), ("--protocol", "pair-ties"), ("--protocol", "abx"),
    ("--skip-missing",), ("--correct-is", "1"), ("--delimiter", ";"), ("--encoding", "utf-16"),
    ("--encoding", "latin-1"), ("--column", "listener=item"), ("--protocol", "single-fakes"),
    ("--protocol", "all-bach"),
]  # fmt: skip
FOREIGN_WORDS = ("numpy", "ufunc", "array", "broadcast", "invalid literal", "codec", "object")


def check(path: Path, seed: int) -> bool:
    """Whether a mutated file is read; if not, it is refused in one line that names it."""
    path.write_bytes(mutated(SOUND[seed % len(SOUND)], seed))
    arguments = [str(path), *OPTIONS[seed * 7 % len(OPTIONS)]]
    try:
        make_report(source_of(arguments))
    except TableError as error:
        message = str(error)
        assert str(path) in message or "--" in message, (seed, message)
        assert len(message.splitlines()) == 1, (seed, message)
        assert len(message) < 1200, (seed, message)
        assert not any(word in message.split("'")[0] for word in FOREIGN_WORDS), (seed, message)
        return False
    return True


@pytest.mark.parametrize("first", range(0, 1500, 300))
def test_any_file_is_read_or_refused_in_words(tmp_path, first):
    read = sum(check(tmp_path / "table.csv", seed) for seed in range(first, first + 300))
    assert 15 < read < 285


@pytest.mark.slow
def test_ten_thousand_files_are_read_or_refused_in_words(tmp_path):
    read = sum(check(tmp_path / "table.csv", seed) for seed in range(10_000, 20_000))
    assert 500 < read < 9500
