"""The pairs that fool most, named to those alone who can never meet them again.

A player meets a tune once. So a work's name is told where the player has answered a round with its
tune; to everybody else the pair stands there without a name: composer, voices, rates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bachtest.game.models import Listener, Round
from bachtest.results.counts.tallies import Cell
from bachtest.results.page.rows import condition_words
from bachtest.stats.rates.accuracy import Proportion, wilson
from bachtest.stats.rates.summary import FEW
from generator.models import Pair

MOST = 10


@dataclass(frozen=True)
class ItemRow:
    composer: str
    condition: str
    words: str
    rate: Proportion
    shrunken: float | None = None
    bwv: str = ""
    title: str = ""


def fooling_items(
    items: Iterable[Cell], listener: Listener | None, shrunken: dict[int, float]
) -> list[ItemRow]:
    """Lowest rate first: the model's, where it has one, else the raw one."""
    rates = {int(cell.labels[0]): wilson(cell.correct, cell.n) for cell in items if cell.n >= FEW}
    order = sorted(rates, key=lambda item: (shrunken.get(item, rates[item].estimate), item))[:MOST]
    met = _tunes_answered(listener)
    pairs = Pair.objects.select_related("machine__composer", "machine__excerpt__work")
    found = pairs.in_bulk(order)
    rows = []
    for item in order:
        machine = found[item].machine
        work = machine.excerpt.work
        named = work.tune in met
        rows.append(
            ItemRow(
                machine.composer.name,
                machine.condition,
                condition_words(machine.condition),
                rates[item],
                shrunken.get(item),
                work.bwv.replace("BWV", "BWV ", 1) if named else "",
                work.title if named else "",
            )
        )
    return rows


def _tunes_answered(listener: Listener | None) -> set[str]:
    if listener is None:
        return set()
    rounds = Round.objects.filter(game__listener=listener, answer__isnull=False)
    return set(rounds.values_list("pair__machine__excerpt__work__tune", flat=True))
