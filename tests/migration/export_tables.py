"""An export's tables with ids replaced by what their rows are, so that two can be compared."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

Table = list[dict[str, str]]
FILES = ("answers.csv", "games.csv", "listeners.csv", "items.csv", "composers.csv")


def read_tables(folder: Path) -> dict[str, Table]:
    """Sorted; listeners, games and items are named by their rows."""
    tables = {}
    for name in FILES:
        with (folder / name).open(newline="") as file:
            tables[name] = list(csv.DictReader(file))
    names = {"item": _items(tables)}
    names["game"] = _games(tables, names["item"])
    names["listener"] = _listeners(tables, names["game"])
    for column, found in names.items():
        assert len(set(found.values())) == len(found), f"two of {column} look the same"
    return {
        file: sorted(
            (
                {name: names.get(name, {}).get(value, value) for name, value in row.items()}
                for row in table
            ),
            key=lambda row: sorted(row.items()),
        )
        for file, table in tables.items()
    }


def _items(tables: dict[str, Table]) -> dict[str, str]:
    key = ("composer", "condition", "excerpt", "seed")
    return {row["item"]: " ".join(row[name] for name in key) for row in tables["items.csv"]}


def _games(tables: dict[str, Table], items: dict[str, str]) -> dict[str, str]:
    """By seed; by the answers while unfinished; by the listener while there are none."""
    answers = defaultdict(list)
    for row in tables["answers.csv"]:
        answers[row["game"]].append((int(row["trial"]), items[row["item"]], row["seconds"]))
    people = {row["listener"]: [*row.values()][1:] for row in tables["listeners.csv"]}
    names: dict[str, str] = {}
    for row in tables["games.csv"]:
        told = sorted(answers[row["game"]])
        name = row["seed"] or str(told or people[row["listener"]])
        # Several of which nothing else is known are the same in every column.
        names[row["game"]] = name + "+" * sum(name == other.rstrip("+") for other in names.values())
    return names


def _listeners(tables: dict[str, Table], games: dict[str, str]) -> dict[str, str]:
    of_listener = defaultdict(list)
    for row in tables["games.csv"]:
        of_listener[row["listener"]].append(games[row["game"]])
    return {name: " and ".join(sorted(found)) for name, found in of_listener.items()}


def without(tables: dict[str, Table], columns: set[tuple[str, str]]) -> dict[str, Table]:
    """Sorted again by the columns that are left."""
    return {
        file: sorted(
            (
                {name: value for name, value in row.items() if (file, name) not in columns}
                for row in table
            ),
            key=lambda row: sorted(row.items()),
        )
        for file, table in tables.items()
    }
