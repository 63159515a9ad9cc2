"""One table in the many ways in which people write it."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass

ENGLISH = ("listener", "item", "condition", "correct")
HEADERS = {
    ENGLISH: (),
    ("Listener", "ITEM", "Condition", "Correct"): (),
    (" listener ", "item\u00a0", "condition", " correct"): (),
    ("Versuchsperson", "Stück", "Bedingung", "richtig"): (),
    ("Hörer", "stück", "BEDINGUNG", "Richtig"): (),
    ("Participant", "Clip", "Group", "Hit?"): (
        *("--column", "listener=participant", "--column", "item=Clip"),
        *("--column", "condition=group", "--column", "correct=Hit?"),
    ),
}
# What a right and a wrong answer are called.
WORDS = {
    ("1", "0"): (), ("1.0", "0.0"): (), ("TRUE", "FALSE"): (), ("True", "False"): (),
    ("yes", "no"): (), ("WAHR", "FALSCH"): (), ("ja", "nein"): (), ("right", "wrong"): (),
    ("richtig", "falsch"): (), ("Bach", "bot"): ("--correct-is", "Bach"),
}  # fmt: skip
TITLES = ("", "My study, spring 2026\n", "# made by a program\n#\n", "Titel\n\n\n")
Answer = tuple[str, str, str, bool]


@dataclass(frozen=True)
class Guise:
    """How a table is written; the options with which it can be read follow from it."""

    header: tuple[str, ...] = ENGLISH
    words: tuple[str, str] = ("1", "0")
    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"
    quoted: bool = False
    padding: str = ""
    title: str = ""
    trailing: int = 0
    blank_lines: bool = False
    extra_column: bool = False
    compressed: bool = False

    @property
    def options(self) -> list[str]:
        delimiter = "tab" if self.delimiter == "\t" else self.delimiter
        options = [*HEADERS[self.header], *WORDS[self.words]]
        options += ["--delimiter", delimiter] if delimiter != "," else []
        if self.encoding not in ("utf-8", "utf-8-sig"):
            options += ["--encoding", self.encoding]
        return options

    def written(self, answers: Sequence[Answer]) -> bytes:
        rows = [list(self.header)]
        rows += [[*names, self.words[0 if right else 1]] for *names, right in answers]
        text = io.StringIO()
        quoting = csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL
        writer = csv.writer(
            text, delimiter=self.delimiter, quoting=quoting, lineterminator=self.line_end
        )
        for at, row in enumerate(rows):
            cells = [f"{self.padding}{cell}{self.padding}" for cell in row]
            if self.extra_column:
                cells.insert(1, "remark" if not at else f"x{at % 3}")
            writer.writerow([*cells, *[""] * self.trailing])
            if self.blank_lines and at % 3 == 0:
                text.write(self.line_end)
        title = self.title.replace("\n", self.line_end)
        data = (title + text.getvalue()).encode(self.encoding)
        return gzip.compress(data, mtime=0) if self.compressed else data
