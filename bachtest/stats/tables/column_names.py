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
    "listener": "listener participant subject subj respondent rater user worker person email"
    " versuchsperson vp vpn hörer zuhörer teilnehmer teilnehmende proband ppt who id",
    "item": "item stimulus stimuli stim excerpt piece song clip trial_id pair definition file"
    " question stück beispiel choral",
    "condition": "condition cond group bedingung",
    "correct": "correct right hit accuracy acc corr score richtig treffer response answer"
    " choice_answer choice antwort",
    "n": "n total count trials answers anzahl",
    "rate": "rate proportion prop percent accuracy",
    "trial": "trial block repetition rep presentation run attempt trial_index durchgang",
}
# Words of columns that stand beside the answers: how often, when, how long, whose.
_NOT_CORRECT = {
    "rate", "prop", "proportion", "percent", "time", "rt", "date", "duration", "id", "zeit",
}  # fmt: skip
# A column that says which answer would be right.
KEY = re.compile(
    r"correct[ _.-]?(answer|resp|choice|key\b|side|option)|corr_?ans|cresp|solution|lösung|loesung"
    r"|richtige[ _.]antwort|answer.?key|expected",
    re.IGNORECASE,
)
# Where words in a name meet: at anything but letters, and at a capital letter inside.
_WORDS = re.compile(r"[\W_]+|(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")
# Characters that nobody sees.
UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u00ad\u2060"))
ANSWERS, COUNTS, RATES = ("listener", "item", "correct"), ("n", "correct"), ("n", "rate")
_FEWEST_WIDE = 3
# What tells columns of one kind apart: 1 or 2.6, or the b of item_b.
_NUMBER = re.compile(r"[\s._-]*\d+(\.\d+)?|(?<=[a-z])[\s._-][a-zA-Z]$")


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
    return " ".join(unicodedata.normalize("NFC", name).translate(UNSEEN).casefold().split())


def known_name(name: str) -> str:
    """The name here that somebody means, in any case, in English or German; "" if it is none."""
    return _MEANINGS.get(fold(name), "")


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
                if word in (words := _words(cell)) or f"{word}s" in words
                if "rating" not in words
                if name != "correct" or not (words & _NOT_CORRECT or KEY.search(cell))
            ]
            if likely:
                found[name] = likely[0]
                break
    return found


def _words(cell: str) -> set[str]:
    return {fold(cell), *map(fold, _WORDS.split(cell))}


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
        stem, numbers = _NUMBER.subn("#", cell)
        if numbers:
            stems.setdefault(stem, []).append(cell)
    columns = max(stems.values(), key=len, default=[])
    each = "listener" if "item" in names else "item"
    if len(columns) < _FEWEST_WIDE or each in names or "correct" in names:
        return ""
    one, two = (shown(cell)[1:-1] for cell in columns[:2])
    return (
        f"{one}, {two}, ... look like one column for each {each}, and a table of answers has one"
        " row for each answer with the columns listener, item and correct; in Python, pandas'"
        f" melt(var_name='{each}', value_name='correct').dropna() makes one"
    )
