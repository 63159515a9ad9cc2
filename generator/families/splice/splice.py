"""The splice family: snippets of Bach's chorales, cut out, transposed and joined again.

A piece is cut into half-phrases, from the ends of its phrases backwards. For each, the works of the
member are searched for a snippet that holds the given notes; if there are too few, it is cut into
halves, down to single beats. There the best snippets are taken though given notes differ, and these
replace theirs. Dynamic programming over the whole piece joins the snippets. Notes are held and
repeated as in the works; across a join a note is repeated if it begins there in its work.

A checkpoint holds the numbers of the works, not their notes: these come from the corpus.

References
----------
D. Cope 1991, Computers and Musical Style (Experiments in Musical Intelligence: works are cut up,
and put together so that every voice goes where it went in its source).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np

from generator.families.base import Family
from generator.families.door import blanked
from generator.families.fill_run import FillRun
from generator.families.settings import Setting, Values
from generator.families.splice.joins import join_costs, sampled_path
from generator.families.splice.known_works import (
    NAME,
    Digests,
    chorales_of,
    digest_of,
    known_corpus,
    name_codes,
    names_of,
)
from generator.families.splice.search import Costs, SnippetCandidates, find
from generator.families.splice.snippets import Snippets, snippets_of
from generator.families.splice.units import SpliceBeats, SpliceUnit, beats_of, units_of
from generator.families.tensor_forms import ANY_SIZE, TensorForm, Tensors
from generator.music.grid.chorale import BoolArray, Chorale, repaired_onsets

DEBUG_WORKS = ("BWV269", "BWV254", "BWV40.8")
NOISE = 0.5


@dataclass(frozen=True)
class SpliceConfig:
    """How far a search goes."""

    candidates: int = 96
    """The most snippets to consider for a stretch."""
    enough: int = 8
    """Fewer that hold all given notes, and the stretch is cut into halves."""

    def __post_init__(self) -> None:
        for name, value in (("candidates", self.candidates), ("enough", self.enough)):
            if type(value) is not int or not 1 <= value <= 1024:
                raise ValueError(f"{name} {value!r}; use a whole number from 1 to 1024")


class Splice(Family):
    """Works of Bach as a composer."""

    name = "splice"
    Config = SpliceConfig
    settings = {
        "temperature": Setting(1.0, 0.01, 100.0, "how freely snippets are drawn"),
        "beats": Setting(4, 1, 16, "beats of the longest snippet, in quarters"),
    }

    def __init__(
        self, config: SpliceConfig, works: Sequence[str], chorales: Sequence[Chorale]
    ) -> None:
        self.config: SpliceConfig = config
        self.works = tuple(works)
        self.chorales = tuple(chorales)

    @cached_property
    def snippets(self) -> Snippets:
        """Cut when they are first needed: of several members, a site may play one."""
        return snippets_of(self.chorales)

    @classmethod
    def of_works(cls, config: SpliceConfig, works: Sequence[str]) -> Self:
        """A member that may cut up these works of the corpus."""
        known = known_corpus().works
        return cls(config, works, [known[name].chorale for name in works])

    @classmethod
    def debug(cls) -> Self:
        return cls.of_works(SpliceConfig(candidates=16, enough=2), DEBUG_WORKS)

    @classmethod
    def tensors(cls, config: SpliceConfig) -> Mapping[str, TensorForm]:
        return {"works": ("int16", (ANY_SIZE, NAME)), "digests": ("int64", (ANY_SIZE,))}

    @classmethod
    def from_tensors(cls, config: SpliceConfig, tensors: Tensors) -> Self:
        names, digests = names_of(tensors["works"]), tensors["digests"]
        if len(names) != len(digests) or not names:
            raise ValueError(f"works has {len(names)} works and digests has {len(digests)}")
        return cls(config, names, chorales_of(names, digests))

    def to_tensors(self) -> Tensors:
        digests: Digests = np.array([digest_of(each) for each in self.chorales], dtype=np.int64)
        return {"works": name_codes(self.works), "digests": digests}

    def _fill(
        self, chorale: Chorale, given: BoolArray, *, seed: int, settings: Values, run: FillRun
    ) -> Chorale:
        seen, rng = blanked(chorale, given), np.random.default_rng(seed)
        beats, temperature = beats_of(seen), float(settings["temperature"])
        begun = {unit.first: unit for unit in units_of(beats, int(settings["beats"]))}
        units: list[SpliceUnit] = []
        found: list[SnippetCandidates] = []
        for beat in run.needed(len(beats.starts)):
            if beat in begun:
                noise = NOISE * temperature * rng.gumbel(size=len(self.snippets))
                for unit, candidates in self._found(seen, given, beats, begun[beat], noise):
                    units.append(unit)
                    found.append(candidates)
        joins = [
            join_costs(one, two, unit.beats, opens=bool(beats.frame.opens[then.first]))
            for (unit, one), (then, two) in pairwise(zip(units, found, strict=True))
        ]
        path = sampled_path(found, joins, temperature, rng)
        chosen = list(zip(found, path, strict=True))
        pitch = np.concatenate([each.pitch[row] for each, row in chosen], axis=1)
        onset = np.concatenate([each.onset[row] for each, row in chosen], axis=1)
        onset = np.where(given, seen.onset, repaired_onsets(pitch, onset))
        return chorale.with_voices(pitch, onset)

    def _found(
        self, seen: Chorale, given: BoolArray, beats: SpliceBeats, unit: SpliceUnit, noise: Costs
    ) -> list[tuple[SpliceUnit, SnippetCandidates]]:
        """A unit with its candidates, or its halves with theirs."""
        single = unit.beats == 1
        candidates = find(
            self.snippets, seen, given, beats, unit,
            most=self.config.candidates, noise=noise, enough=0 if single else self.config.enough,
        )  # fmt: skip
        if candidates is not None:
            return [(unit, candidates)]
        return [
            each for half in unit.halves for each in self._found(seen, given, beats, half, noise)
        ]
