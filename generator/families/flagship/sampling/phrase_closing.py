"""The last resort for phrases that repair left open: a triad that may end them, and its approach.

Repair rewrites what is at fault until it happens to be right. Here only those notes may be drawn
that make a triad in root position with the given ones. The network chooses among them, and writes
the beat before anew. A phrase stays open if no triad has the notes that are given at its end, or
if each that was tried would make more faults than it removes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from generator.families.fill_run import Stretch
from generator.families.flagship.sampling.repair import fault_finder, weak_steps
from generator.families.flagship.sampling.state import SamplerState, Temperatures
from generator.music.grid.chorale import STEPS_PER_QUARTER, BoolArray
from generator.music.measures.style import TRIADS

BASS = 3
ROUNDS = 12
End = tuple[int, int]
"""A piece of the batch, and the last step of a phrase."""


def close_phrases(state: SamplerState, temperatures: Temperatures, rounds: Stretch) -> None:
    """Write one open phrase end of each piece anew in each round; keep what has fewer faults.

    A closed phrase is worth more than counterpoint, so only the faults of `repair` count.
    """
    find_faults = fault_finder(state.ensemble.vocabulary)
    for number in rounds:
        ends = _open_ends(state, number)
        if not ends:
            return
        before, count = state.tokens, _number(find_faults(state.tokens, state.phrase_ends))
        chord, approach = _cells(state, ends)
        bass = torch.zeros_like(chord)
        bass[:, BASS] = chord[:, BASS]
        upper = chord & ~bass
        state.write(
            bass, ~(chord | approach), temperatures, forbidden=_no_triads(state, ends, upper | bass)
        )
        state.write(
            upper, ~(upper | approach), temperatures, forbidden=_no_triads(state, ends, upper)
        )
        state.write(approach, ~approach, temperatures)
        better = _number(find_faults(state.tokens, state.phrase_ends)) < count
        state.tokens = torch.where(better[:, None, None], state.tokens, before)


def _open_ends(state: SamplerState, number: int) -> list[End]:
    """One for each piece that has any; by turns, so that one that stays open keeps none open."""
    weak = weak_steps(state.tokens, state.ensemble.vocabulary) & state.phrase_ends
    found = []
    for row in weak.any(1).nonzero()[:, 0].tolist():
        steps = weak[row].nonzero()[:, 0].tolist()
        found.append((row, steps[number % len(steps)]))
    return found


def _number(cells: Tensor) -> Tensor:
    return cells.flatten(1).sum(1)


def _cells(state: SamplerState, ends: list[End]) -> tuple[Tensor, Tensor]:
    """bool (B, 4, T) each: the written cells of the beats of last chords, and of those before."""
    chord, approach = torch.zeros_like(state.given), torch.zeros_like(state.given)
    for row, step in ends:
        begins = int(state.source[row, :, step].min())
        first = begins // STEPS_PER_QUARTER * STEPS_PER_QUARTER
        chord[row, :, first : first + STEPS_PER_QUARTER] = True
        approach[row, :, max(0, first - STEPS_PER_QUARTER) : first] = True
    return chord & ~state.given, approach & ~state.given


def _no_triads(state: SamplerState, ends: list[End], unknown: Tensor) -> BoolArray:
    """(B, 4, C): what makes no triad in root position with the notes that are not `unknown`."""
    vocabulary = state.ensemble.vocabulary
    classes = vocabulary.pitch_classes()
    forbidden = state.forbidden.copy()
    for row, step in ends:
        sounding = {
            voice: int(classes[state.tokens[row, voice, step]])
            for voice in range(4)
            if not unknown[row, voice, int(state.source[row, voice, step])]
        }
        roots = [sounding[BASS]] if BASS in sounding else range(12)
        triads = {
            root: {(root + above) % 12 for above in triad}
            for root in roots
            for triad in TRIADS
            if {(each - root) % 12 for each in sounding.values() if each >= 0} <= {*triad}
        }
        members = torch.tensor(sorted(set().union(*triads.values())), dtype=torch.long)
        forbidden[row, :BASS] |= ~torch.isin(classes, members).numpy()
        forbidden[row, BASS] |= ~torch.isin(classes, torch.tensor([*triads])).numpy()
    return forbidden
