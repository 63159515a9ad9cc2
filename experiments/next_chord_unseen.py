"""Chords that next_chord has never seen: how many there are, and what a fill does about them.

First table: the share of events whose chord does not occur in the training part, by how works are
transposed, and the tokens that this takes. Second table: fills of the test part (the first 64 steps
of each work, `NEXT` in whole works; seed 1, temperature 1): in how many written events no known
chord agreed with the given voices, so that the nearest took its place, and in how many `<unk>` was
drawn. Run as `python -m experiments.next_chord_unseen` (about two minutes of one core).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from generator.families.door import as_given
from generator.families.fill_run import FillClock
from generator.music.grid.chorale import REST, Chorale
from generator.music.grid.conditions import given_for
from generator.registry import installed
from generator.training.splits import load_split

FAMILY = "next_chord"
SHIFTS = range(-5, 7)
STEPS = 64
CONDITIONS = ("S", "A", "T", "B", "AT", "ATB", "SATB", "NEXT")
KEPT = (1, 2, 3, 5)  # occurrences that a chord needs for a token of its own


def main() -> None:
    registry = installed()
    found = registry.find_shipped(FAMILY)
    assert found is not None
    family = registry.family(FAMILY).load(found[0].path)
    parts = {name: part.chorales for name, part in load_split("tunes").items()}
    say("| training part | a chord needs | tokens | unseen, valid | unseen, test |")
    say("| --- | --- | --- | --- | --- |")
    counted = type(family.network.vocabulary).counted
    for name, (training, held_out) in KEYS.items():
        works = [each for chorale in parts["train"] for each in training(chorale)]
        for least in KEPT:
            vocabulary = counted(works, least=least)
            unseen = [
                f"{100 * vocabulary.unknown([held_out(each) for each in parts[part]]):.1f} %"
                for part in ("valid", "test")
            ]
            say(f"| {name} | {least} | {len(vocabulary.chords):,} | {' | '.join(unseen)} |")
    say("")
    say("| written | events | none agrees: nearest | `<unk>` drawn | no duration agrees |")
    say("| --- | --- | --- | --- | --- |")
    for condition in CONDITIONS:
        say(f"| {condition} | {' | '.join(decisions(family, parts['test'], condition))} |")


def as_it_is(chorale: Chorale) -> Chorale:
    """In C major, the common key, as far as the vocabulary knows: so it is not moved."""
    return replace(chorale, key="C major")


def in_all_keys(chorale: Chorale) -> list[Chorale]:
    def moved(semitones: int) -> Chorale:
        pitch = np.where(chorale.pitch == REST, REST, chorale.pitch + semitones)
        return as_it_is(chorale.with_voices(pitch, chorale.onset))

    return [moved(semitones) for semitones in SHIFTS]


KEYS: dict[str, tuple[Callable[[Chorale], Sequence[Chorale]], Callable[[Chorale], Chorale]]] = {
    "as it is": (lambda each: [as_it_is(each)], as_it_is),
    "12 transpositions": (in_all_keys, as_it_is),
    "common key": (lambda each: [each], lambda each: each),
}


def decisions(family: object, chorales: Sequence[Chorale], condition: str) -> list[str]:
    """Events written in a condition, and the shares of those that needed help."""
    total = np.zeros(4)
    for whole in chorales:
        chorale = whole if condition == "NEXT" else whole.slice(0, min(STEPS, whole.steps))
        try:
            given = given_for(condition, chorale)
        except ValueError:  # a work of one phrase has no next one
            continue
        _, tally = family.fill_and_tally(  # type: ignore[attr-defined]
            *as_given(chorale, given),
            seed=1,
            settings={"temperature": 1.0},
            run=FillClock(FAMILY).run,
        )
        total += (tally.events, tally.nearest, tally.unknown, tally.other_duration)
    return [f"{int(total[0]):,}", *(f"{100 * share:.1f} %" for share in total[1:] / total[0])]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
