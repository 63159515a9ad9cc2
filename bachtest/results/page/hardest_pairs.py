"""The pairs that fool listeners most. A work is named only to those who can never meet it again.

A player meets a tune once, so the name of a work is shown to players who have answered a round with
its tune. For everybody else the pair stands there without a name: composer, voices, rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bachtest.game.models import Listener, Round
from bachtest.results.counts.composer_labels import ComposerLabels
from bachtest.results.counts.tallies import TallyCell
from bachtest.results.fit.stored_fit import FittedPair
from bachtest.results.page.rows import voices_in_words
from bachtest.stats.rates.proportions import Proportion, wilson
from bachtest.stats.rates.summary import FEW
from generator.models import Pair
from generator.music.corpus.titles import WorkTitle, title_of

_LISTED = 10


@dataclass(frozen=True)
class HardestPair:
    """`bwv` and `title` are empty where the visitor may still meet the tune."""

    composer: str
    condition: str
    voices: str
    rate: Proportion
    predicted: FittedPair | None = None
    bwv: str = ""
    title: str = ""


def hardest_pairs(
    items: Iterable[TallyCell],
    listener: Listener | None,
    predicted: Mapping[int, FittedPair],
    composers: ComposerLabels,
) -> list[HardestPair]:
    """Lowest rate first: that which the model predicts where there is one, else the raw rate."""
    rates = {int(cell.labels[0]): wilson(cell.correct, cell.n) for cell in items if cell.n >= FEW}
    hardest = sorted(rates, key=lambda pair: (predicted.get(pair, rates[pair]).estimate, pair))
    pairs = Pair.objects.select_related("machine", "excerpt__work")
    by_id = pairs.in_bulk(hardest[:_LISTED])
    tunes = _tunes_answered(listener)
    rows = []
    for pair in hardest[:_LISTED]:
        row = by_id[pair]
        machine, work = row.machine, row.excerpt.work
        named = title_of(work.bwv, work.title) if row.tune in tunes else WorkTitle("", "")
        rows.append(
            HardestPair(
                composers[machine.version_id].name,
                machine.condition,
                voices_in_words(machine.condition),
                rates[pair],
                predicted.get(pair),
                named.number,
                named.title,
            )
        )
    return rows


def _tunes_answered(listener: Listener | None) -> set[str]:
    if listener is None:
        return set()
    rounds = Round.objects.filter(game__participation__listener=listener, answer__isnull=False)
    return set(rounds.values_list("pair__tune", flat=True))
