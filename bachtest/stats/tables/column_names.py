"""What the columns of a table are called: in English, in German, and what others may mean."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bachtest.stats.tables.text_file import TableError, shown, shown_names

FLAG = "flag_"
KNOWN = (
    "listener", "item", "condition", "correct", "n", "rate", "ties", "bach", "composer",
    "experience", "trial", "side", "first", "chosen", "version",
)  # fmt: skip
_GERMAN = {
    "listener": "hörer hörerin hörer:in hörer*in hörer_in hoerer hoererin versuchsperson vp vpn"
    " teilnehmer teilnehmerin teilnehmer:in teilnehmer*in proband probandin proband:in",
    "item": "stück stueck beispiel",
    "condition": "bedingung",
    "correct": "richtig korrekt",
    "n": "anzahl",
    "rate": "quote anteil",
    "ties": "unentschieden",
    "composer": "komponist komponistin",
    "experience": "erfahrung",
    "trial": "durchgang",
}
_MEANINGS = {name: name for name in KNOWN} | {
    unicodedata.normalize("NFC", word): name
    for name, words in _GERMAN.items()
    for word in words.split()
}
# Words in the names of other programs' columns, the likeliest first: only ever a suggestion.
_LIKELY = {
    "listener": "listener participant subject respondent participants rater user worker person"
    " email versuchsperson vp hörer teilnehmer proband who id",
    "item": "item stimulus stimuli excerpt piece song clip trial_id pair definition file question"
    " stück beispiel",
    "condition": "condition group bedingung",
    "correct": "correct right hit accuracy acc score richtig response answer choice_answer choice"
    " antwort",
    "n": "n total count trials answers anzahl",
    "rate": "rate proportion prop percent accuracy",
}
_RATES = {"rate", "prop", "proportion", "percent"}
ANSWERS, COUNTS, RATES = ("listener", "item", "correct"), ("n", "correct"), ("n", "rate")
_FEWEST_WIDE = 3


@dataclass(frozen=True)
class NamedColumns:
    """The cells of a header, and what they are called here; "" is a column without a name.

    `renamed` are names of the file and what became of them, where somebody should know.
    """

    cells: tuple[str, ...]
    names: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]

    @property
    def complete(self) -> bool:
        """Whether they make a table of answers, counts or rates."""
        return any(set(kind) <= set(self.names) for kind in (ANSWERS, COUNTS, RATES))

    @property
    def cell_of(self) -> dict[str, str]:
        """What the file calls a column."""
        return dict(zip(self.names, self.cells, strict=True))


def fold(name: str) -> str:
    """A name without what does not matter: case, spaces around and inside, ways to write ü."""
    return " ".join(unicodedata.normalize("NFC", name).replace("\ufeff", "").casefold().split())


def named_columns(cells: Sequence[str], chosen: Mapping[str, str]) -> NamedColumns:
    """What the columns of a header are called.

    Parameters
    ----------
    cells : sequence of str
        The header.
    chosen : mapping
        Names as they are here to names as they are in the file.

    Returns
    -------
    NamedColumns

    Raises
    ------
    TableError
        If the file has no column of a chosen name, or two that may be meant. The message has
        no file and no line.
    """
    at_of = {target: _position(cells, source, target) for target, source in chosen.items()}
    if twice := [target for target, at in at_of.items() if list(at_of.values()).count(at) > 1]:
        raise TableError(
            f"column {shown(cells[at_of[twice[0]]])} cannot be both {' and '.join(twice[:2])}"
        )
    chosen_at = {at: target for target, at in at_of.items()}
    meanings = [chosen_at.get(at) or _meaning(cell, set(chosen)) for at, cell in enumerate(cells)]
    if set(ANSWERS) <= set(meanings):
        # "N" beside answers counts something else; only "n" says that a row has n answers.
        for name in {*COUNTS, *RATES} - set(ANSWERS):
            meanings = [
                cell if meaning == name and cell != name and at not in chosen_at else meaning
                for at, (cell, meaning) in enumerate(zip(cells, meanings, strict=True))
            ]
    for name in KNOWN:
        if meanings.count(name) > 1:
            one, two = [c for c, m in zip(cells, meanings, strict=True) if m == name][:2]
            if one == two:
                break  # named twice alike: said where all such columns are
            raise TableError(
                f"columns {shown(one)} and {shown(two)} may both be {name}; say which with"
                f" {_option(name, one)}"
            )
    renamed = [
        (cell, name)
        for cell, name in zip(cells, meanings, strict=True)
        if name in KNOWN and fold(cell) != name
    ]
    return NamedColumns(tuple(cells), tuple(meanings), tuple(renamed))


def _position(cells: Sequence[str], source: str, target: str) -> int:
    at = [i for i, cell in enumerate(cells) if cell == source.strip()]
    at = at or [i for i, cell in enumerate(cells) if fold(cell) == fold(source)]
    if not at:
        raise TableError(
            f"no column {shown(source)} to be {target}; this table has {shown_names(cells)}"
        )
    if len(at) > 1:
        raise TableError(f"several columns are called {shown(source)}; rename one of them")
    return at[0]


def _meaning(cell: str, taken: set[str]) -> str:
    """The name of a column that nobody has chosen."""
    folded = fold(cell)
    meaning = _MEANINGS.get(folded, cell)
    if folded.startswith(FLAG):
        meaning = FLAG + cell[len(FLAG) :]
    # Another column was chosen for this, so that this one has to be something else.
    return f"{cell} (in the file)" if meaning in taken else meaning


def suggested(cells: Sequence[str], names: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Columns of the file that probably are what is wanted and missing, by name."""
    found: dict[str, str] = {}
    for name in wanted:
        if name in names:
            continue
        for word in _LIKELY.get(name, "").split():
            likely = [
                cell
                for cell, meaning in zip(cells, names, strict=True)
                if meaning not in KNOWN and cell.isprintable() and cell not in found.values()
                if word in (words := {fold(cell), *re.split(r"[\W_]+", fold(cell))})
                if "rating" not in words and not (name == "correct" and words & _RATES)
            ]
            if likely:
                found[name] = likely[0]
                break
    return found


def options(columns: Mapping[str, str]) -> str:
    """The options that name these columns.

    Examples
    --------
    >>> options({"listener": "Private ID", "item": "piece"})
    "--column 'listener=Private ID' --column item=piece"
    """
    return " ".join(_option(name, cell) for name, cell in columns.items())


def _option(name: str, cell: str) -> str:
    return f"--column {shlex.quote(f'{name}={cell}')}"


def wide_hint(cells: Sequence[str], names: Sequence[str]) -> str:
    """That a table has a column for each item, and the way to one row for each answer."""
    stems: dict[str, list[str]] = {}
    for cell in cells:
        if numbered := re.fullmatch(r"(.*?)[\s._-]*\d+", cell):
            stems.setdefault(numbered[1], []).append(cell)
    columns = max(stems.values(), key=len, default=[])
    if len(columns) < _FEWEST_WIDE or "item" in names or "correct" in names:
        return ""
    return (
        f"{columns[0]}, {columns[1]}, ... look like one column for each item, and a table of"
        " answers has one row for each answer with the columns listener, item and correct; in"
        " Python, pandas' melt(var_name='item', value_name='correct').dropna() makes one"
    )
